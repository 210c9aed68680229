"""Fully connected block, with its optional parts: normalization, dropout, residual connection.

Shapes: a_prev (n_samples, fan_in); z, ẑ, z', f, a, delta (n_samples, fan_out); W (fan_in, fan_out);
b (fan_out,); unit parameters and statistics one kind a row, (n, fan_out).

    forward    z = a_prev W + b,  z' = scale ẑ + shift,  a = kept f(z') + a_prev
    backward   dL/dz' = kept f'(z') dL/da;  delta = dL/dz by the normalization
    gradient   dL/dW = a_prevᵀ delta;  dL/db = Σ_samples delta;
               dL/dscale = Σ_samples dL/dz' ẑ;  dL/dshift = Σ_samples dL/dz'
    inputs     dL/da_prev = delta Wᵀ + dL/da

Parts that a block lacks (a normalization, dropout, a residual connection) are left out of all; z'
is then z. In NTK parametrisation, both products with W and dL/dW are divided by √fan_in.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, cast

import numpy as np

from lamina.blocks.block import AnyBlock, Block, Draw, Role, Tensor
from lamina.blocks.mode import Mode, Product
from lamina.errors import UnsupportedBlockError
from lamina.formulas import ACTIVATIONS, NORMALIZATIONS, Activation, Normalization
from lamina.formulas.activation import ActivationName, UnitParameter
from lamina.formulas.blending import blended
from lamina.formulas.noise import Draws, dropout_factors
from lamina.formulas.normalizations import (
    Moments,
    RunningStatistic,
    move_running_statistics,
    running_moments,
)
from lamina.formulas.table import Array, Matrix

# A standard deviation below this fraction of the largest |z| is a rounding error.
CONSTANT = 1e-12
ROWS_OF_A_BIAS = 5


class DenseParameters(NamedTuple):
    """Parameters of a dense block, or their gradients."""

    W: Array
    b: Array
    unit_parameters: Array
    statistics: Array


class DensePass(NamedTuple):
    """Values of a dense block's forward pass that the backward pass needs.

    Attributes
    ----------
    a_prev : ndarray or csr matrix
    affine : ndarray
        z, before the normalization.
    z : ndarray
        z', the input of the activation.
    f : ndarray
        Value of the activation.
    a : ndarray
    normalized, moments : ndarray and Moments, or None without a normalization
        ẑ and the moments used for it.
    kept : ndarray or None
        Factors of dropout.
    units : ndarray of shape (n, fan_out)
        Learned parameters of the activation.
    """

    a_prev: Matrix
    affine: Array
    z: Array
    f: Array
    a: Array
    normalized: Array | None
    moments: Moments | None
    kept: Array | None
    units: Array


class DenseDeltas(NamedTuple):
    """Gradients at the values of a dense block: dL/da, dL/df, dL/dz', and delta = dL/dz."""

    d_a: Array
    d_f: Array
    d_z: Array
    delta: Array


@dataclass(frozen=True)
class Dense(Block[DenseParameters, DensePass, DenseDeltas]):
    """Fully connected block: z = a_prev W + b, z' its normalization, a = f(z').

    Attributes
    ----------
    name : str
        Name in messages: 'hidden_1', 'hidden_2', …, 'output'.
    fan_in, fan_out : int
        Number of inputs and outputs.
    activation : str or ActivationChoice
        Name of f, or a name with values of its hyperparameters. The output block has 'identity' by
        default, and is followed by the inverse link.
    normalization : str or None
        Name in NORMALIZATIONS.
    residual : bool
        If True, a_prev, of the same width, is added to a.
    dropout : float
        Fraction of a that each training step sets to zero, before a_prev is added.
    ntk : bool
        If True, z = a_prev W / √fan_in + b (Jacot, Gabriel, Hongler 2018, Neural tangent kernel:
        convergence and generalization in neural networks). W starts at N(0, 1), and b at 0.
    blend : bool
        If True, f is blended with the identity, by a θ that each unit learns; see `function`.
    """

    kind: ClassVar[str] = "dense"
    Parameters: ClassVar[type[DenseParameters]] = DenseParameters

    name: str
    fan_in: int
    fan_out: int
    activation: ActivationName
    normalization: str | None = None
    residual: bool = False
    dropout: float = 0.0
    ntk: bool = False
    blend: bool = False

    def __post_init__(self) -> None:
        # A file has a dict of name and values in place of a choice.
        object.__setattr__(self, "activation", ACTIVATIONS.from_json(self.activation))
        ACTIVATIONS[self.activation]
        if self.normalization is not None:
            NORMALIZATIONS[self.normalization]
        if self.fan_in < 1 or self.fan_out < 1:
            raise ValueError(f"block {self.name!r} needs at least one input and one output: {self}")
        if self.residual and self.fan_in != self.fan_out:
            raise ValueError(f"block {self.name!r} adds its inputs, but has another width: {self}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"block {self.name!r} cannot drop a fraction of {self.dropout}")

    def __hash__(self) -> int:
        # Hashing every field is slow for predicting one sample; these fields nearly always differ.
        return hash((self.fan_in, self.fan_out, self.activation))

    def to_json(self) -> dict[str, object]:
        plain, f = super().to_json(), self.activation
        return plain | {"activation": f if isinstance(f, str) else f.to_json()}

    @property
    def learned(self) -> tuple[UnitParameter, ...]:
        """Learned parameters of each unit besides weights and bias; the normalization's first."""
        of_normalization = () if self.normalization is None else self._normalization.parameters
        return (*of_normalization, *self.function.parameters)

    @property
    def function(self) -> Activation:
        """Record of f, with the blend if the block has one."""
        record = ACTIVATIONS[self.activation]
        return blended(record) if self.blend else record

    @property
    def n_of_normalization(self) -> int:
        """Number of `learned` parameters of the normalization; the activation's follow."""
        return 0 if self.normalization is None else len(self._normalization.parameters)

    @property
    def learns_bias(self) -> bool:
        """True if b changes the loss; subtracting a mean over the samples cancels it."""
        return self.normalization is None or self._normalization.axis != 0

    @property
    def statistics(self) -> tuple[RunningStatistic, ...]:
        """Running statistics of each unit's z, which are not learned."""
        return () if self.normalization is None else self._normalization.statistics

    @classmethod
    def examples(cls) -> tuple[Dense, ...]:
        return (
            cls("tanh", 4, 3, "tanh"),
            cls("prelu", 4, 4, "prelu", residual=True),
            cls("ntk", 4, 4, "tanh", "layer", residual=True, ntk=True),
            cls("blended", 4, 4, "prelu", "layer", residual=True, dropout=0.3, blend=True),
            *(
                cls(f"{name} norm", 4, 4, "silu", name, residual=True, dropout=0.3)
                for name in NORMALIZATIONS
            ),
        )

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        rows = tuple(parameter.initial for parameter in self.learned)
        groups = tuple(parameter.rate_group for parameter in self.learned)
        statistics = tuple(statistic.initial for statistic in self.statistics)
        units = (len(rows), self.fan_out)
        return (
            Tensor("W", (self.fan_in, self.fan_out), Role.WEIGHTS, rate_group="weight"),
            Tensor("b", (self.fan_out,), Role.BIASES, rate_group="bias"),
            Tensor("unit_parameters", units, Role.UNIT_PARAMETERS, rows, groups),
            Tensor("statistics", (len(statistics), self.fan_out), Role.STATISTICS, statistics),
        )

    @property
    def product_scale(self) -> float:
        """Factor of both products with W, and of dL/dW: 1, or 1 / √fan_in."""
        return 1 / math.sqrt(self.fan_in) if self.ntk else 1.0

    def draw(self, parameters: DenseParameters, draw: Draw) -> None:
        parameters.W[...], parameters.b[...] = draw(self.fan_in, self.fan_out)
        if self.ntk:
            # The products then start as those of the drawn W would in standard parametrisation.
            parameters.W[...] /= self.product_scale

    def fit_to_rows(
        self, parameters: DenseParameters, a_prev: Matrix, random_state: np.random.RandomState
    ) -> None:
        """Scale W so that each unit's z has a standard deviation of 1, and set b through rows.

        A unit's hyperplane, z = 0, then passes through a random convex combination of five rows,
        which is 'he+5' of Holzmüller, Grinsztajn, Steinwart 2024, Better by default. The z of a
        unit whose W does not separate the rows keeps its scale.
        """
        z = self.scaled(a_prev @ parameters.W)
        deviation = deviations(z)
        parameters.W[...] /= deviation
        parameters.b[...] = biases_through_rows(z / deviation, random_state)

    def forward(
        self, parameters: DenseParameters, a_prev: Matrix, mode: Mode, stream: int
    ) -> DensePass:
        """Return z = a_prev W + b, normalized if set, and a = f(z), with dropout and residual."""
        product = mode.product(a_prev, parameters.W)
        affine = self.scaled(product) + parameters.b
        return self.activate(parameters, a_prev, affine, mode, stream)

    def activate(
        self, parameters: DenseParameters, a_prev: Matrix, affine: Array, mode: Mode, stream: int
    ) -> DensePass:
        """Return the pass from z on; W and b are not read."""
        z, moments, z_hat = affine, None, None
        if self.normalization is not None:
            z, z_hat, moments = self._normalize(parameters, affine, mode)
        units = self.of_activation(parameters)
        f: Array = self.function.value(z, *units)
        a, kept = self._drop(f, mode.draws, stream)
        if self.residual:
            a = a + a_prev
        return DensePass(a_prev, affine, z, f, a, z_hat, moments, kept, units)

    def backward(self, parameters: DenseParameters, passed: DensePass, d_a: Array) -> DenseDeltas:
        """Return delta = dL/dz from dL/da, back through dropout, activation and normalization."""
        d_f = d_a if passed.kept is None else d_a * passed.kept
        derivative = self.function.derivative(passed.z, passed.f, *passed.units)
        delta: Array = d_f * derivative
        d_z = delta
        if self.normalization is not None:
            normalized, moments = cast(Array, passed.normalized), cast(Moments, passed.moments)
            scaled = d_z * parameters.unit_parameters[0]
            delta = self._normalization.delta(scaled, normalized, moments)
        return DenseDeltas(d_a, d_f, d_z, delta)

    def write_gradient(
        self, passed: DensePass, deltas: DenseDeltas, gradient: DenseParameters, product: Product
    ) -> None:
        gradient.W[...] = product(passed.a_prev.T, self.scaled(deltas.delta))
        gradient.b[...] = self._bias_gradient(passed, deltas.delta)
        self.write_unit_gradient(passed, deltas, gradient)

    def write_unit_gradient(
        self, passed: DensePass, deltas: DenseDeltas, gradient: DenseParameters
    ) -> None:
        """Write the gradient of the unit parameters alone."""
        n_before = self.n_of_normalization
        for i, parameter in enumerate(self.learned[:n_before]):
            z_hat = cast(Array, passed.normalized)
            gradient.unit_parameters[i] = (deltas.d_z * parameter.derivative(z_hat)).sum(axis=0)
        of_activation = self.learned[n_before:]
        rows = {each.name: row for each, row in zip(of_activation, passed.units, strict=True)}
        for i, parameter in enumerate(of_activation, n_before):
            others = (rows[name] for name, _ in parameter.reads)
            terms = deltas.d_f * parameter.derivative(passed.z, *others)
            gradient.unit_parameters[i] = terms.sum(axis=0)

    def input_gradient(
        self, parameters: DenseParameters, deltas: DenseDeltas, product: Product
    ) -> Array:
        """Return dL/da_prev = delta Wᵀ, plus dL/da through a residual connection."""
        # Adding zero turns -0.0 into 0.0.
        return product(self.scaled(deltas.delta), parameters.W.T) + (
            deltas.d_a if self.residual else 0.0
        )

    def move_statistics(self, parameters: DenseParameters, passed: DensePass) -> None:
        if self.statistics and passed.moments is not None:
            move_running_statistics(parameters.statistics, passed.moments, len(passed.z))

    def is_finite(self, parameters: DenseParameters, passed: DensePass) -> bool:
        # A bounded activation of an infinite z is finite.
        return all(bool(np.isfinite(part).all()) for part in (passed.affine, *parameters))

    def of_activation(self, parameters: DenseParameters) -> Array:
        """Return the learned parameters of the activation, (n, fan_out)."""
        return parameters.unit_parameters[self.n_of_normalization :]

    @property
    def draws(self) -> bool:
        return bool(self.dropout)

    @property
    def output_function(self) -> ActivationName:
        return self.activation

    def remarks(self, *, training: bool = True) -> tuple[str, ...]:
        return (
            *(() if self.normalization is None else (f"{self.normalization} norm",)),
            *((f"dropout {self.dropout:g}",) if self.dropout and training else ()),
            *(("residual",) if self.residual else ()),
            *(("ntk",) if self.ntk else ()),
            *(("blended",) if self.blend else ()),
        )

    def scaled(self, numbers: Array) -> Array:
        """Return a product times its factor."""
        return numbers * self.product_scale if self.ntk else numbers

    def _normalize(
        self, parameters: DenseParameters, z: Array, mode: Mode
    ) -> tuple[Array, Array, Moments]:
        """Return z' = scale ẑ + shift, ẑ, and the moments used for it."""
        normalization = self._normalization
        if normalization.statistics and not mode.uses_batch:
            moments = running_moments(parameters.statistics)
        else:
            moments = normalization.moments(z)
        z_hat = (z - moments.mean) * moments.inverse
        scale, shift = parameters.unit_parameters[: self.n_of_normalization]
        return scale * z_hat + shift, z_hat, moments

    def _drop(self, f: Array, draws: Draws | None, stream: int) -> tuple[Array, Array | None]:
        """Return f after dropout, and the factors; `stream` is the number of the block's draws."""
        if not self.dropout or draws is None:
            return f, None
        kept = dropout_factors(draws, stream, f.shape, self.dropout).astype(f.dtype)
        return f * kept, kept

    def _bias_gradient(self, passed: DensePass, delta: Array) -> Array:
        """Return dL/db = Σ_samples delta; exactly zero, without rounding, if the mean cancels b."""
        if self.learns_bias or cast(Moments, passed.moments).are_constant:
            return delta.sum(axis=0)
        return np.zeros_like(delta[0])

    @property
    def _normalization(self) -> Normalization:
        return NORMALIZATIONS[cast(str, self.normalization)]


def require_dense(blocks: Iterable[AnyBlock], purpose: str) -> tuple[Dense, ...]:
    """Return the blocks, for a purpose that supports dense blocks alone.

    Raises
    ------
    UnsupportedBlockError
        For a block of another kind.
    """
    dense = tuple(block for block in blocks if isinstance(block, Dense))
    for block in blocks:
        if not isinstance(block, Dense):
            raise UnsupportedBlockError(
                f"{purpose} supports blocks of kind {Dense.kind!r} alone, and block "
                f"{block.name!r} is of kind {block.kind!r}"
            )
    return dense


def deviations(z: Array) -> Array:
    """Return the standard deviation of each column; 1 for one that is constant but for rounding."""
    found: Array = z.std(axis=0)
    found[found <= CONSTANT * np.abs(z).max(axis=0, initial=0)] = 1
    return found


def biases_through_rows(z: Array, random_state: np.random.RandomState) -> Array:
    """Return b with which z + b is 0 at a random convex combination of some rows, by column."""
    shape = (z.shape[1], ROWS_OF_A_BIAS)
    rows = random_state.randint(len(z), size=shape)
    fractions = random_state.standard_exponential(shape)
    fractions /= fractions.sum(axis=1, keepdims=True)
    chosen = z[rows, np.arange(z.shape[1])[:, np.newaxis]]
    return np.asarray(-(fractions * chosen).sum(axis=1))
