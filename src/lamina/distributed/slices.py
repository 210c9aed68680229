"""Steps on a slice of the parameters, and the norm of a gradient whose slices are elsewhere."""

from __future__ import annotations

import operator

import numpy as np
from numpy.typing import NDArray

from lamina.distributed.summing import tree_sum
from lamina.engines import Objective
from lamina.engines.optimizer import StepParts
from lamina.formulas import PENALTIES
from lamina.formulas.table import Array
from lamina.network.parameters import Span

# Weights of a part of the penalty.
PART = 4096


def parts_in(parts: StepParts, kept: slice) -> StepParts:
    """Return the parts of a step that lie in a slice, counted from its start.

    Examples
    --------
    >>> parts_in(StepParts([], {}, [Span(slice(0, 4)), Span(slice(4, 9))]), slice(6, 8)).elementwise
    [Span(part=slice(0, 2, None), rate_factor=1.0, decay_factor=1.0)]
    """
    return StepParts(_spans_in(parts.decayed, kept), {}, _spans_in(parts.elementwise, kept))


def _spans_in(spans: list[Span], kept: slice) -> list[Span]:
    found = []
    for span in spans:
        start, stop = max(span.part.start, kept.start), min(span.part.stop, kept.stop)
        if start < stop:
            found.append(span._replace(part=slice(start - kept.start, stop - kept.start)))
    return found


def numbers_of_norm(gradient: Array, n_chunks: int) -> NDArray[np.float64]:
    """Return Σ g² of a slice in float64, added over the tree of its chunks."""
    squares = (
        np.array([np.square(chunk, dtype=np.float64).sum()])
        for chunk in gradient.reshape(n_chunks, -1)
    )
    return tree_sum(squares, operator.iadd)


def penalty_value(objective: Objective, weights: Array) -> float:
    """Return alpha times the penalty, added over short parts.

    BLAS divides a long product among its threads, whose number differs from process to process.
    """
    penalty = PENALTIES[objective.penalty]
    parts = (weights[start : start + PART] for start in range(0, weights.size, PART))
    return float(objective.alpha * sum(penalty.value(w, objective.l1_ratio) for w in parts))
