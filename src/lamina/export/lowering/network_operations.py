"""Operations of fitted networks, from their input matrix to predictions.

Every operation computes one matrix, (n_samples, width), from earlier ones, which it refers to by
their index in the program. A matrix has the dtype of its source, except that of a `Cast`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lamina.formulas import Activation, InverseLink, Normalization, Precision
from lamina.formulas.table import Array

# float32 or float64.
Dtype = np.dtype[np.floating]


@dataclass(frozen=True)
class Features:
    """Input matrix as it is, in the dtype of the network.

    A target whose programs can raise errors refuses numbers that are not finite here.
    """

    width: int
    dtype: Dtype


@dataclass(frozen=True)
class Cast:
    """The matrix in another dtype."""

    source: int
    dtype: Dtype
    width: int


@dataclass(frozen=True)
class RequireFinite:
    """The matrix; a row that holds infinity or NaN has no prediction.

    A target raises an error for such a row, or makes all its results NaN.
    """

    source: int
    width: int


@dataclass(frozen=True)
class Round:
    """The matrix rounded to the nearest numbers of a precision, as an operand of a product."""

    source: int
    formula: Precision
    width: int


@dataclass(frozen=True)
class Affine:
    """x W + b.

    Attributes
    ----------
    source : int
    weights : ndarray of shape (fan_in, fan_out)
    biases : ndarray of shape (fan_out,)
    name : str
        Name of the block, such as 'hidden_1'.
    precision : Precision or None
        Precision to which the source has been rounded, and the weights are for the product.
    """

    source: int
    weights: Array
    biases: Array
    name: str
    precision: Precision | None = None

    @property
    def factor(self) -> Array:
        """Weights as they enter the product."""
        return self.weights if self.precision is None else self.precision.nearest(self.weights)

    @property
    def width(self) -> int:
        """Number of columns of its matrix."""
        return len(self.biases)


@dataclass(frozen=True)
class Normalize:
    """The matrix normalized; `numbers` are the formula's parameters and statistics by name."""

    source: int
    formula: Normalization
    numbers: Mapping[str, Array]
    width: int


@dataclass(frozen=True)
class Activate:
    """An activation of the matrix; `numbers` are the units' learned parameters by name."""

    source: int
    formula: Activation
    numbers: Mapping[str, Array]
    width: int


@dataclass(frozen=True)
class Dropout:
    """The matrix; only training drops a fraction `rate` of it."""

    source: int
    rate: float
    width: int


@dataclass(frozen=True)
class AddResidual:
    """Sum of the matrix and an earlier one, which the operations between them skip."""

    source: int
    skipped: int
    width: int


@dataclass(frozen=True)
class InvertLink:
    """Predictions from logits."""

    source: int
    formula: InverseLink
    width: int


@dataclass(frozen=True)
class Complement:
    """Probabilities [1 - p, p] of two classes from the one column p."""

    source: int
    width: int = 2


@dataclass(frozen=True)
class Sort:
    """The matrix with every group of `n` adjacent columns sorted in each row."""

    source: int
    n: int
    width: int


@dataclass(frozen=True)
class SignedSquare:
    """x |x| + offset, in float64."""

    source: int
    offset: float
    width: int


@dataclass(frozen=True)
class WeightedSum:
    """Sum of matrices times their weights."""

    sources: tuple[int, ...]
    weights: tuple[float, ...]
    width: int


@dataclass(frozen=True)
class Temper:
    """softmax(log(max(p, least)) / temperature), in float64."""

    source: int
    temperature: float
    least: float
    width: int


NetworkOperation = (
    Features
    | Cast
    | RequireFinite
    | Round
    | Affine
    | Normalize
    | Activate
    | Dropout
    | AddResidual
    | InvertLink
    | Complement
    | Sort
    | SignedSquare
    | WeightedSum
    | Temper
)
