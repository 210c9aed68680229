"""The colours of all pictures: distinguishable for the colour-blind, in print, on light and on
dark.

Classes and curves also differ in shape or dashes, so no picture depends on colour alone. Text,
lines and outlines use matplotlib's current style: `foreground` and `background` follow any style,
including dark ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lamina.formulas.table import AnyArray
from lamina.plots.axes import StyleValue

if TYPE_CHECKING:
    from matplotlib.colors import Colormap
    from matplotlib.typing import ColorType

# The first three are those of Okabe and Ito (2008, Color universal design) that are visible on
# white and on black. The others maximise the distance to all colours under three kinds of colour
# blindness.
CYCLE = ("#0072B2", "#D55E00", "#009E73", "#9B62F0", "#8F4070", "#E8175D", "#8A8A94")
LINE_STYLES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")
# Weights, gradients and other signed numbers.
NEGATIVE, POSITIVE = "#D55E00", "#0072B2"
NEGATIVE_STYLE = (0, (3.0, 1.4))
LOSS_COLOURS = "cividis"
# For an ordered sequence of layers.
ORDER_COLOURS = "viridis"
# WCAG 2.1, success criterion 1.4.11, with a margin for rounding.
LEAST_CONTRAST = 3.1


def foreground() -> ColorType:
    """Return the colour of text and lines in the current style."""
    from matplotlib import rcParams

    colour: ColorType = rcParams["text.color"]
    return colour


def background() -> ColorType:
    """Return the background colour in the current style."""
    from matplotlib import rcParams

    colour: ColorType = rcParams["axes.facecolor"]
    return colour


def signed_colormap() -> Colormap:
    """Return a colour map from negative through the background colour to positive."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("signed", [NEGATIVE, background(), POSITIVE])


def readable_on(colour: ColorType | AnyArray) -> ColorType:
    """Return the text or background colour, whichever has more contrast with the given one."""
    return max(foreground(), background(), key=lambda ink: contrast(ink, colour))


def contrast(one: ColorType | AnyArray, other: ColorType | AnyArray) -> float:
    """Return the contrast ratio of two colours, from 1 to 21, as in WCAG 2.

    Examples
    --------
    >>> contrast("white", "black")
    21.0
    """
    darker, lighter = sorted(map(_luminance, (one, other)))
    return float((lighter + 0.05) / (darker + 0.05))


def _luminance(colour: StyleValue) -> float:
    from matplotlib.colors import to_rgb

    encoded = np.array(to_rgb(colour))
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def shades(n: int) -> list[str]:
    """Return n colours along a colour map, all visible on the background."""
    from matplotlib.colors import to_hex

    seen = _visible(ORDER_COLOURS, background())
    return [to_hex(seen[i]) for i in np.linspace(0, len(seen) - 1, n).round().astype(int)]


def loss_colormap() -> Colormap:
    """Return the part of the colour map of losses on which text-coloured lines are visible."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("loss", _visible(LOSS_COLOURS, foreground()))


def _visible(scale: str, other: ColorType) -> list[ColorType]:
    """Return the part of a colour map with enough contrast to another colour."""
    from matplotlib import colormaps

    colours = colormaps[scale](np.linspace(0, 1, 256))
    return [colour for colour in colours if contrast(colour, other) >= LEAST_CONTRAST]
