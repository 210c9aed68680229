"""Formulas of one block of a network, including its optional parts, in NumPy.

Shapes: a_prev (n_samples, fan_in); z, ẑ, z', a, delta (n_samples, fan_out); W (fan_in, fan_out); b
(fan_out,).

    forward    z = a_prev W + b,  z' = scale ẑ + shift,  a = kept f(z') + a_prev
    backward   dL/dz' = kept f'(z') dL/da;  delta = dL/dz by the normalization;
               dL/dscale = Σ_samples dL/dz' ẑ;  dL/dshift = Σ_samples dL/dz'

Parts that a block lacks (a normalization, dropout, a residual) are left out of both; z' is then z.
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
    """Return the matrix product that rounds its operands to a precision; `matmul` without one."""
    if precision is None:
        return operator.matmul
    nearest = PRECISIONS[precision].nearest

    def product(A: Any, B: Any) -> Any:
        return A @ B if sparse.issparse(A) else nearest(A) @ nearest(B)

    return product


class Mode(NamedTuple):
    """Purpose of a forward pass: training or prediction.

    Attributes
    ----------
    uses_batch : bool
        If True, normalize by the batch's own mean and variance; if False, by running statistics.
    draws : Draws or None
        Inputs of the draws of dropout and noise; None drops nothing.
    product : callable
    """

    uses_batch: bool = False
    draws: Draws | None = None
    product: Product = operator.matmul


class BlockParameters(NamedTuple):
    """Parameters of one block, or their gradients; shapes as in ParameterViews."""

    W: NDArray[Any]
    b: NDArray[Any]
    learned: NDArray[Any]
    statistics: NDArray[Any]

    @staticmethod
    def each(views: ParameterViews) -> list[BlockParameters]:
        """Return the parameters of every block."""
        return [BlockParameters(*parts) for parts in zip(*views, strict=True)]

    def of_activation(self, block: Dense) -> NDArray[Any]:
        """Return the learned parameters of the activation, (n, fan_out)."""
        return self.learned[block.n_of_normalization :]


class BlockPass(NamedTuple):
    """Values of a block's forward pass that the backward pass needs.

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
    """Result of a forward pass: the values of each block, and the prediction."""

    blocks: list[BlockPass]
    prediction: Array

    @property
    def z(self) -> list[Array]:
        """Input of each block's activation."""
        return [passed.z for passed in self.blocks]

    @property
    def a(self) -> list[Any]:
        """Input of each block, X first, and the input of the inverse link last."""
        return [self.blocks[0].a_prev, *(passed.a for passed in self.blocks)]


def normalized(
    block: Dense, block_parameters: BlockParameters, z: Array, mode: Mode
) -> tuple[Array, Array, Moments]:
    """Return z' = scale ẑ + shift, ẑ, and the moments used for it."""
    normalization = NORMALIZATIONS[cast(str, block.normalization)]
    if normalization.statistics and not mode.uses_batch:
        moments = running_moments(block_parameters.statistics)
    else:
        moments = normalization.moments(z)
    z_hat = (z - moments.mean) * moments.inverse
    scale, shift = block_parameters.learned[: block.n_of_normalization]
    return scale * z_hat + shift, z_hat, moments


def through_normalization(
    block: Dense, block_parameters: BlockParameters, passed: BlockPass, d_z: Array
) -> Array:
    """Return dL/dz from dL/dz'."""
    normalization = NORMALIZATIONS[cast(str, block.normalization)]
    gradient, moments = d_z * block_parameters.learned[0], cast(Moments, passed.moments)
    return normalization.delta(gradient, cast(Array, passed.normalized), moments)


def dropped(block: Dense, f: Array, draws: Draws | None, stream: int) -> tuple[Array, Array | None]:
    """Return f after dropout, and the factors; `stream` is the number of the block's draws."""
    if not block.dropout or draws is None:
        return f, None
    kept = dropout_factors(draws, stream, f.shape, block.dropout).astype(f.dtype)
    return f * kept, kept


def bias_gradient(block: Dense, passed: BlockPass, delta: Array) -> Array:
    """Return dL/db = Σ_samples delta; exactly zero, without rounding, if the mean cancels b."""
    if block.learns_bias or cast(Moments, passed.moments).are_constant:
        return np.asarray(delta.sum(axis=0))
    return np.zeros_like(delta[0])


def write_learned_gradients(
    block: Dense, passed: BlockPass, d_f: Array, d_z: Array, gradient: BlockParameters
) -> None:
    """Write the gradients of parameters other than W and b, from dL/df and dL/dz'."""
    n_before = block.n_of_normalization
    for i, parameter in enumerate(ACTIVATIONS[block.activation].parameters):
        gradient.learned[n_before + i] = (d_f * parameter.derivative(passed.z)).sum(axis=0)
    for i, parameter in enumerate(block.learned[:n_before]):
        z_hat = cast(Array, passed.normalized)
        gradient.learned[i] = (d_z * parameter.derivative(z_hat)).sum(axis=0)


def with_noise(spec: NetworkSpec, X: Any, draws: Draws | None) -> Any:
    """Return the inputs of a training step: normal noise is added, then dropout is applied."""
    if draws is None:
        return X
    if spec.input_noise:
        normals = standard_normals(draws, INPUT_NOISE, X.shape)
        X = X + (spec.input_noise * normals).astype(X.dtype)
    if spec.input_dropout:
        kept = dropout_factors(draws, INPUT_DROPOUT, X.shape, spec.input_dropout)
        X = X * kept.astype(X.dtype)
    return X


def move_statistics(
    spec: NetworkSpec, block_parameters: list[BlockParameters], passes: list[BlockPass]
) -> None:
    """Update the running statistics by a batch, in place."""
    for block, parameters, passed in zip(spec.blocks, block_parameters, passes, strict=True):
        if block.statistics and passed.moments is not None:
            move_running_statistics(parameters.statistics, passed.moments, len(passed.z))
