"""Find the point of a region furthest from its edge, which has the most room for a label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# A region narrower than this fraction of the picture has no room for a label.
LEAST_ROOM = 0.06


def deepest_point(region: NDArray[np.bool_]) -> tuple[int, int] | None:
    """Return row and column of the point furthest from the region's edge; None for a thin region.

    Parameters
    ----------
    region : ndarray of bool of shape (n_vertical, n_horizontal)
        Mask of the region; the border of the picture counts as an edge.

    Examples
    --------
    >>> region = np.zeros((9, 9), bool)
    >>> region[2:7, 1:6] = True
    >>> deepest_point(region)
    (4, 3)
    """
    from scipy.ndimage import distance_transform_edt

    depth: NDArray[np.float64] = distance_transform_edt(np.pad(region, 1))[1:-1, 1:-1]
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    has_room = depth[row, column] >= LEAST_ROOM * min(depth.shape)
    return (int(row), int(column)) if has_room else None
