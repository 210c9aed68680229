"""Descents over the contours of a function, or their values at each step."""

import numpy as np
import pytest

from lamina.plots import DescentDisplay
from lamina.studies import SURFACES, gradient_descent_path

pytest.importorskip("matplotlib")


@pytest.fixture
def paths():
    return [
        gradient_descent_path("ravine", learning_rate=rate, momentum=0, n_steps=20)
        for rate in (0.03, 0.07)
    ]


def legend_of(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def test_every_step_is_drawn_over_the_contours(paths):
    display = DescentDisplay.from_paths(paths)
    for path, line in zip(paths, display.lines_, strict=True):
        np.testing.assert_array_equal(np.transpose(line.get_data()), path.points)
    assert display.ax_.get_title() == "ravine: ½ (x² + 25 y²)"
    assert (*display.ax_.get_xlim(), *display.ax_.get_ylim()) == SURFACES["ravine"].window
    assert len(display.contours_.levels) == 16
    assert np.ravel(display.minima_.get_data()).tolist() == [0.0, 0.0]


def test_paths_differ_in_colour_dashes_and_marks_and_their_labels_give_the_final_value(paths):
    display = DescentDisplay.from_paths(paths, names=["slow", "fast"])
    for look in ("get_color", "get_linestyle", "get_marker"):
        assert len({getattr(line, look)() for line in display.lines_}) == 2
    ends = [f"{path.values[-1]:.2g}" for path in paths]
    assert legend_of(display) == [f"slow: f = {ends[0]}", f"fast: f = {ends[1]}", "minimum"]
    assert legend_of(DescentDisplay.from_paths(paths[0]))[0].startswith("sgd, rate 0.03, momentum")


def test_the_legend_does_not_cover_the_contours(paths):
    display = DescentDisplay.from_paths(paths)
    display.figure_.canvas.draw()
    legend, axes = display.ax_.get_legend().get_window_extent(), display.ax_.get_window_extent()
    assert legend.y1 < axes.y0
    assert legend.y0 >= 0


def test_values_are_drawn_above_the_lowest_minimum():
    low, _ = SURFACES["two_minima"].minima
    path = gradient_descent_path("two_minima", momentum=0, n_steps=30)
    display = DescentDisplay.from_paths([path], kind="values")
    lowest = SURFACES["two_minima"].value(*low)
    np.testing.assert_allclose(display.lines_[0].get_ydata(), path.values - lowest)
    assert display.ax_.get_yscale() == "log"
    assert (display.ax_.get_xlabel(), display.contours_) == ("step", None)


def test_a_user_function_is_shown_around_its_paths():
    path = gradient_descent_path(lambda x, y: x**2 + y**4, start=(2, 1), n_steps=10)
    display = DescentDisplay.from_paths(path)
    (left, right), (bottom, top) = display.ax_.get_xlim(), display.ax_.get_ylim()
    x, y = path.points.T
    assert left < x.min() < x.max() < right
    assert bottom < y.min() < y.max() < top
    assert display.minima_ is None
    values = DescentDisplay.from_paths(path, kind="values")
    assert values.ax_.get_ylabel() == "f"


def test_a_diverged_descent_is_labelled():
    path = gradient_descent_path("ravine", learning_rate=1.0, momentum=0, n_steps=2000)
    assert legend_of(DescentDisplay.from_paths(path))[0].endswith(": diverged")


def test_paths_that_cannot_be_compared_are_rejected(paths):
    other = gradient_descent_path("bowl", n_steps=2)
    with pytest.raises(ValueError, match="paths belong to 2 functions, ravine, bowl"):
        DescentDisplay.from_paths([*paths, other])
    with pytest.raises(ValueError, match="paths is empty"):
        DescentDisplay.from_paths([])
    with pytest.raises(ValueError, match="1 names for 2 paths"):
        DescentDisplay.from_paths(paths, names=["one"])
    with pytest.raises(ValueError, match=r"kind='value' must be one of .* mean 'values'"):
        DescentDisplay.from_paths(paths, kind="value")
