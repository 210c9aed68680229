"""From logits to the loss, in NumPy: prediction, loss of each sample, gradient at the logits.

Shapes: prediction, logits, gradient (n_samples, n_outputs); y as in engine.py. The logits are the a
of the last block; the inverse link turns them into the prediction, head by head.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamina.engines.custom_loss import value_and_delta
from lamina.engines.engine import Objective, Rows
from lamina.formulas import INVERSE_LINKS, LOSSES
from lamina.formulas.table import Array
from lamina.network import NetworkSpec

WEIGHTS_CANCEL = (
    "The sample weights of a whole batch sum to zero, so its loss has no mean: drop samples of "
    "weight zero, or choose a larger batch_size, in which negative weights cancel less."
)


def predict_from(spec: NetworkSpec, logits: Array) -> Array:
    """Return the prediction for these logits, with the inverse link applied to each head."""
    inverse_link = INVERSE_LINKS[spec.inverse_link].value
    if not spec.heads:
        return inverse_link(logits)
    return np.hstack([inverse_link(logits[:, head]) for head in head_columns(spec)])


def compute_logits(spec: NetworkSpec, prediction: Array) -> Array:
    """Return logits for this prediction."""
    return INVERSE_LINKS[spec.inverse_link].link(prediction)


def head_columns(spec: NetworkSpec) -> list[slice]:
    """Return the columns of the outputs of each head."""
    ends = np.cumsum(spec.heads or (spec.n_outputs,)).tolist()
    return [slice(*columns) for columns in pairwise((0, *ends))]


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
    spec: NetworkSpec, objective: Objective, prediction: Array, y: NDArray[Any]
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
