"""Trainer on a device: parameters and optimizer state stay there until they are read.

On the CPU every step is checked before it changes anything. On CUDA a whole epoch runs unchecked
(program.py); if its loss is not finite, the epoch runs again from its beginning with checks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from lamina.engines.batch_loss import first_non_finite_block, weight_sum
from lamina.engines.engine import Objective, Rows
from lamina.engines.multipliers import UNCHANGED, Multipliers, with_decay
from lamina.engines.optimizer import OptimizerSettings, OptimizerState, StepNumbers, step_numbers
from lamina.engines.pytorch.arrays import TensorArray
from lamina.engines.pytorch.losses import on_device
from lamina.engines.pytorch.products import product_on
from lamina.engines.pytorch.program import Program, Schedule, numbers_in
from lamina.engines.pytorch.rows import DeviceRows
from lamina.engines.pytorch.steps import Batch, Loss, Steps
from lamina.engines.pytorch.tensors import to_device, to_host
from lamina.engines.trainer import EpochReport, TimeIsUp, Trainer
from lamina.formulas.table import Array
from lamina.network import NetworkSpec

# Seconds of steps that a device may have waiting, so that Ctrl-C and a deadline are noticed.
LOOK = 0.05


class Present(NamedTuple):
    """Values after a step and the number of steps, in one object so that both change at once."""

    values: torch.Tensor
    step: int


class PyTorchTrainer(Trainer):
    """One fit of the PyTorch engine.

    Attributes
    ----------
    runs_programs : bool
        If True, epochs run unchecked.
    """

    def __init__(
        self,
        spec: NetworkSpec,
        objective: Objective,
        optimizer: OptimizerSettings,
        rows: Rows,
        parameters: Array,
        state: OptimizerState,
        device: torch.device,
        precision: str | None = None,
    ) -> None:
        objective = on_device(objective, device)
        self._steps = Steps(spec, objective, optimizer, product_on(device, precision))
        self._device, self._dtype = device, parameters.dtype
        self._rows = DeviceRows(rows, device)
        self._state = replace(state, slots=state.slots[:0])
        values = to_device(np.vstack([parameters[np.newaxis], state.slots]), device)
        self._present = Present(values, state.step)
        self._programs: dict[tuple[int, int], Program] = {}
        self.runs_programs = device.type == "cuda" and isinstance(objective.loss, str)

    @property
    def step(self) -> int:
        return self._present.step

    def parameters(self) -> Array:
        return self._on_host(0)

    def predicting(self) -> Array:
        return self._on_host(-1 if self._state.keeps_average else 0)

    def optimizer_state(self) -> OptimizerState:
        return replace(self._state, slots=self._on_host(slice(1, None)), step=self.step)

    def load(
        self, parameters: Array | None = None, optimizer_state: OptimizerState | None = None
    ) -> None:
        values, step = self._present.values.clone(), self.step
        if parameters is not None:
            values[0] = to_device(parameters, self._device)
        if optimizer_state is not None:
            values[1:] = to_device(optimizer_state.slots, self._device)
            step, self._state.seed = optimizer_state.step, optimizer_state.seed
            self._programs.clear()
        self._present = Present(values, step)

    def epoch(
        self,
        order: NDArray[np.int64],
        batch_size: int,
        learning_rates: NDArray[np.float64],
        multipliers: NDArray[np.float64] | None = None,
    ) -> EpochReport:
        order = order[: len(learning_rates) * batch_size]
        scheduled = [UNCHANGED] * len(learning_rates)
        if multipliers is not None:
            scheduled = [Multipliers(*each) for each in multipliers.tolist()]
        rates = learning_rates.tolist()
        if self.runs_programs:
            try:
                schedule = self._schedule(order, batch_size, rates, scheduled)
            except ZeroDivisionError:
                schedule = None  # The checked steps end at the batch that has this fault.
            if schedule is not None:
                report = self._run_program(order, batch_size, schedule)
                if report is not None:
                    return report
        return self._run_checked(order, batch_size, rates, scheduled)

    def _run_checked(
        self,
        order: NDArray[np.int64],
        batch_size: int,
        rates: list[float],
        scheduled: list[Multipliers],
    ) -> EpochReport:
        """Run an epoch in which a step changes nothing if the loss is not finite."""
        norms, places = list[Any](), to_device(order, self._device)
        summed: Any = TensorArray(to_device(np.zeros(()), self._device))
        self._rows.begin(order, batch_size)
        for part, rate, multiplier in zip(
            _parts(len(order), batch_size), rates, scheduled, strict=True
        ):
            if norms and perf_counter() >= self.deadline:
                raise TimeIsUp
            chosen = order[part]
            of_step = self._numbers(self.step, rate, multiplier)
            row = Schedule([of_step], [self._divisor(chosen)], None, None).table(self._device)[0]
            # Numbers and sum are arrays, as in a program, whose steps have the same bits.
            numbers, divisor, *_ = numbers_in(row, of_step, is_scheduled=False)
            values = self._present.values.clone()
            rows = self._rows.batch(places[part], chosen)
            step = TensorArray(torch.tensor(self.step, device=self._device))
            smoothing = multiplier.label_smoothing
            batch = Batch(rows, places[part], divisor, step, multiplier.dropout, smoothing)
            loss = self._steps.loss(values, batch, self._state.seed)
            summed += loss.total / divisor * len(chosen)
            if not math.isfinite(float(summed)):
                break
            norms.append(
                self._steps.update(values, loss, divisor, numbers, measures=self.measures_gradient)
            )
            self._present = Present(values, self.step + 1)
        norm = sum(map(float, norms)) if self.measures_gradient else math.nan
        return self._report(float(summed) / len(order), len(norms), norm, loss)

    def _run_program(
        self, order: NDArray[np.int64], batch_size: int, schedule: Schedule
    ) -> EpochReport | None:
        """Run an epoch unchecked; return None, with nothing changed, if its loss is not finite."""
        program = self._program(len(order), batch_size)
        start = self._present
        program.begin(start.values, start.step, order, schedule, measures=self.measures_gradient)
        batches = [order[part] for part in _parts(len(order), batch_size)]
        self._rows.begin(order, batch_size)
        look = perf_counter() + LOOK
        try:
            for i, chosen in enumerate(batches, 1):
                program.run_step(chosen)
                if (now := perf_counter()) >= look:
                    program.wait()
                    look = perf_counter() + LOOK
                if now >= self.deadline and i < len(batches):
                    raise TimeIsUp
        finally:
            made, total, norms = program.read()
            is_finite = math.isfinite(total)
            if is_finite:
                self._present = Present(program.values.clone(), start.step + made)
        if not is_finite:
            return None
        return self._report(total / len(order), made, norms, program.last_loss(len(batches[-1])))

    def _program(self, n_samples: int, batch_size: int) -> Program:
        key = n_samples, batch_size
        if key not in self._programs:
            values, seed = self._present.values, self._state.seed
            self._programs = {key: Program(self._steps, self._rows, seed, *key, values)}
        return self._programs[key]

    def _schedule(
        self,
        order: NDArray[np.int64],
        batch_size: int,
        rates: list[float],
        scheduled: list[Multipliers],
    ) -> Schedule:
        """Return the numbers of all steps of an epoch."""
        steps = enumerate(zip(rates, scheduled, strict=True), start=self.step)
        numbers = [self._numbers(step, rate, each) for step, (rate, each) in steps]
        divisors = [self._divisor(order[part]) for part in _parts(len(order), batch_size)]
        if all(each == UNCHANGED for each in scheduled):
            return Schedule(numbers, divisors, None, None)
        dropout = [each.dropout for each in scheduled]
        return Schedule(numbers, divisors, dropout, [each.label_smoothing for each in scheduled])

    def _numbers(self, step: int, rate: float, multiplier: Multipliers) -> StepNumbers:
        optimizer = with_decay(self._steps.optimizer, multiplier.weight_decay)
        return step_numbers(self._steps.parts, optimizer, step + 1, rate)

    def _divisor(self, chosen: NDArray[np.int64]) -> float:
        return weight_sum(self._rows.weights_of(chosen))

    def _report(self, loss: float, n_steps: int, norms: float, latest: Loss) -> EpochReport:
        parameters: Any = TensorArray(self._present.values[0])
        network = latest.network.with_parameters(parameters)
        bad = first_non_finite_block(network, latest.passed)
        norm = norms / n_steps if self.measures_gradient and n_steps else None
        return EpochReport(loss, n_steps, bad, norm)

    def _on_host(self, key: Any) -> Array:
        return to_host(self._present.values[key], self._dtype)


def _parts(n_samples: int, batch_size: int) -> Iterator[slice]:
    """Yield the part of the order of each batch."""
    for start in range(0, n_samples, batch_size):
        yield slice(start, min(start + batch_size, n_samples))
