"""Compute with arrays larger than memory chunk by chunk, with the bits of a single call.

NumPy adds a contiguous vector pairwise: it halves the vector, rounded down to a multiple of 8, and
adds the sums of both parts. A sum in chunks has the same bits if it halves alike until a part fits
into a chunk. NumPy adds the rows of a matrix of several columns one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lamina.files.disk_arrays import create_unnamed, folder_of, is_mapped
from lamina.files.spool import PREFIX

AnyArray = NDArray[Any]
Terms = Callable[[slice], AnyArray]
# Rows of a chunk: a few megabytes of most tables, in which the cost of the calls disappears.
CHUNK = 1 << 17
# Smaller arrays stay in memory.
FEWEST_BYTES_ON_DISK = 1 << 24


def slices(n: int, size: int | None = None) -> Iterator[slice]:
    """Yield slices that together cover n rows, all of one size but the last.

    Examples
    --------
    >>> list(slices(5, 2))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    step = CHUNK if size is None else size
    for start in range(0, n, step):
        yield slice(start, min(start + step, n))


def total(n: int, terms: Terms) -> Any:
    """Return np.sum(terms(slice(0, n)), axis=0) with the same bits, a chunk at a time.

    Parameters
    ----------
    n : int
    terms : callable
        `terms(rows)` returns the terms of a slice of rows: (n_rows,) or C-contiguous
        (n_rows, n_columns).

    Examples
    --------
    >>> x = np.linspace(0, 1, 300_001)
    >>> total(len(x), lambda rows: x[rows] ** 2) == np.sum(x**2)
    np.True_
    """
    if n <= CHUNK:
        return np.sum(terms(slice(0, n)), axis=0)
    first = terms(slice(0, 1))
    if first.ndim == 1 or first.shape[1] == 1:
        return _halved(0, n, terms)
    result = None
    for rows in slices(n):
        part = terms(rows)
        # The sum so far is the first of the rows that are added one after the other.
        part = part if result is None else np.concatenate([result[np.newaxis], part])
        result = np.sum(part, axis=0)
    return result


def _halved(start: int, stop: int, terms: Terms) -> Any:
    n = stop - start
    if n <= CHUNK:
        return np.sum(terms(slice(start, stop)), axis=0)
    half = n // 2
    half -= half % 8
    return _halved(start, start + half, terms) + _halved(start + half, stop, terms)


def average(n: int, terms: Terms, weight: AnyArray | None) -> AnyArray:
    """Return np.average(terms(slice(0, n)), axis=0, weights=weight) with the same bits.

    Parameters
    ----------
    n : int
    terms : callable
        `terms(rows)` returns the terms of a slice of rows, (n_rows,) or (n_rows, n_columns).
    weight : ndarray of shape (n,) or (n, n_columns), or None
        Those of each column are not read by chunks.
    """
    if weight is None:
        return np.asarray(total(n, terms) / n)
    if weight.ndim == 2:
        return np.asarray(np.average(terms(slice(0, n)), axis=0, weights=weight))
    first = terms(slice(0, 1))
    column = weight[:, np.newaxis] if first.ndim == 2 else weight
    kind = np.result_type(first, weight, *([np.float64] if first.dtype.kind in "bi" else []))
    divisor = column.sum(axis=0, dtype=kind)
    if not divisor.all():
        raise ZeroDivisionError("Weights sum to zero, can't be normalized")
    weighted = total(n, lambda rows: np.multiply(terms(rows), column[rows], dtype=kind))
    return np.asarray(weighted / divisor)


def are_finite(array: AnyArray) -> bool:
    """Return np.isfinite(array).all(), a chunk at a time."""
    return all(bool(np.isfinite(array[rows]).all()) for rows in slices(len(array)))


def distinct(array: AnyArray) -> AnyArray:
    """Return np.unique(array) of a vector, a chunk at a time."""
    if len(array) <= CHUNK:
        return np.asarray(np.unique(array))
    found = array[:0]
    for rows in slices(len(array)):
        found = np.union1d(found, array[rows])
    return found


@dataclass(frozen=True)
class Workspace:
    """Place of the arrays that a fit makes: in memory, or on disk if its samples are there.

    Attributes
    ----------
    on_disk : bool
    folder : Path or None
        Folder of the temporary files, which have no name and end with the process; None for that
        of the system.
    """

    on_disk: bool = False
    folder: Path | None = None

    @classmethod
    def of_samples(cls, X: object) -> Workspace:
        """Return the workspace of a fit to X: on disk if X is mapped into memory.

        The files of a fit to a spool lie in the spool, whose disk has space for them.
        """
        folder = folder_of(X)
        is_spool = folder is not None and folder.name.startswith(PREFIX)
        return cls(is_mapped(X), folder if is_spool else None)

    def empty(self, shape: Sequence[int], dtype: DTypeLike) -> AnyArray:
        """Return a new array, on disk if it is large and the samples are there."""
        n_bytes = int(np.prod(shape, dtype=object)) * np.dtype(dtype).itemsize
        if not self.on_disk or n_bytes < FEWEST_BYTES_ON_DISK:
            return np.empty(shape, dtype)
        return create_unnamed(shape, dtype, self.folder)

    def filled(self, n: int, values: Terms) -> AnyArray:
        """Return values(slice(0, n)), a chunk at a time if this workspace is on disk."""
        if not self.on_disk or n <= CHUNK:
            return values(slice(0, n))
        result: AnyArray | None = None
        for rows in slices(n):
            part = values(rows)
            if result is None:
                result = self.empty((n, *part.shape[1:]), part.dtype)
            result[rows] = part
        assert result is not None
        return result

    def take(self, array: AnyArray, rows: NDArray[np.int64]) -> AnyArray:
        """Return array[rows]."""
        return self.filled(len(rows), lambda part: array[rows[part]])

    def arange(self, n: int) -> NDArray[np.int64]:
        """Return the numbers from 0 to n - 1."""
        return self.filled(n, lambda rows: np.arange(rows.start, rows.stop, dtype=np.int64))


IN_MEMORY = Workspace()
