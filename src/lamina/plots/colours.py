"""The colours of every picture: told apart by the colour-blind, in print, on light and on dark.

Classes and curves differ in shape or dashes as well, so that no picture rests on colour alone. What
is neither class, sign nor loss (text, lines, outlines) takes matplotlib's own colours of the day:
`foreground` and `background` follow any style, dark ones too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

# The first three are Okabe's and Ito's (2008, Color universal design), who have no more that can be
# seen on white and on black: the rest are as far from them and from each other as three kinds of
# colour blindness allow.
CYCLE = ("#0072B2", "#D55E00", "#009E73", "#9B62F0", "#8F4070", "#E8175D", "#8A8A94")
LINE_STYLES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")
# Weights, gradients and other signed numbers.
NEGATIVE, POSITIVE = "#D55E00", "#0072B2"
NEGATIVE_STYLE = (0, (3.0, 1.4))
LOSS_COLOURS = "cividis"
# Layers, one after the other.
ORDER_COLOURS = "viridis"
# WCAG 2.1, success criterion 1.4.11, and a little more against rounding.
LEAST_CONTRAST = 3.1


def foreground() -> Any:
    """The colour of text and lines in the style of the day."""
    from matplotlib import rcParams

    return rcParams["text.color"]


def background() -> Any:
    """The colour of the paper in the style of the day."""
    from matplotlib import rcParams

    return rcParams["axes.facecolor"]


def signed_colormap() -> Colormap:
    """From negative by way of the paper to positive."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("signed", [NEGATIVE, background(), POSITIVE])


def readable_on(colour: Any) -> Any:
    """The colour of text or paper, whichever is read more easily on that colour."""
    return max(foreground(), background(), key=lambda ink: contrast(ink, colour))


def contrast(one: Any, other: Any) -> float:
    """How far two colours are apart in lightness, from 1 to 21, as WCAG 2 measures it.

    Examples
    --------
    >>> contrast("white", "black")
    21.0
    """
    darker, lighter = sorted(map(_luminance, (one, other)))
    return float((lighter + 0.05) / (darker + 0.05))


def _luminance(colour: Any) -> float:
    from matplotlib.colors import to_rgb

    encoded = np.array(to_rgb(colour))
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def shades(n: int) -> list[str]:
    """Colours from one end of a scale to the other, all of which stand out on the paper."""
    from matplotlib.colors import to_hex

    seen = _visible(ORDER_COLOURS, background())
    return [to_hex(seen[i]) for i in np.linspace(0, len(seen) - 1, n).round().astype(int)]


def loss_colormap() -> Colormap:
    """The scale of losses, as far as lines in the colour of text stand out on it."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("loss", _visible(LOSS_COLOURS, foreground()))


def _visible(scale: str, beside: Any) -> list[Any]:
    """The part of a scale that can be told from another colour."""
    from matplotlib import colormaps

    colours = colormaps[scale](np.linspace(0, 1, 256))
    return [colour for colour in colours if contrast(colour, beside) >= LEAST_CONTRAST]
