"""Draw distributions as hills above one another on a common axis, the first layer on top."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lamina.formulas.table import AnyArray
from lamina.plots.axes import Style, quiet
from lamina.plots.colours import CYCLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import StepPatch
    from matplotlib.text import Text

N_BINS = 80
HEIGHT = 0.85
# Quantiles that bound the axis; outliers would compress all other values.
INNER = (0.001, 0.999)
# A single value above this fraction of all is a peak that would flatten the rest of a hill.
PEAK = 0.2


def draw_ridges(
    ax: Axes, values: Sequence[AnyArray], names: Sequence[str], remarks: Sequence[str]
) -> tuple[list[StepPatch], list[Text]]:
    """Draw a hill for each array of values, with its name on the left and a remark on the right.

    Each hill is scaled to its highest bin. A bin that a single value fills, such as the zeros of
    ReLU, does not count and is cut off at the top.

    Returns
    -------
    hills, remarks : list of StepPatch and of Text
    """
    edges = np.linspace(*_range(values), N_BINS + 1)
    hills: list[StepPatch] = []
    texts: list[Text] = []
    for i, (each, remark) in enumerate(zip(values, remarks, strict=True)):
        floor = len(values) - 1 - i
        heights = floor + HEIGHT * _heights(each.ravel(), edges)
        look: Style = {"baseline": floor, "color": CYCLE[0]}
        hills.append(ax.stairs(heights, edges, fill=True, alpha=0.45, **look))
        ax.stairs(heights, edges, linewidth=1.2, **look)
        place: Style = {
            "xycoords": ("axes fraction", "data"),
            "textcoords": "offset points",
        }
        texts.append(
            ax.annotate(
                remark,
                (1, floor + 0.4),
                xytext=(8, 0),
                va="center",
                fontsize="small",
                annotation_clip=False,
                **place,
            )
        )
    quiet(ax)
    ax.set_yticks(range(len(values)), names[::-1])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(-0.1, len(values))
    ax.spines["left"].set_visible(False)
    return hills, texts


def _range(values: Sequence[AnyArray]) -> tuple[float, float]:
    ends = [np.quantile(each[np.isfinite(each)], INNER) for each in values]
    low, high = float(np.min(ends)), float(np.max(ends))
    margin = 0.03 * (high - low) or 0.5
    return low - margin, high + margin


def _heights(values: AnyArray, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each bin's fraction of the highest bin, not counting a peak of equal values."""
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
    highest = float(counts.max())
    unique, times = np.unique(values, return_counts=True)
    commonest = int(times.argmax())
    if times[commonest] > PEAK * len(values) and len(unique) > 1:
        place = min(
            int(np.searchsorted(edges, unique[commonest], side="right")) - 1, len(counts) - 1
        )
        others = np.delete(counts, place)
        highest = float(others.max()) or highest
    return np.minimum(counts / highest, 1.0)
