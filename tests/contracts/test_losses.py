"""What holds for every loss: delta is its slope at the logits, and it stays finite."""

import numpy as np
import pytest

from lamina.formulas import LINKS, LOSSES

every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=lambda loss: loss.name)
WIDTHS = [1, 2, 3, 7]


@pytest.fixture
def draw_targets(draw_problem):
    def draw(loss, n_rows, n_outputs, dtype="float64"):
        return draw_problem((1, n_outputs), loss=loss.name, n_rows=n_rows, dtype=dtype).rows.y

    return draw


@every_loss
@pytest.mark.parametrize("n_outputs", WIDTHS)
def test_delta_is_the_slope_of_the_value_behind_the_link(loss, n_outputs, draw_targets):
    z = np.random.RandomState(3).standard_normal((5, n_outputs))
    y, link = draw_targets(loss, 5, n_outputs), LINKS[loss.link].value
    slope = np.empty_like(z)
    for j in range(n_outputs):
        h = np.zeros(n_outputs)
        h[j] = 1e-5
        difference = loss.value(link(z + h), y) - loss.value(link(z - h), y)
        slope[:, j] = difference / 2e-5
    if loss.mean_over_outputs:
        slope *= n_outputs
    np.testing.assert_allclose(loss.delta(link(z), y), slope, rtol=1e-8, atol=1e-9)


@every_loss
@pytest.mark.parametrize("n_outputs", WIDTHS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_value_is_one_number_a_row_and_delta_one_a_logit(loss, n_outputs, dtype, draw_targets):
    z = np.random.RandomState(4).standard_normal((6, n_outputs)).astype(dtype)
    p, y = LINKS[loss.link].value(z), draw_targets(loss, 6, n_outputs, dtype)
    value, delta = loss.value(p, y), loss.delta(p, y)
    assert value.shape == (6,)
    assert delta.shape == (6, n_outputs)
    assert value.dtype == delta.dtype == dtype


@every_loss
@pytest.mark.parametrize("n_outputs", WIDTHS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_saturated_predictions_give_finite_losses(loss, n_outputs, dtype, draw_targets):
    z = np.random.RandomState(5).choice([-80.0, 80.0], (8, n_outputs)).astype(dtype)
    p, y = LINKS[loss.link].value(z), draw_targets(loss, 8, n_outputs, dtype)
    assert np.isfinite(loss.value(p, y)).all()
    assert np.isfinite(loss.delta(p, y)).all()


@every_loss
@pytest.mark.parametrize("n_outputs", WIDTHS)
def test_no_loss_is_negative(loss, n_outputs, draw_targets):
    z = 3 * np.random.RandomState(6).standard_normal((20, n_outputs))
    y = draw_targets(loss, 20, n_outputs)
    assert (loss.value(LINKS[loss.link].value(z), y) >= 0).all()


@every_loss
def test_predictions_and_targets_are_left_as_they_were(loss, draw_targets):
    p = LINKS[loss.link].value(np.random.RandomState(7).standard_normal((5, 3)))
    y = draw_targets(loss, 5, 3)
    p_before, y_before = p.copy(), y.copy()
    loss.value(p, y)
    loss.delta(p, y)
    np.testing.assert_array_equal(p, p_before)
    np.testing.assert_array_equal(y, y_before)
