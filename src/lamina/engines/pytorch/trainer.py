"""Trainer on a device: parameters and optimizer state stay there until they are read.

Shapes: values (1 + n_slots, n_parameters), the parameters first, then the slots of the optimizer.
"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from lamina.blocks import Mode
from lamina.engines.batch_loss import summed_gradient, summed_loss, weight_sum
from lamina.engines.engine import Objective, Rows
from lamina.engines.multipliers import UNCHANGED, Multipliers, smoothed, with_decay
from lamina.engines.optimizer import (
    OptimizerSettings,
    OptimizerState,
    StepNumbers,
    apply_step,
    step_numbers,
    step_parts,
)
from lamina.engines.pytorch.arrays import TensorArray, to_device, to_host
from lamina.engines.pytorch.draws import TensorDraws
from lamina.engines.pytorch.products import product_on
from lamina.engines.pytorch.rows import DeviceRows
from lamina.engines.trainer import EpochReport, TimeIsUp, Trainer
from lamina.formulas.table import Array
from lamina.network import Network, NetworkSpec, ParameterLayout
from lamina.network.passes import Forward, forward, move_statistics


class Present(NamedTuple):
    """Values after a step and the number of steps, in one object so that both change at once."""

    values: torch.Tensor
    step: int


class PyTorchTrainer(Trainer):
    """One fit of the PyTorch engine."""

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
        self._spec, self._objective, self._optimizer = spec, objective, optimizer
        self._device, self._dtype = device, parameters.dtype
        self._layout = ParameterLayout.from_spec(spec)
        self._parts = step_parts(self._layout, optimizer)
        self._product = product_on(device, precision)
        self._rows = DeviceRows(rows, device)
        self._state = replace(state, slots=state.slots[:0])
        values = to_device(np.vstack([parameters[np.newaxis], state.slots]), device)
        self._present = Present(values, state.step)

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
        self._present = Present(values, step)

    def epoch(
        self,
        order: NDArray[np.int64],
        batch_size: int,
        learning_rates: NDArray[np.float64],
        multipliers: NDArray[np.float64] | None = None,
    ) -> EpochReport:
        total, norms = 0.0, list[Any]()
        scheduled = [UNCHANGED] * len(learning_rates)
        if multipliers is not None:
            scheduled = [Multipliers(*each) for each in multipliers.tolist()]
        order = order[: len(learning_rates) * batch_size]
        places = to_device(order, self._device)
        steps = zip(learning_rates.tolist(), scheduled, strict=True)
        starts = range(0, len(order), batch_size)
        for start, (rate, multiplier) in zip(starts, steps, strict=True):
            if norms and perf_counter() >= self.deadline:
                raise TimeIsUp
            part = slice(start, start + batch_size)
            chosen = order[part]
            divisor = weight_sum(self._rows.host_batch(chosen))
            batch = self._rows.batch(places[part], chosen)
            objective, batch = smoothed(self._objective, batch, multiplier.label_smoothing)
            values = self._present.values.clone()
            network = Network(self._spec, TensorArray(values[0]))  # type: ignore[arg-type]
            passed = self._forward(network, batch, places[part], multiplier.dropout)
            loss, d_a = summed_loss(network, objective, passed, batch)
            total += float(loss) / divisor * len(chosen)
            if not np.isfinite(total):
                break
            gradient = summed_gradient(network, objective, passed, d_a, self._product)
            gradient /= divisor
            optimizer = with_decay(self._optimizer, multiplier.weight_decay)
            numbers = step_numbers(self._parts, optimizer, self.step + 1, rate)
            norms.append(self._update(values, passed, gradient, numbers))
            self._present = Present(values, self.step + 1)
        present = network.with_parameters(TensorArray(self._present.values[0]))  # type: ignore[arg-type]
        bad = first_non_finite_block(present, passed)
        norm = float(np.mean([float(each) for each in norms])) if norms else None
        norm = norm if self.measures_gradient else None
        return EpochReport(total / len(order), len(norms), bad, norm)

    def _forward(
        self, network: Network, batch: Rows, places: torch.Tensor, dropout: float
    ) -> Forward:
        draws: Any = None
        if self._spec.draws:
            step = torch.tensor(self.step, device=self._device)
            rows: Any = TensorArray(places)
            draws = TensorDraws(self._state.seed, TensorArray(step), rows, dropout)  # type: ignore[arg-type]
        mode = Mode(uses_batch=True, draws=draws, product=self._product)
        return forward(network, batch.X, mode)

    def _update(
        self, values: torch.Tensor, passed: Forward, gradient: Array, numbers: StepNumbers
    ) -> Any:
        """Make one step in these values, and return the gradient's norm."""
        parameters: Any = TensorArray(values[0])
        slots: Any = TensorArray(values[1:])
        norm = apply_step(
            self._layout, self._optimizer, self._parts, parameters, gradient, slots, numbers
        )
        move_statistics(Network(self._spec, parameters), passed)
        if self._state.keeps_average:
            slots[-1][self._layout.n_trained :] = parameters[self._layout.n_trained :]
        return norm

    def _on_host(self, key: Any) -> Array:
        return to_host(self._present.values[key], self._dtype)


def first_non_finite_block(network: Network, passed: Forward) -> int | None:
    """Return the index of the first block whose z or parameters are infinite or NaN."""
    walk = zip(network.spec.blocks, network.blocks, passed.blocks, strict=True)
    for i, (block, parameters, its_pass) in enumerate(walk):
        if not block.is_finite(parameters, its_pass):
            return i
    return None
