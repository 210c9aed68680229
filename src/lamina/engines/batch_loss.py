"""Loss of a batch and its gradient, in NumPy.

    loss       L = (Σ_samples loss(p, y) + alpha penalty(W)) / n_samples
    gradient   dL/dw of each block's parameters, such as dL/dW = a_prevᵀ delta

Shapes: prediction, logits, dL/dlogits (n_samples, n_outputs); y as in engine.py; the gradient is
one flat vector like the parameters. Until it is complete, dL/da is the gradient of the sum over the
samples: the division by their number comes last, as in scikit-learn, for the same rounding.
"""

from __future__ import annotations

import operator

import numpy as np

from lamina.blocks import Product
from lamina.engines.custom_loss import value_and_delta
from lamina.engines.engine import Objective, Rows
from lamina.formulas import LOSSES, PENALTIES
from lamina.formulas.table import AnyArray, Array
from lamina.network import Network, NetworkSpec
from lamina.network.passes import Forward, backward_blocks, head_columns

WEIGHTS_CANCEL = (
    "The sample weights of a whole batch sum to zero, so its loss has no mean: drop samples of "
    "weight zero, or choose a larger batch_size, in which negative weights cancel less."
)


def weight_sum(rows: Rows) -> float:
    """Return the divisor of a batch's gradient: its number of samples, or the sum of their weights.

    Raises
    ------
    ZeroDivisionError
        For weights that sum to zero.
    """
    total = float(len(rows.y) if rows.weight is None else rows.weight.sum())
    if total == 0:
        raise ZeroDivisionError(WEIGHTS_CANCEL)
    return total


def row_losses(
    spec: NetworkSpec, objective: Objective, logits: Array, prediction: Array, rows: Rows
) -> tuple[Array, Array]:
    """Return loss and gradient at the logits of each sample, multiplied by the sample's weight."""
    y, weight = rows.y, rows.weight
    if not isinstance(objective.loss, str):
        # A custom loss might modify its arguments, so it receives copies.
        weight = None if weight is None else weight.copy()
        return value_and_delta(objective.loss, logits.copy(), y.copy(), weight)
    value, gradient = unweighted_losses(spec, objective, prediction, y)
    return (
        (value, gradient) if weight is None else (value * weight, gradient * weight[:, np.newaxis])
    )


def unweighted_losses(
    spec: NetworkSpec, objective: Objective, prediction: Array, y: AnyArray
) -> tuple[Array, Array]:
    """Return loss and gradient by a formula of LOSSES, without weights; head by head for codes."""
    loss, params = LOSSES[str(objective.loss)], objective.hyperparameters
    if y.ndim == 1 or loss.targets == "values":
        return loss.value(prediction, y, params), loss.delta(prediction, y, params)
    parts = [
        (prediction[:, head], codes) for head, codes in zip(head_columns(spec), y.T, strict=True)
    ]
    value = np.sum([loss.value(p, codes, params) for p, codes in parts], axis=0)
    return value, np.hstack([loss.delta(p, codes, params) for p, codes in parts])


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
