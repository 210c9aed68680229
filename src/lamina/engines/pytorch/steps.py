"""One training step on a device, from the samples of a batch to the changed values.

Shapes: values (1 + n_slots, n_parameters), the parameters first, then the slots of the optimizer.
Nothing here reads a number back from the device, so that a step can be captured as a graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import torch

from lamina.blocks import Mode, Product
from lamina.engines.batch_loss import summed_gradient, summed_loss
from lamina.engines.engine import Objective, Rows
from lamina.engines.multipliers import smoothed
from lamina.engines.optimizer import (
    OptimizerSettings,
    StepNumbers,
    StepParts,
    apply_step,
    step_parts,
)
from lamina.engines.pytorch.arrays import TensorArray
from lamina.engines.pytorch.draws import TensorDraws
from lamina.engines.pytorch.fused import fused_step
from lamina.engines.pytorch.products import forget_operands
from lamina.network import Network, NetworkSpec, ParameterLayout
from lamina.network.passes import Forward, forward, move_statistics

# A number of this process, or an array of one number on the device.
Number = Any


class Batch(NamedTuple):
    """Input of a step.

    Attributes
    ----------
    rows : Rows
        Samples on the device.
    places : Tensor of int64
        Their indices.
    divisor : number
        Sum of their weights, by which the loss is divided.
    step : number
        Number of updates before this one.
    dropout, label_smoothing : number
        Multipliers of both.
    """

    rows: Rows
    places: torch.Tensor
    divisor: Number
    step: Number
    dropout: Number = 1.0
    label_smoothing: Number = 1.0


class Loss(NamedTuple):
    """Loss of a batch before it is divided, with what its gradient needs."""

    total: Any
    d_a: Any
    passed: Forward
    network: Network
    objective: Objective


@dataclass(frozen=True)
class Steps:
    """Steps of one fit: its network, loss and optimizer."""

    spec: NetworkSpec
    objective: Objective
    optimizer: OptimizerSettings
    product: Product

    @cached_property
    def layout(self) -> ParameterLayout:
        """Places of the tensors in the vector of parameters."""
        return ParameterLayout.from_spec(self.spec)

    @cached_property
    def parts(self) -> StepParts:
        """Parts of the parameters by what a step does to them."""
        return step_parts(self.layout, self.optimizer)

    def loss(self, values: torch.Tensor, batch: Batch, seed: int) -> Loss:
        """Run the forward pass of a batch."""
        parameters: Any = TensorArray(values[0])
        network = Network(self.spec, parameters)
        objective, rows = smoothed(self.objective, batch.rows, batch.label_smoothing)
        draws: Any = None
        if self.spec.draws:
            places: Any = TensorArray(batch.places)
            draws = TensorDraws(seed, batch.step, places, batch.dropout)
        mode = Mode(uses_batch=True, draws=draws, product=self.product)
        passed = forward(network, rows.X, mode)
        total, d_a = summed_loss(network, objective, passed, rows)
        return Loss(total, d_a, passed, network, objective)

    def update(
        self,
        values: torch.Tensor,
        loss: Loss,
        divisor: Number,
        numbers: StepNumbers,
        *,
        measures: bool,
    ) -> Any:
        """Change the values by one step, in place, and return the gradient's norm if measured."""
        gradient = summed_gradient(
            loss.network, loss.objective, loss.passed, loss.d_a, self.product
        )
        forget_operands(self.product)
        gradient /= divisor
        parameters: Any = TensorArray(values[0])
        slots: Any = TensorArray(values[1:])
        norm = apply_step(
            self.layout,
            self.optimizer,
            self.parts,
            parameters,
            gradient,
            slots,
            numbers,
            measures=measures,
            apply=fused_step(self.optimizer, values),
        )
        move_statistics(Network(self.spec, parameters), loss.passed)
        n_trained = self.layout.n_trained
        if self.optimizer.average_decay is not None and n_trained < self.layout.n_parameters:
            # No step changes the statistics, so that their average is the latest.
            average = slots[-1]
            average[n_trained:] = parameters[n_trained:]
        return norm if measures else None
