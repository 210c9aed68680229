"""The parts of a network diagram in matplotlib: lines, circles, names and the legend.

Lengths are in units of the distance between neighbours in a layer, unless stated to be in points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lamina.formulas.table import AnyArray
from lamina.plots.axes import Style, StyleValue, require_matplotlib
from lamina.plots.colours import (
    NEGATIVE,
    NEGATIVE_STYLE,
    POSITIVE,
    background,
    foreground,
    readable_on,
    signed_colormap,
)
from lamina.plots.network_layout import RADIUS, DrawnLayer, Points, extent
from lamina.plots.network_lettering import CAPTION, LARGEST, NAME, Lettering, font_size

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection
    from matplotlib.patches import Circle
    from matplotlib.text import Text

    Edges = tuple[LineCollection, LineCollection]

POINTS_PER_INCH = 72
# Inches of a new figure: for a unit, and the smallest and the largest size of the whole.
UNIT_INCHES, SMALLEST_FIGURE, LARGEST_FIGURE = 0.55, (3.2, 2.4), (12.0, 9.0)
# Font size of numbers as a fraction of a unit, and the smallest legible size in points.
VALUE_FONT, SMALLEST_VALUE = 0.19, 5.0
THINNEST_POINTS, WIDEST, WIDEST_POINTS = 0.35, 0.11, 4.5
# More lines between two layers are drawn thinner, so that they do not fill the area.
FEW_LINES = 40
MOST_LABELS = 60


@dataclass
class Diagram:
    """A network diagram that is being drawn.

    Attributes
    ----------
    ax : Axes
    columns : sequence of DrawnLayer
    is_horizontal : bool
    unit : float
        Distance between two units, in points.
    largest_weight : float or None
        Magnitude of the widest line, if all layers share one scale.
    """

    ax: Axes
    columns: Sequence[DrawnLayer]
    is_horizontal: bool
    unit: float
    _edges: list[tuple[AnyArray, AnyArray, AnyArray]] = field(default_factory=list)
    largest_weight: float | None = None

    @classmethod
    def on(
        cls,
        ax: Axes | None,
        display: object,
        columns: Sequence[DrawnLayer],
        lettering: Lettering,
    ) -> Diagram:
        """Create a diagram on the given axes, or on a new figure whose size suits the network."""
        unit = UNIT_INCHES * POINTS_PER_INCH
        if ax is None:
            room = np.maximum(_fit(columns, lettering, unit, LARGEST_FIGURE)[2], SMALLEST_FIGURE)
            _, ax = require_matplotlib(display).subplots(figsize=tuple(room), layout="constrained")
        else:
            room = np.array(ax.get_window_extent().size) / ax.figure.dpi
        lower, upper, _ = _fit(columns, lettering, unit, room)
        ax.set_axis_off()
        ax.set_xlim(lower[0], upper[0])
        ax.set_ylim(lower[1], upper[1])
        ax.set_aspect("equal", adjustable="box")
        unit = float((room / (upper - lower)).min()) * POINTS_PER_INCH
        return cls(ax, columns, lettering.is_horizontal, unit)

    @property
    def value_font(self) -> float:
        """Font size of numbers in units and on lines, limited by their room."""
        return min(VALUE_FONT * self.unit, LARGEST)

    def edges(
        self,
        weights: Sequence[AnyArray],
        biases: Sequence[AnyArray] | None,
        by_layer: bool,
    ) -> list[Edges]:
        """Draw the lines between adjacent layers; return the positive and the negative weights'."""
        for i, of_layer in enumerate(weights):
            before, after = self.columns[i], self.columns[i + 1]
            shown = of_layer[np.ix_(before.shown, after.shown)]
            if biases is not None:
                shown = np.vstack([shown, biases[i][after.shown]])
            self._edges.append((before.sources, after.places, shown))
        largest = [float(np.abs(shown).max()) for *_, shown in self._edges]
        if not by_layer:
            largest = [max(largest)] * len(largest)
            self.largest_weight = largest[0]
        return [self._lines(*edges, top) for edges, top in zip(self._edges, largest, strict=True)]

    def _lines(self, starts: Points, ends: Points, shown: AnyArray, largest: float) -> Edges:
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
        """True if the weights can be written on their lines without overlaps."""
        apart = [_label_place(shown.shape)[1] for *_, shown in self._edges]
        n_labels = sum(shown.size for *_, shown in self._edges)
        is_whole = not any(column.n_hidden for column in self.columns)
        needed = 1.2 * max(self.value_font, SMALLEST_VALUE)
        return is_whole and n_labels <= MOST_LABELS and min(apart) * self.unit >= needed

    def weight_labels(self) -> list[Text]:
        """Write each weight on its line."""
        paper = {"facecolor": background(), "edgecolor": "none", "pad": 0.6}
        labels = []
        for starts, ends, shown in self._edges:
            fraction, _ = _label_place(shown.shape)
            for (i, j), weight in np.ndenumerate(shown):
                along = ends[j] - starts[i]
                angle = np.degrees(np.arctan2(along[1], along[0]))
                x, y = starts[i] + fraction * along
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

    def units(self, values: Sequence[AnyArray | None], is_bias: bool) -> list[list[Circle]]:
        """Draw each layer's units as circles filled by the values, and bias units as squares."""
        sizes = [np.abs(each).max() for each in values if each is not None]
        drawn = []
        for column, of_layer in zip(self.columns, values, strict=True):
            # Biases share one scale in the network; activations have one for each layer.
            largest = 0.0 if of_layer is None else float(np.abs(of_layer).max())
            scale = max(sizes) if is_bias else max(1.0, largest)
            shown = None if of_layer is None else of_layer[column.shown]
            drawn.append(self._circles(column, shown, scale or 1.0))
            self._ellipsis(column)
            if column.bias is not None:
                self._bias_unit(column.bias)
        return drawn

    def _circles(self, column: DrawnLayer, values: AnyArray | None, scale: float) -> list[Circle]:
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

    def _ellipsis(self, column: DrawnLayer) -> None:
        if column.ellipsis is None:
            return
        dots = "⋮" if self.is_horizontal else "⋯"
        step = np.array([0.0, 0.28]) if self.is_horizontal else np.array([0.0, 0.3])
        self._write(column.ellipsis + step, dots, font_size(1.5 * NAME, self.unit))
        self._write(
            column.ellipsis - step, f"{column.n_hidden:,} more", font_size(CAPTION, self.unit)
        )

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

    def _write(self, place: Points, text: str, size: float, **options: StyleValue) -> Text:
        style: Style = {"ha": "center", "va": "center", "color": foreground()} | options
        return self.ax.text(place[0], place[1], text, fontsize=size, **style)


def _fit(
    columns: Sequence[DrawnLayer],
    lettering: Lettering,
    unit: float,
    most: AnyArray | tuple[float, float],
) -> tuple[Points, Points, Points]:
    """Return the corners of the picture with its text, and its size in inches, at most `most`.

    Parameters
    ----------
    unit : float
        Length of a unit in points if the picture is smaller than `most`.
    """
    lower, upper = extent(columns)
    for _ in range(3):
        # The smaller the units, the more of them legible text covers, so iterate.
        before, after = lettering.margins(unit)
        width = (upper + after - lower + before)[0]
        lack = max(0.0, lettering.least_width(unit) - width) * np.array([0.5, 0.0])
        before, after = before + lack, after + lack
        size = (upper + after - lower + before) * unit / POINTS_PER_INCH
        unit *= min(1.0, float((np.asarray(most) / size).min()))
    return lower - before, upper + after, size


def _label_place(shape: tuple[int, ...]) -> tuple[float, float]:
    """Return the position of labels along their lines, as a fraction, and their distance there.

    Between layers of n and m units, the labels of all lines form one even row at the fraction
    1 / (1 + m) from the first layer; nearer to the smaller layer they are further apart.
    """
    n_before, n_after = shape
    apart = 1 / (1 + min(n_before, n_after))
    return (apart if n_after <= n_before else 1 - apart), apart


def number(value: float) -> str:
    """Return a number with about three digits and a true minus sign.

    Examples
    --------
    >>> number(-0.3456), number(12.34), number(12345.0)
    ('−0.35', '12.3', '1e+04')
    """
    size = abs(value)
    digits = ".2f" if size < 10 else ".1f" if size < 100 else ".0f" if size < 1000 else ".0e"
    text = format(value, digits)
    return (text.lstrip("-") if float(text) == 0 else text).replace("-", "−")
