"""Loss of a batch and its gradient, in NumPy.

    loss       L = (Σ_samples loss(p, y) + alpha penalty(W)) / n_samples
    gradient   dL/dw of each block's parameters, such as dL/dW = a_prevᵀ delta

With a weight w_i of each sample, its loss is multiplied by w_i, and n_samples becomes Σ_i w_i. With
a weight w_ij of each target of each sample, for ℓ_ij the loss of that target alone,

    L = (Σ_i Σ_j w_ij ℓ_ij + alpha penalty(W)) / D,   D = Σ_i Σ_j w_ij / n_targets

which is the same if all targets of a sample have its weight. A target of weight 0, such as a
missing one, has no effect, whatever its prediction. If all weights are 0, L and dL/dw are 0.

Shapes: prediction, logits, dL/dlogits (n_samples, n_outputs); y as in engine.py; the gradient is
one flat vector like the parameters. Until it is complete, dL/da is the gradient of the sum over the
samples: the division by their number comes last, as in scikit-learn, for the same rounding.
"""

from __future__ import annotations

import math
import operator

import numpy as np

from lamina.blocks import Product
from lamina.engines.custom_loss import ArrayLoss, value_and_delta
from lamina.engines.engine import Objective, Rows
from lamina.formulas import LOSSES, PENALTIES
from lamina.formulas.table import AnyArray, Array, Scalar
from lamina.network import Network, NetworkSpec
from lamina.network.passes import Forward, backward_blocks, head_columns, predict_member

WEIGHTS_CANCEL = (
    "The sample weights of a whole batch sum to zero, so its loss has no mean: drop samples of "
    "weight zero, or choose a larger batch_size, in which negative weights cancel less."
)


def weight_sum(rows: Rows, n_each: int = 1) -> float:
    """Return the divisor of a batch's gradient: its number of samples, or the sum of their weights.

    A sample has `n_each` rows: one, or one for each of its members, whose mean weight it has.

    It is the sum divided by the number of targets if each target has weights, and infinite if those
    are all 0: then there is no loss and no gradient.

    Raises
    ------
    ZeroDivisionError
        For weights that sum to zero, except weights of targets that are all 0.
    """
    weight = rows.weight
    total = float(len(rows.y) if weight is None else weight.sum())
    if weight is not None and weight.ndim == 2:
        total = total / weight.shape[1] if weight.any() else math.inf
    total /= n_each
    if total == 0:
        raise ZeroDivisionError(WEIGHTS_CANCEL)
    return total


def row_losses(
    spec: NetworkSpec, objective: Objective, logits: Array, prediction: Array, rows: Rows
) -> tuple[Array, Array]:
    """Return loss and gradient at the logits of each sample, multiplied by the sample's weight."""
    y, weight = rows.y, rows.weight
    if isinstance(objective.loss, ArrayLoss):
        return objective.loss.value_and_delta(logits, y, weight)
    if not isinstance(objective.loss, str):
        # A custom loss might modify its arguments, so it receives copies.
        weight = None if weight is None else weight.copy()
        return value_and_delta(objective.loss, logits.copy(), y.copy(), weight)
    if weight is not None and weight.ndim == 2:
        return _losses_of_targets(spec, objective, prediction, y, weight)
    value, gradient = unweighted_losses(spec, objective, prediction, y)
    return (
        (value, gradient) if weight is None else (value * weight, gradient * weight[:, np.newaxis])
    )


def _losses_of_targets(
    spec: NetworkSpec, objective: Objective, prediction: Array, y: AnyArray, weight: AnyArray
) -> tuple[Array, Array]:
    """Return the same with a weight of each target, (n_samples, n_targets)."""
    loss, params = LOSSES[str(objective.loss)], objective.hyperparameters
    values, gradients = [], []
    for j, (outputs, targets) in enumerate(_outputs_of_targets(spec, objective, y)):
        p, w = prediction[:, outputs], weight[:, j]
        # The prediction for a missing target may be anything, and 0 · inf is NaN.
        counts = w != 0
        values.append(np.where(counts, w * loss.value(p, targets, params), 0))
        of_target = w[:, np.newaxis] * loss.delta(p, targets, params)
        gradients.append(np.where(counts[:, np.newaxis], of_target, 0))
    value = np.stack(values).sum(axis=0)
    return value / len(values) if loss.mean_over_outputs else value, np.hstack(gradients)


def _outputs_of_targets(
    spec: NetworkSpec, objective: Objective, y: AnyArray
) -> list[tuple[slice, AnyArray]]:
    """Return the outputs of each target, and its values or codes."""
    if LOSSES[str(objective.loss)].targets == "codes":
        return list(zip(head_columns(spec), y.T, strict=True))
    n_targets = y.shape[1]
    n_each = spec.n_outputs // n_targets
    return [(slice(j * n_each, (j + 1) * n_each), y[:, j : j + 1]) for j in range(n_targets)]


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
    value = np.stack([loss.value(p, codes, params) for p, codes in parts]).sum(axis=0)
    return value, np.hstack([loss.delta(p, codes, params) for p, codes in parts])


def losses_of_members(
    spec: NetworkSpec, objective: Objective, passed: Forward, rows: Rows
) -> tuple[Array, Array]:
    """Return the losses of all samples, or of all members of each, and dL/da of the last block.

    The loss of a sample is the mean of its members' losses: each is one of k samples with the
    target and a k-th of the weight. The members have the sample's row, or rows of their own.
    """
    k, a = spec.n_members, passed.a[-1]
    if k == 1:
        return row_losses(spec, objective, a, passed.prediction, rows)
    logits = a.reshape(-1, spec.n_outputs)
    is_one_row = rows_a_sample(passed, rows) == 1
    weight = rows.weight
    if weight is None:
        weight = np.ones_like((a if is_one_row else logits)[:, 0])
    y, weight = rows.y, weight / a.dtype.type(k)
    if is_one_row:
        y, weight = (np.repeat(each, k, axis=0) for each in (y, weight))
    prediction = predict_member(spec, logits)
    value, d_a = row_losses(spec, objective, logits, prediction, Rows(rows.X, y, weight))
    return value, d_a.reshape(a.shape)


def rows_a_sample(passed: Forward, rows: Rows) -> int:
    """Return the number of rows for each sample: one, or one for each of its members."""
    return max(1, len(rows.y) // max(1, len(passed.a[-1])))


def batch_loss(
    network: Network, objective: Objective, passed: Forward, rows: Rows
) -> tuple[float, Array]:
    """Return L, the mean of the losses plus the penalty, and dL/da of the last block."""
    total, d_a = summed_loss(network, objective, passed, rows)
    return float(total) / weight_sum(rows, rows_a_sample(passed, rows)), d_a


def summed_loss(
    network: Network, objective: Objective, passed: Forward, rows: Rows
) -> tuple[Scalar, Array]:
    """Return L before it is divided by the samples' number or weights, and dL/da."""
    value, d_a = losses_of_members(network.spec, objective, passed, rows)
    weights = network.parameters[: network.layout.n_weights]
    penalty = objective.alpha * PENALTIES[objective.penalty].value(weights, objective.l1_ratio)
    return value.sum().astype(np.float64) + penalty, d_a


def backward(
    network: Network,
    objective: Objective,
    rows: Rows,
    passed: Forward,
    d_a: Array,
    product: Product = operator.matmul,
) -> Array:
    """Return the gradient of L, from dL/da of the last block."""
    result = summed_gradient(network, objective, passed, d_a, product)
    result /= weight_sum(rows, rows_a_sample(passed, rows))
    return result


def summed_gradient(
    network: Network, objective: Objective, passed: Forward, d_a: Array, product: Product
) -> Array:
    """Return the gradient of L before it is divided by the samples' number or weights."""
    gradient = network.with_parameters(np.zeros_like(network.parameters))
    for i, deltas in backward_blocks(network, passed, d_a, product):
        block, part = network.spec.blocks[i], gradient.blocks[i]
        block.write_gradient(passed.blocks[i], deltas, part, product)
    prefix, penalty = slice(network.layout.n_weights), PENALTIES[objective.penalty]
    weights, result = network.parameters[prefix], gradient.parameters
    result[prefix] += objective.alpha * penalty.gradient(weights, objective.l1_ratio)
    return result


def first_non_finite_block(network: Network, passed: Forward) -> int | None:
    """Return the index of the first block whose z or parameters are infinite or NaN."""
    walk = zip(network.spec.blocks, network.blocks, passed.blocks, strict=True)
    for i, (block, parameters, its_pass) in enumerate(walk):
        if not block.is_finite(parameters, its_pass):
            return i
    return None
