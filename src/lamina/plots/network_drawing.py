"""The parts of a network diagram as matplotlib draws them: lines, circles, names, legend.

Lengths are in units, the distance between neighbours in a layer, unless they are said to be points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lamina.plots.axes import require_matplotlib
from lamina.plots.colours import (
    NEGATIVE,
    NEGATIVE_STYLE,
    POSITIVE,
    background,
    foreground,
    readable_on,
    signed_colormap,
)
from lamina.plots.network_layout import RADIUS, Column, Margins, Points, extent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection
    from matplotlib.legend import Legend
    from matplotlib.patches import Circle
    from matplotlib.text import Text

    Edges = tuple[LineCollection, LineCollection]

POINTS_PER_INCH = 72
# Of a new figure, in inches: a unit, and the least and the most that the whole may be.
UNIT_INCHES, SMALLEST_FIGURE, LARGEST_FIGURE = 0.55, (3.2, 2.4), (12.0, 9.0)
# Fonts, by the length of a unit and within points that can be read.
FONT, VALUE_FONT, SMALLEST_FONT, LARGEST_FONT = 0.23, 0.19, 6.5, 10.0
SMALLEST_VALUE = 5.0
THINNEST_POINTS, WIDEST, WIDEST_POINTS = 0.35, 0.11, 4.5
# More lines than these between two layers are drawn the thinner, to let paper through.
FEW_LINES = 40
# A character's width by the size of its font; the legend's two lines.
CHARACTER, LEGEND_ROOM = 0.6, 0.7
MOST_LABELS, LONGEST_NAME = 60, 24


@dataclass
class Diagram:
    """A network diagram under way.

    Attributes
    ----------
    ax : Axes
    columns : sequence of Column
    is_horizontal : bool
    unit : float
        How long the distance between two units is, in points.
    """

    ax: Axes
    columns: Sequence[Column]
    is_horizontal: bool
    unit: float
    _edges: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]] = field(default_factory=list)
    _largest_weight: float | None = None

    @classmethod
    def on(
        cls,
        ax: Axes | None,
        display: Any,
        columns: Sequence[Column],
        is_horizontal: bool,
        margins: Margins,
    ) -> Diagram:
        """On given axes, or on a new figure of a size that suits the network."""
        lower, upper = extent(columns)
        lower, upper = lower - margins.lower, upper + margins.upper
        if ax is None:
            size = np.clip((upper - lower) * UNIT_INCHES, SMALLEST_FIGURE, LARGEST_FIGURE)
            _, ax = require_matplotlib(display).subplots(figsize=tuple(size), layout="constrained")
        ax.set_axis_off()
        ax.set_xlim(lower[0], upper[0])
        ax.set_ylim(lower[1], upper[1])
        ax.set_aspect("equal", adjustable="box")
        room = np.array(ax.get_window_extent().size) / ax.figure.dpi * POINTS_PER_INCH
        return cls(ax, columns, is_horizontal, float((room / (upper - lower)).min()))

    def font(self, share: float = FONT) -> float:
        """A size of text in points."""
        return float(np.clip(share * self.unit, SMALLEST_FONT, LARGEST_FONT))

    @property
    def value_font(self) -> float:
        """The size of numbers within units and on lines, which have no more room than that."""
        return min(VALUE_FONT * self.unit, LARGEST_FONT)

    def edges(
        self,
        weights: Sequence[NDArray[Any]],
        biases: Sequence[NDArray[Any]] | None,
        by_layer: bool,
    ) -> list[Edges]:
        """The lines between each two layers, those of positive and those of negative weights."""
        for i, of_layer in enumerate(weights):
            before, after = self.columns[i], self.columns[i + 1]
            shown = of_layer[np.ix_(before.shown, after.shown)]
            if biases is not None:
                shown = np.vstack([shown, biases[i][after.shown]])
            self._edges.append((before.sources, after.places, shown))
        largest = [float(np.abs(shown).max()) for *_, shown in self._edges]
        if not by_layer:
            largest = [max(largest)] * len(largest)
            self._largest_weight = largest[0]
        return [self._lines(*edges, top) for edges, top in zip(self._edges, largest, strict=True)]

    def _lines(self, starts: Points, ends: Points, shown: NDArray[Any], largest: float) -> Edges:
        from matplotlib.collections import LineCollection

        crowd = min(1.0, (FEW_LINES / shown.size) ** 0.5)
        widest = min(WIDEST * self.unit, WIDEST_POINTS) * crowd
        collections: list[LineCollection] = []
        for sign, colour, style in ((1, POSITIVE, "-"), (-1, NEGATIVE, NEGATIVE_STYLE)):
            i, j = np.nonzero(sign * shown > 0)
            strength = np.abs(shown[i, j]) / (largest or 1.0)
            order = np.argsort(strength)
            lines = LineCollection(
                [*np.stack([starts[i], ends[j]], axis=1)[order]],
                linewidths=THINNEST_POINTS + (widest - THINNEST_POINTS) * strength[order],
                colors=colour,
                linestyles=[style],
                zorder=1,
            )
            self.ax.add_collection(lines, autolim=False)
            collections.append(lines)
        return collections[0], collections[1]

    @property
    def has_room_for_labels(self) -> bool:
        """Whether the weights can be written on their lines without hiding each other."""
        apart = [_label_place(shown.shape)[1] for *_, shown in self._edges]
        n_labels = sum(shown.size for *_, shown in self._edges)
        is_whole = not any(column.n_hidden for column in self.columns)
        wanted = 1.2 * max(self.value_font, SMALLEST_VALUE)
        return is_whole and n_labels <= MOST_LABELS and min(apart) * self.unit >= wanted

    def weight_labels(self) -> list[Text]:
        """Each weight in numbers, on its line."""
        paper = {"facecolor": background(), "edgecolor": "none", "pad": 0.6}
        labels = []
        for starts, ends, shown in self._edges:
            share, _ = _label_place(shown.shape)
            for (i, j), weight in np.ndenumerate(shown):
                along = ends[j] - starts[i]
                angle = np.degrees(np.arctan2(along[1], along[0]))
                x, y = starts[i] + share * along
                label = self.ax.text(
                    x,
                    y,
                    number(weight),
                    fontsize=self.value_font,
                    rotation=(angle + 90) % 180 - 90,
                    rotation_mode="anchor",
                    ha="center",
                    va="center_baseline",
                    color=foreground(),
                    bbox=paper,
                    zorder=2,
                )
                labels.append(label)
        return labels

    def units(self, values: Sequence[NDArray[Any] | None], is_bias: bool) -> list[list[Circle]]:
        """The circles of each layer, filled by these values; units that are always 1 as squares."""
        known = [np.abs(each).max() for each in values if each is not None]
        drawn = []
        for column, of_layer in zip(self.columns, values, strict=True):
            # Biases compare across the network; activations are told layer by layer.
            largest = 0.0 if of_layer is None else float(np.abs(of_layer).max())
            scale = max(known) if is_bias else max(1.0, largest)
            shown = None if of_layer is None else of_layer[column.shown]
            drawn.append(self._circles(column, shown, scale or 1.0))
            self._ellipsis(column)
            if column.bias is not None:
                self._bias_unit(column.bias)
        return drawn

    def _circles(self, column: Column, values: NDArray[Any] | None, scale: float) -> list[Circle]:
        from matplotlib.patches import Circle

        colours = signed_colormap()
        circles = []
        for k, place in enumerate(column.places):
            value = None if values is None else float(values[k])
            fill = background() if value is None else colours(0.5 + 0.5 * value / scale)
            circle = Circle(
                tuple(place),
                RADIUS,
                facecolor=fill,
                edgecolor=foreground(),
                linewidth=float(np.clip(0.03 * self.unit, 0.5, 1.2)),
                linestyle="-" if value is None or value >= 0 else NEGATIVE_STYLE,
                zorder=3,
            )
            self.ax.add_patch(circle)
            circles.append(circle)
            if value is not None and self.value_font >= SMALLEST_VALUE:
                self._write(
                    place, number(value), self.value_font, color=readable_on(fill), zorder=4
                )
        return circles

    def _ellipsis(self, column: Column) -> None:
        if column.ellipsis is None:
            return
        dots = "⋮" if self.is_horizontal else "⋯"
        step = np.array([0.0, 0.28]) if self.is_horizontal else np.array([0.0, 0.3])
        self._write(column.ellipsis + step, dots, self.font(1.5 * FONT))
        self._write(column.ellipsis - step, f"{column.n_hidden:,} more", self.font(VALUE_FONT))

    def _bias_unit(self, place: Points) -> None:
        from matplotlib.patches import Rectangle

        side = 1.5 * RADIUS
        square = Rectangle(
            tuple(place - side / 2),
            side,
            side,
            facecolor=background(),
            edgecolor=foreground(),
            linewidth=float(np.clip(0.03 * self.unit, 0.5, 1.2)),
            zorder=3,
        )
        self.ax.add_patch(square)
        self._write(place, "1", self.value_font, zorder=4)

    def write_names(self, inputs: Sequence[str] | None, outputs: Sequence[str] | None) -> None:
        """What the units at both ends are called, beside them."""
        for end, names, side in ((0, inputs, -1), (-1, outputs, 1)):
            if names is None:
                continue
            step = side * (RADIUS + 0.2)
            for place, k in zip(self.columns[end].places, self.columns[end].shown, strict=True):
                if self.is_horizontal:
                    offset, stand = (step, 0.0), {"ha": "right" if side < 0 else "left"}
                else:
                    offset, stand = (0.0, step), {"va": "top" if side < 0 else "bottom"}
                self._write(place + offset, shortened(names[k]), self.font(), **stand)

    def write_captions(self, captions: Sequence[str] | None) -> None:
        """What each layer is: below it, or to its left."""
        lower, _ = extent(self.columns)
        for column, caption in zip(self.columns, captions or (), strict=False):
            if self.is_horizontal:
                where = np.array([column.places[0, 0], lower[1] - 0.3])
                self._write(where, caption, self.font(VALUE_FONT), va="top", linespacing=1.4)
            else:
                where = np.array([lower[0] - 0.4, column.places[0, 1]])
                self._write(where, caption, self.font(VALUE_FONT), ha="right", linespacing=1.4)

    def legend(self, is_bias: bool) -> Legend:
        """What lines and colours mean."""
        from matplotlib.lines import Line2D

        unit = {"linestyle": "none", "marker": "o", "markeredgecolor": foreground()}
        what = "bias" if is_bias else "activation"
        handles = [
            Line2D([], [], color=POSITIVE, linewidth=2),
            Line2D([], [], color=NEGATIVE, linewidth=2, linestyle=NEGATIVE_STYLE),
            Line2D([], [], markerfacecolor=POSITIVE, **unit),
            Line2D([], [], markerfacecolor=NEGATIVE, **unit),
        ]
        labels = ["positive weight", "negative weight", f"positive {what}", f"negative {what}"]
        if self._largest_weight is not None:
            labels[0] += f" (widest line: {number(self._largest_weight)})"
        is_wide = np.ptp(self.ax.get_xlim()) * self.unit > 42 * self.font()
        return self.ax.legend(
            handles,
            labels,
            ncols=4 if is_wide else 2,
            loc="lower center",
            frameon=False,
            fontsize=self.font(),
            borderaxespad=0,
            handletextpad=0.6,
            columnspacing=1.4,
        )

    def _write(self, place: Points, text: str, size: float, **options: Any) -> Text:
        style = {"ha": "center", "va": "center", "color": foreground()} | options
        return self.ax.text(place[0], place[1], text, fontsize=size, **style)


def margins(
    names: tuple[Sequence[str] | None, Sequence[str] | None],
    captions: Sequence[str] | None,
    has_legend: bool,
    is_horizontal: bool,
) -> Margins:
    """The room that names, captions and the legend need around the units."""
    before, after = (_widest(each) * CHARACTER * FONT + 0.4 if each else 0.1 for each in names)
    n_lines = max((caption.count("\n") + 1 for caption in captions or ()), default=0)
    legend = LEGEND_ROOM if has_legend else 0.1
    if is_horizontal:
        side = 0.5 * _widest(captions) * CHARACTER * VALUE_FONT - RADIUS
        below = 1.5 * VALUE_FONT * n_lines + 0.4 + legend
        lower, upper = (max(before, side), below), (max(after, side), 0.1)
    else:
        left = _widest(captions) * CHARACTER * VALUE_FONT + 0.5
        lower, upper = (left, 0.6 + legend), (0.6, 0.6)
    return Margins(np.array(lower), np.array(upper))


def _widest(texts: Sequence[str] | None) -> int:
    lines = [shortened(line) for text in texts or () for line in text.splitlines()]
    return max(map(len, lines), default=0)


def _label_place(shape: tuple[int, ...]) -> tuple[float, float]:
    """At which share of their lines labels stand, and how far apart they are there.

    Between layers of n and m units the labels of all lines form one even row where they stand the
    share 1 / (1 + m) away from the first; nearer to the smaller layer they are further apart.
    """
    n_before, n_after = shape
    apart = 1 / (1 + min(n_before, n_after))
    return (apart if n_after <= n_before else 1 - apart), apart


def number(value: float) -> str:
    """A number of three digits or so, with a true minus sign.

    Examples
    --------
    >>> number(-0.3456), number(12.34), number(12345.0)
    ('−0.35', '12.3', '1e+04')
    """
    size = abs(value)
    digits = ".2f" if size < 10 else ".1f" if size < 100 else ".0f" if size < 1000 else ".0e"
    text = format(value, digits)
    return (text.lstrip("-") if float(text) == 0 else text).replace("-", "−")


def shortened(name: str) -> str:
    """A name that leaves room for the picture."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
