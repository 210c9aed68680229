"""The operations that a training or prediction cannot do without, whatever computes it.

Multiply-adds of the products, in which zeros of X take no part; Adam's square root and division for
each parameter in each step; exponentials and logarithms of inverse link and loss. Everything else,
such as the moments of Adam, gathering and packing, is overhead beyond the limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.speed.cases import Work, multiply_adds_per_row


@dataclass(frozen=True)
class Operations:
    """Numbers of operations of the whole work, each on one number."""

    multiply_adds: int
    updates: int = 0  # a square root and a division each
    exponentials: int = 0
    logarithms: int = 0


def operations_of_training(work: Work) -> Operations:
    """Return the operations of a training with Adam."""
    samples = work.case.epochs * work.n_training_rows
    widths = work.widths
    # The first layer's products of X are those of the forward pass and of the gradient.
    absent = 2 * (widths[0] - nonzeros_per_row(work.X)) * widths[1]
    is_classification = work.case.task == "classification"
    return Operations(
        multiply_adds=round(samples * (multiply_adds_per_row(widths) - absent)),
        updates=work.n_steps * n_parameters(widths),
        exponentials=samples * widths[-1] if is_classification else 0,
        logarithms=samples if is_classification else 0,
    )


def operations_of_prediction(work: Work) -> Operations:
    """Return the operations of the predictions for all samples."""
    weights = sum(fan_in * fan_out for fan_in, fan_out in pairwise(work.widths))
    absent = (work.widths[0] - nonzeros_per_row(work.X)) * work.widths[1]
    return Operations(round(work.X.shape[0] * (weights - absent)))


def n_parameters(widths: tuple[int, ...]) -> int:
    """Return the number of weights and biases."""
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(widths))


def nonzeros_per_row(X: Any) -> float:
    """Return the mean number of entries of a sample that are not zero."""
    n_nonzero = X.nnz if hasattr(X, "nnz") else np.count_nonzero(X)
    return float(n_nonzero / X.shape[0])
