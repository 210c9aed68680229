"""A fitted model as a list of operations, which the writers of Python, C and ONNX render.

Every operation makes one matrix of float64, (n_samples, width), from the inputs or from earlier
matrices, which it names by their place in the list; the network takes the last one. NaN stands for
a missing number, None for a missing text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lamina.encoding.calendar import PARTS
from lamina.export.fitted_network import FittedNetwork

InputKind: TypeAlias = Literal["number", "moment", "category"]
Vector: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Input:
    """One column of a table, as the exported program takes it.

    Attributes
    ----------
    name : str
    kind : {'number', 'moment', 'category'}
    missing : tuple of str
        The texts that stand for a missing category.
    was_text : bool
        Whether training's table wrote numbers or dates as text that Python reads otherwise: '1.234'
        may be a thousand there.
    unit : str
        What a number counts, where the program would not know: 'hours since midnight'.
    """

    name: str
    kind: InputKind
    missing: tuple[str, ...] = ()
    was_text: bool = False
    unit: str = ""


@dataclass(frozen=True)
class Columns:
    """Input columns of numbers, and of dates as days since 1970, side by side."""

    columns: tuple[int, ...]

    @property
    def width(self) -> int:
        """The columns of its matrix."""
        return len(self.columns)


@dataclass(frozen=True)
class Impute:
    """The matrix with a column's value wherever it is NaN."""

    source: int
    values: Vector

    @property
    def width(self) -> int:
        """The columns of its matrix."""
        return len(self.values)


@dataclass(frozen=True)
class IsMissing:
    """1 where the matrix is NaN in these columns, else 0."""

    source: int
    columns: tuple[int, ...]

    @property
    def width(self) -> int:
        """The columns of its matrix."""
        return len(self.columns)


@dataclass(frozen=True)
class Standardize:
    """(x - mean) / scale, in this order of rounding."""

    source: int
    mean: Vector
    scale: Vector

    @property
    def width(self) -> int:
        """The columns of its matrix."""
        return len(self.mean)


@dataclass(frozen=True)
class Affine:
    """x factor + offset."""

    source: int
    factor: Vector
    offset: Vector

    @property
    def width(self) -> int:
        """The columns of its matrix."""
        return len(self.factor)


@dataclass(frozen=True)
class Clip:
    """x, or the bound that it lies beyond."""

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
    """Some columns of the matrix, in this order."""

    source: int
    columns: tuple[int, ...]

    @property
    def width(self) -> int:
        """The columns of its matrix."""
        return len(self.columns)


@dataclass(frozen=True)
class OneHot:
    """A 0/1 column for each category of an input of texts, in their order; else 0 in all.

    Attributes
    ----------
    column : int
        The input.
    categories : tuple of str or None
        None is the missing value, of which there is one at most.
    fill : str or None
        What is read in place of a missing value, if anything.
    strict : bool
        Whether a text that is none of the categories is an error.
    aliases : mapping of str to str
        Other texts for some of the categories, such as '2.0' for '2'.
    """

    column: int
    categories: tuple[str | None, ...]
    fill: str | None = None
    strict: bool = False
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """The columns of its matrix."""
        return len(self.categories)

    @property
    def places(self) -> dict[str | None, int]:
        """The place of each category, also by its aliases."""
        places = {text: i for i, text in enumerate(self.categories)}
        return places | {text: places[category] for text, category in self.aliases.items()}


@dataclass(frozen=True)
class Code:
    """The place of an input's category, counted from 1, as a number; 0 where it is none of them.

    Attributes
    ----------
    column : int
        The input.
    categories : tuple of str or None
        None is the missing value, of which there is one at most.
    aliases : mapping of str to str
        Other texts for some of the categories, such as '2.0' for '2'.
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
    """The row of a table, for each code in one column of the matrix.

    Attributes
    ----------
    source : int
        A matrix of whole numbers from 0.
    column : int
    table : ndarray of shape (n_codes, width)
    """

    source: int
    column: int
    table: Vector

    @property
    def width(self) -> int:
        """The columns of its matrix."""
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
        """The columns of its matrix."""
        return len(self.values)


@dataclass(frozen=True)
class Calendar:
    """A part of one column of the matrix, which holds dates as days since 1970.

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
        """The columns of its matrix."""
        return len(PARTS[self.part].suffixes)


@dataclass(frozen=True)
class Join:
    """Matrices side by side."""

    sources: tuple[int, ...]
    width: int


Operation: TypeAlias = (
    Columns
    | Impute
    | IsMissing
    | Standardize
    | Affine
    | Clip
    | SmoothClip
    | Take
    | OneHot
    | Code
    | Lookup
    | OneHotNumber
    | Calendar
    | Join
)


@dataclass(frozen=True)
class TargetScale:
    """What turns a network's prediction into the target's own units: y factor + offset."""

    factor: Vector
    offset: Vector


@dataclass(frozen=True)
class Preparation:
    """The part of a fitted model that comes before its networks.

    Attributes
    ----------
    inputs : tuple of Input
        The columns of the table that it takes; none where it takes a matrix.
    n_features : int
        The columns of that matrix.
    operations : tuple of Operation
        None where the network takes the matrix as it is.
    """

    inputs: tuple[Input, ...]
    n_features: int
    operations: tuple[Operation, ...]

    @property
    def takes_a_table(self) -> bool:
        """Whether columns come in by name, and no matrix."""
        return bool(self.inputs)


@dataclass(frozen=True)
class Program(Preparation):
    """A fitted model: what comes before its network, the network, and what comes after.

    Attributes
    ----------
    network : FittedNetwork
    target : TargetScale or None
        One number for each column of the prediction.
    """

    network: FittedNetwork
    target: TargetScale | None = None

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of numbers that come in and go out."""
        return self.network.dtype

    @property
    def network_dtype(self) -> np.dtype[Any]:
        """The dtype that the network computes in."""
        return self.network.dtype

    @property
    def n_columns(self) -> int:
        """The columns of `predict_proba`, side by side, or of a regression's prediction."""
        return self.network.n_columns

    @property
    def has_std(self) -> bool:
        """Whether standard deviations are predicted as well."""
        return self.network.has_std

    @property
    def is_rounded(self) -> bool:
        """Whether the operands of products are rounded."""
        return self.network.precision is not None

    @property
    def output_scale(self) -> TargetScale | None:
        """One number for each output of the network; a standard deviation has no offset."""
        if self.target is None or not self.network.has_std:
            return self.target
        factor, offset = self.target.factor, self.target.offset
        with_std = np.stack([offset, np.zeros_like(offset)], axis=1).ravel()
        return TargetScale(np.repeat(factor, 2), with_std)
