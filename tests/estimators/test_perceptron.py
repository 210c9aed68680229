"""Behaviour shared by the classifier and the regressor, with every engine."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from inspect import Parameter, signature
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
import sklearn.neural_network
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import TransformerTags, get_tags
from sklearn.utils._param_validation import InvalidParameterError

from lamina import MLPClassifier, MLPRegressor
from lamina.engines import choose_engine
from lamina.errors import NonFiniteError
from lamina.estimators.fitting import engine_choice

X, Y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)

ignore_convergence = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
both = pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor])
every_solver = pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])

Estimator = Callable[..., Any]


@pytest.fixture(autouse=True)
def serve(fits_by_engine: str) -> None:
    """Run every test with each engine."""


def weights_of(model: Any) -> list[np.ndarray]:
    return [part.copy() for part in (*model.coefs_, *model.intercepts_)]


def assert_equal_weights(model: Any, expected: list[np.ndarray]) -> None:
    for part, sizes in zip((*model.coefs_, *model.intercepts_), expected, strict=True):
        np.testing.assert_array_equal(part, sizes)


@both
def test_the_parameters_are_scikit_learns_and_more_in_the_same_order(
    estimator: Estimator,
) -> None:
    theirs = getattr(sklearn.neural_network, estimator.__name__)
    ours, expected = estimator().get_params(), theirs().get_params()
    assert {name: ours[name] for name in expected} == expected
    names, their_names = (list(signature(each).parameters) for each in (estimator, theirs))
    assert names[: len(their_names)] == their_names
    kinds, their_kinds = (
        [each.kind for each in signature(made).parameters.values()] for made in (estimator, theirs)
    )
    assert kinds[: len(their_kinds)] == their_kinds
    assert set(kinds[len(their_kinds) :]) == {Parameter.KEYWORD_ONLY}


@both
def test_the_tags_are_scikit_learns_and_those_of_a_transformer(estimator: Estimator) -> None:
    ours = get_tags(estimator())
    theirs = get_tags(getattr(sklearn.neural_network, estimator.__name__)())
    theirs.transformer_tags = TransformerTags(preserves_dtype=["float64", "float32"])
    # scikit-learn's classifier does not support several columns of labels.
    theirs.target_tags.multi_output = estimator is MLPClassifier
    assert ours == theirs


@both
@every_solver
@ignore_convergence
@pytest.mark.parametrize("copied_by", ["pickle", "deepcopy", "joblib"])
def test_a_copy_predicts_the_same_and_its_weights_are_views_again(
    estimator: Estimator, solver: str, copied_by: str, tmp_path: Path
) -> None:
    model = estimator(solver=solver, max_iter=5, random_state=0).fit(X, Y)
    if copied_by == "pickle":
        twin = pickle.loads(pickle.dumps(model))
    elif copied_by == "deepcopy":
        twin = copy.deepcopy(model)
    else:
        joblib.dump(model, tmp_path / "model")
        twin = joblib.load(tmp_path / "model")
    np.testing.assert_array_equal(twin.predict(X), model.predict(X))
    assert all(part.base is twin.coefs_[0].base for part in (*twin.coefs_, *twin.intercepts_))
    assert vars(twin).keys() == vars(model).keys()


@both
@ignore_convergence
def test_a_copy_continues_exactly_like_the_original(estimator: Estimator) -> None:
    model = estimator(max_iter=5, random_state=0).fit(X, Y)
    twin = pickle.loads(pickle.dumps(model))
    for each in (model, twin):
        each.partial_fit(X, Y).partial_fit(X, Y)
    assert_equal_weights(twin, weights_of(model))
    assert twin.loss_curve_ == model.loss_curve_


@both
@ignore_convergence
def test_a_clone_is_not_fitted_and_fits_the_same(estimator: Estimator) -> None:
    model = estimator(max_iter=5, random_state=0).fit(X, Y)
    twin = clone(model)
    with pytest.raises(NotFittedError):
        twin.predict(X)
    assert_equal_weights(twin.fit(X, Y), weights_of(model))


@both
@ignore_convergence
def test_predictions_use_weights_set_by_hand(estimator: Estimator) -> None:
    model = estimator((3,) if estimator is MLPClassifier else "squared_error", max_iter=2)
    model.fit(X, Y)
    model.coefs_ = [np.zeros_like(weights) for weights in model.coefs_]
    model.intercepts_ = [np.zeros_like(biases) for biases in model.intercepts_]
    model.intercepts_[-1][-1] = 3.0
    np.testing.assert_array_equal(
        model.predict(X), np.full(150, Y[-1] if estimator is MLPClassifier else 3.0)
    )


@ignore_convergence
def test_grid_search_and_cross_validation_work_in_a_pipeline() -> None:
    pipeline = make_pipeline(StandardScaler(), MLPClassifier((8,), max_iter=30, random_state=0))
    grid = {"mlpclassifier__learning_rate_init": [1e-5, 0.05], "mlpclassifier__alpha": [0.01]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(X, Y)
    assert search.best_params_["mlpclassifier__learning_rate_init"] == 0.05
    assert search.best_score_ > 0.9
    scores = cross_val_score(search.best_estimator_, X, Y, cv=3, scoring="neg_log_loss")
    assert scores.shape == (3,)
    assert (scores < 0).all()


@both
@ignore_convergence
def test_feature_names_are_kept_and_checked(estimator: Estimator) -> None:
    table = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    model = estimator(max_iter=2, early_stopping=True).fit(table, Y)
    np.testing.assert_array_equal(model.feature_names_in_, ["a", "b", "c", "d"])
    with pytest.raises(ValueError, match="feature names"):
        model.predict(table[["d", "c", "b", "a"]])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        model.predict(X)


@both
@ignore_convergence
def test_sample_weights_are_routed_through_a_pipeline(estimator: Estimator) -> None:
    weight = np.where(Y == 0, 5.0, 0.1)
    with sklearn.config_context(enable_metadata_routing=True):
        model = estimator(max_iter=3, random_state=0).set_fit_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(scaler, model).fit(X, Y, sample_weight=weight)
    direct = estimator(max_iter=3, random_state=0).fit(
        StandardScaler().fit_transform(X), Y, sample_weight=weight
    )
    assert_equal_weights(pipeline[-1], weights_of(direct))


def test_data_frames_from_earlier_steps_are_supported() -> None:
    scaler = StandardScaler().set_output(transform="pandas")
    pipeline = make_pipeline(scaler, MLPClassifier(solver="lbfgs", alpha=1, max_iter=300))
    pipeline.fit(pd.DataFrame(X, columns=list("abcd")), Y)
    np.testing.assert_array_equal(pipeline[-1].feature_names_in_, list("abcd"))


@both
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"activation": "rleu"}, r"'activation' parameter .* Got 'rleu' .* Did you mean 'relu'\?"),
        ({"solver": "lbgfs"}, r"'solver' .* Did you mean 'lbfgs'\?"),
        ({"learning_rate": "adaptve"}, r"'learning_rate' .* Did you mean 'adaptive'\?"),
        ({"engine": "nativ"}, r"'engine' .* Did you mean 'native'\?"),
        ({"dtype": "float16"}, r"'dtype' .* Did you mean 'float"),
        ({"alpha": -1}, "'alpha' parameter .* Got -1"),
        ({"solver": "lbfgs", "dtype": "float32"}, "solver='lbfgs' .* dtype='float32' .* 'adam'"),
    ],
)
def test_an_invalid_parameter_value_is_refused_with_the_nearest_valid_one(
    estimator: Estimator, parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        estimator(**parameters).fit(X, Y)


@both
def test_the_error_for_a_misspelt_parameter_suggests_the_nearest(estimator: Estimator) -> None:
    with pytest.raises(ValueError, match=r"Did you mean 'hidden_layer_sizes'\?"):
        estimator().set_params(hiden_layer_sizes=(3,))
    assert estimator().set_params(alpha=0.5).alpha == 0.5


@both
@every_solver
@ignore_convergence
def test_a_warm_start_with_other_widths_is_refused_and_leaves_the_model(
    estimator: Estimator, solver: str
) -> None:
    model = estimator(solver=solver, max_iter=3, warm_start=True).fit(X, Y)
    before = weights_of(model)
    model.set_params(hidden_layer_sizes=(3, 2))
    with pytest.raises(ValueError, match=r"hidden_layer_sizes=\(3, 2\).* warm_start=False"):
        model.fit(X, Y)
    assert_equal_weights(model, before)
    model.set_params(warm_start=False).fit(X, Y)
    assert [weights.shape[1] for weights in model.coefs_[:-1]] == [3, 2]


@both
@ignore_convergence
def test_a_warm_start_does_not_modify_weights_of_the_previous_fit(estimator: Estimator) -> None:
    model = estimator(max_iter=3, warm_start=True, random_state=0).fit(X, Y)
    kept, before = model.coefs_, weights_of(model)
    model.fit(X, Y)
    np.testing.assert_array_equal(kept[0], before[0])
    assert not np.array_equal(model.coefs_[0], before[0])


@ignore_convergence
@pytest.mark.parametrize(("first", "then"), [(False, True), (True, False)])
def test_early_stopping_may_be_switched_between_warm_starts(first: bool, then: bool) -> None:
    model = MLPClassifier((4,), max_iter=3, warm_start=True, early_stopping=first).fit(X, Y)
    model.set_params(early_stopping=then).fit(X, Y)
    assert len(model.loss_curve_) == 6
    assert (model.validation_scores_ is not None) == then
    assert (model.best_loss_ is None) == then


@both
@ignore_convergence
def test_solvers_may_be_switched_between_warm_starts(estimator: Estimator) -> None:
    model = estimator(max_iter=3, warm_start=True, random_state=0)
    for solver in ("lbfgs", "adam", "sgd", "lbfgs"):
        model.set_params(solver=solver).fit(X, Y)
    # SciPy, which minimises for the reference engine, records no losses.
    records_all = choose_engine().minimises
    assert len(model.loss_curve_) == (12 if records_all else 6)


@ignore_convergence
@pytest.mark.parametrize("rows", [np.float32, np.float64, int])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype_sets_the_type_of_the_computation(rows: Any, dtype: str) -> None:
    model = MLPRegressor("squared_error", (3,), max_iter=2, dtype=dtype).fit(X.astype(rows), Y)
    assert {part.dtype for part in (*model.coefs_, *model.intercepts_)} == {np.dtype(dtype)}
    assert model.predict(X.astype(rows)).dtype == dtype
    model.partial_fit(X.astype(rows), Y)
    assert model.coefs_[0].dtype == dtype


@ignore_convergence
def test_a_float32_model_continues_in_float32_whatever_the_input_dtype() -> None:
    model = MLPClassifier((3,), max_iter=2, warm_start=True).fit(X.astype(np.float32), Y)
    model.fit(X, Y).partial_fit(X, Y)
    assert model.coefs_[0].dtype == np.float32


@both
@every_solver
@ignore_convergence
@pytest.mark.parametrize("kind", ["csr", "csc", "coo"])
def test_sparse_inputs_predict_like_dense_ones_and_are_never_made_dense(
    estimator: Estimator, solver: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dense = np.where(X > 0, X, 0)
    rows = getattr(sparse, f"{kind}_array")(dense)
    expected = estimator(solver=solver, max_iter=3, random_state=0).fit(dense, Y)

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("made dense")

    for name in ("csr_array", "csc_array", "coo_array", "csr_matrix"):
        monkeypatch.setattr(getattr(sparse, name), "toarray", refuse)
        monkeypatch.setattr(getattr(sparse, name), "todense", refuse)
    model = estimator(solver=solver, max_iter=3, random_state=0).fit(rows, Y)
    np.testing.assert_allclose(model.predict(rows), expected.predict(dense), rtol=1e-9)


@both
@pytest.mark.parametrize("model", [{}, {"solver": "sgd"}, {"solver": "lbfgs"}], ids=str)
def test_inputs_too_large_are_an_error_that_names_a_layer(
    estimator: Estimator, model: dict[str, Any]
) -> None:
    huge = np.full((20, 3), 1e308) * np.array([1.0, -1.0, 0.5])
    with pytest.raises(NonFiniteError, match=r"^Solver produced non-finite .*StandardScaler"):
        estimator(random_state=0, **model).fit(huge, np.arange(20) % 2)


@both
@ignore_convergence
def test_a_diverging_fit_leaves_the_previous_fit_unchanged(estimator: Estimator) -> None:
    model = estimator(max_iter=3, warm_start=True, random_state=0).fit(X, Y)
    before, losses = weights_of(model), list(model.loss_curve_)
    model.set_params(solver="sgd", learning_rate_init=1e200)
    with pytest.raises(NonFiniteError, match=r"in epoch 2; layer '(hidden_1|output)'"):
        model.fit(X, Y)
    assert_equal_weights(model, before)
    assert model.loss_curve_ == losses
    assert model.predict(X).shape == (150,)


def test_a_convergence_warning_points_at_the_caller() -> None:
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(2\) reached") as caught:
        MLPClassifier(max_iter=2).fit(X, Y)
    with pytest.warns(ConvergenceWarning, match="lbfgs failed to converge") as caught_too:
        MLPClassifier(solver="lbfgs", max_iter=2).fit(X, Y)
    assert [warning.filename for warning in (*caught, *caught_too)] == [__file__, __file__]


@both
@every_solver
def test_the_model_is_kept_even_if_warnings_are_errors(estimator: Estimator, solver: str) -> None:
    model = estimator(solver=solver, max_iter=2, random_state=0)
    with pytest.raises(ConvergenceWarning):
        model.fit(X, Y)
    assert model.n_iter_ == 2
    assert model.predict(X).shape == (150,)


def test_a_batch_larger_than_the_training_set_is_clipped_with_a_warning() -> None:
    model = MLPClassifier(batch_size=500, max_iter=400, random_state=0, learning_rate_init=0.1)
    with pytest.warns(UserWarning, match=r"batch_size=500 .* clipped to 150") as caught:
        model.fit(X, Y)
    assert caught[0].filename == __file__
    whole = MLPClassifier(batch_size=150, max_iter=400, random_state=0, learning_rate_init=0.1)
    assert_equal_weights(model, weights_of(whole.fit(X, Y)))


@both
def test_a_batch_whose_weights_sum_to_zero_is_an_error(estimator: Estimator) -> None:
    weight = np.ones(150)
    weight[:10] = 0
    with pytest.raises(ZeroDivisionError):
        estimator(batch_size=10, shuffle=False).fit(X, Y, sample_weight=weight)


@both
def test_partial_fit_does_not_exist_for_lbfgs(estimator: Estimator) -> None:
    assert hasattr(estimator(), "partial_fit")
    assert not hasattr(estimator(solver="lbfgs"), "partial_fit")
    with pytest.raises(AttributeError, match="partial_fit"):
        estimator(solver="lbfgs").partial_fit(X, Y)


@both
@ignore_convergence
def test_partial_fit_refuses_early_stopping(estimator: Estimator) -> None:
    with pytest.raises(ValueError, match="partial_fit does not support early_stopping=True"):
        estimator(early_stopping=True).fit(X, Y).partial_fit(X, Y)


@both
@ignore_convergence
def test_partial_fit_runs_one_epoch_without_a_convergence_warning(estimator: Estimator) -> None:
    classes = {"classes": [0, 1, 2]} if estimator is MLPClassifier else {}
    model = estimator(max_iter=1, random_state=0)
    for call in range(1, 4):
        model.partial_fit(X, Y, **classes)
        assert (model.n_iter_, model.t_, len(model.loss_curve_)) == (1, call * 150, call)
    assert model._optimizer_step == 3


def test_the_requested_engine_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    choose = engine_choice.choose_engine
    monkeypatch.setattr(
        engine_choice, "choose_engine", lambda *sizes: (asked.append(sizes), choose(*sizes))[1]
    )
    model = MLPClassifier(solver="lbfgs", alpha=1, max_iter=300, engine="reference", n_threads=3)
    model.fit(X, Y).predict(X)
    assert [sizes[:3] for sizes in asked] == [("reference", 3, None)] * 2


def test_a_sparse_matrix_with_column_indices_out_of_range_is_refused() -> None:
    broken = sparse.csr_array(np.eye(4))
    broken.indices[2] = 1_000_000
    with pytest.raises(ValueError, match="indices"):
        MLPRegressor(max_iter=1).fit(broken, np.arange(4.0))
