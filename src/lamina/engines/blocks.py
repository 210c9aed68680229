"""One block of a network, forward and backward, in NumPy.

Shapes: a_prev (rows, fan_in); z, ẑ, z', a, delta (rows, fan_out); W (fan_in, fan_out); b
(fan_out,).

    forward    z = a_prev W + b,  z' = scale ẑ + shift,  a = kept f(z') + a_prev
    backward   dL/dz' = kept f'(z') dL/da;  delta = dL/dz by the normalization;
               dL/dW = a_prevᵀ delta;  db = Σ_rows delta;  dL/da_prev = delta Wᵀ + dL/da

What a block does not have (a normalization, dropout, a residual) is left out of both.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lamina.formulas import ACTIVATIONS, NORMALIZATIONS
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

    weights: NDArray[Any]
    biases: NDArray[Any]
    learned: NDArray[Any]
    statistics: NDArray[Any]

    @staticmethod
    def each(views: ParameterViews) -> list[BlockParameters]:
        """Those of every block."""
        return [BlockParameters(*parts) for parts in zip(*views, strict=True)]


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


def forward_block(
    block: Dense, own: BlockParameters, a_prev: Any, mode: Mode, stream: int
) -> BlockPass:
    """A block's forward pass; `stream` is the number of its dropout's draws."""
    affine = np.asarray(mode.product(a_prev, own.weights)) + own.biases
    z, normalized, moments = affine, None, None
    if block.normalization is not None:
        moments = _moments(block.normalization, own, affine, mode)
        normalized = (affine - moments.mean) * moments.inverse
        scale, shift = own.learned[: block.n_of_normalization]
        z = scale * normalized + shift
    f: Array = ACTIVATIONS[block.activation].value(z, *own.learned[block.n_of_normalization :])
    a = f
    kept = None
    if block.dropout and mode.draws is not None:
        kept = dropout_factors(mode.draws, stream, a.shape, block.dropout).astype(a.dtype)
        a = a * kept
    if block.residual:
        a = a + a_prev
    return BlockPass(a_prev, affine, z, f, a, normalized, moments, kept)


def _moments(name: str, own: BlockParameters, z: Array, mode: Mode) -> Moments:
    normalization = NORMALIZATIONS[name]
    if normalization.statistics and not mode.uses_batch:
        return running_moments(own.statistics)
    return normalization.moments(z)


def backward_block(
    block: Dense, own: BlockParameters, passed: BlockPass, d_a: Array, gradient: BlockParameters
) -> Array:
    """Write a block's gradient into its place, and give delta = dL/dz.

    Parameters
    ----------
    block : Dense
    own : BlockParameters
    passed : BlockPass
    d_a : ndarray of shape (rows, fan_out)
        dL/da.
    gradient : BlockParameters
        All but the weights' part, which the caller's product sums, is written.
    """
    activation = ACTIVATIONS[block.activation]
    if passed.kept is not None:
        d_a = d_a * passed.kept
    n_before = block.n_of_normalization
    for i, parameter in enumerate(activation.parameters):
        gradient.learned[n_before + i] = (d_a * parameter.slope(passed.z)).sum(axis=0)
    delta: Array = d_a * activation.slope(passed.z, passed.f, *own.learned[n_before:])
    if block.normalization is not None and passed.normalized is not None and passed.moments:
        normalization = NORMALIZATIONS[block.normalization]
        for i, parameter in enumerate(normalization.parameters):
            gradient.learned[i] = (delta * parameter.slope(passed.normalized)).sum(axis=0)
        slope = delta * own.learned[0]
        delta = normalization.delta(slope, passed.normalized, passed.moments)
    gradient.biases[...] = delta.sum(axis=0)
    return np.asarray(delta)


def backward_blocks(
    spec: NetworkSpec,
    own: list[BlockParameters],
    passes: list[BlockPass],
    d_a: Array,
    gradient: list[BlockParameters],
    product: Product,
) -> Iterator[tuple[int, Array, Array]]:
    """Block by block, from the last: its index, its delta, and what a residual carries past it.

    dL/da of the block before is delta Wᵀ and that; of the first block it is taken only by who asks
    for the slope at the inputs. All of a gradient but the weights' part is written.
    """
    for i in reversed(range(len(spec.blocks))):
        delta = backward_block(spec.blocks[i], own[i], passes[i], d_a, gradient[i])
        past = d_a if spec.blocks[i].residual else np.zeros_like(d_a[:, :1])
        yield i, delta, past
        if i > 0:
            d_a = product(delta, own[i].weights.T) + past


def noisy_inputs(spec: NetworkSpec, X: Any, draws: Draws | None) -> Any:
    """The inputs of a training step: normal noise is added, then dropout takes its share."""
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
