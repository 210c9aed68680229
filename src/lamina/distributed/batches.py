"""Gradients of the parts of a batch that belong to the shards of one worker."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lamina.blocks import Mode
from lamina.engines import Engine, Evaluator, Objective, Rows
from lamina.engines.batch_loss import WEIGHTS_CANCEL
from lamina.engines.batch_loss import first_non_finite_block as first_block_of
from lamina.formulas.table import AnyArray, Array
from lamina.network import Network, NetworkSpec
from lamina.network.passes import forward

# A batch has at most two sizes of parts, and the last one of an epoch two more.
MOST_SIZES = 4


class Buffers(NamedTuple):
    """Arrays for the samples of a part of a batch, and the evaluator that reads them."""

    rows: Rows
    evaluate: Evaluator


class ShardBatches:
    """Gradients of the shards of one worker.

    Parameters
    ----------
    engine : Engine
    spec : NetworkSpec
    objective : Objective
        Its penalty is left out.
    rows : dict of int to Rows
        Samples of each shard.
    """

    def __init__(
        self, engine: Engine, spec: NetworkSpec, objective: Objective, rows: dict[int, Rows]
    ) -> None:
        self._engine, self._spec, self._rows = engine, spec, rows
        self._objective = _without_penalty(objective)
        self._buffers: OrderedDict[int, Buffers] = OrderedDict()
        weights = [each.weight for each in rows.values()]
        self.weighs_targets = any(each is not None and each.ndim == 2 for each in weights)
        self._latest: list[Rows] = []

    def add_gradient(
        self, shard: int, places: NDArray[np.int64], parameters: Array, into: Array
    ) -> tuple[float, float]:
        """Write the gradient of Σ_rows loss into zeros; return that sum and the weights' sum."""
        rows = self._rows[shard]
        if not len(places):
            return 0.0, 0.0
        weight = _weight_sum(rows.weight, places)
        if weight == 0:
            return 0.0, 0.0
        loss, gradient = self._evaluator(rows, places)(parameters)
        np.multiply(gradient, into.dtype.type(weight), out=into)
        return loss * weight, weight

    def first_non_finite_block(self, parameters: Array) -> int | None:
        """Return the index of the first block that overflows on the latest part of a batch."""
        network = Network(self._spec, parameters)
        if not self._latest:
            return None
        passed = forward(network, self._latest[-1].X, Mode(uses_batch=True))
        return first_block_of(network, passed)

    def _evaluator(self, rows: Rows, places: NDArray[np.int64]) -> Evaluator:
        """Return the function of the loss and gradient of these samples."""
        if not (self._engine.reads_rows_in_place and isinstance(rows.X, np.ndarray)):
            chosen = Rows(rows.X[places], rows.y[places], _chosen(rows.weight, places))
            self._latest = [chosen]
            return self._engine.evaluator(self._spec, self._objective, chosen)
        buffers = self._buffers_of(rows, len(places))
        X, y, weight = buffers.rows
        # Other modes than "raise" write into `out` without a copy in between.
        np.take(rows.X, places, axis=0, out=X, mode="clip")
        np.take(rows.y, places, axis=0, out=y, mode="clip")
        if weight is not None and rows.weight is not None:
            np.take(rows.weight, places, axis=0, out=weight, mode="clip")
        self._latest = [buffers.rows]
        return buffers.evaluate

    def _buffers_of(self, rows: Rows, size: int) -> Buffers:
        if size not in self._buffers:
            weight = None if rows.weight is None else _room(rows.weight, size)
            new = Rows(_room(rows.X, size), _room(rows.y, size), weight)
            evaluate = self._engine.evaluator(self._spec, self._objective, new)
            self._buffers[size] = Buffers(new, evaluate)
            if len(self._buffers) > MOST_SIZES:
                self._buffers.popitem(last=False)
        return self._buffers[size]


def _room(array: Any, size: int) -> AnyArray:
    return np.zeros((size, *array.shape[1:]), array.dtype)


def _chosen(weight: AnyArray | None, places: NDArray[np.int64]) -> AnyArray | None:
    return None if weight is None else weight[places]


def _weight_sum(weight: AnyArray | None, places: NDArray[np.int64]) -> float:
    """Return the number of samples or the sum of their weights; zero if all weights are zero."""
    if weight is None:
        return float(len(places))
    chosen = weight[places]
    total = float(chosen.sum()) / (chosen.shape[1] if chosen.ndim == 2 else 1)
    if total == 0 and chosen.any():
        raise ZeroDivisionError(WEIGHTS_CANCEL)
    return total


def _without_penalty(objective: Objective) -> Objective:
    return replace(objective, alpha=0.0)
