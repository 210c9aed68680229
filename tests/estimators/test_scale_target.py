"""scale_target=True: the same model whatever the units of y, on every path of a fit."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.metrics import r2_score
from sklearn.preprocessing import StandardScaler

import lamina
from lamina import MLPRegressor
from lamina.errors import ExportError, NonFiniteError
from lamina.export import to_python
from lamina.formulas import INVERSE_LINKS, LOSSES
from lamina.training.callbacks import Snapshots

DIABETES = load_diabetes(return_X_y=True)
X = StandardScaler().fit_transform(DIABETES[0])
Y = DIABETES[1]
UNIT = (Y - Y.mean()) / Y.std()
LOSSES_OF_SCALE = sorted(
    n
    for n, o in LOSSES.items()
    if o.task == "regression" and INVERSE_LINKS[o.inverse_link].follows_scale
)
OTHER_LOSSES = sorted(
    n
    for n, o in LOSSES.items()
    if o.task == "regression" and not INVERSE_LINKS[o.inverse_link].follows_scale
)
UNITS = [(1.0, 0.0), (1e6, 0.0), (1e-6, 0.0), (1.0, 1e4), (-1e3, -5.0)]

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def regressor(**ways: Any) -> MLPRegressor:
    ways = {"random_state": 0, "max_iter": 30, "scale_target": True} | ways
    return MLPRegressor(ways.pop("loss", "squared_error"), (8,), **ways)


@pytest.mark.parametrize(("factor", "offset"), UNITS)
def test_the_score_of_diabetes_does_not_depend_on_the_units_of_the_target(
    factor: float, offset: float
) -> None:
    y = factor * Y + offset
    scaled = MLPRegressor(random_state=0, scale_target=True).fit(X, y)
    assert scaled.score(X, y) == pytest.approx(0.667, abs=0.02)
    assert r2_score(y, scaled.predict(X)) == pytest.approx(scaled.score(X, y))
    assert scaled.target_mean_ == pytest.approx([y.mean()])
    assert scaled.target_scale_ == pytest.approx([y.std()])


def test_an_unscaled_target_is_out_of_reach_without_scale_target() -> None:
    assert MLPRegressor(random_state=0).fit(X, 1e6 * Y).score(X, 1e6 * Y) < -3
    assert MLPRegressor(random_state=0).fit(X, 1e-6 * Y).score(X, 1e-6 * Y) < -4e5


@pytest.mark.parametrize("engine", ["native", "reference"])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("loss", LOSSES_OF_SCALE)
def test_the_model_equals_that_of_a_standardised_target_in_the_targets_units(
    loss: str, solver: str, engine: str
) -> None:
    ways: dict[str, Any] = {"loss": loss, "solver": solver, "engine": engine}
    plain = regressor(**ways, scale_target=False).fit(X, UNIT)
    scaled = regressor(**ways).fit(X, Y)
    expected = plain.predict(X) * Y.std() + Y.mean()
    np.testing.assert_allclose(scaled.predict(X), expected, rtol=1e-6)
    assert scaled.loss_ == pytest.approx(plain.loss_)
    if LOSSES[loss].std is not None:
        expected = plain.predict(X, return_std=True)[1] * Y.std()
        np.testing.assert_allclose(scaled.predict(X, return_std=True)[1], expected, rtol=1e-6)


def test_several_quantiles_of_several_targets_have_the_units_of_their_target() -> None:
    targets = np.column_stack([1e4 * Y, 1e-3 * X[:, 0]])
    model = regressor(loss="quantile", quantile=[0.1, 0.5, 0.9], max_iter=300).fit(X, targets)
    low, middle, high = np.moveaxis(model.predict(X), 2, 0)
    assert (low <= middle).all()
    assert (middle <= high).all()
    assert r2_score(targets, middle, multioutput="raw_values").min() > 0.4
    below = (targets < high).mean(axis=0)
    assert ((below > 0.8) & (below < 1)).all()


def test_the_default_changes_no_bit() -> None:
    plain, off = MLPRegressor(random_state=0), MLPRegressor(random_state=0, scale_target=False)
    np.testing.assert_array_equal(plain.fit(X, UNIT).predict(X), off.fit(X, UNIT).predict(X))
    assert not hasattr(plain, "target_mean_")


@pytest.mark.parametrize("loss", OTHER_LOSSES)
def test_a_loss_that_predicts_above_zero_is_refused_with_the_cure(loss: str) -> None:
    with pytest.raises(ValueError, match=f"loss='{loss}' predicts exp.*divide y by its mean"):
        regressor(loss=loss).fit(X, Y)


def test_an_output_activation_is_refused_with_the_cure() -> None:
    with pytest.raises(ValueError, match=r"output_activation='softplus'.*divide y by its mean"):
        regressor(output_activation="softplus").fit(X, Y)


def test_a_constant_target_is_predicted() -> None:
    for value in (0.0, 0.1, -7e8):
        model = regressor(solver="lbfgs").fit(X, np.full(len(X), value))
        assert model.target_scale_ == [1.0]
        np.testing.assert_allclose(model.predict(X), value, rtol=1e-6, atol=0.05)


def test_samples_of_weight_zero_do_not_count_in_the_scale() -> None:
    y, weight = np.where(np.arange(len(Y)) < 20, 1e12, Y), (np.arange(len(Y)) >= 20).astype(float)
    model = regressor().fit(X, y, weight)
    assert model.target_mean_ == pytest.approx([Y[20:].mean()])
    assert model.target_scale_ == pytest.approx([Y[20:].std()])


def test_partial_fit_keeps_the_statistics_of_its_first_call() -> None:
    model = regressor().partial_fit(X[:100], Y[:100])
    mean, scale = model.target_mean_, model.target_scale_
    plain = regressor(scale_target=False).partial_fit(X[:100], (Y[:100] - mean) / scale)
    for rows in (slice(100, 300), slice(300, None)):
        model.partial_fit(X[rows], Y[rows])
        plain.partial_fit(X[rows], (Y[rows] - mean) / scale)
    np.testing.assert_array_equal(model.target_mean_, mean)
    np.testing.assert_array_equal(model._standardised_layer[0], plain.coefs_[-1])
    np.testing.assert_allclose(model.predict(X), plain.predict(X) * scale + mean, rtol=1e-9)


@pytest.mark.parametrize("average_decay", [None, 0.9])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_warm_start_continues_exactly(solver: str, average_decay: float | None) -> None:
    if solver == "lbfgs" and average_decay is not None:
        return
    ways: dict[str, Any] = {"warm_start": True, "solver": solver, "average_decay": average_decay}
    scaled, plain = regressor(**ways, max_iter=5), regressor(**ways, max_iter=5, scale_target=False)
    for _ in range(3):
        scaled.fit(X, Y)
        plain.fit(X, scaled_by(scaled, Y))
    np.testing.assert_array_equal(scaled._standardised_layer[0], plain.coefs_[-1])
    np.testing.assert_array_equal(scaled.coefs_[0], plain.coefs_[0])


def scaled_by(model: Any, y: Any) -> Any:
    return (y - model.target_mean_) / model.target_scale_


def test_a_fit_continues_from_weights_written_by_hand() -> None:
    model = regressor(warm_start=True, max_iter=1, learning_rate_init=1e-12).fit(X, Y)
    model.coefs_[-1][:] = 0.0
    model.intercepts_[-1][:] = 1000.0
    model.fit(X, Y)
    np.testing.assert_allclose(model.predict(X), 1000.0, rtol=1e-6)


@pytest.mark.parametrize("first", [False, True])
def test_a_warm_start_may_switch_scale_target(first: bool) -> None:
    ways: dict[str, Any] = {"warm_start": True, "max_iter": 200, "learning_rate_init": 0.01}
    model = regressor(**ways, scale_target=first).fit(X, Y)
    before = model.predict(X)
    model.set_params(scale_target=not first, max_iter=1, learning_rate_init=1e-12).fit(X, Y)
    np.testing.assert_allclose(model.predict(X), before, rtol=1e-6)
    assert hasattr(model, "target_mean_") is not first


@pytest.mark.parametrize("monitor", [None, "r2", "validation_loss", "neg_mean_squared_error"])
def test_validation_is_measured_in_the_units_of_the_target(monitor: Any) -> None:
    y = 1e6 * Y
    model = regressor(monitor=monitor, restore_best=False).fit(X, y, validation_data=(X, y))
    if monitor == "neg_mean_squared_error":
        last = -np.mean((model.predict(X) - y) ** 2)
        assert model.validation_scores_[-1] == pytest.approx(last)
    else:
        assert model.validation_scores_[-1] == pytest.approx(model.score(X, y))
    residual = (model.predict(X) - y) / y.std()
    assert model.validation_loss_curve_[-1] == pytest.approx(np.mean(residual**2) / 2)


def test_early_stopping_restores_the_best_epoch_of_a_scaled_target() -> None:
    model = regressor(early_stopping=True, max_iter=300, learning_rate_init=0.01).fit(X, 1e6 * Y)
    assert model.best_validation_score_ > 0.3
    assert model.score(X, 1e6 * Y) > 0.4


def test_activations_and_gradients_are_in_the_units_of_the_target() -> None:
    model = regressor().fit(X, 1e3 * Y)
    np.testing.assert_allclose(model.activations(X)[-1][:, 0], model.predict(X))
    step = np.zeros_like(X[:5])
    step[:, 2] = 1e-6
    difference = (model.predict(X[:5] + step) - model.predict(X[:5] - step)) / 2e-6
    np.testing.assert_allclose(model.input_gradients(X[:5])[:, 2], difference, rtol=1e-4)
    parts = model.integrated_gradients(X[:5], n_steps=500).sum(axis=1)
    whole = model.predict(X[:5]) - model.predict(np.zeros_like(X[:1]))
    np.testing.assert_allclose(parts, whole, atol=0.01 * np.abs(whole).max())


@pytest.mark.parametrize("loss", ["squared_error", "gaussian_nll", "huber"])
def test_the_gradient_check_uses_the_gradients_of_training(loss: str) -> None:
    model = regressor(loss=loss, activation="tanh").fit(X, 1e6 * Y)
    assert model.check_gradients(X[:30], 1e6 * Y[:30]).passed
    assert clone(model).check_gradients(X[:30], 1e6 * Y[:30]).passed


def test_studies_use_the_loss_of_training() -> None:
    y = 1e6 * Y
    model = regressor(alpha=0.0).fit(X, y)
    loss = np.mean(((model.predict(X) - y) / y.std()) ** 2) / 2
    landscape = lamina.studies.loss_landscape(model, X, y, n_points=5)
    assert landscape.loss == pytest.approx(loss)
    plain = regressor(alpha=0.0, scale_target=False).fit(X, scaled_by(model, y))
    trace, other = lamina.trace_step(model, X, y), lamina.trace_step(plain, X, scaled_by(model, y))
    assert trace.loss == pytest.approx(other.loss)
    np.testing.assert_allclose(trace.prediction, other.prediction, rtol=1e-6)
    assert "standardised target" in trace.notes[-1]


def test_snapshots_are_models_in_the_units_of_the_target() -> None:
    snapshots = Snapshots(every=10)
    model = regressor(callbacks=snapshots).fit(X, 1e6 * Y)
    np.testing.assert_array_equal(snapshots.get_model(-1).predict(X), model.predict(X))
    scores = [each.score(X, 1e6 * Y) for each in snapshots.models()]
    assert scores == sorted(scores)


def test_a_saved_model_with_scaled_target_predicts_and_continues(tmp_path: Path) -> None:
    model = regressor().partial_fit(X, 1e6 * Y)
    lamina.save(model, tmp_path / "m.lamina")
    loaded = lamina.load(tmp_path / "m.lamina")
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    model.partial_fit(X, 1e6 * Y)
    np.testing.assert_array_equal(loaded.partial_fit(X, 1e6 * Y).predict(X), model.predict(X))


def test_a_checkpoint_with_scaled_target_resumes_bit_for_bit(tmp_path: Path) -> None:
    path = tmp_path / "fit.checkpoint"
    whole = regressor(max_iter=20).fit(X, 1e6 * Y)
    regressor(max_iter=7, checkpoint=path).fit(X, 1e6 * Y)
    resumed = regressor(max_iter=20).fit(X, 1e6 * Y, resume=path)
    np.testing.assert_array_equal(resumed.predict(X), whole.predict(X))


@pytest.mark.parametrize("loss", ["squared_error", "gaussian_nll", "quantile"])
def test_exports_predict_in_the_units_of_the_target(loss: str, tmp_path: Path) -> None:
    model = regressor(loss=loss).fit(X, 1e6 * Y)
    target = tmp_path / "model.py"
    to_python(model, target)
    names: dict[str, Any] = {}
    exec(target.read_text(), names)
    predicted = np.asarray(names["predict"](X)).reshape(len(X), -1)[:, 0]
    np.testing.assert_allclose(predicted, model.predict(X), rtol=1e-9)


def test_an_export_to_scikit_learn_has_the_weights_in_the_units_of_y() -> None:
    model = regressor().fit(X, 1e6 * Y)
    with pytest.raises(ExportError, match=r"set_params\(scale_target=False\)"):
        lamina.to_sklearn(model)
    theirs = lamina.to_sklearn(model.set_params(scale_target=False))
    np.testing.assert_allclose(theirs.predict(X), model.predict(X))
    theirs.partial_fit(X, 1e6 * Y)


def test_a_target_beyond_float32_is_refused_before_the_first_epoch() -> None:
    model = regressor(dtype="float32")
    with pytest.raises(NonFiniteError, match="dtype='float64'"):
        model.fit(X, 1e40 * Y)
    assert not hasattr(model, "coefs_")


def test_standard_deviations_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match=r"predicts standard deviations .*divide y by a constant"):
        regressor(loss="gaussian_nll").fit(X, 1e-30 * Y)


def test_other_targets_than_those_standardised_are_refused() -> None:
    model = regressor(warm_start=True).fit(X, Y)
    with pytest.raises(ValueError, match="y has 2 targets, and the earlier fit standardised 1"):
        model.fit(X, np.column_stack([Y, Y]))


def test_a_custom_loss_receives_the_standardised_target() -> None:
    class Squared:
        def value_and_delta(self, logits: Any, y: Any, sample_weight: Any) -> Any:
            assert math.isclose(np.abs(y).max(), np.abs(UNIT).max()) or np.abs(y).max() < 10
            return ((logits - y) ** 2).sum(axis=1) / 2, logits - y

    model = regressor(loss=Squared()).fit(X, 1e6 * Y)
    np.testing.assert_allclose(model.predict(X), regressor().fit(X, 1e6 * Y).predict(X), rtol=1e-9)


@pytest.mark.parametrize("offset", [1e8, -1e8, 1e9])
def test_units_that_float32_rounds_to_a_few_values_are_refused(offset: float) -> None:
    rows = X.astype(np.float32)
    with pytest.raises(ValueError, match=r"the spacing of float32 is .*set dtype='float64'"):
        regressor().fit(rows, Y + offset)
    shifted, plain = (regressor(dtype="float64").fit(rows, Y + c) for c in (offset, 0.0))
    assert shifted.score(rows, Y + offset) == pytest.approx(plain.score(rows, Y), abs=1e-4)


def test_float32_accepts_targets_with_enough_distinct_values() -> None:
    rows, several = X.astype(np.float32), (Y, Y + 1e7)
    scores = [regressor(max_iter=100).fit(rows, y).score(rows, y) for y in several]
    assert scores[1] == pytest.approx(scores[0], abs=0.01)
    constant = np.full(len(Y), 1e9)
    assert regressor(max_iter=3).fit(rows, constant).predict(rows) == pytest.approx(constant)


def test_the_column_that_float32_rounds_is_named_among_several() -> None:
    with pytest.raises(ValueError, match="y has mean 1e\\+09"):
        regressor().fit(X.astype(np.float32), np.column_stack([Y, Y + 1e9]))
