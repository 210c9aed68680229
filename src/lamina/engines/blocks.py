"""What belongs to one block of a network, and what one may have beside W, b and f, in NumPy.

Shapes: a_prev (rows, fan_in); z, ẑ, z', a, delta (rows, fan_out); W (fan_in, fan_out); b
(fan_out,).

    forward    z = a_prev W + b,  z' = scale ẑ + shift,  a = kept f(z') + a_prev
    backward   dL/dz' = kept f'(z') dL/da;  delta = dL/dz by the normalization;
               dL/dscale = Σ_rows dL/dz' ẑ;  dL/dshift = Σ_rows dL/dz'

What a block does not have (a normalization, dropout, a residual) is left out of both; z' is z then.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lamina.formulas import ACTIVATIONS, NORMALIZATIONS, PRECISIONS
from lamina.formulas.noise import (
    INPUT_DROPOUT,
    INPUT_NOISE,
    Draws,
    dropout_factors,
    standard_normals,
)
from lamina.formulas.normalizations import Moments, move_running_statistics, running_moments
from lamina.formulas.table import Array
from lamina.network import Dense, NetworkSpec, ParameterViews

Product: TypeAlias = Callable[[Any, Any], Any]


def product_in(precision: str | None) -> Product:
    """The matrix product whose operands are rounded to a precision; without one, `matmul`."""
    if precision is None:
        return operator.matmul
    nearest = PRECISIONS[precision].nearest

    def product(A: Any, B: Any) -> Any:
        return A @ B if sparse.issparse(A) else nearest(A) @ nearest(B)

    return product


class Mode(NamedTuple):
    """What a forward pass is for.

    Attributes
    ----------
    uses_batch : bool
        Whether the batch's own mean and variance normalize it; in predictions the running
        statistics do.
    draws : Draws or None
        What dropout and noise are drawn by; None where nothing is dropped.
    product : callable
    """

    uses_batch: bool = False
    draws: Draws | None = None
    product: Product = operator.matmul


class BlockParameters(NamedTuple):
    """What belongs to one block, of parameters or of a gradient; shapes as in ParameterViews."""

    W: NDArray[Any]
    b: NDArray[Any]
    learned: NDArray[Any]
    statistics: NDArray[Any]

    @staticmethod
    def each(views: ParameterViews) -> list[BlockParameters]:
        """Those of every block."""
        return [BlockParameters(*parts) for parts in zip(*views, strict=True)]

    def of_activation(self, block: Dense) -> NDArray[Any]:
        """What the activation's units learn beside, (n, fan_out)."""
        return self.learned[block.n_of_normalization :]


class BlockPass(NamedTuple):
    """What a block's forward pass leaves for the backward one.

    Attributes
    ----------
    a_prev : ndarray or csr matrix
    affine : ndarray
        z, before the normalization.
    z : ndarray
        z', which the activation takes.
    f : ndarray
        The activation's value.
    a : ndarray
    normalized, moments : ndarray and Moments, or None without a normalization
        ẑ, and what it was made with.
    kept : ndarray or None
        What dropout multiplied with.
    """

    a_prev: Any
    affine: Array
    z: Array
    f: Array
    a: Array
    normalized: Array | None
    moments: Moments | None
    kept: Array | None


class Forward(NamedTuple):
    """Everything that a forward pass computes: what each block leaves, and the prediction."""

    blocks: list[BlockPass]
    prediction: Array

    @property
    def z(self) -> list[Array]:
        """What each block's activation takes."""
        return [passed.z for passed in self.blocks]

    @property
    def a(self) -> list[Any]:
        """What each block takes, the inputs first, and at last what the inverse link takes."""
        return [self.blocks[0].a_prev, *(passed.a for passed in self.blocks)]


def normalized(
    block: Dense, own: BlockParameters, z: Array, mode: Mode
) -> tuple[Array, Array, Moments]:
    """z' = scale ẑ + shift, ẑ, and the moments that it was made with."""
    normalization = NORMALIZATIONS[cast(str, block.normalization)]
    if normalization.statistics and not mode.uses_batch:
        moments = running_moments(own.statistics)
    else:
        moments = normalization.moments(z)
    z_hat = (z - moments.mean) * moments.inverse
    scale, shift = own.learned[: block.n_of_normalization]
    return scale * z_hat + shift, z_hat, moments


def through_normalization(
    block: Dense, own: BlockParameters, passed: BlockPass, d_z: Array
) -> Array:
    """dL/dz from dL/dz'."""
    normalization = NORMALIZATIONS[cast(str, block.normalization)]
    gradient, moments = d_z * own.learned[0], cast(Moments, passed.moments)
    return normalization.delta(gradient, cast(Array, passed.normalized), moments)


def dropped(block: Dense, f: Array, draws: Draws | None, stream: int) -> tuple[Array, Array | None]:
    """What dropout leaves of f, and the factors; `stream` is the number of the block's draws."""
    if not block.dropout or draws is None:
        return f, None
    kept = dropout_factors(draws, stream, f.shape, block.dropout).astype(f.dtype)
    return f * kept, kept


def bias_gradient(block: Dense, passed: BlockPass, delta: Array) -> Array:
    """dL/db = Σ_rows delta; exactly zero, and not its rounding, where the mean takes b away."""
    if block.learns_bias or cast(Moments, passed.moments).are_constant:
        return np.asarray(delta.sum(axis=0))
    return np.zeros_like(delta[0])


def write_learned_gradients(
    block: Dense, passed: BlockPass, d_f: Array, d_z: Array, gradient: BlockParameters
) -> None:
    """Write the gradient of what units learn beside W and b, from dL/df and dL/dz'."""
    n_before = block.n_of_normalization
    for i, parameter in enumerate(ACTIVATIONS[block.activation].parameters):
        gradient.learned[n_before + i] = (d_f * parameter.derivative(passed.z)).sum(axis=0)
    for i, parameter in enumerate(block.learned[:n_before]):
        z_hat = cast(Array, passed.normalized)
        gradient.learned[i] = (d_z * parameter.derivative(z_hat)).sum(axis=0)


def with_noise(spec: NetworkSpec, X: Any, draws: Draws | None) -> Any:
    """The inputs of a training step: normal noise is added, then dropout is applied."""
    if draws is None:
        return X
    if spec.input_noise:
        normals = standard_normals(draws, INPUT_NOISE, X.shape)
        X = X + (spec.input_noise * normals).astype(X.dtype)
    if spec.input_dropout:
        kept = dropout_factors(draws, INPUT_DROPOUT, X.shape, spec.input_dropout)
        X = X * kept.astype(X.dtype)
    return X


def move_statistics(spec: NetworkSpec, own: list[BlockParameters], passes: list[BlockPass]) -> None:
    """Let a batch into the running statistics, in place."""
    for block, parameters, passed in zip(spec.blocks, own, passes, strict=True):
        if block.statistics and passed.moments is not None:
            move_running_statistics(parameters.statistics, passed.moments, len(passed.z))
