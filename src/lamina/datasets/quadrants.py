"""Four clusters of points, one class for each quadrant of the plane."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

N_QUADRANTS = 4
# Counterclockwise from the upper right, the order of the quadrants.
CENTRES = np.array([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])


def make_quadrants(
    n_samples: int | tuple[int, int, int, int] = 400,
    *,
    std: float = 0.3,
    shuffle: bool = True,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Generate four round clusters of points around (±1, ±1), one class per quadrant.

    Parameters
    ----------
    n_samples : int or tuple of four int, default=400
        Total number of points, divided as evenly as possible, or the number in each quadrant.
    std : float, default=0.3
        Standard deviation of a cluster in each direction. From about 0.5 on, the clusters overlap
        the other quadrants.
    shuffle : bool, default=True
        If True, return the points in random order instead of quadrant by quadrant.
    random_state : int, RandomState or None, default=None
        Random generator or its seed; an int gives the same points at every call.

    Returns
    -------
    X : ndarray of float64 of shape (n_samples, 2)
    y : ndarray of int64 of shape (n_samples,)
        0 to 3, counterclockwise from the upper right.

    Raises
    ------
    ValueError
        For a negative std or number of points, and if `n_samples` is a tuple without four numbers.

    Examples
    --------
    >>> from lamina.datasets import make_quadrants
    >>> X, y = make_quadrants(n_samples=100, random_state=0)
    >>> X.shape, y[:5].tolist()
    ((100, 2), [1, 3, 0, 2, 3])
    >>> bool((X[y == 2] < 0).all())
    True
    """
    counts = _counts(n_samples)
    if not std >= 0:
        raise ValueError(f"std={std!r} must be zero or more: it is a standard deviation")
    # Avoid importing scikit-learn when only the names of data sets are listed.
    from sklearn.utils import check_random_state

    generator = check_random_state(random_state)
    y = np.repeat(np.arange(N_QUADRANTS, dtype=np.int64), counts)
    if shuffle:
        generator.shuffle(y)
    return CENTRES[y] + std * generator.standard_normal((len(y), 2)), y


def _counts(n_samples: int | tuple[int, ...] | list[int]) -> list[int]:
    if isinstance(n_samples, tuple | list):
        counts = [int(n) for n in n_samples]
    else:
        each, left_over = divmod(int(n_samples), N_QUADRANTS)
        counts = [each + (quadrant < left_over) for quadrant in range(N_QUADRANTS)]
    if len(counts) != N_QUADRANTS or min(counts) < 0:
        raise ValueError(
            f"n_samples={n_samples!r} must be a number of points, or four numbers, one per quadrant"
        )
    return counts
