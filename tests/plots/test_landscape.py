"""The loss landscape as contours or a surface, with the path of the fit."""

import numpy as np
import pytest
from sklearn.datasets import load_iris

from lamina import MLPClassifier
from lamina.plots import LossLandscapeDisplay
from lamina.studies import LossLandscape
from lamina.training.callbacks import Snapshots

pytest.importorskip("matplotlib")

from matplotlib import pyplot

X, y = load_iris(return_X_y=True)
BRIEF = {"max_iter": 6, "tol": 10, "n_iter_no_change": 100, "random_state": 0}

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def model():
    return MLPClassifier((5,), "tanh", callbacks=Snapshots(), **BRIEF).fit(X, y)


def test_the_path_of_the_fit_leads_to_the_model(model):
    display = LossLandscapeDisplay.from_estimator(model, X, y, n_points=7)
    path = display.landscape.path
    np.testing.assert_array_equal(np.transpose(display.path_.get_data()), path.positions)
    assert np.ravel(display.model_.get_data()).tolist() == [0.0, 0.0]
    fraction = f"({display.landscape.fractions[0]:.0%})"
    assert display.ax_.get_xlabel() == f"first principal direction of the path {fraction}"
    assert [text.get_text() for text in display.ax_.texts] == ["epoch 0", "epoch 6"]
    assert display.colorbar_.ax.get_ylabel() == "loss"


def test_contours_cover_the_range_of_losses(model):
    display = LossLandscapeDisplay.from_estimator(model, X, y, n_points=7)
    losses, levels = display.landscape.losses, display.contours_.levels
    assert levels[0] == pytest.approx(losses.min())
    assert levels[-1] == pytest.approx(losses.max())
    assert display.surface_ is None


def test_random_directions_show_no_path(model):
    display = LossLandscapeDisplay.from_estimator(model, X, y, directions="random", n_points=5)
    assert display.path_ is None
    assert display.ax_.get_ylabel() == "second random direction"
    plane = np.eye(2, model.n_parameters_)
    shown = LossLandscapeDisplay.from_estimator(model, X, y, directions=plane, n_points=5)
    assert shown.ax_.get_xlabel() == "first given direction"
    assert shown.path_ is not None


def test_the_path_on_a_surface_is_at_the_height_of_its_losses(model):
    display = LossLandscapeDisplay.from_estimator(
        model, X, y, n_points=5, surface=True, log_scale=False
    )
    assert display.ax_.name == "3d"
    assert display.contours_ is None
    heights, losses = display.path_.get_data_3d()[2], display.landscape.path.losses
    np.testing.assert_array_equal(heights, losses)
    display.plot(surface=True, log_scale=True)
    np.testing.assert_allclose(display.path_.get_data_3d()[2], np.log10(losses))
    display.figure_.canvas.draw()
    [first, *_] = [label.get_text() for label in display.ax_.zaxis.get_ticklabels()]
    assert float(first) > 0


def landscape(losses):
    place = np.arange(3.0)
    losses = np.reshape(losses, (3, 3))
    return LossLandscape("random", place, place, losses, np.eye(2), 1.0, None, None)


def test_wide_ranges_are_logarithmic_and_values_that_are_not_finite_are_left_out():
    wide = landscape([1, 2, 3, 4, 5, 6, 7, 100, np.inf])
    display = LossLandscapeDisplay(landscape=wide).plot()
    np.testing.assert_allclose(np.diff(np.log(display.contours_.levels), 2), 0, atol=1e-9)
    assert display.contours_.levels[-1] == pytest.approx(100)
    linear = LossLandscapeDisplay(landscape=wide).plot(log_scale=False)
    np.testing.assert_allclose(np.diff(linear.contours_.levels, 2), 0, atol=1e-9)
    assert LossLandscapeDisplay(landscape=landscape(np.ones(9))).plot().contours_ is not None


def test_invalid_arguments_are_rejected(model):
    with pytest.raises(ValueError, match="log_scale=True, but the loss falls to -1"):
        LossLandscapeDisplay(landscape=landscape(np.arange(9) - 1.0)).plot(log_scale=True)
    _, ax = pyplot.subplots()
    with pytest.raises(ValueError, match="surface=True on axes of projection='rectilinear'"):
        LossLandscapeDisplay(landscape=landscape(np.arange(9))).plot(ax, surface=True)
