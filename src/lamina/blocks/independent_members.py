"""Whole networks beside each other, the members, as one block: each with parameters of its own.

    a_i = a of the last block of member i,  a = [a_1, …, a_k]

Shapes: a_prev (n_samples, fan_in), which every member receives; a (n_samples, k fan_out), one
member after another; every tensor of the members' blocks has one more axis, the first, of length k.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import numpy as np

from lamina.blocks.block import AnyBlock, Block, BlockPass, Draw, Tensor, TensorTuple
from lamina.blocks.dense import Dense
from lamina.blocks.input_stage import InputStage
from lamina.blocks.mode import Mode, Product
from lamina.formulas.table import Array, Matrix

# Kinds of the members' blocks.
INNER: Mapping[str, type[AnyBlock]] = {Dense.kind: Dense, InputStage.kind: InputStage}


class IndependentParameters(TensorTuple):
    """Arrays of the members' blocks, in the order of their tensors."""

    __slots__ = ()


class IndependentPass(NamedTuple):
    """Values of a forward pass: input, output, parameters, and the passes of each member."""

    a_prev: Matrix
    a: Array
    parameters: IndependentParameters
    members: list[list[BlockPass]]


def member_seed(seed: int, member: int) -> int:
    """Return the seed of a member's dropout and noise; never zero, which means no seed.

    Examples
    --------
    >>> member_seed(5, 0), member_seed(5, 1) != member_seed(5, 2)
    (5, True)
    """
    return (seed + member * 0x9E3779B97F4A7C15) % 2**64 or 1


@dataclass(frozen=True)
class IndependentMembers(Block[IndependentParameters, IndependentPass, list[list[Any]]]):
    """Networks of the same blocks, each with its own parameters.

    Attributes
    ----------
    name : str
    blocks : tuple of Block
        Blocks of one member, dense ones after an optional input stage.
    n_members : int
        k.
    fan_in, fan_out : int
        Number of inputs and outputs of one member.
    """

    kind: ClassVar[str] = "independent_members"
    Parameters: ClassVar[type[IndependentParameters]] = IndependentParameters

    name: str
    blocks: tuple[AnyBlock, ...]
    n_members: int
    fan_in: int = field(init=False)
    fan_out: int = field(init=False)

    def __post_init__(self) -> None:
        # A file has dicts in place of blocks.
        blocks = tuple(each if isinstance(each, Block) else _read(each) for each in self.blocks)
        object.__setattr__(self, "blocks", blocks)
        if self.n_members < 2 or not blocks or any(each.n_members > 1 for each in blocks):
            raise ValueError(f"block {self.name!r} needs two members or more, of plain blocks")
        object.__setattr__(self, "fan_in", blocks[0].fan_in)
        object.__setattr__(self, "fan_out", blocks[-1].fan_out)

    def __hash__(self) -> int:
        return hash((self.blocks, self.n_members))

    @classmethod
    def examples(cls) -> tuple[IndependentMembers, ...]:
        hidden = Dense("hidden_1", 3, 4, "tanh", "layer", dropout=0.3)
        deep = (hidden, Dense("hidden_2", 4, 4, "prelu", residual=True))
        batch = Dense("hidden_1", 3, 4, "silu", "batch")
        output = Dense("output", 4, 2, "identity")
        return (
            cls("members", (*deep, output), 3),
            cls("normalized members", (batch, output), 2),
            cls("linear members", (Dense("output", 3, 2, "identity"),), 2),
        )

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset((self.kind,)).union(*(block.kinds for block in self.blocks))

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        return tuple(
            self._of_members(f"{block.name}_{tensor.name}", tensor)
            for block in self.blocks
            for tensor in block.tensors
        )

    def _of_members(self, name: str, tensor: Tensor) -> Tensor:
        groups = tensor.rate_group
        return tensor._replace(
            name=name,
            shape=(self.n_members, *tensor.shape),
            # `draw` writes them, because those of rows do not begin with the axis of the members.
            initial=None,
            rate_group=groups if isinstance(groups, str) else groups * self.n_members,
        )

    def to_json(self) -> dict[str, object]:
        blocks = [block.to_json() for block in self.blocks]
        return {
            "kind": self.kind,
            "name": self.name,
            "blocks": blocks,
            "n_members": self.n_members,
        }

    def of_member(self, parameters: IndependentParameters, member: int) -> list[Any]:
        """Return the parameters of each block of a member."""
        parts = iter(part[member] for part in parameters)
        return [block.Parameters(*(next(parts) for _ in block.tensors)) for block in self.blocks]

    def draw(self, parameters: IndependentParameters, draw: Draw) -> None:
        for member in range(self.n_members):
            for block, parts in zip(self.blocks, self.of_member(parameters, member), strict=True):
                block.draw(parts, draw)
                for tensor, part in zip(block.tensors, parts, strict=True):
                    if tensor.initial is not None:
                        part[...] = np.reshape(tensor.initial, (-1, *(1,) * (part.ndim - 1)))

    def require_inputs(self, X: Matrix) -> None:
        self.blocks[0].require_inputs(X)

    def forward(
        self, parameters: IndependentParameters, a_prev: Matrix, mode: Mode, stream: int
    ) -> IndependentPass:
        members = []
        for member in range(self.n_members):
            passes: list[BlockPass] = []
            a, its_mode = a_prev, self._mode_of(mode, member)
            walk = zip(self.blocks, self.of_member(parameters, member), strict=True)
            for i, (block, parts) in enumerate(walk, start=1):
                passes.append(block.forward(parts, a, its_mode, i))
                a = passes[-1].a
            members.append(passes)
        a = np.hstack([passes[-1].a for passes in members])
        return IndependentPass(a_prev, a, parameters, members)

    def _mode_of(self, mode: Mode, member: int) -> Mode:
        draws = mode.draws
        if draws is None:
            return mode
        return mode._replace(draws=draws._replace(seed=member_seed(draws.seed, member)))

    def backward(
        self, parameters: IndependentParameters, passed: IndependentPass, d_a: Array
    ) -> list[list[Any]]:
        return [
            self._deltas(self.of_member(parameters, member), passed.members[member], part)
            for member, part in enumerate(np.split(d_a, self.n_members, axis=1))
        ]

    def _deltas(self, parameters: list[Any], passes: list[BlockPass], d_a: Array) -> list[Any]:
        """Return the deltas of each block of a member."""
        deltas: list[Any] = []
        for i in reversed(range(len(self.blocks))):
            block = self.blocks[i]
            deltas.insert(0, block.backward(parameters[i], passes[i], d_a))
            if i > 0:
                d_a = block.input_gradient(parameters[i], deltas[0], operator.matmul)
        return deltas

    def write_gradient(
        self,
        passed: IndependentPass,
        deltas: list[list[Any]],
        gradient: IndependentParameters,
        product: Product,
    ) -> None:
        for member, (passes, its) in enumerate(zip(passed.members, deltas, strict=True)):
            into = self.of_member(gradient, member)
            for block, its_pass, its_deltas, its_part in zip(
                self.blocks, passes, its, into, strict=True
            ):
                block.write_gradient(its_pass, its_deltas, its_part, product)

    def input_gradient(
        self, parameters: IndependentParameters, deltas: list[list[Any]], product: Product
    ) -> Array:
        first = self.blocks[0]
        of_members = [
            first.input_gradient(self.of_member(parameters, member)[0], its[0], product)
            for member, its in enumerate(deltas)
        ]
        return sum(of_members[1:], of_members[0])

    def move_statistics(self, parameters: IndependentParameters, passed: IndependentPass) -> None:
        for block, parts, its_pass in self._walk(parameters, passed):
            block.move_statistics(parts, its_pass)

    def is_finite(self, parameters: IndependentParameters, passed: IndependentPass) -> bool:
        return all(
            block.is_finite(parts, its_pass)
            for block, parts, its_pass in self._walk(parameters, passed)
        )

    def _walk(
        self, parameters: IndependentParameters, passed: IndependentPass
    ) -> Iterator[tuple[AnyBlock, Any, BlockPass]]:
        for member, passes in enumerate(passed.members):
            yield from zip(self.blocks, self.of_member(parameters, member), passes, strict=True)

    @property
    def draws(self) -> bool:
        return any(block.draws for block in self.blocks)

    def remarks(self, *, training: bool = True) -> tuple[str, ...]:
        widths = " × ".join(str(block.fan_out) for block in self.blocks[:-1])
        return (f"{self.n_members} independent members", *((widths,) if widths else ()))


def _read(plain: Any) -> AnyBlock:
    fields = dict(plain)
    return INNER[fields.pop("kind")](**fields)
