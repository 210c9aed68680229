"""Dense block that k networks, the members, share, each with scales and biases of its own.

    forward    u_i = r_i ⊙ a_prev_i,  z_i = s_i ⊙ (u_i W) + b_i,  a_i as in a dense block
    backward   delta_i = dL/dz_i;  d_i = s_i ⊙ delta_i
    gradient   dL/dW = Σ_i u_iᵀ d_i;  dL/ds_i = Σ_samples delta_i ⊙ (u_i W);
               dL/db_i = Σ_samples delta_i;  dL/dr_i = Σ_samples a_prev_i ⊙ (d_i Wᵀ)
    inputs     dL/da_prev_i = r_i ⊙ (d_i Wᵀ), plus dL/da_i through a residual connection

Wen, Tran, Ba 2020, BatchEnsemble; Gorishniy, Kotelnikov, Babenko 2024, TabM. Shapes: a_prev
(n_samples, k fan_in), or (n_samples, fan_in) if the block repeats its input for every member; a
(n_samples, k fan_out); W (fan_in, fan_out); r (k, fan_in), s and b (k, fan_out). Inside, the
members of a sample are rows that follow each other: (n_samples k, fan_in or fan_out).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from lamina.blocks.block import Draw, Tensor
from lamina.blocks.dense import (
    Dense,
    DenseDeltas,
    DenseParameters,
    DensePass,
    biases_through_rows,
    deviations,
)
from lamina.blocks.member_block import MemberBlock
from lamina.blocks.member_rows import (
    draws_of_members,
    members_of,
    rows_of,
)
from lamina.blocks.mode import Mode, Product
from lamina.formulas.table import Array, Matrix

ONES = "ones"
# Initial r of the first block, which makes the members differ.
FIRST_SCALES: Mapping[str, Callable[[np.random.RandomState, tuple[int, ...]], Array]] = {
    "random_signs": lambda random_state, shape: 2.0 * random_state.randint(0, 2, shape) - 1,
    "normal": lambda random_state, shape: random_state.standard_normal(shape),
}


class SharedParameters(NamedTuple):
    """Parameters of a shared dense block, or their gradients.

    Attributes
    ----------
    W : ndarray of shape (fan_in, fan_out)
    b : ndarray of shape (k, fan_out), or (1, fan_out) if the members share it
    r : ndarray of shape (k, fan_in), or (0, fan_in) without scales of the inputs
    s : ndarray of shape (k, fan_out), or (0, fan_out) without scales of the outputs
    unit_parameters : ndarray of shape (n, fan_out)
        Those of a dense block, which the members share.
    """

    W: Array
    b: Array
    r: Array
    s: Array
    unit_parameters: Array

    @property
    def dense(self) -> DenseParameters:
        """Parameters that the formulas of a dense block read; there are no statistics."""
        return DenseParameters(self.W, self.b, self.unit_parameters, self.unit_parameters[:0])


class SharedPass(NamedTuple):
    """Values of a forward pass that the backward pass needs.

    Attributes
    ----------
    a_prev : ndarray or csr matrix
    a : ndarray
    parameters : SharedParameters
    rows : ndarray of shape (n_samples k, fan_in)
        a_prev, member by member.
    u : ndarray of shape (n_samples k, fan_in)
    product : ndarray of shape (n_samples k, fan_out)
        u W, times the factor of NTK parametrisation.
    dense : DensePass
        Values from z on.
    """

    a_prev: Matrix
    a: Array
    parameters: SharedParameters
    rows: Array
    u: Array
    product: Array
    dense: DensePass


class SharedDeltas(NamedTuple):
    """Gradients of a dense block at (n_samples k) rows, d = dL/d(u W), and the rows of a_prev."""

    dense: DenseDeltas
    d: Array
    n_rows: int


@dataclass(frozen=True)
class SharedDense(MemberBlock[SharedParameters, SharedPass, SharedDeltas]):
    """Dense block that k members share.

    Attributes
    ----------
    dense : Dense
        Block of one member, with its name, sizes, activation and options.
    n_members : int
        k.
    repeats : bool
        If True, a_prev has fan_in columns, which every member receives; of the first such block.
    scales_inputs, scales_outputs : bool
        Whether the block has r, and s.
    own_biases : bool
        Whether each member has its own b.
    first : {'ones', 'random_signs', 'normal'}
        Initial r.
    """

    kind: ClassVar[str] = "shared_dense"
    Parameters: ClassVar[type[SharedParameters]] = SharedParameters

    scales_inputs: bool = True
    scales_outputs: bool = True
    own_biases: bool = True
    first: str = ONES

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.first not in (ONES, *FIRST_SCALES):
            raise ValueError(f"block {self.name!r} has no initial scales {self.first!r}")
        if self.repeats and self.dense.residual:
            raise ValueError(f"block {self.name!r} cannot add an input that it repeats")

    def __hash__(self) -> int:
        return hash((self.dense, self.n_members))

    @classmethod
    def examples(cls) -> tuple[SharedDense, ...]:
        options = Dense("members", 4, 4, "silu", "layer", residual=True, dropout=0.3)
        return (
            cls(Dense("first", 4, 3, "tanh"), 3, repeats=True, first="random_signs"),
            cls(Dense("normal", 4, 3, "prelu"), 2, repeats=True, first="normal"),
            cls(options, 3),
            cls(Dense("ntk", 4, 3, "tanh", ntk=True), 3),
            cls(Dense("mini", 4, 3, "tanh"), 3, True, True, False, False, "random_signs"),
            cls(Dense("shared alone", 3, 4, "relu"), 2, False, False, False, False),
        )

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        k = self.n_members
        shapes = {
            "b": (k if self.own_biases else 1, self.fan_out),
            "r": (k if self.scales_inputs else 0, self.fan_in),
            "s": (k if self.scales_outputs else 0, self.fan_out),
        }
        W, b, units, _ = self.dense.tensors
        scales = units._replace(rate_group="scale")
        r = scales._replace(name="r", shape=shapes["r"], initial=self._initial(shapes["r"]))
        s = scales._replace(name="s", shape=shapes["s"], initial=(1.0,) * shapes["s"][0])
        return W, b._replace(shape=shapes["b"]), r, s, units

    def _initial(self, shape: tuple[int, ...]) -> tuple[float, ...] | None:
        return (1.0,) * shape[0] if self.first == ONES else None

    def draw(self, parameters: SharedParameters, draw: Draw) -> None:
        """Draw W, one b for all members, and r."""
        self.dense.draw(parameters.dense, draw)
        if self.first != ONES:
            parameters.r[...] = FIRST_SCALES[self.first](draw.random_state, parameters.r.shape)

    def fit_to_rows(
        self, parameters: SharedParameters, a_prev: Matrix, random_state: np.random.RandomState
    ) -> None:
        """Fit W, s and b so that the units of every member have z of standard deviation 1.

        W is divided by the root mean square of the members' deviations, and s makes up for the
        rest; without s only the mean of the members' variances is 1. A bias is that of `Dense`,
        for each member or, if they share it, through rows of all of them.
        """
        k, rows = self.n_members, self.rows_of_input(a_prev, Mode())
        product = self.dense.scaled(self._times(rows, parameters.r) @ parameters.W)
        by_member = product.reshape(-1, k, self.fan_out)
        of_members = deviations(by_member)
        common = np.sqrt((of_members**2).mean(axis=0))
        parameters.W[...] /= common
        z = by_member / common
        if self.scales_outputs:
            parameters.s[...] = common / of_members
            z = z * parameters.s
        parts = z.transpose(1, 0, 2) if self.own_biases else [z.reshape(-1, self.fan_out)]
        for b, part in zip(parameters.b, parts, strict=True):
            b[...] = biases_through_rows(part, random_state)

    def forward(
        self, parameters: SharedParameters, a_prev: Matrix, mode: Mode, stream: int
    ) -> SharedPass:
        rows = self.rows_of_input(a_prev, mode)
        u = self._times(rows, parameters.r)
        product = self.dense.scaled(mode.product(u, parameters.W))
        z = self._times(product, parameters.s) + self._of_rows(parameters.b, product)
        mode = mode._replace(draws=draws_of_members(mode.draws, self.n_members, mode.own_rows))
        dense = self.dense.activate(parameters.dense, rows, z, mode, stream)
        a = members_of(dense.a, self.n_members)
        return SharedPass(a_prev, a, parameters, rows, u, product, dense)

    def backward(
        self, parameters: SharedParameters, passed: SharedPass, d_a: Array
    ) -> SharedDeltas:
        dense = self.dense.backward(parameters.dense, passed.dense, rows_of(d_a, self.n_members))
        d = self.dense.scaled(self._times(dense.delta, parameters.s))
        return SharedDeltas(dense, d, passed.a_prev.shape[0])

    def write_gradient(
        self, passed: SharedPass, deltas: SharedDeltas, gradient: SharedParameters, product: Product
    ) -> None:
        k, delta = self.n_members, deltas.dense.delta
        gradient.W[...] = product(passed.u.T, deltas.d)
        b = delta.reshape(-1, k, self.fan_out).sum(axis=0)
        gradient.b[...] = b if self.own_biases else b.sum(axis=0)
        if self.scales_inputs:
            d_u = product(deltas.d, passed.parameters.W.T)
            gradient.r[...] = (passed.rows * d_u).reshape(-1, k, self.fan_in).sum(axis=0)
        if self.scales_outputs:
            gradient.s[...] = (delta * passed.product).reshape(-1, k, self.fan_out).sum(axis=0)
        self.dense.write_unit_gradient(passed.dense, deltas.dense, gradient.dense)

    def input_gradient(
        self, parameters: SharedParameters, deltas: SharedDeltas, product: Product
    ) -> Array:
        d_rows = self._times(product(deltas.d, parameters.W.T), parameters.r)
        if self.dense.residual:
            d_rows = d_rows + deltas.dense.d_a
        return self.of_input(d_rows, deltas.n_rows)

    def is_finite(self, parameters: SharedParameters, passed: SharedPass) -> bool:
        # A bounded activation of an infinite z is finite.
        return all(bool(np.isfinite(part).all()) for part in (passed.dense.affine, *parameters))

    def member(self, parameters: SharedParameters, index: int) -> tuple[Dense, DenseParameters]:
        """Return a member as a plain block: r and s multiply the rows and columns of W."""
        W, (b,) = parameters.W, parameters.b[index if self.own_biases else 0][np.newaxis]
        if self.scales_inputs:
            W = parameters.r[index][:, np.newaxis] * W
        if self.scales_outputs:
            W = W * parameters.s[index]
        return self.dense, parameters.dense._replace(W=W, b=b)

    def keep(self, members: list[int], parameters: SharedParameters) -> dict[str, Any]:
        """Return the tensors of some members by name."""
        by_member = {"b": self.own_biases, "r": self.scales_inputs, "s": self.scales_outputs}
        return {
            name: part[members] if by_member.get(name) else part
            for name, part in parameters._asdict().items()
        }

    def _times(self, rows: Array, scales: Array) -> Array:
        return rows * self._of_rows(scales, rows) if len(scales) else rows

    def _of_rows(self, of_members: Array, rows: Array) -> Array:
        """Return the numbers of each row's member."""
        if len(of_members) == 1:
            return of_members
        return np.tile(of_members, (len(rows) // self.n_members, 1))
