"""Encoded table, in parts from which recipes compute inputs.

Shapes: n_samples rows everywhere; k_j is the number of known categories of column j.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class EncodedTable:
    """Parts of an encoded table, computed without the target.

    Attributes
    ----------
    numbers : ndarray of float64, shape (n_samples, n_numbers)
        Numbers and dates: imputed, with mean 0 and variance 1 in training.
    parts : ndarray of float32, shape (n_samples, n_parts)
        Flags of missing numbers, and parts of dates.
    texts : ndarray of float32, shape (n_samples, n_directions)
        Principal directions of the words of short texts, for recipes that use them.
    categories : ndarray of float32, shape (n_samples, n_categories)
        One-hot columns of the most frequent categories.
    codes : ndarray of int64, shape (n_samples, n_coded)
        For each column of many categories: 1 to k_j, or 0 if missing, rare or unknown.
    dates : ndarray of bool, shape (n_numbers,)
        True for numbers that are the days of dates.
    """

    numbers: NDArray[np.float64]
    parts: NDArray[np.float32]
    texts: NDArray[np.float32]
    categories: NDArray[np.float32]
    codes: NDArray[np.int64]
    dates: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.numbers)

    def rows(self, chosen: NDArray[np.int64] | NDArray[np.bool_] | slice) -> EncodedTable:
        """Return the selected rows, by a mask or by indices."""
        return replace(
            self,
            numbers=self.numbers[chosen],
            parts=self.parts[chosen],
            texts=self.texts[chosen],
            categories=self.categories[chosen],
            codes=self.codes[chosen],
        )
