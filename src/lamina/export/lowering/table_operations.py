"""Operations on tables, from their columns to the input matrix of a network.

Every operation computes one float64 matrix, (n_samples, width), from the inputs or from earlier
matrices, which it refers to by their index in the program. NaN represents a missing number, None a
missing text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from lamina.encoding.calendar import PARTS

Vector: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Columns:
    """Input columns of numbers, and of dates as days since 1970, side by side."""

    columns: tuple[int, ...]

    @property
    def width(self) -> int:
        """Number of columns of its matrix."""
        return len(self.columns)


@dataclass(frozen=True)
class Impute:
    """The matrix with NaN replaced by a value per column."""

    source: int
    values: Vector

    @property
    def width(self) -> int:
        """Number of columns of its matrix."""
        return len(self.values)


@dataclass(frozen=True)
class IsMissing:
    """1 where the matrix is NaN in these columns, else 0."""

    source: int
    columns: tuple[int, ...]

    @property
    def width(self) -> int:
        """Number of columns of its matrix."""
        return len(self.columns)


@dataclass(frozen=True)
class Standardize:
    """(x - mean) / scale, rounded in this order."""

    source: int
    mean: Vector
    scale: Vector

    @property
    def width(self) -> int:
        """Number of columns of its matrix."""
        return len(self.mean)


@dataclass(frozen=True)
class Rescale:
    """x factor + offset."""

    source: int
    factor: Vector
    offset: Vector

    @property
    def width(self) -> int:
        """Number of columns of its matrix."""
        return len(self.factor)


@dataclass(frozen=True)
class Clip:
    """x clipped to bounds."""

    source: int
    low: float
    high: float
    width: int


@dataclass(frozen=True)
class SmoothClip:
    """x / sqrt(1 + (x / bound)²), which stays within ±bound."""

    source: int
    bound: float
    width: int


@dataclass(frozen=True)
class Take:
    """A selection of columns of the matrix, in this order."""

    source: int
    columns: tuple[int, ...]

    @property
    def width(self) -> int:
        """Number of columns of its matrix."""
        return len(self.columns)


@dataclass(frozen=True)
class OneHot:
    """A 0/1 column for each category of a text input, in order; all 0 for other texts.

    Attributes
    ----------
    column : int
        Index of the input.
    categories : tuple of str or None
        None is the missing value; it occurs at most once.
    fill : str or None
        Replacement for a missing value, if any.
    strict : bool
        True if a text that is not one of the categories is an error.
    aliases : mapping of str to str
        Alternative texts of some categories, such as '2.0' for '2'.
    """

    column: int
    categories: tuple[str | None, ...]
    fill: str | None = None
    strict: bool = False
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Number of columns of its matrix."""
        return len(self.categories)

    @property
    def places(self) -> dict[str | None, int]:
        """Index of each category, also by its aliases."""
        places = {text: i for i, text in enumerate(self.categories)}
        return places | {text: places[category] for text, category in self.aliases.items()}


@dataclass(frozen=True)
class CategoryCode:
    """Index of an input's category, counted from 1, as a number; 0 if it is not one of them.

    Attributes
    ----------
    column : int
        Index of the input.
    categories : tuple of str or None
        None is the missing value; it occurs at most once.
    aliases : mapping of str to str
        Alternative texts of some categories, such as '2.0' for '2'.
    """

    column: int
    categories: tuple[str | None, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)
    width: int = 1

    @property
    def one_hot(self) -> OneHot:
        """The 0/1 columns of the same categories."""
        return OneHot(self.column, self.categories, aliases=self.aliases)


@dataclass(frozen=True)
class Lookup:
    """Row of a table for each code in one column of the matrix.

    Attributes
    ----------
    source : int
        Index of a matrix of whole numbers from 0.
    column : int
    table : ndarray of shape (n_codes, width)
    """

    source: int
    column: int
    table: Vector

    @property
    def width(self) -> int:
        """Number of columns of its matrix."""
        return int(self.table.shape[1])


@dataclass(frozen=True)
class OneHotNumber:
    """A 0/1 column for each value of one column of the matrix; NaN equals NaN."""

    source: int
    column: int
    values: Vector
    strict: bool = False

    @property
    def width(self) -> int:
        """Number of columns of its matrix."""
        return len(self.values)


@dataclass(frozen=True)
class Calendar:
    """Calendar part of one column of the matrix, which holds dates as days since 1970.

    Attributes
    ----------
    part : str
        A key of `lamina.encoding.calendar.PARTS`.
    """

    source: int
    column: int
    part: str

    @property
    def width(self) -> int:
        """Number of columns of its matrix."""
        return len(PARTS[self.part].suffixes)


@dataclass(frozen=True)
class Join:
    """Matrices side by side."""

    sources: tuple[int, ...]
    width: int


TableOperation: TypeAlias = (
    Columns
    | Impute
    | IsMissing
    | Standardize
    | Rescale
    | Clip
    | SmoothClip
    | Take
    | OneHot
    | CategoryCode
    | Lookup
    | OneHotNumber
    | Calendar
    | Join
)
