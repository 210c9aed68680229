"""Fitted model as a list of operations, from which the Python, C and ONNX code is generated.

Every operation computes one float64 matrix, (n_samples, width), from the inputs or from earlier
matrices, which it refers to by their index in the list; the last one is the network's input. NaN
represents a missing number, None a missing text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lamina.encoding.calendar import PARTS
from lamina.export.lowering.fitted_network import FittedNetwork

InputKind: TypeAlias = Literal["number", "date", "category"]
Vector: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class InputColumn:
    """One column of a table, as an input of the exported program.

    Attributes
    ----------
    name : str
    kind : {'number', 'date', 'category'}
    missing : tuple of str
        Texts that represent a missing category.
    was_text : bool
        True if the training table had numbers or dates as text that Python parses differently: for
        example '1.234' may have meant a thousand.
    unit : str
        Unit of a number if the program cannot derive it: 'hours since midnight'.
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
class Affine:
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
    | CategoryCode
    | Lookup
    | OneHotNumber
    | Calendar
    | Join
)


@dataclass(frozen=True)
class TargetScale:
    """Conversion of a network's prediction to the units of the target: y factor + offset."""

    factor: Vector
    offset: Vector


@dataclass(frozen=True)
class Preparation:
    """Part of a fitted model before its networks.

    Attributes
    ----------
    inputs : tuple of InputColumn
        Columns of the input table; empty if the input is a matrix.
    n_features : int
        Number of columns of that matrix.
    operations : tuple of Operation
        Empty if the network's input is the matrix itself.
    """

    inputs: tuple[InputColumn, ...]
    n_features: int
    operations: tuple[Operation, ...]

    @property
    def takes_a_table(self) -> bool:
        """True if the input is a table with named columns, not a matrix."""
        return bool(self.inputs)


@dataclass(frozen=True)
class Program(Preparation):
    """Fitted model: preprocessing, network, and scaling of the prediction.

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
        """Dtype of input and output numbers."""
        return self.network.dtype

    @property
    def network_dtype(self) -> np.dtype[Any]:
        """Dtype that the network computes in."""
        return self.network.dtype

    @property
    def n_columns(self) -> int:
        """Number of columns of `predict_proba`, side by side, or of a regression's prediction."""
        return self.network.n_columns

    @property
    def has_std(self) -> bool:
        """True if standard deviations are predicted as well."""
        return self.network.has_std

    @property
    def is_rounded(self) -> bool:
        """True if the operands of products are rounded."""
        return self.network.precision is not None

    @property
    def output_scale(self) -> TargetScale | None:
        """Factor and offset for each output of the network; standard deviations have no offset."""
        if self.target is None or not self.network.has_std:
            return self.target
        factor, offset = self.target.factor, self.target.offset
        with_std = np.stack([offset, np.zeros_like(offset)], axis=1).ravel()
        return TargetScale(np.repeat(factor, 2), with_std)
