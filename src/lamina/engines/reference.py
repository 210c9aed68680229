"""Mathematics of the reference engine: a training step in NumPy, to be read from top to bottom.

Tests compare every other engine with these numbers, and these with finite differences. A network is
a sequence of blocks, each of which takes the a of the previous one; the first takes X.

    forward    a of each block from a_prev, the first to the last, and p = inverse_link(a)
    loss       L = (Σ_samples loss(p, y) + alpha penalty(W)) / n_samples
    backward   dL/da_prev of each block from dL/da, the last to the first
    gradient   dL/dw of each block's parameters, such as dL/dW = a_prevᵀ delta
    update     w ← w - η dL/dw, or another step of the optimizer

Shapes: X (n_samples, n_features); a (n_samples, fan_out) of each block; y as in engine.py;
parameters and gradient are one flat vector, of which the blocks' parameters are views. Until the
gradient is complete, dL/da is the gradient of the sum over the samples: the division by their
number comes last, as in scikit-learn, for the same rounding.

lamina/blocks/ holds the passes of each kind of block, batch_loss.py the way from logits to the loss
of a sample, and reference_engine.py calls these functions batch by batch.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from lamina.blocks import BlockPass, Mode, Product
from lamina.engines.batch_loss import predict_from, row_losses, weight_sum
from lamina.engines.engine import Matrix, Objective, Rows
from lamina.engines.optimizer import OptimizerSettings, OptimizerState
from lamina.formulas import OPTIMIZERS, PENALTIES
from lamina.formulas.averages import average_rate, clipping_scale, compute_norm
from lamina.formulas.noise import (
    INPUT_DROPOUT,
    INPUT_NOISE,
    Draws,
    dropout_factors,
    standard_normals,
)
from lamina.formulas.table import Array
from lamina.network import Network, NetworkSpec, ParameterLayout

PREDICTING = Mode()


class Forward(NamedTuple):
    """Result of a forward pass: the values of each block, and the prediction."""

    blocks: list[BlockPass]
    prediction: Array

    @property
    def a(self) -> list[Any]:
        """Input of each block, X first, and the input of the inverse link last."""
        return [self.blocks[0].a_prev, *(passed.a for passed in self.blocks)]


def forward(network: Network, X: Matrix, mode: Mode = PREDICTING) -> Forward:
    """Run the forward pass: block by block, then the inverse link."""
    a, passes = with_noise(network.spec, X, mode.draws), []
    walk = zip(network.spec.blocks, network.blocks, strict=True)
    for stream, (block, parameters) in enumerate(walk, start=1):
        passes.append(block.forward(parameters, a, mode, stream))
        a = passes[-1].a
    return Forward(passes, predict_from(network.spec, a))


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


def batch_loss(
    network: Network, objective: Objective, passed: Forward, rows: Rows
) -> tuple[float, Array]:
    """Return L, the mean of the losses plus the penalty, and dL/da of the last block."""
    value, d_a = row_losses(network.spec, objective, passed.a[-1], passed.prediction, rows)
    weights = network.parameters[: network.layout.n_weights]
    penalty = objective.alpha * PENALTIES[objective.penalty].value(weights, objective.l1_ratio)
    return (float(value.sum()) + penalty) / weight_sum(rows), d_a


def backward(
    network: Network,
    objective: Objective,
    rows: Rows,
    passed: Forward,
    d_a: Array,
    product: Product = operator.matmul,
) -> Array:
    """Return the gradient of L, from dL/da of the last block."""
    gradient = network.with_parameters(np.zeros_like(network.parameters))
    for i, deltas in backward_blocks(network, passed, d_a, product):
        block, part = network.spec.blocks[i], gradient.blocks[i]
        block.write_gradient(passed.blocks[i], deltas, part, product)
    prefix, penalty = slice(network.layout.n_weights), PENALTIES[objective.penalty]
    weights, result = network.parameters[prefix], gradient.parameters
    result[prefix] += objective.alpha * penalty.gradient(weights, objective.l1_ratio)
    result /= weight_sum(rows)
    return result


def backward_blocks(
    network: Network, passed: Forward, d_a: Array, product: Product
) -> Iterator[tuple[int, Any]]:
    """Yield the index and the deltas of each block, the last one first, from the last dL/da."""
    for i, block in reversed([*enumerate(network.spec.blocks)]):
        deltas = block.backward(network.blocks[i], passed.blocks[i], d_a)
        yield i, deltas
        # Only the gradient at the inputs needs dL/da_prev of the first block.
        if i > 0:
            d_a = block.input_gradient(network.blocks[i], deltas, product)


def input_gradient(
    network: Network, passed: Forward, d_a: Array, product: Product = operator.matmul
) -> Array:
    """Return dL/dx, (n_samples, n_features), from dL/da of the last block."""
    *_, (i, deltas) = backward_blocks(network, passed, d_a, product)
    return network.spec.blocks[i].input_gradient(network.blocks[i], deltas, product)


def move_statistics(network: Network, passed: Forward) -> None:
    """Update the running statistics by a batch, in place."""
    walk = zip(network.spec.blocks, network.blocks, passed.blocks, strict=True)
    for block, parameters, its_pass in walk:
        block.move_statistics(parameters, its_pass)


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
    of_weights, of_others = layout.spans
    for part, rate_factor, decay_factor in of_weights:
        parameters[part] *= 1 - learning_rate * rate_factor * settings.weight_decay * decay_factor
    slots = state.slots[:-1] if state.keeps_average else state.slots
    elementwise = [*of_weights, *of_others]
    if record.matrix_update is not None:
        elementwise = of_others
        matrices = (layout.views(vector).weights for vector in (parameters, gradient, *slots))
        for i, (W, G, *of_W) in enumerate(zip(*matrices, strict=True)):
            rate = learning_rate * (layout.factors[i][0] if layout.factors else 1.0)
            record.matrix_update(W, G, of_W, step, rate, params)
    for part, rate_factor, _ in elementwise:
        rate, of_w = learning_rate * rate_factor, slots[:, part]
        record.update(parameters[part], gradient[part], of_w, step, rate, params)
    if settings.average_decay is not None:
        average = state.slots[-1]
        average += (parameters - average) * average_rate(settings.average_decay, step)
    return norm
