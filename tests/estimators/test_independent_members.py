"""Independent members: several networks in one estimator, each as it would be alone."""

import pickle
import signal
import threading

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits

from lamina import MLPClassifier, MLPRegressor, load, save
from lamina.engines.independent import draw_seeds
from lamina.inputs import Periodic, PiecewiseLinear
from lamina.members import Independent

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = load_digits(return_X_y=True)
X, Y = X[:400] / 16, Y[:400]
NUMBERS, TARGET = load_diabetes(return_X_y=True)
SHORT = {"hidden_layer_sizes": (20, 10), "max_iter": 6, "random_state": 0}


def seeds(n_members, seed=0):
    return draw_seeds(np.random.RandomState(seed), n_members)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"solver": "sgd", "learning_rate": "adaptive"},
        {"normalization": "batch", "activation": ("prelu", "tanh")},
        {"batch_size": 7, "average_decay": 0.9, "weight_decay": 0.1, "solver": "adamw"},
        {"hidden_layer_sizes": (200, 200), "batch_size": 16},
        {"depth": 0, "hidden_layer_sizes": (100,)},
        {"engine": "reference"},
        {"dtype": "float32", "shuffle": False},
        {"solver": "lbfgs"},
    ],
    ids=str,
)
def test_each_member_has_the_bits_of_an_estimator_with_its_seed(options):
    options = {**SHORT, **options}
    model = MLPClassifier(members=Independent(3), **options).fit(X, Y)
    alone = [MLPClassifier(**{**options, "random_state": s}).fit(X, Y) for s in seeds(3)]
    assert len(model.members_) == 3
    for one, network in zip(alone, model.members_, strict=True):
        for W, expected in zip(network.weights, one.coefs_, strict=True):
            np.testing.assert_array_equal(W, expected)
    mean = np.mean([one.predict_proba(X) for one in alone], axis=0)
    np.testing.assert_allclose(model.predict_proba(X), mean, rtol=1e-6, atol=1e-12)
    if model.solver != "lbfgs":
        losses = [one.loss_curve_ for one in alone]
        np.testing.assert_allclose(model.member_loss_curves_, losses, rtol=1e-12)
        np.testing.assert_allclose(model.loss_curve_, np.mean(losses, axis=0), rtol=1e-12)


@pytest.mark.parametrize("options", [{}, {"dropout": 0.3, "input_noise": 0.1}], ids=str)
def test_the_bits_do_not_depend_on_the_number_of_threads(options):
    fits = [
        MLPClassifier(members=Independent(5), n_threads=n, **SHORT, **options).fit(X, Y)
        for n in (1, 2, 3, 7, None)
    ]
    for other in fits[1:]:
        for one, its in zip(fits[0].coefs_, other.coefs_, strict=True):
            np.testing.assert_array_equal(one, its)
        assert other.loss_curve_ == fits[0].loss_curve_


@pytest.mark.parametrize("noise", [{"input_noise": 0.5}, {"input_dropout": 0.5}], ids=str)
def test_noise_differs_from_member_to_member(noise):
    options = {"initializer": "zeros", "shuffle": False, "depth": 0, "max_iter": 2}
    model = MLPClassifier(members=Independent(2), random_state=0, **options).fit(X, Y)
    one, other = model.members_
    np.testing.assert_array_equal(one.weights[0], other.weights[0])
    one, other = model.set_params(**noise).fit(X, Y).members_
    assert not np.array_equal(one.weights[0], other.weights[0])


def test_the_best_epoch_is_that_of_the_mean():
    options = {**SHORT, "max_iter": 40, "early_stopping": True, "learning_rate_init": 0.1}
    model = MLPClassifier(members=Independent(3), **options, monitor="validation_loss")
    model.fit(X, Y)
    losses = model.history_["validation_loss"]
    assert np.argmin(losses) < len(losses) - 1
    repeated = clone(model).set_params(max_iter=int(np.argmin(losses)) + 1).fit(X, Y)
    for one, other in zip(model.coefs_, repeated.coefs_, strict=True):
        np.testing.assert_array_equal(one, other)


def test_validation_measures_the_mean():
    model = MLPClassifier(members=Independent(3), **SHORT)
    model.fit(X, Y, validation_data=(X[:100], Y[:100]))
    assert model.validation_scores_[-1] == model.score(X[:100], Y[:100])


@pytest.mark.parametrize("options", [{}, {"loss": "gaussian_nll"}, {"loss": "poisson"}], ids=str)
def test_a_regression_predicts_the_mean(options):
    scaled = {} if options.get("loss") == "poisson" else {"scale_target": True}
    options = {**SHORT, **options, **scaled}
    model = MLPRegressor(members=Independent(3), **options).fit(NUMBERS, TARGET)
    alone = [MLPRegressor(**{**options, "random_state": s}).fit(NUMBERS, TARGET) for s in seeds(3)]
    mean = np.mean([one.predict(NUMBERS) for one in alone], axis=0)
    np.testing.assert_allclose(model.predict(NUMBERS), mean, rtol=1e-9)


def test_partial_fit_and_warm_starts_continue_every_member():
    model = MLPClassifier(members=Independent(2), **SHORT)
    alone = [MLPClassifier(**{**SHORT, "random_state": s}) for s in seeds(2)]
    for _ in range(3):
        for each in (model, *alone):
            each.partial_fit(X, Y, classes=np.arange(10))
    for one, network in zip(alone, model.members_, strict=True):
        np.testing.assert_array_equal(network.weights[0], one.coefs_[0])
    assert [len(losses) for losses in model.member_loss_curves_] == [3, 3]
    model.set_params(warm_start=True).fit(X, Y)
    assert [len(losses) for losses in model.member_loss_curves_] == [9, 9]


def test_several_columns_of_labels_and_missing_targets():
    labels = np.column_stack([Y % 2, Y // 4]).astype(float)
    labels[::3, 0] = np.nan
    model = MLPClassifier(members=Independent(2), **SHORT).fit(X, labels)
    assert [p.shape for p in model.predict_proba(X)] == [(400, 2), (400, 3)]


@pytest.mark.parametrize("rows", [1, 5, 16, 17, 400])
def test_predictions_of_few_samples_equal_those_of_many(rows):
    model = MLPClassifier(members=Independent(3), **SHORT).fit(X, Y)
    np.testing.assert_allclose(
        model.predict_proba(X[:rows]), model.predict_proba(X)[:rows], rtol=1e-10, atol=1e-14
    )


def test_a_model_survives_pickle_and_files(tmp_path):
    options = {"normalization": "batch", "scale_target": True}
    model = MLPRegressor(members=Independent(3), **SHORT, **options).fit(NUMBERS, TARGET)
    save(model, tmp_path / "model.lamina")
    for other in (load(tmp_path / "model.lamina"), pickle.loads(pickle.dumps(model))):
        assert other.members == Independent(3)
        np.testing.assert_array_equal(other.predict(NUMBERS), model.predict(NUMBERS))
        continued = clone(model).fit(NUMBERS, TARGET).partial_fit(NUMBERS, TARGET)
        other.partial_fit(NUMBERS, TARGET)
        np.testing.assert_array_equal(other.predict(NUMBERS), continued.predict(NUMBERS))


def test_members_may_be_dropped_after_the_fit():
    model = MLPClassifier(members=Independent(5), **SHORT).fit(X, Y)
    first = model.members_[:2]
    mean = np.mean([MLPClassifier(**{**SHORT, "random_state": s}).fit(X, Y).predict_proba(X)
                    for s in seeds(5)[:2]], axis=0)  # fmt: skip
    assert model.keep_members(2) is model
    assert model.members == Independent(2)
    np.testing.assert_allclose(model.predict_proba(X), mean, rtol=1e-6, atol=1e-12)
    for one, other in zip(first, model.members_, strict=True):
        np.testing.assert_array_equal(one.parameters, other.parameters)
    model.partial_fit(X, Y)
    for wrong in (1, 3, 0):
        with pytest.raises(ValueError, match="from 2 to the number of members"):
            model.keep_members(wrong)
    with pytest.raises(ValueError, match="this model has one network"):
        MLPClassifier(**SHORT).fit(X, Y).keep_members(2)


def test_ctrl_c_keeps_whole_steps_and_ends_soon():
    model = MLPClassifier(members=Independent(4), hidden_layer_sizes=(50,), max_iter=100_000,
                          n_iter_no_change=100_000, random_state=0)  # fmt: skip
    timer = threading.Timer(0.5, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.warns(UserWarning, match="interrupted"):
        model.fit(X, Y)
    assert all(np.isfinite(part).all() for part in model.coefs_)
    assert len({len(losses) for losses in model.member_loss_curves_}) == 1


def test_a_time_limit_ends_the_fit():
    model = MLPClassifier(members=Independent(4), **{**SHORT, "max_iter": 10**6}, max_seconds=0.3,
                          n_iter_no_change=10**6)  # fmt: skip
    assert 1 <= model.fit(X, Y).n_iter_ < 10**6


class Steps:
    """Callback that follows steps."""

    def on_step(self, fit):
        pass


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"checkpoint": "fit.checkpoint"}, "holds the state of one network"),
        ({"initializer": np.zeros(3)}, "the same weights"),
        ({"callbacks": Steps()}, "on_step of Steps"),
    ],
    # The text of an object has its address, which differs between processes.
    ids=["checkpoint", "initializer", "callbacks"],
)
def test_parameters_of_one_network_are_refused(params, words):
    with pytest.raises(ValueError, match=words):
        MLPClassifier(members=Independent(2), **SHORT, **params).fit(X, Y)


@pytest.mark.parametrize("n_members", [1, 0, -3, 2.5, True, "5", None], ids=repr)
def test_other_numbers_of_members_are_refused(n_members):
    with pytest.raises(ValueError, match=r"'members\.n_members' .* must be an integer >= 2"):
        MLPClassifier(members=Independent(n_members), **SHORT).fit(X, Y)


def test_more_classes_are_refused():
    model = MLPClassifier(members=Independent(2), **SHORT, warm_start=True)
    model.fit(X[Y < 3], Y[Y < 3])
    with pytest.raises(ValueError, match="do not grow for more classes"):
        model.fit(X[Y < 4], Y[Y < 4])


def test_what_shows_one_network_refuses_several():
    model = MLPClassifier(members=Independent(2), **SHORT).fit(X, Y)
    with pytest.raises(ValueError, match="take one of the model's members_"):
        model.activations(X)
    assert "2 independent members" in str(model.describe())
    assert model.n_layers_ == 4
    assert model.input_gradients(X[:3]).shape == (3, 10, 64)


def test_features_are_those_of_all_members_side_by_side():
    model = MLPClassifier(members=Independent(2), **SHORT).fit(X, Y)
    alone = [MLPClassifier(**{**SHORT, "random_state": s}).fit(X, Y) for s in seeds(2)]
    for layer in (0, -1):
        expected = np.hstack([one.transform(X, layer) for one in alone])
        np.testing.assert_allclose(model.transform(X, layer), expected, rtol=1e-12)
    assert len(model.get_feature_names_out()) == 20


def test_decisions_are_those_of_the_mean_probability():
    model = MLPClassifier(members=Independent(3), **SHORT).fit(X, Y)
    logits = model.decision_function(X)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(p, model.predict_proba(X), rtol=1e-9, atol=1e-12)
    model = MLPClassifier(members=Independent(3), **SHORT).fit(X, Y > 4)
    np.testing.assert_array_equal(model.decision_function(X) > 0, model.predict(X))


def test_a_plain_estimator_has_itself_as_member():
    model = MLPClassifier(**SHORT).fit(X, Y)
    np.testing.assert_array_equal(model.members_[0].weights[0], model.coefs_[0])
    assert model.member_loss_curves_ == [model.loss_curve_]
    with pytest.raises(AttributeError, match="before fit"):
        MLPClassifier().members_  # noqa: B018


def test_the_gradient_check_and_the_range_test_work():
    model = MLPClassifier(members=Independent(2), hidden_layer_sizes=(4,), activation="tanh",
                          random_state=0)  # fmt: skip
    assert model.check_gradients(X[:20], Y[:20]).passed
    assert model.find_learning_rate(X, Y).suggestion > 0


@pytest.mark.parametrize(
    "options",
    [
        {"inputs": PiecewiseLinear()},
        {"inputs": Periodic()},
        {"initializer": "data"},
        {"learning_rate": "cosine", "dropout": 0.1, "drop_last": True, "batch_size": 30},
    ],
    ids=str,
)
def test_inputs_initial_weights_from_data_and_schedules(options):
    options = {**SHORT, **options, "scale_target": True}
    model = MLPRegressor(members=Independent(2), **options).fit(NUMBERS, TARGET)
    alone = [MLPRegressor(**{**options, "random_state": s}).fit(NUMBERS, TARGET) for s in seeds(2)]
    if "dropout" not in options:
        for one, network in zip(alone, model.members_, strict=True):
            np.testing.assert_allclose(network.weights[0], one.coefs_[0], rtol=1e-9, atol=1e-12)
    assert np.isfinite(model.predict(NUMBERS)).all()
    assert model.fit(NUMBERS, TARGET).score(NUMBERS, TARGET) > -1
