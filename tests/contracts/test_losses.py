"""Every loss: delta is its derivative at the logits, and it stays finite."""

from typing import NamedTuple

import numpy as np
import pytest

from lamina.engines import Objective
from lamina.formulas import INVERSE_LINKS, LOSSES
from lamina.formulas.hyperparameters import as_numbers, names_of
from lamina.formulas.losses import Loss

# Several values of every hyperparameter, including the ends of their ranges.
SETTINGS = {
    "huber": [{"huber_threshold": t} for t in (0.01, 1.0, 100.0)],
    "quantile": [{"quantile": q} for q in (0.5, 0.9, (0.3,), (0.05, 0.5, 0.95))],
    "tweedie": [{"tweedie_power": power} for power in (1.1, 1.5, 1.9)],
    "binary_focal": [{"focal_gamma": gamma} for gamma in (0.0, 0.5, 2.0, 5.0)],
    "smoothed_log_loss": [{"label_smoothing": s} for s in (0.0, 0.1, 1.0)],
    "focal": [
        {"focal_gamma": gamma, "label_smoothing": s}
        for gamma in (0.0, 0.5, 2.0, 5.0)
        for s in (0.0, 0.3)
    ],
}
WIDTHS = [1, 2, 3, 7]


class Case(NamedTuple):
    """Loss with values of its hyperparameters."""

    loss: Loss
    params: dict

    def __str__(self):
        return "-".join([self.loss.name, *map(str, self.params.values())])

    def draw(self, draw_targets, n_targets, n_samples, dtype="float64"):
        """Draw targets; return them and the number of outputs that they need."""
        objective = Objective(self.loss.name, hyperparameters=self.params)
        y = draw_targets(objective, np.random.RandomState(0), n_samples, n_targets)
        if self.loss.targets == "codes":
            return y, n_targets
        return y.astype(dtype), n_targets * self.loss.outputs_per_target(self.params)


CASES = [Case(loss, each) for loss in LOSSES.values() for each in SETTINGS.get(loss.name, [{}])]
every_case = pytest.mark.parametrize("case", CASES, ids=str)
every_width = pytest.mark.parametrize("n_targets", WIDTHS)
every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


def test_every_hyperparameter_is_tested_with_several_values():
    assert {name for name, loss in LOSSES.items() if loss.hyperparameters} == set(SETTINGS)
    for name, settings in SETTINGS.items():
        for hyperparameter in names_of(LOSSES[name].hyperparameters):
            assert len({str(params[hyperparameter]) for params in settings}) > 1


@every_case
@every_width
def test_delta_is_the_derivative_of_the_value_behind_the_inverse_link(
    case, n_targets, draw_targets
):
    (loss, params), inverse_link = case, INVERSE_LINKS[case.loss.inverse_link].value
    y, n_outputs = case.draw(draw_targets, n_targets, 5)
    z = np.random.RandomState(3).standard_normal((5, n_outputs))
    derivative = np.empty_like(z)
    for j in range(n_outputs):
        h = np.zeros(n_outputs)
        h[j] = 1e-5
        difference = loss.value(inverse_link(z + h), y, params) - loss.value(
            inverse_link(z - h), y, params
        )
        derivative[:, j] = difference / 2e-5
    if loss.mean_over_outputs:
        derivative *= n_outputs
    np.testing.assert_allclose(
        loss.delta(inverse_link(z), y, params), derivative, rtol=1e-8, atol=1e-9
    )


@every_case
@every_width
@every_dtype
def test_value_is_one_number_per_sample_and_delta_one_per_logit(
    case, n_targets, dtype, draw_targets
):
    y, n_outputs = case.draw(draw_targets, n_targets, 6, dtype)
    z = np.random.RandomState(4).standard_normal((6, n_outputs)).astype(dtype)
    p = INVERSE_LINKS[case.loss.inverse_link].value(z)
    value, delta = case.loss.value(p, y, case.params), case.loss.delta(p, y, case.params)
    assert value.shape == (6,)
    assert delta.shape == (6, n_outputs)
    assert value.dtype == delta.dtype == dtype


@every_case
@every_width
@every_dtype
def test_saturated_predictions_give_finite_losses(case, n_targets, dtype, draw_targets):
    y, n_outputs = case.draw(draw_targets, n_targets, 8, dtype)
    z = np.random.RandomState(5).choice([-80.0, 80.0], (8, n_outputs)).astype(dtype)
    p = INVERSE_LINKS[case.loss.inverse_link].value(z)
    assert np.isfinite(case.loss.value(p, y, case.params)).all()
    assert np.isfinite(case.loss.delta(p, y, case.params)).all()


@every_case
@every_width
def test_no_loss_is_below_its_stated_minimum(case, n_targets, draw_targets):
    y, n_outputs = case.draw(draw_targets, n_targets, 20)
    z = 3 * np.random.RandomState(6).standard_normal((20, n_outputs))
    value = case.loss.value(INVERSE_LINKS[case.loss.inverse_link].value(z), y, case.params)
    assert (value >= case.loss.least).all()


@every_case
def test_predictions_and_targets_are_not_modified(case, draw_targets):
    y, n_outputs = case.draw(draw_targets, 3, 5)
    p = INVERSE_LINKS[case.loss.inverse_link].value(
        np.random.RandomState(7).standard_normal((5, n_outputs))
    )
    p_before, y_before = p.copy(), y.copy()
    case.loss.value(p, y, case.params)
    case.loss.delta(p, y, case.params)
    case.loss.answer(p, case.params)
    np.testing.assert_array_equal(p, p_before)
    np.testing.assert_array_equal(y, y_before)


@every_case
def test_engines_receive_the_hyperparameters_in_order_as_numbers(case):
    numbers = as_numbers(case.loss.hyperparameters, case.params)
    expected = [np.atleast_1d(case.params[name]) for name in names_of(case.loss.hyperparameters)]
    assert numbers == [float(x) for x in np.concatenate([[], *expected])]


@pytest.mark.parametrize(
    ("name", "equal"),
    [
        ("focal", "log_loss"),
        ("smoothed_log_loss", "log_loss"),
        ("binary_focal", "binary_log_loss"),
        ("huber", "squared_error"),
    ],
)
def test_a_loss_equals_another_at_the_end_of_its_range(name, equal, draw_targets):
    ends = {"focal_gamma": 0.0, "label_smoothing": 0.0, "huber_threshold": 1e9}
    loss, other = LOSSES[name], LOSSES[equal]
    case = Case(loss, {parameter: ends[parameter] for parameter in names_of(loss.hyperparameters)})
    y, n_outputs = case.draw(draw_targets, 4, 9)
    p = INVERSE_LINKS[loss.inverse_link].value(
        np.random.RandomState(8).standard_normal((9, n_outputs))
    )
    factor = n_outputs if other.mean_over_outputs else 1
    np.testing.assert_allclose(
        loss.value(p, y, case.params), factor * other.value(p, y, {}), rtol=1e-12
    )
    np.testing.assert_allclose(
        loss.delta(p, y, case.params), other.delta(p, y, {}), rtol=1e-12, atol=1e-15
    )


@pytest.mark.parametrize(
    ("name", "outside"), [("poisson", -1.0), ("gamma", 0.0), ("gamma", -1.0), ("tweedie", -1.0)]
)
def test_a_target_outside_the_domain_gives_nan(name, outside):
    params = SETTINGS.get(name, [{}])[0]
    with np.errstate(all="ignore"):
        assert np.isnan(LOSSES[name].value(np.ones((1, 1)), np.array([[outside]]), params)).all()


def test_losses_with_a_jump_in_their_derivative_are_not_called_smooth():
    z, y = np.array([[-1e-9], [1e-9]]), np.zeros((2, 1))
    for loss in LOSSES.values():
        if loss.targets == "values" and loss.inverse_link == "identity":
            below, above = loss.delta(z, y, SETTINGS.get(loss.name, [{}])[0])[:, 0]
            assert (above - below < 1e-6) == loss.is_smooth
