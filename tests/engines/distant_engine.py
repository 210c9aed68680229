"""An engine that keeps parameters and optimizer state to itself, like one on another device."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from lamina.engines import (
    Engine,
    EpochReport,
    Evaluator,
    Objective,
    OptimizerSettings,
    OptimizerState,
    Rows,
    Trainer,
)
from lamina.engines.reference import ReferenceEngine, ReferenceTrainer
from lamina.formulas.table import Matrix
from lamina.network import Network, NetworkSpec


class DistantTrainer(Trainer):
    """Trainer whose arrays nobody else sees: it copies all that it receives and returns."""

    def __init__(self, inside: ReferenceTrainer, fetched: Counter[str]) -> None:
        self._inside, self._fetched = inside, fetched

    @property
    def step(self) -> int:
        return self._inside.step

    def parameters(self) -> np.ndarray:
        self._fetched["parameters"] += 1
        return self._inside.parameters().copy()

    def predicting(self) -> np.ndarray:
        self._fetched["predicting"] += 1
        return self._inside.predicting().copy()

    def optimizer_state(self) -> OptimizerState:
        self._fetched["optimizer_state"] += 1
        return copied(self._inside.optimizer_state())

    def load(
        self, parameters: np.ndarray | None = None, optimizer_state: OptimizerState | None = None
    ) -> None:
        self._fetched["loaded"] += 1
        self._inside.load(parameters, optimizer_state)

    def epoch(
        self,
        order: np.ndarray,
        batch_size: int,
        learning_rates: np.ndarray,
        multipliers: np.ndarray | None = None,
    ) -> EpochReport:
        self._fetched["epochs"] += 1
        self._inside.deadline = self.deadline
        self._inside.measures_gradient = self.measures_gradient
        return self._inside.epoch(order, batch_size, learning_rates, multipliers)


@dataclass(frozen=True)
class DistantEngine(Engine):
    """Reference engine with such trainers; `fetched` counts their epochs and copies by name."""

    precision: str | None = None
    name: ClassVar[str] = "reference"
    fetched: ClassVar[Counter[str]] = Counter()

    def trainer(
        self,
        spec: NetworkSpec,
        objective: Objective,
        optimizer: OptimizerSettings,
        rows: Rows,
        parameters: np.ndarray,
        state: OptimizerState,
    ) -> DistantTrainer:
        start = parameters.copy(), copied(state)
        inside = self._inside.trainer(spec, objective, optimizer, rows, *start)
        return DistantTrainer(inside, self.fetched)

    def evaluator(self, spec: NetworkSpec, objective: Objective, rows: Rows) -> Evaluator:
        return self._inside.evaluator(spec, objective, rows)

    def predict(self, network: Network, X: Matrix) -> np.ndarray:
        return self._inside.predict(network, X)

    def activations(self, network: Network, X: Matrix) -> list[np.ndarray]:
        return self._inside.activations(network, X)

    @property
    def _inside(self) -> ReferenceEngine:
        return ReferenceEngine(self.precision)


def copied(state: OptimizerState) -> OptimizerState:
    """Return a copy of an optimizer's state."""
    return replace(state, slots=state.slots.copy())
