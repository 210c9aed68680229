"""Protocol of blocks: the tensors that a kind of block declares, and its passes.

Shapes: a_prev (n_samples, width_in), mostly (n_samples, fan_in); a and d_a = dL/da (n_samples,
width_out), mostly (n_samples, fan_out). Until the gradient is complete, d_a is the gradient of the
sum over the samples.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict
from enum import Enum
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Generic,
    NamedTuple,
    Protocol,
    Self,
    TypeAlias,
    TypeVar,
    cast,
)

import numpy as np

from lamina.blocks.mode import Mode, Product
from lamina.errors import UnsupportedBlockError
from lamina.formulas.activation import ActivationName
from lamina.formulas.table import Array, Matrix

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class Role(Enum):
    """Role of a tensor; the flat vector of a network is ordered by role, in this order.

    A penalty acts on weights alone, which are a prefix, and the weight decay on weights and on the
    parameters of inputs; an optimizer changes all but the statistics, which are a suffix.
    """

    WEIGHTS = "weights"
    BIASES = "biases"
    UNIT_PARAMETERS = "unit_parameters"
    INPUTS = "input_parameters"
    STATISTICS = "statistics"


class Tensor(NamedTuple):
    """Declaration of an array of a block's parameters.

    Attributes
    ----------
    name : str
        Field of the kind's `Parameters`.
    shape : tuple of int
        May be empty of elements, if the block has no such parameters.
    role : Role
    initial : tuple of float, or None
        Initial value of each row, or of all if it has one element; None if `Block.draw` draws it.
    rate_group : str or tuple of str
        Name in RATE_GROUPS, or one for each row: `rate_factors` has a factor of the learning rate
        for each group.
    rate_factor : float
        Further factor of the learning rate.
    decay_factor : float
        Factor of the weight decay; read for weights and for parameters of inputs.
    """

    name: str
    shape: tuple[int, ...]
    role: Role
    initial: tuple[float, ...] | None = None
    rate_group: str | tuple[str, ...] = "weight"
    rate_factor: float = 1.0
    decay_factor: float = 1.0


class TensorTuple(tuple[Array, ...]):
    """Arrays of a block whose kind does not know their number, in the order of `tensors`."""

    __slots__ = ()

    def __new__(cls, *parts: Array) -> Self:
        return super().__new__(cls, parts)


class BlockPass(Protocol):
    """Values of a block's forward pass: its input, its output, and those that its kind adds."""

    @property
    def a_prev(self) -> Matrix:
        """Input, an array or a csr matrix."""
        ...

    @property
    def a(self) -> Array:
        """Output."""
        ...


class Draw(Protocol):
    """Source of drawn initial values: a formula in INITIALIZERS, and the generator it draws from.

    Attributes
    ----------
    random_state : RandomState
        For values that another formula draws.
    """

    @property
    def random_state(self) -> np.random.RandomState: ...

    def __call__(self, fan_in: int, fan_out: int) -> tuple[Array, Array]:
        """Return W (fan_in, fan_out) and b (fan_out,), drawn by the formula."""
        ...


P = TypeVar("P", bound=tuple[Array, ...])
F = TypeVar("F", bound=BlockPass)
D = TypeVar("D")


class Block(ABC, Generic[P, F, D]):
    """One layer of a network: a frozen dataclass with the formulas of its kind.

    Attributes
    ----------
    kind : str
        Name of the kind in BLOCKS, and in files.
    Parameters : type
        Named tuple of the block's arrays, with the names and the order of `tensors`.
    name : str
        Name in messages: 'hidden_1', 'hidden_2', …, 'output'.
    fan_in, fan_out : int
        Number of inputs and outputs.
    n_members : int
        Number of networks that share the block; a has fan_out columns for each of them.
    """

    kind: ClassVar[str]
    Parameters: ClassVar[type[Any]]
    name: str
    fan_in: int
    fan_out: int
    n_members: int = 1

    @classmethod
    @abstractmethod
    def examples(cls) -> Sequence[AnyBlock]:
        """Return small blocks with every optional part, which the tests of every kind use."""

    @property
    @abstractmethod
    def tensors(self) -> tuple[Tensor, ...]:
        """Declarations of the block's arrays."""

    @abstractmethod
    def forward(self, parameters: P, a_prev: Matrix, mode: Mode, stream: int) -> F:
        """Return a and the values that the backward pass needs; `stream` numbers the draws."""

    @abstractmethod
    def backward(self, parameters: P, passed: F, d_a: Array) -> D:
        """Return the gradients at the block's intermediate values, from dL/da."""

    @abstractmethod
    def write_gradient(self, passed: F, deltas: D, gradient: P, product: Product) -> None:
        """Write the gradient of every parameter into the arrays of `gradient`."""

    @abstractmethod
    def input_gradient(self, parameters: P, deltas: D, product: Product) -> Array:
        """Return dL/da_prev."""

    @property
    def width_in(self) -> int:
        """Number of columns of a_prev."""
        return self.fan_in

    @property
    def width_out(self) -> int:
        """Number of columns of a: fan_out of every member, one member after another."""
        return self.n_members * self.fan_out

    def draw(self, parameters: P, draw: Draw) -> None:
        """Write the drawn initial values; a kind that draws none needs no such method."""

    def require_inputs(self, X: Matrix) -> None:
        """Check the samples of a network that begins with this block, if its kind needs it."""

    def fit_to_rows(
        self, parameters: P, a_prev: Matrix, random_state: np.random.RandomState
    ) -> None:
        """Fit drawn weights and biases to a sample, in place, if the kind has any.

        Raises
        ------
        UnsupportedBlockError
            If the kind has weights, but no such fit.
        """
        if any(each.role is Role.WEIGHTS for each in self.tensors):
            raise UnsupportedBlockError(
                f"initializer='data' does not support blocks of kind {self.kind!r}, and block "
                f"{self.name!r} is one: choose another initializer"
            )

    def move_statistics(self, parameters: P, passed: F) -> None:
        """Update the running statistics by a batch, in place, if the kind has any."""

    def is_finite(self, parameters: P, passed: F) -> bool:
        """Return True if the parameters and the values of a pass are finite."""
        return all(bool(np.isfinite(part).all()) for part in (passed.a, *parameters))

    @property
    def kinds(self) -> frozenset[str]:
        """Names of the kinds that an engine needs for the block."""
        return frozenset((self.kind,))

    @property
    def draws(self) -> bool:
        """True if a training step draws random numbers for this block."""
        return False

    @property
    def output_function(self) -> ActivationName:
        """Activation that ends the block."""
        return "identity"

    def remarks(self, *, training: bool = True) -> tuple[str, ...]:
        """Return short texts about optional parts; those of training alone only if asked for."""
        return ()

    @property
    def n_trained(self) -> int:
        """Number of parameters that an optimizer changes."""
        shapes = (each.shape for each in self.tensors if each.role is not Role.STATISTICS)
        return sum(int(np.prod(shape)) for shape in shapes)

    def to_json(self) -> dict[str, object]:
        """Return the kind and the fields as plain values."""
        return {"kind": self.kind, **asdict(cast("DataclassInstance", self))}


AnyBlock: TypeAlias = Block[Any, Any, Any]
