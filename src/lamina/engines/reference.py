"""Mathematics of the reference engine: a training step in NumPy, to be read from top to bottom.

Tests compare every other engine with these numbers, and these with finite differences. A network is
a sequence of blocks, each of which takes the a of the previous one; the first takes X.

    forward    z = a_prev W + b            a = f(z)                and last p = inverse_link(a)
    loss       L = (Σ_samples loss(p, y) + alpha penalty(W)) / n_samples
    backward   delta = dL/da f'(z)         dL/da_prev = delta Wᵀ   from the last block to the first
    gradient   dL/dW = a_prevᵀ delta       dL/db = Σ_samples delta
    update     w ← w - η dL/dw, or another step of the optimizer

Shapes: X (n_samples, n_features); z, a, delta (n_samples, fan_out), W (fan_in, fan_out) and b
(fan_out,) of each block; y as in engine.py; parameters and gradient are one flat vector, of which W
and b are views. Until the gradient is complete, delta and dL/da are gradients of the sum over the
samples: the division by their number comes last, as in scikit-learn, for the same rounding.

blocks.py holds the optional parts of a block, batch_loss.py the way from logits to the loss of a
sample, and reference_engine.py calls these functions batch by batch.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator

import numpy as np

from lamina.engines.batch_loss import predict_from, row_losses, weight_sum
from lamina.engines.blocks import (
    BlockParameters,
    BlockPass,
    Forward,
    Mode,
    Product,
    bias_gradient,
    dropped,
    normalized,
    through_normalization,
    with_noise,
    write_learned_gradients,
)
from lamina.engines.engine import Matrix, Objective, OptimizerSettings, OptimizerState, Rows
from lamina.formulas import ACTIVATIONS, OPTIMIZERS, PENALTIES
from lamina.formulas.averages import average_rate, clipping_scale, compute_norm
from lamina.formulas.table import Array
from lamina.network import Dense, NetworkSpec, ParameterLayout

PREDICTING = Mode()


def forward(spec: NetworkSpec, parameters: Array, X: Matrix, mode: Mode = PREDICTING) -> Forward:
    """Run the forward pass: block by block, then the inverse link."""
    blocks = BlockParameters.each(ParameterLayout.from_spec(spec).views(parameters))
    a, passes = with_noise(spec, X, mode.draws), []
    for i, block in enumerate(spec.blocks):
        passes.append(forward_block(block, blocks[i], a, mode, stream=i + 1))
        a = passes[-1].a
    return Forward(passes, predict_from(spec, a))


def forward_block(
    block: Dense, parameters: BlockParameters, a_prev: Matrix, mode: Mode, stream: int
) -> BlockPass:
    """Return z = a_prev W + b, normalized if set, and a = f(z), with dropout and residual."""
    z = affine = np.asarray(mode.product(a_prev, parameters.W)) + parameters.b
    moments, z_hat = None, None
    if block.normalization is not None:
        z, z_hat, moments = normalized(block, parameters, affine, mode)
    f: Array = ACTIVATIONS[block.activation].value(z, *parameters.of_activation(block))
    a, kept = dropped(block, f, mode.draws, stream)
    if block.residual:
        a = a + a_prev
    return BlockPass(a_prev, affine, z, f, a, z_hat, moments, kept)


def batch_loss(
    spec: NetworkSpec, objective: Objective, parameters: Array, passed: Forward, rows: Rows
) -> tuple[float, Array]:
    """Return L, the mean of the losses plus the penalty, and dL/da of the last block."""
    value, d_a = row_losses(spec, objective, passed.a[-1], passed.prediction, rows)
    weights = parameters[: ParameterLayout.from_spec(spec).n_weights]
    penalty = objective.alpha * PENALTIES[objective.penalty].value(weights, objective.l1_ratio)
    return (float(value.sum()) + penalty) / weight_sum(rows), d_a


def backward(
    spec: NetworkSpec,
    objective: Objective,
    parameters: Array,
    rows: Rows,
    passed: Forward,
    d_a: Array,
    product: Product = operator.matmul,
) -> Array:
    """Return the gradient of L, from dL/da of the last block."""
    layout, gradient = ParameterLayout.from_spec(spec), np.zeros_like(parameters)
    blocks, gradients = (BlockParameters.each(layout.views(v)) for v in (parameters, gradient))
    for i, delta, _ in backward_blocks(spec, blocks, passed.blocks, d_a, gradients, product):
        gradients[i].W[...] = product(passed.blocks[i].a_prev.T, delta)
        gradients[i].b[...] = bias_gradient(spec.blocks[i], passed.blocks[i], delta)
    weights, penalty = slice(layout.n_weights), PENALTIES[objective.penalty]
    gradient[weights] += objective.alpha * penalty.gradient(parameters[weights], objective.l1_ratio)
    gradient /= weight_sum(rows)
    return gradient


def backward_blocks(
    spec: NetworkSpec,
    blocks: list[BlockParameters],
    passes: list[BlockPass],
    d_a: Array,
    gradient: list[BlockParameters],
    product: Product,
) -> Iterator[tuple[int, Array, Array]]:
    """Yield the index, delta and residual's part of dL/da_prev of each block, the last one first.

    dL/da_prev is delta Wᵀ plus the residual's part; for the first block, only the gradient at the
    inputs needs it. The function writes the gradient of all parameters except W and b.
    """
    for i in reversed(range(len(spec.blocks))):
        block = spec.blocks[i]
        delta = backward_block(block, blocks[i], passes[i], d_a, gradient[i])
        d_residual = d_a if block.residual else np.zeros_like(d_a[:, :1])
        yield i, delta, d_residual
        if i > 0:
            d_a = product(delta, blocks[i].W.T) + d_residual


def backward_block(
    block: Dense,
    parameters: BlockParameters,
    passed: BlockPass,
    d_a: Array,
    gradient: BlockParameters,
) -> Array:
    """Return delta = dL/dz from dL/da, back through dropout, activation and normalization."""
    if passed.kept is not None:
        d_a = d_a * passed.kept
    f, learned = ACTIVATIONS[block.activation], parameters.of_activation(block)
    delta: Array = d_a * f.derivative(passed.z, passed.f, *learned)
    write_learned_gradients(block, passed, d_a, delta, gradient)
    if block.normalization is not None:
        delta = through_normalization(block, parameters, passed, delta)
    return np.asarray(delta)


def input_gradient(
    spec: NetworkSpec,
    parameters: Array,
    passed: Forward,
    d_a: Array,
    product: Product = operator.matmul,
) -> Array:
    """Return dL/dx, (n_samples, n_features), from dL/da of the last block."""
    layout = ParameterLayout.from_spec(spec)
    blocks, aside = (BlockParameters.each(layout.views(v)) for v in (parameters, parameters.copy()))
    *_, (_, delta, d_residual) = backward_blocks(spec, blocks, passed.blocks, d_a, aside, product)
    return np.asarray(product(delta, blocks[0].W.T) + d_residual)


def update(
    layout: ParameterLayout,
    settings: OptimizerSettings,
    parameters: Array,
    gradient: Array,
    state: OptimizerState,
    learning_rate: float,
) -> float:
    """Make one step in place, except for the step count, and return the gradient's norm.

    The gradient is clipped, weights decay, the optimizer steps, then the average is updated.
    """
    record, step, params = OPTIMIZERS[settings.name], state.step + 1, settings.hyperparameters
    norm = compute_norm(gradient)
    gradient *= clipping_scale(norm, settings.max_gradient_norm)
    parameters[: layout.n_weights] *= 1 - learning_rate * settings.weight_decay
    slots = state.slots[:-1] if state.keeps_average else state.slots
    elementwise = slice(0, layout.n_trained)
    if record.matrix_update is not None:
        elementwise = slice(layout.n_weights, layout.n_trained)
        matrices = (layout.views(vector).weights for vector in (parameters, gradient, *slots))
        for W, G, *of_W in zip(*matrices, strict=True):
            record.matrix_update(W, G, of_W, step, learning_rate, params)
    w, g, of_w = parameters[elementwise], gradient[elementwise], slots[:, elementwise]
    record.update(w, g, of_w, step, learning_rate, params)
    if settings.average_decay is not None:
        average = state.slots[-1]
        average += (parameters - average) * average_rate(settings.average_decay, step)
    return norm
