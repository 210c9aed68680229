"""One training step with all intermediate results, layer by layer.

Shapes: X (n_samples, fan_in of the first layer); for each layer z, a, delta (n_samples, fan_out), W
(fan_in, fan_out) and b (fan_out,); all in float64. n is the number of samples, or the sum of their
weights. If k members share the network, a sample is k rows of z, a and delta, one member after
another: (n_samples k, fan_out).
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np

from lamina.blocks import Dense, InputStage, MemberHeads, Mode, Role, SharedDense
from lamina.blocks.dense import DensePass
from lamina.encoding.frames import ArrayOrTable
from lamina.engines import Objective, OptimizerSettings, OptimizerState, Rows
from lamina.engines.batch_loss import backward, batch_loss, losses_of_members, weight_sum
from lamina.engines.optimizer import update
from lamina.errors import UnsupportedBlockError
from lamina.formulas import OPTIMIZERS, PENALTIES
from lamina.formulas.muon import adamw_factors, is_orthogonalised
from lamina.formulas.noise import Draws
from lamina.formulas.table import AnyArray, Array
from lamina.network import Network, NetworkSpec, ParameterLayout, block_parameters
from lamina.network.passes import (
    Forward,
    backward_blocks,
    forward,
    move_statistics,
    predict_member,
)

LAYERS = Dense, SharedDense, MemberHeads
TracedLayer: TypeAlias = Dense | SharedDense | MemberHeads
# Fitted attributes of the tensors.
ATTRIBUTES: Mapping[Role, str] = {
    Role.WEIGHTS: "coefs_",
    Role.BIASES: "intercepts_",
    Role.UNIT_PARAMETERS: "unit_parameters_",
    Role.INPUTS: "input_parameters_",
    Role.STATISTICS: "running_statistics_",
}


@dataclass(frozen=True)
class GradientStep:
    """A network, the samples of one batch, and the results of a step.

    Attributes
    ----------
    network : Network
    objective : Objective
    rows : Rows
    passed : Forward
    loss : float
        Loss including the penalty.
    d_a : ndarray of shape (n_samples, n_outputs)
        n dL/da of the last layer.
    gradient : ndarray of shape (n_parameters,)
    member : int or None
        Place of the network among independent members.
    """

    network: Network
    objective: Objective
    rows: Rows
    passed: Forward
    loss: float
    d_a: Array
    gradient: Array
    member: int | None = None

    @property
    def spec(self) -> NetworkSpec:
        """Specification of the network."""
        return self.network.spec

    @property
    def parameters(self) -> Array:
        """Parameters of the network, of shape (n_parameters,)."""
        return self.network.parameters

    @property
    def n(self) -> float:
        """Number of samples, or the sum of their weights."""
        return weight_sum(self.rows)

    @property
    def stage(self) -> InputStage | None:
        """Input stage of the network."""
        return self.spec.input_stage

    @property
    def n_before(self) -> int:
        """Number of blocks before the first layer: 1 with an input stage."""
        return 0 if self.stage is None else 1

    @property
    def n_members(self) -> int:
        """Number of members that share the network; 1 without."""
        return self.spec.n_members

    @property
    def layers(self) -> tuple[TracedLayer, ...]:
        """Layers of the network."""
        return cast(tuple[TracedLayer, ...], self.spec.layers)

    @property
    def blocks(self) -> tuple[Dense, ...]:
        """Dense block of every layer; of one member if several share the layer."""
        return tuple(each if isinstance(each, Dense) else each.dense for each in self.layers)

    @property
    def passes(self) -> list[DensePass]:
        """Values of every layer's forward pass, with a row for each member of a sample."""
        passes: list[Any] = self.passed.blocks[self.n_before :]
        pairs = zip(self.layers, passes, strict=True)
        return [each if isinstance(layer, Dense) else each.dense for layer, each in pairs]

    @property
    def layout(self) -> ParameterLayout:
        """Positions of the matrices in the flat parameter vector."""
        return self.network.layout

    def parts(self, vector: Array) -> list[Any]:
        """Split a flat vector by layer, into the parameters of its kind."""
        return block_parameters(self.spec, vector)[self.n_before :]

    def stage_parts(self, vector: Array) -> list[Array]:
        """Return the tensors of the input stage in a flat vector."""
        return [*block_parameters(self.spec, vector)[0]]

    def attribute(self, block: int, tensor: str) -> str:
        """Return the element of a fitted attribute with a tensor of a block: 'coefs_[0]'."""
        counts = Counter[Role]()
        for i, each in enumerate(self.spec.blocks):
            for declared in each.tensors:
                if i == block and declared.name == tensor:
                    of_member = "" if self.member is None else f"[{self.member}]"
                    return f"{ATTRIBUTES[declared.role]}[{counts[declared.role]}]{of_member}"
                counts[declared.role] += 1
        raise LookupError(f"block {block} has no {tensor!r}")

    @property
    def row_predictions(self) -> Array:
        """Prediction of each row, (n_samples k, n_outputs), for each of k members."""
        logits = self.passed.a[-1]
        if self.n_members == 1:
            return self.passed.prediction
        return predict_member(self.spec, logits.reshape(-1, self.spec.n_outputs))

    @property
    def row_weights(self) -> AnyArray | None:
        """Weight of each row; that of a member is a k-th of the sample's."""
        weight, k = self.rows.weight, self.n_members
        if k == 1:
            return weight
        return np.repeat(np.ones(len(self.rows.y)) if weight is None else weight, k) / k

    def row_losses(self) -> Array:
        """Return the loss of each row, multiplied by its weight."""
        return losses_of_members(self.spec, self.objective, self.passed, self.rows)[0]

    def penalty_gradient(self) -> Array:
        """Return the penalty's part of the gradient, which is zero except for weights."""
        weights, penalty = slice(self.layout.n_weights), PENALTIES[self.objective.penalty]
        part = np.zeros_like(self.parameters)
        gradient = penalty.gradient(self.parameters[weights], self.objective.l1_ratio)
        part[weights] = self.objective.alpha * gradient / self.n
        return part

    def deltas(self, d_a: Array) -> tuple[list[Array], list[Array]]:
        """Return dL/da and delta of every layer, from n dL/da of the last."""
        walk = backward_blocks(self.network, self.passed, d_a, operator.matmul)
        deltas: list[Any] = [each for _, each in walk][::-1][self.n_before :]
        pairs = zip(self.layers, deltas, strict=True)
        dense = [each if isinstance(layer, Dense) else each.dense for layer, each in pairs]
        return [each.d_a / self.n for each in dense], [each.delta / self.n for each in dense]

    def stage_gradient(self) -> Array:
        """Return dL/da of the input stage, (n_samples, fan_out)."""
        *_, (_, deltas) = backward_blocks(self.network, self.passed, self.d_a, operator.matmul)
        return np.asarray(deltas.d_a / self.n)


def take_step(
    network: Network,
    objective: Objective,
    rows: Rows,
    draws: Draws | None,
    member: int | None = None,
) -> GradientStep:
    """Run the forward and backward pass of a training step; draws add dropout and noise."""
    _require_traced(network.spec)
    if rows.weight is not None and rows.weight.ndim == 2:
        raise ValueError(
            "a traced gradient step shows one weight for each sample, and y has missing values or "
            "sample_weight a column for each target: pass samples without missing targets."
        )
    passed = forward(network, rows.X, Mode(uses_batch=True, draws=draws))
    loss, d_a = batch_loss(network, objective, passed, rows)
    gradient = backward(network, objective, rows, passed, d_a)
    return GradientStep(network, objective, rows, passed, loss, d_a, gradient, member)


def _require_traced(spec: NetworkSpec) -> None:
    """Raise UnsupportedBlockError for a kind of block that a trace has no formulas for."""
    for block in spec.layers:
        if not isinstance(block, LAYERS):
            raise UnsupportedBlockError(
                f"a traced gradient step has no formulas for blocks of kind {block.kind!r}, and "
                f"block {block.name!r} is one"
            )


@dataclass(frozen=True)
class Update:
    """The update of an optimizer for a gradient.

    Attributes
    ----------
    optimizer : OptimizerSettings
    learning_rate : float
        Learning rate of this step.
    step : int
        Number of the step, starting at 1.
    gradient_norm : float
        ‖g‖ over all parameters, before clipping.
    change : ndarray of shape (n_parameters,)
        Parameters after the step minus those before it.
    memory : ndarray of shape (n_slots, n_parameters)
        State of the optimizer before the step.
    """

    optimizer: OptimizerSettings
    learning_rate: float
    step: int
    gradient_norm: float
    change: Array
    memory: Array

    @property
    def is_averaged(self) -> bool:
        """True if an average of the parameters is used for predictions."""
        return self.optimizer.average_decay is not None

    @property
    def orthogonalises(self) -> bool:
        """True if the optimizer updates matrices of weights in another way than all else."""
        return OPTIMIZERS[self.optimizer.name].matrix_update is not None

    def is_orthogonalised(self, matrix: int, n_matrices: int) -> bool:
        """Return True if the optimizer updates these weights, counted from 0, as a matrix."""
        params = self.optimizer.hyperparameters
        return self.orthogonalises and is_orthogonalised(matrix, n_matrices, params)

    def formula(self, symbol: str, factor: float) -> str:
        """Return the formula of a parameter's update, with its factor of the learning rate."""
        rate = "" if factor == 1 else f" at {factor:g} η"
        return f"Δ{symbol}, by {self.optimizer.name}{rate}: {symbol} ← {symbol} + Δ{symbol}"

    def rate_factor(self, group: str, is_orthogonalised: bool = False) -> float:
        """Return the factor of the learning rate for a group of tensors."""
        factor = dict(self.optimizer.rate_factors).get(group, 1.0)
        if not self.orthogonalises or is_orthogonalised:
            return factor
        return factor * adamw_factors(self.optimizer.hyperparameters)[0]

    def decay_of_weights(self, is_orthogonalised: bool) -> float:
        """Return the weight decay of a matrix of weights."""
        decay = self.optimizer.weight_decay
        if not self.orthogonalises or is_orthogonalised:
            return decay
        return decay * adamw_factors(self.optimizer.hyperparameters)[1]

    @property
    def has_zero_memory(self) -> bool:
        """True if the optimizer's state is all zero, as before the first step."""
        return not self.memory.any()


class UpdateInputs(NamedTuple):
    """The inputs of an update: the optimizer, its state, and the learning rate."""

    optimizer: OptimizerSettings
    state: OptimizerState
    learning_rate: float


def make_update(step: GradientStep, following: UpdateInputs) -> Update:
    """Return the update from the optimizer's present state, which is not changed."""
    optimizer, before, rate = following
    after, state = step.parameters.copy(), replace(before, slots=before.slots.astype(np.float64))
    norm = update(step.layout, optimizer, after, step.gradient.copy(), state, rate)
    move_statistics(step.network.with_parameters(after), step.passed)
    n_own = len(before.slots) - before.keeps_average
    memory = before.slots[:n_own].astype(np.float64)
    return Update(optimizer, rate, before.step + 1, norm, after - step.parameters, memory)


def dense(rows: ArrayOrTable) -> AnyArray:
    """Convert samples to a dense array; a trace has only a few."""
    return np.asarray(rows.toarray() if hasattr(rows, "toarray") else rows)
