"""The colours of every picture: told apart by the colour-blind, in print, on light and on dark.

Classes and curves differ in shape or dashes as well, so that no picture rests on colour alone. What
is neither class, sign nor loss (text, lines, outlines) takes matplotlib's own colours of the day:
`foreground` and `background` follow any style, dark ones too.
"""

from __future__ import annotations

from typing import Any

# Okabe and Ito 2008, Color universal design; the order keeps neighbours apart in lightness too.
CYCLE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#F0E442")
LINE_STYLES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")
# Weights, slopes and other signed numbers.
NEGATIVE, POSITIVE = "#D55E00", "#0072B2"
# From negative by way of the background to positive; and for losses.
LOSS_COLOURS = "cividis"


def foreground() -> Any:
    """The colour of text and lines in the style of the day."""
    from matplotlib import rcParams

    return rcParams["text.color"]


def background() -> Any:
    """The colour of the paper in the style of the day."""
    from matplotlib import rcParams

    return rcParams["axes.facecolor"]
