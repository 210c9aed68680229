"""Input stage: the first block, which turns the columns of X into a_0, group by group.

Shapes: X = a_prev (n_samples, fan_in); a and d_a (n_samples, fan_out), the outputs of the groups
side by side, in the order of the groups.

    forward    a = [a of the first group, a of the second, …], each from its columns of X
    gradient   of each group from its part of dL/da
    inputs     dL/dX column by column; zero for codes of categories

The outputs u of a scaled group have a learned factor each (RealMLP: Holzmüller, Grinsztajn and
Steinwart 2024, arXiv:2407.04491):

    forward    a = scale u
    gradient   dL/dscale = Σ_samples dL/da u,  dL/du = dL/da scale
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import ClassVar, NamedTuple, cast

import numpy as np

from lamina.blocks.block import Block, Draw, Tensor, TensorTuple
from lamina.blocks.inputs import INPUT_KINDS, InputGroup, group_from_json
from lamina.blocks.mode import Mode, Product
from lamina.errors import UnsupportedBlockError
from lamina.formulas.table import Array, Matrix


class StageParameters(TensorTuple):
    """Arrays of the groups, in the order of the stage's tensors."""

    __slots__ = ()


class StagePass(NamedTuple):
    """Values of a stage's forward pass: its samples, and a."""

    a_prev: Array
    a: Array


class StageDeltas(NamedTuple):
    """Gradient dL/da, with the parameters that the gradients of the groups need."""

    d_a: Array
    parameters: StageParameters
    a_prev: Array


@dataclass(frozen=True)
class InputStage(Block[StageParameters, StagePass, StageDeltas]):
    """First block of a network: groups of columns, each with one kind of inputs.

    Attributes
    ----------
    name : str
        'inputs'.
    fan_in : int
        Number of columns of X.
    groups : tuple of InputGroup
        Each column of X belongs to exactly one of them.
    fan_out : int
        Number of outputs of all groups.

    Examples
    --------
    >>> from lamina.blocks.inputs import IdentityInputs, ScaledInputs
    >>> stage = InputStage("inputs", 3, (ScaledInputs((0, 2)), IdentityInputs((1,))))
    >>> stage.fan_out, [tensor.shape for tensor in stage.tensors]
    (3, [(2,)])
    """

    kind: ClassVar[str] = "input_stage"
    Parameters: ClassVar[type[StageParameters]] = StageParameters

    name: str
    fan_in: int
    groups: tuple[InputGroup, ...]
    fan_out: int = field(init=False)

    def __post_init__(self) -> None:
        # A file has a dict in place of a group.
        groups = tuple(
            each if isinstance(each, InputGroup) else group_from_json(each) for each in self.groups
        )
        object.__setattr__(self, "groups", groups)
        object.__setattr__(self, "fan_out", sum(group.fan_out for group in groups))
        columns = [column for group in groups for column in group.columns]
        if len(columns) != self.fan_in or sorted(columns) != list(range(self.fan_in)):
            raise ValueError(
                f"every one of the {self.fan_in} columns of X belongs to exactly one group of "
                f"block {self.name!r}, and the groups have the columns {columns}"
            )

    def __hash__(self) -> int:
        # Hashing every column is slow for predicting one sample; these fields nearly always differ.
        return hash((self.fan_in, self.fan_out, len(self.groups)))

    @classmethod
    def examples(cls) -> tuple[InputStage, ...]:
        each = [
            cls(f"{kind} inputs {i + 1}", 2, (group,))
            for kind in INPUT_KINDS
            for i, group in enumerate(INPUT_KINDS[kind].group.examples((1, 0)))
        ]
        pairs = [(2 * i, 2 * i + 1) for i in range(len(INPUT_KINDS))]
        all_kinds = [
            [
                INPUT_KINDS[kind].group.examples(columns)[place]
                for kind, columns in zip(INPUT_KINDS, reversed(pairs), strict=True)
            ]
            for place in (0, -1)
        ]
        together = zip(("all inputs", "all scaled inputs"), all_kinds, strict=True)
        return (*each, *(cls(name, 2 * len(pairs), tuple(groups)) for name, groups in together))

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset((self.kind, *(group.kind for group in self.groups)))

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """Declarations of the groups' arrays, with the place of the group in their names."""
        return tuple(
            tensor._replace(name=f"{group.kind}_{i}_{tensor.name}")
            for i, group in enumerate(self.groups)
            for tensor in (*group.tensors, *group.scales)
        )

    def output_names(self, names: Sequence[str]) -> list[str]:
        """Return a name for each output, from the names of the columns of X.

        Outputs of a column that has several are numbered from 1: "age 1", "age 2", …
        """
        return [
            names[column] if width == 1 else f"{names[column]} {i + 1}"
            for group in self.groups
            for column, width in zip(group.columns, group.widths, strict=True)
            for i in range(width)
        ]

    def to_json(self) -> dict[str, object]:
        groups = [group.to_json() for group in self.groups]
        return {"kind": self.kind, "name": self.name, "fan_in": self.fan_in, "groups": groups}

    def parts_of_groups(self, parameters: Sequence[Array]) -> list[Sequence[Array]]:
        """Return the arrays of each group, without the factors of its outputs."""
        return [parts[: len(group.tensors)] for group, parts in self._arrays(parameters)]

    def scales_of_groups(self, parameters: Sequence[Array]) -> list[Array | None]:
        """Return the factors of each group's outputs; None for a group that has none."""
        return [parts[-1] if group.scaled else None for group, parts in self._arrays(parameters)]

    def _arrays(self, parameters: Sequence[Array]) -> Iterator[tuple[InputGroup, Sequence[Array]]]:
        sizes = (len(group.tensors) + len(group.scales) for group in self.groups)
        for group, (start, end) in zip(
            self.groups, pairwise(accumulate(sizes, initial=0)), strict=True
        ):
            yield group, parameters[start:end]

    def draw(self, parameters: StageParameters, draw: Draw) -> None:
        for group, parts in zip(self.groups, self.parts_of_groups(parameters), strict=True):
            group.draw(parts, draw.random_state)

    def require_inputs(self, X: Matrix) -> None:
        """Check that X is dense, and that columns of codes have codes below their number.

        Raises
        ------
        UnsupportedBlockError
            For a sparse X.
        ValueError
            For a number that is no code of its column.
        """
        if not isinstance(X, np.ndarray):
            raise UnsupportedBlockError(
                f"X is sparse, and block {self.name!r} of kind {self.kind!r} needs dense samples: "
                "pass X.toarray(), or leave out inputs="
            )
        for group in self.groups:
            for column, n_codes in zip(group.columns, group.n_codes, strict=False):
                _require_codes(X[:, column], column, n_codes)

    def forward(
        self, parameters: StageParameters, a_prev: Matrix, mode: Mode, stream: int
    ) -> StagePass:
        X = cast(Array, a_prev)
        a = np.empty_like(X, shape=(len(X), self.fan_out))
        for group, parts, scale, place in self._walk(parameters):
            a[:, place] = group.forward(parts, X[:, group.columns])
            if scale is not None:
                a[:, place] *= scale
        return StagePass(X, a)

    def backward(self, parameters: StageParameters, passed: StagePass, d_a: Array) -> StageDeltas:
        return StageDeltas(d_a, parameters, passed.a_prev)

    def write_gradient(
        self, passed: StagePass, deltas: StageDeltas, gradient: StageParameters, product: Product
    ) -> None:
        walk = zip(self._walk(deltas.parameters), self._walk(gradient), strict=True)
        for (group, parts, scale, place), (_, d_parts, d_scale, _) in walk:
            x, d_u = passed.a_prev[:, group.columns], deltas.d_a[:, place]
            if scale is not None and d_scale is not None:
                d_scale[...] = (d_u * group.forward(parts, x)).sum(axis=0)
                d_u = d_u * scale
            group.write_gradient(parts, x, d_u, d_parts)

    def input_gradient(
        self, parameters: StageParameters, deltas: StageDeltas, product: Product
    ) -> Array:
        d_x = np.empty_like(deltas.a_prev)
        for group, parts, scale, place in self._walk(parameters):
            x, d_u = deltas.a_prev[:, group.columns], deltas.d_a[:, place]
            d_u = d_u if scale is None else d_u * scale
            d_x[:, group.columns] = group.input_gradient(parts, x, d_u)
        return d_x

    def remarks(self, *, training: bool = True) -> tuple[str, ...]:
        return tuple(
            f"{'scaled ' * group.scaled}{group.kind} {len(group.columns)}" for group in self.groups
        )

    def _walk(
        self, parameters: StageParameters
    ) -> Iterator[tuple[InputGroup, Sequence[Array], Array | None, slice]]:
        """Yield each group with its arrays, its factors, and the place of its outputs in a."""
        start = 0
        parts_of_groups = self.parts_of_groups(parameters)
        scales = self.scales_of_groups(parameters)
        for group, parts, scale in zip(self.groups, parts_of_groups, scales, strict=True):
            yield group, parts, scale, slice(start, start + group.fan_out)
            start += group.fan_out


def _require_codes(x: Array, column: int, n_codes: int) -> None:
    # Written so that NaN, which compares as false, is refused as well.
    is_code = (x >= 0) & (x < n_codes) & (np.floor(x) == x)
    if not is_code.all():
        row = int(np.argmin(is_code))
        raise ValueError(
            f"X[{row}, {column}] is {x[row]:g}, which is no code of column {column}: its codes are "
            f"the whole numbers from 1 to {n_codes - 1}, and 0 for missing and unknown categories."
        )
