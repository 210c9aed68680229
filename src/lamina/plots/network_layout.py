"""The layout of a network diagram: positions of the units, and which units of a large layer to
draw.

Neighbouring units of a layer are 1 apart, and all lengths are in this unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Points: TypeAlias = NDArray[np.float64]

RADIUS = 0.36
# Length of the three dots and the count that replace the omitted units.
ELLIPSIS_ROOM = 1.8
LEAST_GAP, GAP_BY_HEIGHT = 4.0, 1.35


@dataclass(frozen=True)
class DrawnLayer:
    """One layer of the diagram.

    Attributes
    ----------
    width : int
        Number of units in the layer.
    shown : ndarray of shape (n_shown,)
        Numbers of the units that are drawn: the first and the last ones of a large layer.
    places : ndarray of shape (n_shown, 2)
        Centres of these units.
    ellipsis : ndarray of shape (2,) or None
        Position of the mark for omitted units.
    bias : ndarray of shape (2,) or None
        Centre of the bias unit, if there is one.
    """

    width: int
    shown: NDArray[np.int64]
    places: Points
    ellipsis: Points | None
    bias: Points | None

    @property
    def n_hidden(self) -> int:
        """Number of omitted units."""
        return self.width - len(self.shown)

    @property
    def sources(self) -> Points:
        """Start points of the edges to the next layer, the bias unit last."""
        return self.places if self.bias is None else np.vstack([self.places, self.bias])


def lay_out(
    widths: Sequence[int], max_units: int, has_bias_units: bool, is_horizontal: bool
) -> list[DrawnLayer]:
    """Return the columns of a network, inputs first.

    Parameters
    ----------
    widths : sequence of int
        Number of units in each layer.
    max_units : int
        A layer with more units shows only its first and last ones.
    has_bias_units : bool
        True if every layer but the last has a bias unit, which always gives 1.
    is_horizontal : bool
        True to put the inputs on the left, False at the bottom.
    """
    shown = [_shown(width, max_units) for width in widths]
    height = max(map(_length, widths, shown)) + has_bias_units
    gap = max(LEAST_GAP, GAP_BY_HEIGHT * height / max(1, len(widths) - 1))
    columns = []
    for layer, (width, units) in enumerate(zip(widths, shown, strict=True)):
        has_bias = has_bias_units and layer + 1 < len(widths)
        columns.append(_column(width, units, layer * gap, has_bias, is_horizontal))
    return columns


def extent(columns: Sequence[DrawnLayer]) -> tuple[Points, Points]:
    """Return the lower left and the upper right corner of the drawn units."""
    places = np.vstack([column.sources for column in columns])
    return places.min(axis=0) - RADIUS, places.max(axis=0) + RADIUS


def _shown(width: int, max_units: int) -> NDArray[np.int64]:
    if width <= max_units:
        return np.arange(width)
    first = max_units // 2
    return np.concatenate([np.arange(first), np.arange(width - (max_units - first), width)])


def _length(width: int, shown: NDArray[np.int64]) -> float:
    return len(shown) - 1 + (ELLIPSIS_ROOM - 1 if len(shown) < width else 0)


def _column(
    width: int, shown: NDArray[np.int64], along: float, has_bias: bool, is_horizontal: bool
) -> DrawnLayer:
    """Return one column, with its units from top to bottom or from left to right."""
    length = _length(width, shown)
    across = np.arange(len(shown)) - length / 2
    is_condensed = len(shown) < width
    first = len(shown) // 2
    if is_condensed:
        across[first:] += ELLIPSIS_ROOM - 1

    def place(offset: float) -> Points:
        return np.array([along, -offset] if is_horizontal else [offset, along])

    return DrawnLayer(
        width=width,
        shown=shown,
        places=np.array([place(offset) for offset in across]),
        ellipsis=place((across[first - 1] + across[first]) / 2) if is_condensed else None,
        bias=place(across[0] - 1) if has_bias else None,
    )
