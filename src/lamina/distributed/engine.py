"""Engine and trainer of a fit on several workers, which the epoch loop uses like any other.

The loop, its history, its checkpoints and its callbacks are in the coordinator's process. A
request for epochs goes to all workers; parameters and optimizer state come back when they are read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from lamina.distributed.crew import Crew
from lamina.distributed.refusals import refuse_multipliers
from lamina.distributed.shards import Division, draw_seeds
from lamina.distributed.worker import Ended, Epochs, WorkerPart
from lamina.engines import (
    Engine,
    EpochReport,
    Evaluator,
    Objective,
    OptimizerSettings,
    OptimizerState,
    Rows,
)
from lamina.engines.trainer import EpochsTrainer, TimeIsUp
from lamina.formulas.table import Array, Matrix
from lamina.network import Network, NetworkSpec


@dataclass(frozen=True)
class ShardedEngine(Engine):
    """Engine whose trainers divide every batch among virtual shards.

    Attributes
    ----------
    inside : Engine
        Engine that computes the gradients of the shards, and the predictions.
    n_shards : int
    make_crew : callable
        Returns the workers of a fit.
    """

    inside: Engine
    n_shards: int
    make_crew: Callable[[], Crew] = field(compare=False)

    @property
    def name(self) -> str:
        return f"{self.inside.name} on {self.n_shards} shards"

    def trainer(
        self,
        spec: NetworkSpec,
        objective: Objective,
        optimizer: OptimizerSettings,
        rows: Rows,
        parameters: Array,
        state: OptimizerState,
    ) -> ShardedTrainer:
        division = Division(len(rows.y), self.n_shards)
        part = WorkerPart(self.inside, spec, objective, optimizer, division, {}, parameters, state)
        return ShardedTrainer(part, rows, self.make_crew)

    def evaluator(self, spec: NetworkSpec, objective: Objective, rows: Rows) -> Evaluator:
        return self.inside.evaluator(spec, objective, rows)

    def predict(self, network: Network, X: Matrix) -> Array:
        return self.inside.predict(network, X)

    def activations(self, network: Network, X: Matrix) -> list[Array]:
        return self.inside.activations(network, X)


class ShardedTrainer(EpochsTrainer):
    """Trainer whose steps are made by a crew.

    Parameters
    ----------
    part : WorkerPart
        Part of every worker, without its samples.
    rows : Rows
        All samples.
    make_crew : callable
        Returns the workers, also for a larger crew between two epochs.
    """

    def __init__(self, part: WorkerPart, rows: Rows, make_crew: Callable[[], Crew]) -> None:
        self._part, self._rows, self._make_crew = part, rows, make_crew
        self._step = part.state.step
        self._order: NDArray[np.int64] | None = None
        self._crew: Crew

    @property
    def step(self) -> int:
        return self._step

    def parameters(self) -> Array:
        if self._order is None:
            return self._part.parameters
        parameters: Array = self._crew.call("parameters")[0]
        return parameters

    def optimizer_state(self) -> OptimizerState:
        if self._order is None:
            return self._part.state
        slots = np.zeros_like(self._part.state.slots)
        for part, of_part in self._crew.call("slots"):
            slots[:, part] = of_part
        return replace(self._part.state, slots=slots, step=self._step)

    def load(
        self, parameters: Array | None = None, optimizer_state: OptimizerState | None = None
    ) -> None:
        if optimizer_state is not None:
            self._step = optimizer_state.step
        if self._order is not None:
            self._crew.call("load", parameters, optimizer_state)
            return
        values = self._part.parameters if parameters is None else parameters.copy()
        state = optimizer_state or self._part.state
        self._part = replace(
            self._part, parameters=values, state=replace(state, slots=state.slots.copy())
        )

    def epochs(
        self,
        order: NDArray[np.int64],
        batch_size: int,
        learning_rates: NDArray[np.float64],
        reports: list[EpochReport],
        random_state: np.random.RandomState | None = None,
        multipliers: NDArray[np.float64] | None = None,
    ) -> None:
        self._begin(order)
        n_epochs = len(learning_rates)
        before, seeds = self._draw(random_state, n_epochs)
        decay = None
        if multipliers is not None:
            refuse_multipliers(multipliers)
            decay = np.ascontiguousarray(multipliers[..., 1])
        seconds = self.deadline - perf_counter()
        request = Epochs(
            min(batch_size, len(order)),
            learning_rates,
            seeds,
            decay,
            self.measures_gradient,
            seconds,
        )
        ended: list[Ended] = self._crew.call("epochs", request)
        first = ended[0]
        self._step = first.step
        if random_state is not None:
            begun = len(first.reports) + first.is_stopped
            random_state.set_state(before[begun])
        blocks = [each.reports[-1].non_finite_block for each in ended if each.reports]
        reports += _with_first_block(first.reports, blocks)
        if self._crew.was_interrupted:
            raise KeyboardInterrupt
        if first.is_stopped:
            raise TimeIsUp

    def _begin(self, order: NDArray[np.int64]) -> None:
        """Give the workers their samples before the first epoch, and when there are more workers.

        The order of the samples stays that of the first epoch: shards have orders of their own.
        """
        if self._order is not None:
            if not self._crew.can_grow():
                return
            present = self.parameters(), self.optimizer_state()
            self._part = replace(self._part, parameters=present[0], state=present[1])
            self._crew.close()
        division = Division(len(order), self._part.division.n_shards)

        def make_part(shards: range) -> WorkerPart:
            rows = {shard: _chosen(self._rows, order[division.rows(shard)]) for shard in shards}
            return replace(self._part, division=division, rows=rows)

        self._crew = self._make_crew()
        self._crew.begin(division.n_shards, make_part)
        self._order = order

    def _draw(
        self, random_state: np.random.RandomState | None, n_epochs: int
    ) -> tuple[list[dict[str, object]], NDArray[np.uint32] | None]:
        """Return the generator's state before and after each epoch's draws, and the seeds."""
        if random_state is None:
            return [], None
        states, seeds = [random_state.get_state(legacy=False)], []
        for _ in range(n_epochs):
            seeds.append(draw_seeds(random_state, self._part.division.n_shards))
            states.append(random_state.get_state(legacy=False))
        return states, np.array(seeds)


def _chosen(rows: Rows, places: NDArray[np.int64]) -> Rows:
    """Return some of the samples, without a copy if they are consecutive."""
    part: slice | NDArray[np.int64] = places
    if len(places) and np.array_equal(places, np.arange(places[0], places[0] + len(places))):
        part = slice(int(places[0]), int(places[-1]) + 1)
    weight = None if rows.weight is None else rows.weight[part]
    return Rows(rows.X[part], rows.y[part], weight)


def _with_first_block(reports: list[EpochReport], blocks: list[int | None]) -> list[EpochReport]:
    """Return the reports with the first block that any worker found not to be finite."""
    found = [block for block in blocks if block is not None]
    if not reports or not found:
        return reports
    return [*reports[:-1], reports[-1]._replace(non_finite_block=min(found))]
