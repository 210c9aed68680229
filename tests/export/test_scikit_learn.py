"""scikit-learn: converted models predict, continue training and pickle like the originals."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn import neural_network as theirs
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError

import lamina
from lamina import MLPClassifier
from lamina.activations import ELU
from lamina.errors import ExportError
from lamina.losses import Focal
from lamina.members import Independent, Shared
from lamina.penalties import ElasticNet
from lamina.schedules import Cosine, InvScaling
from lamina.solvers import SGD, Adam

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SOLVERS: dict[str, dict[str, Any]] = {
    "adam": {"solver": "adam", "beta_1": 0.8},
    "sgd": {"solver": "sgd", "learning_rate": "invscaling", "momentum": 0.7},
    "plain sgd": {"solver": "sgd", "nesterovs_momentum": False},
    "adaptive sgd": {"solver": "sgd", "learning_rate": "adaptive", "n_iter_no_change": 1, "tol": 1},
    "early stopping": {"solver": "adam", "early_stopping": True},
    "lbfgs": {"solver": "lbfgs"},
}
SETTINGS: dict[str, Any] = {"hidden_layer_sizes": (6, 3), "max_iter": 4, "random_state": 3}
# Tolerance, because lamina and scikit-learn sum in different orders.
CLOSE = {"rtol": 1e-9, "atol": 1e-11}
LEARNED = ("loss_curve_", "validation_scores_", "best_loss_", "best_validation_score_", "loss_")
# Not kept by scikit-learn: further columns of the history, and the position in a schedule.
OURS_ALONE = {"_history", "_scheduled_epochs", "_slow_epochs"}
# Attributes that only inform the user.
OF_A_FIT = {"diagnoses_", "engine_"}
every_solver = pytest.mark.parametrize("solver", SOLVERS)


@pytest.fixture
def twins(unfitted, target, rows):
    """Return `twins(kind, solver)`, lamina's and scikit-learn's models, fitted equally."""

    def fitted(kind, solver):
        ours = unfitted(kind, **SETTINGS, **SOLVERS[solver])
        their_class = getattr(theirs, type(ours).__name__)
        params = their_class().get_params()
        other = their_class(**{k: v for k, v in ours.get_params().items() if k in params})
        return ours.fit(rows, target(kind)), other.fit(rows, target(kind))

    return fitted


def assert_same_answers(actual, expected, rows):
    for method in ("predict", "predict_proba", "predict_log_proba"):
        if not hasattr(expected, method):
            continue
        one, other = getattr(actual, method)(rows), getattr(expected, method)(rows)
        assert one.shape == other.shape
        assert one.dtype == other.dtype
        if one.dtype.kind == "f":
            np.testing.assert_allclose(one, other, **CLOSE)
        else:
            np.testing.assert_array_equal(one, other)


# Of a fit by L-BFGS, scikit-learn records none of these.
OF_ITERATIONS = {
    *("loss_curve_", "best_loss_", "validation_scores_", "best_validation_score_"),
    *("_no_improvement_count", "_best_validation_loss", "_history"),
}


def assert_same_course(actual, expected):
    for name in LEARNED:
        if actual.solver == "lbfgs" and name in OF_ITERATIONS:
            continue
        if not hasattr(expected, name) or getattr(expected, name) is None:
            assert getattr(actual, name, None) is None, name
        else:
            np.testing.assert_allclose(getattr(actual, name), getattr(expected, name), **CLOSE)
    for name in ("n_iter_", "t_", "n_layers_", "n_outputs_", "out_activation_", "n_features_in_"):
        assert getattr(actual, name) == getattr(expected, name)


@every_solver
def test_to_sklearn_gives_the_model_that_scikit_learn_fits(kind_of_theirs, solver, twins, rows):
    ours, expected = twins(kind_of_theirs, solver)
    actual = lamina.to_sklearn(ours)
    assert type(actual) is type(expected)
    assert actual.get_params() == expected.get_params()
    assert_same_answers(actual, ours, rows)
    assert_same_answers(actual, expected, rows)
    assert_same_course(actual, expected)
    missing = set(vars(expected)) - set(vars(actual))
    # Attributes with which scikit-learn's L-BFGS unpacks its vector; every fit sets them again.
    assert missing <= {"_coef_indptr", "_intercept_indptr"}


@every_solver
def test_from_sklearn_gives_the_model_that_lamina_fits(kind_of_theirs, solver, twins, rows):
    expected, other = twins(kind_of_theirs, solver)
    actual = lamina.from_sklearn(other)
    assert type(actual) is type(expected)
    assert actual.get_params() == expected.get_params()
    assert_same_answers(actual, expected, rows)
    assert_same_course(actual, expected)
    unrecorded = OF_ITERATIONS if solver == "lbfgs" else set()
    assert set(vars(expected)) - set(vars(actual)) <= OF_A_FIT | unrecorded


@pytest.mark.parametrize("solver", ["adam", "sgd", "plain sgd", "adaptive sgd"])
def test_both_continue_training_with_the_same_steps(kind_of_theirs, solver, twins, rows, target):
    ours, other = twins(kind_of_theirs, solver)
    as_theirs, as_ours = lamina.to_sklearn(ours), lamina.from_sklearn(other)
    for model in (ours, other, as_theirs, as_ours):
        for _ in range(3):
            model.partial_fit(rows, target(kind_of_theirs))
    for model in (as_theirs, as_ours):
        assert_same_answers(model, other, rows)
        np.testing.assert_allclose(model.loss_curve_, ours.loss_curve_, **CLOSE)


@every_solver
def test_a_warm_start_continues_from_the_converted_model(
    kind_of_theirs, solver, twins, rows, target
):
    ours, other = twins(kind_of_theirs, solver)
    models = [ours, other, lamina.to_sklearn(ours), lamina.from_sklearn(other)]
    for model in models:
        model.set_params(warm_start=True, max_iter=3).fit(rows, target(kind_of_theirs))
    for model in models[2:]:
        assert_same_answers(model, other, rows)
        assert_same_course(model, other)


def test_a_round_trip_keeps_every_number(kind_of_theirs, fit, rows):
    for dtype in ("float32", "float64"):
        model = fit(kind_of_theirs, dtype)
        back = lamina.from_sklearn(lamina.to_sklearn(model))
        for name, value in vars(model).items():
            if name not in OURS_ALONE | OF_A_FIT:
                np.testing.assert_equal(getattr(back, name), value)
        assert back.coefs_[0].dtype == dtype


def test_converted_models_are_pickled_and_cloned_without_lamina(fit, rows):
    actual = lamina.to_sklearn(fit("multiclass"))
    data = pickle.dumps(actual)
    assert b"lamina" not in data
    assert_same_answers(pickle.loads(data), actual, rows)
    assert clone(actual).get_params() == actual.get_params()


def test_sparse_indicators_stay_sparse_both_ways(unfitted, target, rows):
    y = sparse.csr_array(target("multilabel"))
    ours = unfitted("multilabel").fit(rows, y)
    actual = lamina.to_sklearn(ours)
    assert sparse.issparse(actual.predict(rows))
    back = lamina.from_sklearn(actual)
    assert (back.predict(rows) != ours.predict(rows)).nnz == 0


def test_names_of_columns_are_converted(unfitted, target, rows):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(rows, columns=list("abcd"))
    ours = unfitted("binary").fit(table, target("binary"))
    assert lamina.to_sklearn(ours).feature_names_in_.tolist() == list("abcd")
    assert lamina.from_sklearn(lamina.to_sklearn(ours)).feature_names_in_.tolist() == list("abcd")


def test_engine_and_threads_are_omitted(fit, rows):
    ours = fit("binary", engine="reference", n_threads=1)
    assert_same_answers(lamina.to_sklearn(ours), ours, rows)


def test_unsupported_parameters_are_rejected_by_name(fit):
    model = fit("binary", "float32").set_params(dtype="float32")
    with pytest.raises(ExportError, match=r"has no parameter 'dtype'.*dtype='float32'") as refusal:
        lamina.to_sklearn(model)
    assert "set_params(dtype=None)" in str(refusal.value)
    lamina.to_sklearn(model.set_params(dtype=None))


@pytest.mark.parametrize(
    "parameters",
    [
        {"normalization": "layer"},
        {"residual": True},
        {"dropout": 0.2},
        {"input_noise": 0.1},
        {"blended_activation": True},
    ],
)
def test_unsupported_architectures_are_rejected_by_name(parameters, fit):
    [(name, value)] = parameters.items()
    model = fit("binary", hidden_layer_sizes=(5, 5), **parameters)
    with pytest.raises(ExportError, match=f"has no parameter '{name}'.*{name}={value!r}"):
        lamina.to_sklearn(model)


def test_a_network_in_ntk_parametrisation_is_rejected_because_its_steps_would_differ(fit):
    model = fit("binary", parametrization="ntk")
    with pytest.raises(ExportError, match="has no parameter 'parametrization'"):
        lamina.to_sklearn(model)


def test_unsupported_activations_are_rejected(fit):
    for activation in ("gelu", ["tanh", "relu"]):
        with pytest.raises(ExportError, match="The 'activation' parameter"):
            lamina.to_sklearn(fit("binary", activation=activation))


def test_unsupported_outputs_are_rejected(kind_of_ours, fit):
    why = "fit a model for each column of labels|Got 'gaussian_nll'"
    with pytest.raises(ExportError, match=why):
        lamina.to_sklearn(fit(kind_of_ours))


def test_a_precision_is_rejected_with_a_cure(fit):
    model = fit("binary", precision="bfloat16")
    with pytest.raises(ExportError, match=r"'precision'.*set_params\(precision=None\)"):
        lamina.to_sklearn(model)
    lamina.to_sklearn(model.set_params(precision=None))


@pytest.mark.parametrize(("name", "value"), [("solver", "lion"), ("learning_rate", "cosine")])
def test_unsupported_values_are_rejected_with_their_parameter(name, value, fit):
    model = fit("binary").set_params(**{name: value})
    with pytest.raises(ExportError, match=f"'{name}' parameter .* Got '{value}'"):
        lamina.to_sklearn(model)


@pytest.mark.parametrize("other", [MLPClassifier(), "model", None])
def test_from_sklearn_rejects_other_objects(other):
    with pytest.raises(TypeError, match=r"of sklearn\.neural_network, got"):
        lamina.from_sklearn(other)


def test_from_sklearn_rejects_unfitted_models():
    with pytest.raises(NotFittedError):
        lamina.from_sklearn(theirs.MLPRegressor())


def test_objects_become_the_names_and_parameters_of_scikit_learn():
    X = np.random.RandomState(0).standard_normal((40, 3))
    y = np.arange(40) % 2
    by_object = MLPClassifier(
        **SETTINGS, solver=SGD(momentum=0.7), learning_rate=InvScaling(power_t=0.4)
    ).fit(X, y)
    converted = lamina.to_sklearn(by_object)
    assert (converted.solver, converted.momentum) == ("sgd", 0.7)
    assert (converted.learning_rate, converted.power_t) == ("invscaling", 0.4)
    assert converted._optimizer.momentum == 0.7
    assert converted._optimizer.power_t == 0.4
    np.testing.assert_allclose(converted.predict_proba(X), by_object.predict_proba(X), rtol=1e-12)
    unknown = MLPClassifier(**SETTINGS, learning_rate=Cosine(period=5)).fit(X, y)
    with pytest.raises(ExportError, match="learning_rate"):
        lamina.to_sklearn(unknown)


@pytest.mark.parametrize(
    ("parameters", "cure"),
    [
        ({"solver": Adam(amsgrad=True)}, {"solver__amsgrad": False}),
        ({"solver": "sgd", "learning_rate": Cosine(period=3)}, {"learning_rate": "constant"}),
        ({"loss": Focal(gamma=1.0)}, {"loss": "log_loss"}),
        ({"penalty": ElasticNet(l1_ratio=0.3)}, {"penalty": "l2"}),
        ({"penalty": ElasticNet()}, {"penalty": "l2"}),
    ],
)
def test_an_object_that_scikit_learn_lacks_is_named_with_a_cure_that_works(
    parameters: dict[str, Any], cure: dict[str, Any]
) -> None:
    X, y = load_iris(return_X_y=True)
    model = lamina.MLPClassifier((3,), max_iter=2, random_state=0, **parameters).fit(X, y)
    (name, value), *_ = cure.items()
    parameter = name.partition("__")[0]
    with pytest.raises(ExportError) as refusal:
        lamina.to_sklearn(model)
    assert f"does not support {parameter}={getattr(model, parameter)!r}" in str(refusal.value)
    assert f"call set_params({name}={value!r}) first" in str(refusal.value)
    assert lamina.to_sklearn(model.set_params(**cure)).predict(X).shape == y.shape


@pytest.mark.parametrize(
    "parameters",
    [
        {"parametrization": "ntk"},
        {"residual": True},
        {"normalization": "layer"},
        {"blended_activation": True},
        {"output_activation": ELU(alpha=0.5)},
        {"members": Shared(2)},
        {"members": Independent(2)},
        {"inputs": "scaled"},
    ],
    ids=lambda parameters: "-".join(parameters),
)
def test_no_cure_changes_the_predictions_of_a_fitted_network(parameters: dict[str, Any]) -> None:
    X, y = load_iris(return_X_y=True)
    model = lamina.MLPClassifier((4, 4), max_iter=2, random_state=0, **parameters).fit(X, y)
    (name,) = parameters
    with pytest.raises(ExportError, match=rf"{name}=.*fit a model without it, or export this one"):
        lamina.to_sklearn(model)


def test_the_message_about_an_activation_shows_the_object() -> None:
    X, y = load_iris(return_X_y=True)
    model = lamina.MLPClassifier((3,), ELU(alpha=0.5), max_iter=2).fit(X, y)
    with pytest.raises(ExportError, match=r"Got ELU\(alpha=0\.5\) instead"):
        lamina.to_sklearn(model)
