"""Text around a network diagram: names, captions and the legend, and the room they need.

Lengths are in units of the distance between neighbours in a layer, unless stated to be in points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lamina.plots.axes import Style
from lamina.plots.colours import NEGATIVE, NEGATIVE_STYLE, POSITIVE, foreground
from lamina.plots.network_layout import RADIUS, DrawnLayer, Points, extent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.legend import Legend

# Font sizes as fractions of a unit, and legible limits in points.
NAME, CAPTION, SMALLEST, LARGEST = 0.23, 0.19, 6.5, 10.0
# Width of a character and height of a line, as multiples of the font size.
CHARACTER, LINE = 0.6, 1.5
# Angle of the names of adjacent units if they would overlap.
SLANT = 40.0
LONGEST_NAME = 24
LINES_OF_LEGEND = 2
# Widths of the legend in characters, with its entries in one line and in two.
WIDE_LEGEND, NARROW_LEGEND = 105, 66


def font_size(fraction: float, unit: float) -> float:
    """Return a font size in points, for a unit length in points."""
    return float(np.clip(fraction * unit, SMALLEST, LARGEST))


@dataclass(frozen=True)
class Lettering:
    """All text around the units.

    Attributes
    ----------
    inputs, outputs : sequence of str or None
        A name for each unit at either end.
    captions : sequence of str or None
        Description of each layer, in lines.
    has_legend : bool
    is_horizontal : bool
    """

    inputs: Sequence[str] | None
    outputs: Sequence[str] | None
    captions: Sequence[str] | None
    has_legend: bool
    is_horizontal: bool

    def margins(self, unit: float) -> tuple[Points, Points]:
        """Return the margins (left, bottom) and (right, top) for a unit length."""
        name, caption = font_size(NAME, unit) / unit, font_size(CAPTION, unit) / unit
        legend = LINES_OF_LEGEND * LINE * name + 0.1 if self.has_legend else 0.1
        widest_caption = _widest(self.captions) * CHARACTER * caption
        before, after = (self._reach(each, name) for each in (self.inputs, self.outputs))
        if self.is_horizontal:
            side = 0.5 * widest_caption - RADIUS
            n_lines = max((each.count("\n") + 1 for each in self.captions or ()), default=0)
            below = 0.3 + LINE * caption * n_lines + legend
            lower, upper = (max(before[0], side), below), (max(after[0], side), 0.1)
        else:
            lower = max(widest_caption + 0.5, before[0]), before[1] + legend
            upper = max(after[0], 0.3), after[1]
        return np.array(lower), np.array(upper)

    def least_width(self, unit: float) -> float:
        """Return the width that the legend needs."""
        return NARROW_LEGEND * CHARACTER * font_size(NAME, unit) / unit if self.has_legend else 0.0

    def _reach(self, names: Sequence[str] | None, size: float) -> tuple[float, float]:
        """Return how far names extend beyond the units, along and across."""
        if not names:
            return 0.1, 0.1
        width = _widest(names) * CHARACTER * size
        if self.is_horizontal:
            return width + 0.4, 0.0
        angle = np.radians(SLANT)
        if self._is_slanted(names):
            return float(width * np.cos(angle)), float(width * np.sin(angle)) + 0.4
        return 0.5 * width, LINE * size + 0.3

    def _is_slanted(self, names: Sequence[str]) -> bool:
        return not self.is_horizontal and _widest(names) * CHARACTER * NAME > 1

    def write(self, ax: Axes, columns: Sequence[DrawnLayer], unit: float) -> None:
        """Write names and captions next to the units."""
        for end, names, side in ((0, self.inputs, -1), (-1, self.outputs, 1)):
            for place, k in zip(columns[end].places, columns[end].shown, strict=True):
                if names is not None:
                    self._write_name(ax, place, names, int(k), side, font_size(NAME, unit))
        lower, _ = extent(columns)
        style: Style = {"fontsize": font_size(CAPTION, unit), "linespacing": 1.4}
        style["color"] = foreground()
        for column, caption in zip(columns, self.captions or (), strict=False):
            if self.is_horizontal:
                x, y = column.places[0, 0], lower[1] - 0.3
                ax.text(x, y, caption, ha="center", va="top", **style)
            else:
                x, y = lower[0] - 0.4, column.places[0, 1]
                ax.text(x, y, caption, ha="right", va="center", **style)

    def _write_name(
        self, ax: Axes, place: Points, names: Sequence[str], k: int, side: int, size: float
    ) -> None:
        """Write one name, before an input or after an output."""
        step = side * (RADIUS + 0.2)
        outwards: Style = {"ha": "right" if side < 0 else "left"}
        if self.is_horizontal:
            offset, stand = (step, 0.0), outwards | {"va": "center"}
        elif self._is_slanted(names):
            stand = outwards | {"va": "center", "rotation": SLANT, "rotation_mode": "anchor"}
            offset = (0.0, step)
        else:
            offset, stand = (0.0, step), {"ha": "center", "va": "top" if side < 0 else "bottom"}
        x, y = place + offset
        ax.text(x, y, shortened(names[k]), fontsize=size, color=foreground(), **stand)


def write_legend(ax: Axes, unit: float, what_fills: str, widest: str | None) -> Legend:
    """Draw the legend of lines and colours.

    Parameters
    ----------
    ax : Axes
    unit : float
        Length of a unit in points.
    what_fills : {'bias', 'activation'}
    widest : str or None
        Magnitude of the weight with the widest line, if all layers share one scale.
    """
    from matplotlib.lines import Line2D

    circle: Style = {"linestyle": "none", "marker": "o", "markeredgecolor": foreground()}
    handles = [
        Line2D([], [], color=POSITIVE, linewidth=2),
        Line2D([], [], color=NEGATIVE, linewidth=2, linestyle=NEGATIVE_STYLE),
        Line2D([], [], markerfacecolor=POSITIVE, **circle),
        Line2D([], [], markerfacecolor=NEGATIVE, **circle),
    ]
    labels = ["positive weight", "negative weight", f"positive {what_fills}"]
    labels.append(f"negative {what_fills}")
    if widest is not None:
        labels[0] += f" (widest line: {widest})"
    size = font_size(NAME, unit)
    has_room = float(np.ptp(ax.get_xlim())) * unit > WIDE_LEGEND * CHARACTER * size
    return ax.legend(
        handles,
        labels,
        ncols=4 if has_room else 2,
        loc="lower center",
        frameon=False,
        fontsize=size,
        borderaxespad=0,
        handletextpad=0.6,
        columnspacing=1.4,
    )


def shortened(name: str) -> str:
    """Shorten a long name."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _widest(texts: Sequence[str] | None) -> int:
    lines = [shortened(line) for text in texts or () for line in text.splitlines()]
    return max(map(len, lines), default=0)
