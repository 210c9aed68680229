"""Operations of an input stage: each computes the outputs of one group from the columns of X.

A matrix has the dtype of its source, and the outputs of a column are next to each other, as in
`lamina.blocks.inputs`.
"""

from __future__ import annotations

from dataclasses import dataclass

from lamina.formulas.table import Array

# float64 has every whole number up to this one.
LARGEST_CATEGORY = 2.0**53 - 1


@dataclass(frozen=True)
class CategoryCodes:
    """The matrix with the codes of categories in some columns: 1 for the first category, and so on.

    NaN and numbers that are no category have the code 0. A row with a number that no category may
    have, which is a whole number from 0 to LARGEST_CATEGORY, has no prediction.

    Attributes
    ----------
    source : int
    columns : tuple of int
    categories : tuple of ndarray
        Categories of each of the columns in ascending order.
    width : int
    """

    source: int
    columns: tuple[int, ...]
    categories: tuple[Array, ...]
    width: int


@dataclass(frozen=True)
class Scale:
    """Columns of the matrix times a factor each."""

    source: int
    columns: tuple[int, ...]
    factors: Array

    @property
    def width(self) -> int:
        """Number of columns of its matrix."""
        return len(self.columns)


@dataclass(frozen=True)
class Periodic:
    """[x, cos(2π w1 x + b1) W2 + b2] of columns of the matrix.

    Attributes
    ----------
    source : int
    columns : tuple of int
    w1, b1 : ndarray of shape (c, k)
    W2 : ndarray of shape (c, k, m)
    b2 : ndarray of shape (c, m)
    """

    source: int
    columns: tuple[int, ...]
    w1: Array
    b1: Array
    W2: Array
    b2: Array

    @property
    def width(self) -> int:
        """Number of columns of its matrix."""
        return len(self.columns) + self.b2.size


@dataclass(frozen=True)
class PiecewiseLinear:
    """w x + b + PLE(x) V of columns of the matrix.

    Attributes
    ----------
    source : int
    columns : tuple of int
    w, b : ndarray of shape (c, m)
    V : ndarray of shape (c, n, m)
    edges : ndarray of shape (c, n + 1)
    """

    source: int
    columns: tuple[int, ...]
    w: Array
    b: Array
    V: Array
    edges: Array

    @property
    def width(self) -> int:
        """Number of columns of its matrix."""
        return self.w.size


@dataclass(frozen=True)
class Embed:
    """Rows of tables by the codes in columns of the matrix.

    A row with a number that is no code of its table has no prediction, as with `RequireFinite`.

    Attributes
    ----------
    source : int
    columns : tuple of int
    tables : tuple of ndarray of shape (n_codes, m)
        One for each column.
    """

    source: int
    columns: tuple[int, ...]
    tables: tuple[Array, ...]

    @property
    def width(self) -> int:
        """Number of columns of its matrix."""
        return sum(table.shape[1] for table in self.tables)


@dataclass(frozen=True)
class OneHotCodes:
    """A 0/1 column for each code but 0 of columns of the matrix.

    A row with a number that is no code of its column has no prediction.

    Attributes
    ----------
    source : int
    columns : tuple of int
    n_codes : tuple of int
        Number of codes of each column, 0 included.
    """

    source: int
    columns: tuple[int, ...]
    n_codes: tuple[int, ...]

    @property
    def width(self) -> int:
        """Number of columns of its matrix."""
        return sum(self.n_codes) - len(self.n_codes)


InputOperation = CategoryCodes | Scale | Periodic | PiecewiseLinear | Embed | OneHotCodes
