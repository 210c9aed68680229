"""Gradient norms as lines over epochs, or over layers if there is only one epoch."""

import itertools

import numpy as np
import pytest
from sklearn.datasets import load_iris

from lamina import MLPClassifier
from lamina.plots import GradientFlowDisplay
from lamina.plots.gradient_flow import space_out
from lamina.studies import GradientFlow, gradient_flow
from lamina.training.callbacks import Snapshots

pytest.importorskip("matplotlib")

X, y = load_iris(return_X_y=True)
BRIEF = {"max_iter": 6, "tol": 10, "n_iter_no_change": 100, "random_state": 0}

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def model():
    snapshots = Snapshots(every=2)
    return MLPClassifier((5,) * 6, "logistic", callbacks=snapshots, **BRIEF).fit(X, y)


def test_each_layer_has_a_line_over_the_stored_epochs(model):
    display = GradientFlowDisplay.from_estimator(model, X, y)
    flow = gradient_flow(model, X, y)
    assert len(display.lines_) == 7
    for layer, line in enumerate(display.lines_):
        np.testing.assert_array_equal(line.get_xdata(), [0, 2, 4, 6])
        np.testing.assert_array_equal(line.get_ydata(), flow.norms[:, layer])
    assert display.ax_.get_yscale() == "log"
    assert display.ax_.get_xlabel() == "epoch"
    assert len({(line.get_color(), line.get_linestyle()) for line in display.lines_}) == 7


def test_every_line_has_its_name_at_the_end_without_overlaps(model):
    display = GradientFlowDisplay.from_estimator(model, X, y)
    assert [label.get_text() for label in display.labels_] == list(display.flow.layers)
    display.figure_.canvas.draw()
    boxes = sorted((label.get_window_extent() for label in display.labels_), key=lambda b: b.y0)
    for below, above in itertools.pairwise(boxes):
        assert below.y1 <= above.y0 + 2
    assert all(box.x1 <= display.figure_.bbox.x1 for box in boxes)


def test_one_epoch_is_a_line_over_the_layers(model):
    plain = model.callbacks.get_model(-1)
    display = GradientFlowDisplay.from_estimator(plain, X, y, relative=True)
    [line] = display.lines_
    flow = gradient_flow(plain, X, y)
    np.testing.assert_array_equal(line.get_ydata(), flow.relative[0])
    ticks = [label.get_text() for label in display.ax_.get_xticklabels()]
    assert ticks == list(flow.layers)
    assert display.ax_.get_ylabel() == "‖∂L/∂W‖ / ‖W‖"


def test_a_gradient_of_zero_is_a_gap_and_marked_in_the_label():
    norms = np.array([[1.0, 1.0], [0.0, 0.5]])
    flow = GradientFlow(("hidden_1", "output"), (0, 1), norms, np.ones((2, 2)))
    display = GradientFlowDisplay(flow=flow).plot()
    assert np.isnan(display.lines_[0].get_ydata()[1])
    assert [label.get_text() for label in display.labels_] == ["hidden_1 (0)", "output"]
    dead = GradientFlow(("hidden_1", "output"), (0, 1), 0 * norms, np.ones((2, 2)))
    assert len(GradientFlowDisplay(flow=dead).plot().labels_) == 2


def test_names_are_moved_apart_as_little_as_possible():
    places = np.array([5.0, 0.0, 4.0, 50.0])
    spaced = space_out(places, 10.0)
    assert (np.diff(np.sort(spaced)) >= 10 - 1e-9).all()
    np.testing.assert_array_equal(np.argsort(spaced), np.argsort(places))
    assert spaced[3] == 50.0
    assert spaced[:3].mean() == pytest.approx(places[:3].mean())
