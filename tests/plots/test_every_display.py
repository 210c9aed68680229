"""Properties of all displays: all kinds of models, labelled axes, light and dark styles."""

import builtins
import itertools

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from lamina import plots
from lamina.plots import colours

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")

from matplotlib import pyplot  # noqa: E402
from matplotlib.collections import LineCollection, PathCollection  # noqa: E402
from matplotlib.colors import to_rgba  # noqa: E402
from matplotlib.contour import ContourSet  # noqa: E402
from matplotlib.lines import Line2D  # noqa: E402
from matplotlib.text import Text  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

STYLES = {"light": "default", "dark": "dark_background"}
# WCAG 2.1, success criteria 1.4.3 for text and 1.4.11 for graphics.
LEAST_OF_TEXT, LEAST_OF_MARKS = 4.5, 3.0
# Text may partly cover a line or a boundary, and curves may touch.
FRACTION_THAT_CONTRASTS = 0.75
# Machado, Oliveira, Fernandes 2009, A physiologically-based model for simulation of color vision
# deficiency, severity 1, for linear RGB.
VISIONS = {
    "trichromacy": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
# In units of ΔE*ab, where 2.3 is just noticeable; enough for adjacent lines.
LEAST_DISTANCE = 10.0


def displays():
    return {name for name in plots.__all__ if name.endswith("Display")}


def test_every_display_has_a_case(cases):
    assert set(cases) == displays(), "add a line to CASES in tests/plots/conftest.py"


def test_it_is_drawn_on_a_new_figure(display_name, kind, draw):
    display = draw(display_name, kind)
    assert type(display).__name__ == display_name
    assert isinstance(display.ax_, matplotlib.axes.Axes)
    assert display.figure_ is display.ax_.get_figure(root=True)
    assert display.ax_ in display.figure_.axes


def test_it_is_drawn_on_given_axes(display_name, cases, draw):
    case = cases[display_name]
    if not case.takes_ax:
        pytest.skip("it draws on figures of its own")
    figure, (ax, neighbour) = pyplot.subplots(1, 2, layout="constrained")
    display = draw(display_name, next(iter(case.kinds), None), ax)
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert not neighbour.has_data()


def test_plot_returns_the_display(display_name, cases, draw):
    display = draw(display_name, next(iter(cases[display_name].kinds), None))
    assert display.plot() is display


def test_its_axes_are_labelled(display_name, cases, draw):
    display = draw(display_name, next(iter(cases[display_name].kinds), None))
    for ax in display.figure_.axes:
        if ax.axison and ax.get_label() != "<colorbar>":
            is_told = ax.get_title() or ax.get_ylabel() or ax.get_xlabel()
            assert is_told, f"an Axes of {display_name} has neither label nor title"
    assert any(text.get_text().strip() for text in display.figure_.findobj(Text))


def test_an_unfitted_model_is_rejected(display_name, cases, draw_unfitted):
    for kind in cases[display_name].kinds:
        with pytest.raises(NotFittedError, match="call fit"):
            draw_unfitted(display_name, kind)


def test_without_matplotlib_the_error_names_the_package(display_name, cases, draw, monkeypatch):
    def refuse(name, *args, **kwargs):
        if name.partition(".")[0] == "matplotlib":
            raise ImportError(name)
        return importer(name, *args, **kwargs)

    kind = next(iter(cases[display_name].kinds), None)
    draw(display_name, kind)
    importer = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ImportError, match=r'needs matplotlib: pip install "lamina\[plots\]"') as it:
        draw(display_name, kind)
    assert "\n" not in str(it.value)


@pytest.mark.parametrize("style", STYLES)
def test_text_lines_and_marks_stand_out(display_name, cases, draw, style):
    with pyplot.style.context(STYLES[style]):
        display = draw(display_name, next(iter(cases[display_name].kinds), None))
        faint = [pair for pair in contrasts(display.figure_) if pair[0] < pair[1]]
    assert faint == []


def contrasts(figure):
    """Yield each artist's contrast with its background, and the minimum that it needs."""
    figure.canvas.draw()
    texts = [text for text in figure.findobj(Text) if is_seen(text) and text.get_text().strip()]
    marks = [
        mark
        for ax in figure.axes
        for mark in (*ax.lines, *ax.collections)
        if is_mark(mark) and is_seen(mark)
    ]
    paper = backdrop(figure, texts, marks)
    for text in texts:
        behind = paper_of_text(text, paper)
        if len(behind):
            yield quantile(text.get_color(), text.get_alpha(), behind), LEAST_OF_TEXT, repr(text)
    for mark in marks:
        behind = behind_points(points_of(mark), paper)
        if len(behind):
            best = max(quantile(c, mark.get_alpha(), behind) for c in colours_of(mark))
            yield best, LEAST_OF_MARKS, repr(mark)


def is_mark(artist):
    """Return True for a line or points, False for an area."""
    if isinstance(artist, ContourSet):
        # A single boundary must be visible; the many levels of a relief are read by its shades.
        return not artist.filled and len(artist.levels) == 1
    return isinstance(artist, Line2D | LineCollection | PathCollection)


def is_seen(artist):
    """Return True if an artist and its Axes and axis are drawn."""
    ax = artist.axes
    if ax is None:
        return artist.get_visible()
    of_an_axis = artist in [*ax.xaxis.findobj(), *ax.yaxis.findobj()]
    return artist.get_visible() and ax.get_visible() and (ax.axison or not of_an_axis)


def backdrop(figure, texts, marks):
    """Return the figure's pixels without these artists."""
    # Invisible artists give up their room in the layout, so make texts transparent instead.
    alphas = [text.get_alpha() for text in texts]
    for text in texts:
        text.set_alpha(0)
    for mark in marks:
        mark.set_visible(False)
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[::-1, :, :3] / 255
    for text, alpha in zip(texts, alphas, strict=True):
        text.set_alpha(alpha)
    for mark in marks:
        mark.set_visible(True)
    return pixels


def paper_of_text(text, paper):
    box = text.get_bbox_patch()
    if box is not None and box.get_facecolor()[3] > 0.5:
        return np.array([box.get_facecolor()[:3]])
    extent = text.get_window_extent()
    rows = slice(max(0, int(extent.y0)), max(0, int(np.ceil(extent.y1))))
    columns = slice(max(0, int(extent.x0)), max(0, int(np.ceil(extent.x1))))
    return paper[rows, columns].reshape(-1, 3)


def points_of(mark):
    """Return the points, in pixels, that the mark passes or lies on."""
    # Line ends may be covered by other artists, and points may lie on grid lines.
    if isinstance(mark, Line2D):
        points = np.asarray(mark.get_xydata(), dtype=float)
        between = [points[:-1] + fraction * np.diff(points, axis=0) for fraction in (0.3, 0.5, 0.7)]
        return mark.get_transform().transform(np.concatenate([points[-1:], *between]))
    if isinstance(mark, LineCollection):
        middles = [np.mean(segment, axis=0) for segment in mark.get_segments()]
        return mark.get_transform().transform(middles) if middles else np.empty((0, 2))
    if isinstance(mark, ContourSet):
        lines = [path.vertices for path in mark.get_paths() if len(path.vertices)]
        return mark.get_transform().transform(np.concatenate(lines)) if lines else np.empty((0, 2))
    return mark.get_offset_transform().transform(mark.get_offsets())


def behind_points(points, paper):
    points = np.asarray(points, dtype=float).reshape(-1, 2)
    points = points[np.isfinite(points).all(axis=1)].round().astype(int)
    height, width, _ = paper.shape
    inside = ((points >= 0) & (points < (width, height))).all(axis=1)
    return paper[points[inside, 1], points[inside, 0]]


def colours_of(mark):
    """Return the colours that make a mark visible: its line, face or edge."""
    if isinstance(mark, LineCollection):
        return mark.get_colors()
    if isinstance(mark, ContourSet):
        return mark.get_edgecolors()
    if isinstance(mark, PathCollection):
        found = [*mark.get_facecolors(), *mark.get_edgecolors()]
        return [colour for colour in found if colour[3] > 0] or [(0, 0, 0, 0)]
    line = [mark.get_color()] if mark.get_linestyle() not in ("None", "") else []
    marker = [mark.get_markerfacecolor(), mark.get_markeredgecolor()]
    return line + (marker if mark.get_marker() not in ("None", "", None) else [])


def quantile(colour, alpha, behind):
    """Return the contrast that most of a mark reaches, blended with its background."""
    *rgb, own_alpha = to_rgba(colour)
    fraction = own_alpha if alpha is None else float(np.max(alpha))
    blended = fraction * np.array(rgb) + (1 - fraction) * behind
    return float(np.quantile(contrast(blended, behind), 1 - FRACTION_THAT_CONTRASTS))


def contrast(one, other):
    light = np.sort([luminance(one), luminance(other)], axis=0) + 0.05
    return light[1] / light[0]


def luminance(rgb):
    return linear(np.asarray(rgb)) @ (0.2126, 0.7152, 0.0722)


def linear(rgb):
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb, vision):
    """Return CIE L*a*b* of an sRGB colour under a kind of colour vision."""
    to_xyz = [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
    seen = np.clip(np.array(VISIONS[vision]) @ linear(np.array(rgb)), 0, 1)
    x, y, z = np.cbrt(np.array(to_xyz) @ seen / (0.95047, 1, 1.08883))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("palette", [colours.CYCLE, (colours.NEGATIVE, colours.POSITIVE)])
def test_colours_are_distinguishable_in_every_vision(palette, vision):
    seen = [lab(to_rgba(colour)[:3], vision) for colour in palette]
    distances = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)]
    assert min(distances) >= LEAST_DISTANCE


@pytest.mark.parametrize("paper", ["white", "black"])
def test_every_colour_stands_out_on_light_and_dark_paper(paper):
    for colour in {*colours.CYCLE, colours.NEGATIVE, colours.POSITIVE}:
        rgb, behind = np.array(to_rgba(colour)[:3]), np.array(to_rgba(paper)[:3])
        assert contrast(rgb, behind) >= LEAST_OF_MARKS, colour


def test_elements_that_differ_in_colour_differ_in_shape_as_well():
    assert len(set(colours.MARKERS)) == len(colours.MARKERS) >= len(colours.CYCLE)
    assert len(set(colours.LINE_STYLES)) == len(colours.LINE_STYLES)
    assert colours.NEGATIVE_STYLE != "-"
