"""Protocol of input groups: columns of X that one kind turns into outputs of the input stage.

Shapes: x (n_samples, c), the group's columns of X in the order of `columns`; a and d_a = dL/da
(n_samples, fan_out), column by column: all outputs of the first column, then of the second.
"""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np

from lamina.blocks.block import Role, Tensor
from lamina.formulas.table import Array

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# The arrays of a group, in the order of its `tensors`.
Parts = Sequence[Array]


class InputGroup(ABC):
    """Columns of X with one kind of input: a frozen dataclass with the formulas of its kind.

    Attributes
    ----------
    kind : str
        Name of the kind in INPUT_KINDS, and in files.
    columns : tuple of int
        Columns of X; no other group of a stage has any of them.
    scaled : bool
        True if the stage multiplies each output of the group by a learned factor; a field of the
        kinds that have the option.
    """

    kind: ClassVar[str]
    columns: tuple[int, ...]
    scaled: bool = False

    def __post_init__(self) -> None:
        # A file has lists in place of tuples.
        object.__setattr__(self, "columns", as_counts(self.columns))
        if not self.columns:
            raise ValueError(f"a group of {self.kind!r} inputs needs at least one column: {self}")
        if min(self.columns) < 0 or len(set(self.columns)) < len(self.columns):
            raise ValueError(f"columns are distinct and not negative, and not {self.columns}")
        if not isinstance(self.scaled, bool | np.bool_):
            raise TypeError(f"scaled is True or False, and not {self.scaled!r}")

    @classmethod
    @abstractmethod
    def examples(cls, columns: tuple[int, ...]) -> Sequence[InputGroup]:
        """Return groups of these columns with every optional part, for the tests of every kind."""

    @property
    def widths(self) -> tuple[int, ...]:
        """Number of outputs of each column; 1 for a kind that has no such property."""
        return (1,) * len(self.columns)

    @property
    def fan_out(self) -> int:
        """Number of outputs of all columns."""
        return sum(self.widths)

    @property
    def n_codes(self) -> tuple[int, ...]:
        """Number of codes of each column; empty if the columns are numbers and not codes."""
        return ()

    @property
    def sizes(self) -> tuple[int, int]:
        """Learned outputs of a column, and its number of frequencies or bins; (1, 0) if none."""
        return 1, 0

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """Declarations of the group's arrays; a kind without any needs no such property."""
        return ()

    @property
    def scales(self) -> tuple[Tensor, ...]:
        """Declaration of the factors of the outputs, 1 at the start; empty without `scaled`."""
        factors = Tensor("scale", (self.fan_out,), Role.INPUTS, (1.0,), "scale")
        return (factors,) if self.scaled else ()

    def draw(self, parts: Parts, random_state: np.random.RandomState) -> None:
        """Write the drawn initial values; a kind that draws none needs no such method."""
        return

    @abstractmethod
    def forward(self, parts: Parts, x: Array) -> Array:
        """Return a."""

    def write_gradient(self, parts: Parts, x: Array, d_a: Array, gradient: Parts) -> None:
        """Write the gradient of every array; a kind without arrays needs no such method."""
        return

    @abstractmethod
    def input_gradient(self, parts: Parts, x: Array, d_a: Array) -> Array:
        """Return dL/dx."""

    def to_json(self) -> dict[str, object]:
        """Return the kind and the fields as plain values."""
        return {"kind": self.kind, **asdict(cast("DataclassInstance", self))}

    def _by_column(self, d_a: Array) -> Array:
        """Return d_a as (n_samples, c, outputs), for a kind whose columns have equal widths."""
        return d_a.reshape(len(d_a), len(self.columns), -1)


def as_counts(numbers: Sequence[int]) -> tuple[int, ...]:
    """Return whole numbers as a tuple of ints; raise TypeError for anything else."""
    return tuple(map(operator.index, numbers))
