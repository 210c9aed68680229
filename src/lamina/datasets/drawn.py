"""Generators of small data sets: exclusive or, spirals, and curves and surfaces for regression.

They follow the convention of scikit-learn's generators: the parameters are the number of samples,
the noise and the random state, and X and y are returned. Shapes: X (n_samples, 2), or
(n_samples, 1) for the curve, float64; y (n_samples,), int64 classes or float64 values.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from lamina.formulas.table import AnyArray

RandomState: TypeAlias = int | np.random.RandomState | None
Points: TypeAlias = tuple[NDArray[np.float64], AnyArray]

TURNS = 1.0
# Centre and height of each hill.
HILLS = ((-0.5, -0.5, 1.0), (0.5, -0.5, -1.0), (-0.5, 0.5, -1.0), (0.5, 0.5, 1.0), (0.0, 0.0, 0.8))
HILL_WIDTH = 0.25


def make_xor(
    n_samples: int = 500, *, noise: float = 0.1, random_state: RandomState = None
) -> Points:
    """Generate points in a square, in two classes by the sign of x · y (exclusive or).

    Parameters
    ----------
    n_samples : int, default=500
    noise : float, default=0.1
        Standard deviation of the noise added to each coordinate after the class is assigned.
    random_state : int, RandomState or None, default=None

    Returns
    -------
    X : ndarray of shape (n_samples, 2)
    y : ndarray of shape (n_samples,)
        1 if x and y have the same sign, else 0.

    References
    ----------
    Minsky, Papert 1969, Perceptrons: no single unit can separate these classes.

    Examples
    --------
    >>> from lamina.datasets import make_xor
    >>> X, y = make_xor(200, noise=0, random_state=0)
    >>> bool(((X[:, 0] * X[:, 1] > 0) == y).all())
    True
    """
    generator = _generator(random_state)
    X = generator.uniform(-1, 1, (n_samples, 2))
    y = (X[:, 0] * X[:, 1] > 0).astype(np.int64)
    return X + generator.normal(0, noise, X.shape), y


def make_spirals(
    n_samples: int = 500, *, n_arms: int = 2, noise: float = 0.03, random_state: RandomState = None
) -> Points:
    """Generate points on the arms of a spiral, one class per arm.

    Parameters
    ----------
    n_samples : int, default=500
    n_arms : int, default=2
    noise : float, default=0.03
        Standard deviation of the noise added to each coordinate; the spiral's radius is 1.
    random_state : int, RandomState or None, default=None

    Returns
    -------
    X : ndarray of shape (n_samples, 2)
    y : ndarray of shape (n_samples,)
        Number of the arm, from 0.

    Raises
    ------
    ValueError
        For fewer than two arms.

    References
    ----------
    Lang, Witbrock 1988, Learning to tell two spirals apart.

    Examples
    --------
    >>> import numpy as np
    >>> from lamina.datasets import make_spirals
    >>> X, y = make_spirals(300, n_arms=3, random_state=0)
    >>> X.shape, np.bincount(y).tolist()
    ((300, 2), [100, 100, 100])
    """
    if n_arms < 2:
        raise ValueError(f"n_arms={n_arms!r} must be at least 2, so that there are two classes")
    generator = _generator(random_state)
    y = np.arange(n_samples, dtype=np.int64) % n_arms
    # Uniform along the arm; uniform over the disc would leave the middle empty.
    radius = generator.uniform(0.05, 1, n_samples)
    angle = 2 * np.pi * (TURNS * radius + y / n_arms)
    X = np.column_stack([radius * np.sin(angle), radius * np.cos(angle)])
    return X + generator.normal(0, noise, X.shape), y


def make_curve(
    n_samples: int = 200, *, noise: float = 0.1, random_state: RandomState = None
) -> Points:
    """Generate a wave of one feature with rising frequency and amplitude, for regression.

    y = x sin(2π x²) + noise, for x from 0 to 1.6.

    Parameters
    ----------
    n_samples : int, default=200
    noise : float, default=0.1
        Standard deviation of the noise added to y.
    random_state : int, RandomState or None, default=None

    Returns
    -------
    X : ndarray of shape (n_samples, 1)
    y : ndarray of shape (n_samples,)

    Examples
    --------
    >>> import numpy as np
    >>> from lamina.datasets import make_curve
    >>> X, y = make_curve(50, noise=0, random_state=0)
    >>> bool(np.allclose(y, X[:, 0] * np.sin(2 * np.pi * X[:, 0] ** 2)))
    True
    """
    generator = _generator(random_state)
    x = generator.uniform(0, 1.6, n_samples)
    y = x * np.sin(2 * np.pi * x**2) + generator.normal(0, noise, n_samples)
    return x[:, np.newaxis], y


def make_plane(
    n_samples: int = 500, *, noise: float = 0.1, random_state: RandomState = None
) -> Points:
    """Generate a plane over two features, for regression: y = x₀ + x₁ + noise.

    Parameters
    ----------
    n_samples : int, default=500
    noise : float, default=0.1
        Standard deviation of the noise added to y.
    random_state : int, RandomState or None, default=None

    Returns
    -------
    X : ndarray of shape (n_samples, 2)
        Between -1 and 1.
    y : ndarray of shape (n_samples,)

    Examples
    --------
    >>> import numpy as np
    >>> from lamina.datasets import make_plane
    >>> X, y = make_plane(50, noise=0, random_state=0)
    >>> bool(np.allclose(X.sum(axis=1), y))
    True
    """
    generator = _generator(random_state)
    X = generator.uniform(-1, 1, (n_samples, 2))
    return X, X.sum(axis=1) + generator.normal(0, noise, n_samples)


def make_hills(
    n_samples: int = 500, *, noise: float = 0.05, random_state: RandomState = None
) -> Points:
    """Generate five Gaussian hills and hollows over two features, for regression.

    y = Σ h exp(-‖x - c‖² / (2 · 0.25²)) + noise, with the heights h and the centres c of `HILLS`.

    Parameters
    ----------
    n_samples : int, default=500
    noise : float, default=0.05
        Standard deviation of the noise added to y.
    random_state : int, RandomState or None, default=None

    Returns
    -------
    X : ndarray of shape (n_samples, 2)
        Between -1 and 1.
    y : ndarray of shape (n_samples,)

    Examples
    --------
    >>> from lamina.datasets import make_hills
    >>> X, y = make_hills(500, noise=0, random_state=0)
    >>> X.shape, bool(y.min() < -0.7 and y.max() > 0.7)
    ((500, 2), True)
    """
    generator = _generator(random_state)
    X = generator.uniform(-1, 1, (n_samples, 2))
    middles, heights = np.array(HILLS)[:, :2], np.array(HILLS)[:, 2]
    squares = np.square(X[:, np.newaxis] - middles).sum(axis=2)
    y = np.exp(-squares / (2 * HILL_WIDTH**2)) @ heights
    return X, y + generator.normal(0, noise, n_samples)


def _generator(random_state: RandomState) -> np.random.RandomState:
    # Avoid importing scikit-learn when only the names of data sets are listed.
    from sklearn.utils import check_random_state

    generator: np.random.RandomState = check_random_state(random_state)
    return generator
