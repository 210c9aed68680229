"""Work of one worker: the gradients of its virtual shards, and the step on its slice.

In every step each worker

    1. adds the gradients of its shards, Σ_rows dl/dw of each, over the tree of summing.py;
    2. adds them to those of the others, and gets the sum for its slice of the parameters;
    3. adds the penalty, divides by the batch's size or weight sum, and updates its slice;
    4. gets the other slices from the other workers.

The optimizer's state is kept by slices: a worker has that of its own slice alone. If the optimizer
updates whole matrices (Muon), each worker has all of it and makes the same step.

Shapes: parameters and gradient (n_parameters,), padded to a multiple of the number of shards.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lamina.distributed.batches import ShardBatches
from lamina.distributed.group import (
    Group,
    share_slices,
    slice_of,
    sum_over_slices,
    sum_to_slices,
)
from lamina.distributed.shards import Division, order_of_shard
from lamina.distributed.slices import numbers_of_norm, parts_in, penalty_value
from lamina.distributed.summing import tree_sum
from lamina.engines import Engine, EpochReport, Objective, OptimizerSettings, OptimizerState, Rows
from lamina.engines.batch_loss import WEIGHTS_CANCEL
from lamina.engines.multipliers import with_decay
from lamina.engines.optimizer import apply_step, step_numbers, step_parts
from lamina.formulas import OPTIMIZERS, PENALTIES
from lamina.formulas.averages import clipping_scale
from lamina.formulas.table import Array
from lamina.network import NetworkSpec, ParameterLayout, first_non_finite_block


@dataclass(frozen=True)
class WorkerPart:
    """Everything that a worker receives at the beginning.

    Attributes
    ----------
    engine : Engine
        Engine that computes the gradients of the shards.
    spec : NetworkSpec
    objective : Objective
    optimizer : OptimizerSettings
    division : Division
    rows : dict of int to Rows
        Samples of each shard that the worker holds.
    parameters : ndarray of shape (n_parameters,)
    state : OptimizerState
        Of all parameters; a worker keeps its slice.
    """

    engine: Engine
    spec: NetworkSpec
    objective: Objective
    optimizer: OptimizerSettings
    division: Division
    rows: dict[int, Rows]
    parameters: Array
    state: OptimizerState


class Epochs(NamedTuple):
    """Request for consecutive epochs.

    Attributes
    ----------
    batch_size : int
    learning_rates : ndarray of float64 of shape (n_epochs, n_steps)
    seeds : ndarray of uint32 of shape (n_epochs, n_shards), or None
        Seeds of the shards' orders; None to take the samples as they lie.
    decay : ndarray of float64 of shape (n_epochs, n_steps), or None
        Multipliers of the weight decay.
    measures_gradient : bool
    seconds : float
        Time after which no further step begins; may be infinite.
    """

    batch_size: int
    learning_rates: NDArray[np.float64]
    seeds: NDArray[np.uint32] | None
    decay: NDArray[np.float64] | None
    measures_gradient: bool
    seconds: float


class Ended(NamedTuple):
    """Result of a request for epochs.

    Attributes
    ----------
    reports : list of EpochReport
        One of each finished epoch.
    step : int
        Number of the optimizer's steps.
    is_stopped : bool
        True if a stop or the time ended an epoch before its last step.
    """

    reports: list[EpochReport]
    step: int
    is_stopped: bool


class ShardWorker:
    """One worker of a fit.

    Parameters
    ----------
    part : WorkerPart
    group : Group
    """

    def __init__(self, part: WorkerPart, group: Group) -> None:
        self._part, self._group = part, group
        self._division = part.division
        self._shards = self._division.shards_of(group.rank, group.size)
        self._layout = ParameterLayout.from_spec(part.spec)
        n, n_shards = part.parameters.size, self._division.n_shards
        self._padded = np.zeros(-(-n // n_shards) * n_shards, part.parameters.dtype)
        self.values = self._padded[:n]
        self._batches = ShardBatches(part.engine, part.spec, part.objective, part.rows)
        self._is_sliced = OPTIMIZERS[part.optimizer.name].matrix_update is None
        whole = slice(0, self._padded.size)
        self._slice = slice_of(group, self._padded.size) if self._is_sliced else whole
        # Padding has no slots and no step.
        self._updated = slice(min(self._slice.start, n), min(self._slice.stop, n))
        parts = step_parts(self._layout, part.optimizer)
        self._parts = parts_in(parts, self._updated) if self._is_sliced else parts
        self._is_stopping = False
        self.load(part.parameters, part.state)

    def load(self, parameters: Array | None, state: OptimizerState | None) -> None:
        """Replace the parameters, the optimizer's state, or both; each is that of all workers."""
        if parameters is not None:
            self.values[...] = parameters
        if state is not None:
            self._slots = state.slots[:, self._updated].copy()
            self._step, self._seed = state.step, state.seed

    def parameters(self) -> Array:
        """Return all parameters, which every worker has."""
        return self.values

    def slots(self) -> tuple[slice, Array]:
        """Return the part of the parameters whose state this worker keeps, and the state."""
        return self._updated, self._slots

    def stop(self) -> None:
        """Ask for the end after the present step; only that of rank 0 has an effect."""
        self._is_stopping = True

    def leave(self) -> None:
        """Close the connections to the other workers."""
        self._group.leave()

    def epochs(self, request: Epochs) -> Ended:
        """Run consecutive epochs as long as they stay finite, as `Trainer.epochs` does."""
        self._is_stopping = False
        self._deadline = perf_counter() + request.seconds
        reports: list[EpochReport] = []
        with np.errstate(all="ignore"):
            for epoch, rates in enumerate(request.learning_rates):
                report = self._epoch(request, epoch, rates)
                if report is None:
                    return Ended(reports, self._step, True)
                reports.append(report)
                if not report.is_finite or self._is_over:
                    break
        return Ended(reports, self._step, False)

    def _epoch(self, request: Epochs, epoch: int, rates: NDArray[np.float64]) -> EpochReport | None:
        """Run one epoch; return None if it is stopped before its end."""
        size = request.batch_size
        n_used = min(self._division.n_samples, len(rates) * size)
        self._begin_epoch(None if request.seeds is None else request.seeds[epoch])
        total, norms, block = 0.0, list[float](), None
        for step, (start, rate) in enumerate(zip(range(0, n_used, size), rates, strict=True)):
            stop = min(start + size, n_used)
            gradient, numbers = self._gradient(start, stop)
            loss, weight = self._loss(numbers)
            total += loss * (stop - start)
            if not math.isfinite(total):
                block = self._batches.first_non_finite_block(self.values)
                break
            decay = 1.0 if request.decay is None else float(request.decay[epoch, step])
            norms.append(
                self._update(gradient, weight, float(rate), decay, request.measures_gradient)
            )
            if self._is_over and stop < n_used:
                return None
        if block is None:
            block = first_non_finite_block(self._part.spec, self.values)
        norm = float(np.mean(norms)) if request.measures_gradient and norms else None
        return EpochReport(total / n_used, len(norms), block, norm)

    def _begin_epoch(self, seeds: NDArray[np.uint32] | None) -> None:
        self._is_over = False
        self._orders = {
            shard: order_of_shard(
                self._division.size(shard), None if seeds is None else int(seeds[shard])
            )
            for shard in self._shards
        }

    def _gradient(self, start: int, stop: int) -> tuple[Array, NDArray[np.float64]]:
        """Return the summed gradient of a batch in this worker's slice, and its numbers.

        The numbers are the sum of the losses, the sum of the weights, and above zero if this is to
        be the last step.
        """
        gradient, numbers = tree_sum(self._leaves(start, stop), self._add)
        if self._group.rank == 0 and (self._is_stopping or perf_counter() >= self._deadline):
            numbers[2] = 1.0
        sum_to_slices(self._group, gradient, numbers)
        self._is_over = numbers[2] > 0
        return gradient, numbers

    def _leaves(self, start: int, stop: int) -> Iterator[tuple[Array, NDArray[np.float64]]]:
        """Yield the gradient and the numbers of each shard's part of a batch."""
        for shard in self._shards:
            places = self._orders[shard][self._division.part_of_batch(shard, start, stop)]
            gradient = np.zeros_like(self._padded)
            loss, weight = self._batches.add_gradient(
                shard, places, self.values, gradient[: self.values.size]
            )
            yield gradient, np.array([loss, weight, 0.0])

    @staticmethod
    def _add(
        left: tuple[Array, NDArray[np.float64]], right: tuple[Array, NDArray[np.float64]]
    ) -> tuple[Array, NDArray[np.float64]]:
        for each, other in zip(left, right, strict=True):
            each += other
        return left

    def _loss(self, numbers: NDArray[np.float64]) -> tuple[float, float]:
        """Return L, the mean loss of a batch plus the penalty, and the divisor of its gradient."""
        objective, (loss, weight, _) = self._part.objective, numbers.tolist()
        if weight == 0:
            if self._batches.weighs_targets:
                return 0.0, math.inf
            raise ZeroDivisionError(WEIGHTS_CANCEL)
        if objective.alpha:
            weights = self.values[: self._layout.n_weights]
            loss += penalty_value(objective, weights)
        return loss / weight, weight

    def _update(
        self, gradient: Array, weight: float, rate: float, decay: float, measures: bool
    ) -> float:
        """Make one step and return the gradient's norm, NaN if it is neither measured nor used."""
        optimizer = with_decay(self._part.optimizer, decay)
        mine = slice_of(self._group, gradient.size)
        self._finish_gradient(gradient, mine, weight)
        norm = math.nan
        if measures or optimizer.max_gradient_norm is not None:
            norm = self._norm(gradient[mine])
        if optimizer.max_gradient_norm is not None:
            scale = clipping_scale(np.float64(norm), optimizer.max_gradient_norm)
            gradient[mine] *= scale.astype(gradient.dtype)
        if not self._is_sliced:
            share_slices(self._group, gradient)
        unclipped = replace(optimizer, max_gradient_norm=None)
        numbers = step_numbers(self._parts, unclipped, self._step + 1, rate)
        apply_step(
            self._layout,
            unclipped,
            self._parts,
            self.values[self._updated],
            gradient[self._updated],
            self._slots,
            numbers,
            measures=False,
        )
        if self._is_sliced:
            share_slices(self._group, self._padded)
        self._step += 1
        return norm

    def _finish_gradient(self, gradient: Array, mine: slice, weight: float) -> None:
        """Add the penalty's gradient in this worker's slice, and divide by the weight."""
        objective = self._part.objective
        part = slice(mine.start, max(mine.start, min(mine.stop, self._layout.n_weights)))
        if objective.alpha and part.stop > part.start:
            penalty = PENALTIES[objective.penalty]
            of_weights = penalty.gradient(self.values[part], objective.l1_ratio)
            gradient[part] += objective.alpha * of_weights
        gradient[mine] /= weight

    def _norm(self, gradient: Array) -> float:
        """Return ‖g‖ from the gradient in this worker's slice."""
        n_chunks = self._division.n_shards // self._group.size
        numbers = numbers_of_norm(gradient, n_chunks)
        sum_over_slices(self._group, numbers)
        return math.sqrt(float(numbers[0]))
