"""Activations of units over a plane, with a panel for each unit."""

import numpy as np
import pytest
from sklearn.datasets import load_iris, make_moons
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import lamina
from lamina.plots import UnitsDisplay

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")

from matplotlib.figure import Figure  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

BRIEF = {"max_iter": 5, "tol": 10, "n_iter_no_change": 100, "random_state": 0}
X, y = make_moons(40, noise=0.1, random_state=0)


@pytest.fixture(scope="module")
def model():
    network = lamina.MLPClassifier((4, 11), "tanh", **BRIEF)
    return make_pipeline(StandardScaler(), network).fit(X, y)


def draw(model, *args, **options):
    return UnitsDisplay.from_estimator(model, *args, grid_resolution=12, **options)


def test_every_unit_has_a_panel_that_shows_its_activation(model):
    display = draw(model, X)
    assert [len(layer) for layer in display.axes_] == [4, 11, 1]
    grid = np.array([[display.horizontal[5], display.vertical[9]]])
    layers = model[-1].activations(model[0].transform(grid))[1:]
    for images, layer in zip(display.images_, layers, strict=True):
        shown = [image.get_array()[9, 5] for image in images]
        np.testing.assert_allclose(shown, layer[0])


def test_a_layer_has_one_scale_with_the_background_colour_at_zero(model):
    display = draw(model, X)
    for images in display.images_:
        spans = {(image.norm.vmin, image.norm.vmax) for image in images}
        [(low, high)] = spans
        largest = max(np.abs(image.get_array()).max() for image in images)
        assert (-low, high) == pytest.approx((largest, largest))


def test_a_line_marks_where_a_unit_changes_its_sign(model):
    display = draw(model, X)
    for panel, image in zip(display.axes_[0], display.images_[0], strict=True):
        seen = image.get_array()
        lines = [collection.get_paths() for collection in panel.collections]
        assert bool(lines) == (seen.min() < 0 < seen.max())


def test_the_signs_of_a_unit_are_written_in_their_regions(model):
    display = draw(model, X)
    n_signs = 0
    for panel, image in zip(display.axes_[0], display.images_[0], strict=True):
        for text in panel.texts:
            j = np.abs(display.horizontal - text.get_position()[0]).argmin()
            i = np.abs(display.vertical - text.get_position()[1]).argmin()
            assert text.get_text() == ("+" if image.get_array()[i, j] > 0 else "−")
            n_signs += 1
    assert n_signs > 4
    assert all(not panel.texts for panel in display.axes_[-1])


def test_layers_units_and_axes_are_named(model):
    display = draw(model, X, class_names=["no", "yes"])
    assert [layer[0].get_ylabel() for layer in display.axes_] == [
        "hidden 1\ntanh",
        "hidden 2\ntanh",
        "output\nlogistic",
    ]
    assert [panel.get_title() for panel in display.axes_[0]] == ["1", "2", "3", "4"]
    assert display.axes_[-1][0].get_title() == "yes"
    [room] = display.figure_.subfigs
    low, high = (f"{end:.3g}".replace("-", "−") for end in display.horizontal[[0, -1]])
    assert room.get_supxlabel() == f"x₁, {low} to {high}"


def test_a_large_layer_shows_its_first_units_and_the_total_number(model):
    display = draw(model, X, max_units=3)
    assert [len(layer) for layer in display.axes_] == [3, 3, 1]
    assert display.axes_[1][0].get_ylabel() == "hidden 2\ntanh\n3 of 11"


def test_a_plane_is_chosen_for_many_inputs():
    iris = load_iris(as_frame=True)
    network = lamina.MLPClassifier((2,), **BRIEF).fit(iris.data, iris.target)
    with pytest.raises(ValueError, match="X has 4 features, but a plane shows two"):
        draw(network, iris.data)
    assert len(draw(network, iris.data, features=(2, 3)).axes_[1]) == 3
    assert len(draw(network, iris.data, along="principal components").axes_[1]) == 3


@pytest.mark.parametrize("placed_by_hand", [False, True])
def test_the_panels_stay_in_the_area_of_given_axes(model, placed_by_hand):
    figure = Figure()
    ax = figure.add_axes((0.5, 0.2, 0.4, 0.7)) if placed_by_hand else figure.add_subplot(1, 2, 2)
    room = ax.get_window_extent()
    display = draw(model, X, ax=ax)
    assert display.ax_ is ax
    for panel in (panel for layer in display.axes_ for panel in layer):
        box = panel.get_window_extent()
        assert room.x0 <= box.x0 < box.x1 <= room.x1
        assert room.y0 <= box.y0 < box.y1 <= room.y1
