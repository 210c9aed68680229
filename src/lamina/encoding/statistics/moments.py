"""Mean and variance of a stream of numbers, merged by Chan, Golub and LeVeque (1983)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Moments:
    """Count, mean, and sum of squared deviations from the mean.

    Examples
    --------
    >>> moments = Moments.find(np.array([1.0, 3.0])).merge(Moments.find(np.array([5.0])))
    >>> moments.mean, moments.variance
    (3.0, 2.6666666666666665)
    """

    n: int = 0
    mean: float = 0.0
    squares: float = 0.0

    @classmethod
    def find(cls, values: NDArray[np.float64], counts: NDArray[np.int64] | None = None) -> Moments:
        """Return the moments of values without NaN, each occurring once or `counts` times."""
        n = len(values) if counts is None else int(counts.sum())
        if not n:
            return cls()
        with np.errstate(all="ignore"):
            if counts is None:
                mean = float(values.mean())
                return cls(n, mean, float(np.square(values - mean).sum()))
            mean = float((values * counts).sum() / n)
            return cls(n, mean, float((np.square(values - mean) * counts).sum()))

    def merge(self, other: Moments) -> Moments:
        """Return the moments of the values of both."""
        n = self.n + other.n
        if not self.n or not other.n:
            return self if self.n else other
        step = np.float64(other.mean) - self.mean
        with np.errstate(all="ignore"):
            mean = self.mean + step * other.n / n
            squares = self.squares + other.squares + step * step * self.n * other.n / n
        return Moments(n, float(mean), float(squares))

    @property
    def variance(self) -> float:
        """Mean of the squared deviations."""
        return self.squares / self.n if self.n else 0.0
