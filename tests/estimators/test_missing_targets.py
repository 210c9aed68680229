"""Targets that are missing in part, and a weight of each target, in both estimators."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_regression

from lamina import MLPClassifier, MLPRegressor, load, save
from lamina.studies import trace_step

SHORT = {"max_iter": 30, "learning_rate_init": 0.01, "random_state": 0, "hidden_layer_sizes": 8}
LOSSES = [
    "squared_error",
    "absolute_error",
    "huber",
    "quantile",
    "gaussian_nll",
    "poisson",
    "gamma",
]
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def data():
    """Return X, complete targets, and the same with a third missing but no row empty."""
    X, y = make_regression(120, 4, n_targets=3, random_state=0)
    y = y / y.std(axis=0)
    random_state = np.random.RandomState(1)
    missing = random_state.uniform(size=y.shape) < 0.4
    missing[np.arange(len(y)), random_state.randint(3, size=len(y))] = False
    return X, y, np.where(missing, np.nan, y)


@pytest.fixture(scope="module")
def labels(data):
    """Return X, complete labels of three columns, and the same with some missing."""
    X, y, partial = data
    names = np.array(["low", "middle", "high"], dtype=object)
    complete = names[np.digitize(y, [-0.5, 0.5])]
    return X, complete, np.where(np.isnan(partial), None, complete)


def test_each_target_of_a_linear_model_is_fitted_on_its_own_samples(data):
    X, _, y = data
    model = MLPRegressor(
        hidden_layer_sizes=(), solver="lbfgs", alpha=0, max_iter=2000, tol=1e-10, random_state=0
    ).fit(X, y)
    for j in range(3):
        rows = np.isfinite(y[:, j])
        A = np.column_stack([X[rows], np.ones(rows.sum())])
        solution = np.linalg.lstsq(A, y[rows, j], rcond=None)[0]
        np.testing.assert_allclose(model.coefs_[0][:, j], solution[:-1], rtol=0, atol=1e-4)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("loss", LOSSES)
def test_missing_targets_are_targets_of_weight_zero(data, solver, loss):
    X, y, partial = data
    y, partial = (np.exp(y), np.exp(partial)) if loss in ("poisson", "gamma") else (y, partial)
    options = {**SHORT, "solver": solver, "loss": loss, "max_iter": 10}
    first = MLPRegressor(**options).fit(X, partial)
    weight = np.isfinite(partial).astype(float)
    second = MLPRegressor(**options).fit(X, y, sample_weight=weight)
    for one, other in zip(first.coefs_, second.coefs_, strict=True):
        np.testing.assert_array_equal(one, other)


def test_both_engines_agree(data):
    X, _, y = data
    native, reference = (
        MLPRegressor(**SHORT, engine=engine).fit(X, y) for engine in ("native", "reference")
    )
    np.testing.assert_allclose(native.predict(X), reference.predict(X), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("y_name", ["array", "frame", "nullable frame", "list"])
def test_every_container_of_targets_gives_the_same_fit(data, y_name):
    X, _, y = data
    frame = pd.DataFrame(y, columns=["a", "b", "c"])
    containers = {
        "array": y,
        "frame": frame,
        "nullable frame": frame.convert_dtypes(),
        "list": [[None if each != each else each for each in row] for row in y.tolist()],
    }
    model = MLPRegressor(**SHORT).fit(X, containers[y_name])
    expected = MLPRegressor(**SHORT).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), expected.predict(X))


def test_a_sample_without_any_target_is_left_out_with_a_warning(data):
    X, _, y = data
    longer_X, longer_y = np.vstack([X[:5], X]), np.vstack([np.full((5, 3), np.nan), y])
    with pytest.warns(UserWarning, match="y has no value in 5 of 125 samples, the first in row 0"):
        model = MLPRegressor(**SHORT).fit(longer_X, longer_y)
    np.testing.assert_array_equal(model.predict(X), MLPRegressor(**SHORT).fit(X, y).predict(X))


@pytest.mark.parametrize("y_name", ["array", "frame"])
def test_a_column_without_any_value_is_refused_by_name(data, y_name):
    X, _, y = data
    y = y.copy()
    y[:, 1] = np.nan
    y = pd.DataFrame(y, columns=["a", "b", "c"]) if y_name == "frame" else y
    name = "'b'" if y_name == "frame" else "1"
    with pytest.raises(ValueError, match=f"column {name} of y has no value in any of the 120"):
        MLPRegressor(**SHORT).fit(X, y)


def test_a_single_target_has_no_missing_values(data):
    X, _, y = data
    with pytest.raises(ValueError, match="Input y contains NaN"):
        MLPRegressor(**SHORT).fit(X, y[:, 0])


@pytest.mark.parametrize("scale_target", [False, True])
def test_the_score_leaves_missing_targets_out(data, scale_target):
    X, _, y = data
    model = MLPRegressor(**SHORT, scale_target=scale_target).fit(X, y)
    prediction = model.predict(X)
    scores = []
    for j in range(3):
        rows = np.isfinite(y[:, j])
        far, deviation = y[rows, j] - prediction[rows, j], y[rows, j] - y[rows, j].mean()
        scores.append(1 - np.sum(far**2) / np.sum(deviation**2))
    assert model.score(X, y) == pytest.approx(np.mean(scores), rel=1e-12)


def test_targets_are_standardised_without_the_missing_ones(data):
    X, _, y = data
    model = MLPRegressor(**SHORT, scale_target=True).fit(X, 1000 + y)
    np.testing.assert_allclose(model.target_mean_, np.nanmean(1000 + y, axis=0))
    np.testing.assert_allclose(model.target_scale_, np.nanstd(1000 + y, axis=0))


def test_early_stopping_and_validation_data_measure_the_targets_that_are_present(data):
    X, complete, y = data
    model = MLPRegressor(**SHORT, early_stopping=True, validation_fraction=0.3).fit(X, y)
    assert np.isfinite(model.validation_scores_).all()
    model = MLPRegressor(**SHORT).fit(X, complete, validation_data=(X[:40], y[:40]))
    assert model.validation_scores_[-1] == pytest.approx(model.score(X[:40], y[:40]), rel=1e-9)
    present = np.isfinite(y[:40])
    squares = np.where(present, (model.predict(X[:40]) - complete[:40]) ** 2, 0)
    expected = 0.5 * squares.sum() / present.sum()
    assert model.history_["validation_loss"][-1] == pytest.approx(expected, rel=1e-9)


def test_a_validation_column_without_any_value_is_left_out_of_the_score(data):
    X, complete, y = data
    y_val = y[:40].copy()
    y_val[:, 2] = np.nan
    with warnings.catch_warnings():
        # Some of these samples had only the third target.
        warnings.simplefilter("ignore", UserWarning)
        model = MLPRegressor(**SHORT).fit(X, complete, validation_data=(X[:40], y_val))
    assert np.isfinite(model.validation_scores_).all()


def test_a_batch_without_any_target_makes_a_step_without_a_gradient(data):
    X, y, _ = data
    weight = np.ones_like(y)
    weight[:60] = 0
    options = {**SHORT, "solver": "sgd", "momentum": 0, "batch_size": 20, "shuffle": False}
    with_empty = MLPRegressor(**options).fit(X, y, sample_weight=weight)
    without = MLPRegressor(**options).fit(X[60:], y[60:])
    np.testing.assert_allclose(with_empty.predict(X), without.predict(X), rtol=1e-10)
    assert np.isfinite(with_empty.loss_curve_).all()


def test_partial_fit_continues_where_a_column_has_no_value(data):
    X, _, y = data
    model = MLPRegressor(**SHORT).partial_fit(X, y)
    before = [part.copy() for part in model.coefs_]
    only_two = y[:50].copy()
    only_two[:, 0], only_two[:, 1] = np.nan, 1.0
    model.partial_fit(X[:50], only_two)
    assert np.isfinite(model.loss_)
    assert not np.array_equal(before[1][:, 1], model.coefs_[1][:, 1])


def test_resuming_from_a_checkpoint_gives_the_same_bits(data, tmp_path):
    X, _, y = data
    whole = MLPRegressor(**SHORT).fit(X, y)
    path = tmp_path / "fit.checkpoint"
    half = {**SHORT, "max_iter": 15}
    MLPRegressor(**half, checkpoint=path, checkpoint_every=5).fit(X, y)
    resumed = MLPRegressor(**SHORT).fit(X, y, resume=path)
    np.testing.assert_array_equal(whole.predict(X), resumed.predict(X))


def test_the_gradient_check_passes(data):
    X, _, y = data
    model = MLPRegressor(**SHORT, activation="tanh").fit(X, y)
    assert model.check_gradients(X, y).passed


def test_a_model_fitted_on_partial_targets_is_saved_and_loaded(data, tmp_path):
    X, _, y = data
    model = MLPRegressor(**SHORT).fit(X, y)
    save(model, tmp_path / "model.lamina")
    np.testing.assert_array_equal(load(tmp_path / "model.lamina").predict(X), model.predict(X))


def test_multioutput_labels_may_be_missing(labels):
    X, complete, y = labels
    model = MLPClassifier(**{**SHORT, "max_iter": 200}).fit(X, y)
    assert [each.tolist() for each in model.classes_] == [["high", "low", "middle"]] * 3
    present = y != None  # noqa: E711
    right = (model.predict(X) == complete) | ~present
    assert model.score(X, y) == pytest.approx(right.all(axis=1).mean())
    assert model.score(X, y) > 0.8


def test_multilabel_indicators_may_be_missing(data):
    X, complete, partial = data
    y = np.where(np.isnan(partial), np.nan, partial > 0)
    model = MLPClassifier(**{**SHORT, "max_iter": 200}).fit(X, y)
    assert model.predict(X).shape == complete.shape
    right = (model.predict(X) == y) | np.isnan(y)
    assert model.score(X, y) == pytest.approx(right.all(axis=1).mean())
    assert model.score(X, y) > 0.8


def test_balanced_class_weights_count_the_labels_that_are_present(labels):
    X, _, y = labels
    balanced = MLPClassifier(**SHORT, class_weight="balanced", solver="sgd").fit(X, y)
    counts = [np.unique(column[column != None], return_counts=True) for column in y.T]  # noqa: E711
    weights = [dict(zip(c, n.sum() / (len(c) * n), strict=True)) for c, n in counts]
    by_hand = MLPClassifier(**SHORT, class_weight=weights, solver="sgd").fit(X, y)
    for one, other in zip(balanced.predict_proba(X), by_hand.predict_proba(X), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


def test_partial_fit_of_labels_continues_where_a_column_has_no_value(labels):
    X, _, y = labels
    classes = [np.array(["high", "low", "middle"])] * 3
    model = MLPClassifier(**SHORT).partial_fit(X, y, classes=classes)
    later = y[:30].copy()
    later[:, 0], later[:, 1] = None, "low"
    model.partial_fit(X[:30], later)
    assert np.isfinite(model.loss_)


@pytest.mark.parametrize("shape", [(120, 2), (119, 3), (3, 120)])
def test_weights_of_another_shape_are_refused(data, shape):
    X, y, _ = data
    with pytest.raises(ValueError, match="sample_weight has shape"):
        MLPRegressor(**SHORT).fit(X, y, sample_weight=np.ones(shape))


def test_a_weight_that_is_not_finite_is_refused_with_its_place(data):
    X, y, _ = data
    weight = np.ones_like(y)
    weight[4, 1] = np.inf
    with pytest.raises(ValueError, match=r"sample_weight\[4, 1\] is inf"):
        MLPRegressor(**SHORT).fit(X, y, sample_weight=weight)
    with pytest.raises(ValueError, match="0 for every target of every sample"):
        MLPRegressor(**SHORT).fit(X, y, sample_weight=np.zeros_like(y))


def test_scorers_of_scikit_learn_are_refused_before_the_fit(data):
    X, _, y = data
    model = MLPRegressor(**SHORT, early_stopping=True, monitor="r2")
    with pytest.raises(ValueError, match="monitor='r2': the scorer 'r2' takes complete targets"):
        model.fit(X, y)
    assert not hasattr(model, "coefs_")
    MLPRegressor(**SHORT, early_stopping=True, monitor="validation_loss").fit(X, y)


class SquaredLoss:
    """A custom loss."""

    def value_and_delta(self, logits, y, sample_weight):
        weight = 1 if sample_weight is None else sample_weight[:, np.newaxis]
        return np.sum(weight * (logits - y) ** 2, axis=1), 2 * weight * (logits - y)


def test_a_custom_loss_is_refused(data):
    X, _, y = data
    with pytest.raises(ValueError, match="takes one weight for each sample"):
        MLPRegressor(**SHORT, loss=SquaredLoss()).fit(X, y)


def test_a_traced_step_refuses_missing_targets(data):
    X, _, y = data
    model = MLPRegressor(**SHORT).fit(X, y)
    with pytest.raises(ValueError, match="one weight for each sample"):
        trace_step(model, X[:5], y[:5])
