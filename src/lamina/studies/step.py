"""One training step with all intermediate results, layer by layer.

Shapes: X (n_samples, fan_in of the first layer); for each layer z, a, delta (n_samples, fan_out), W
(fan_in, fan_out) and b (fan_out,); all in float64. n is the number of samples, or the sum of their
weights.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field, replace
from typing import NamedTuple, cast

import numpy as np

from lamina.blocks import Mode
from lamina.blocks.dense import Dense, DenseParameters, DensePass, require_dense
from lamina.encoding.frames import ArrayOrTable
from lamina.engines import Objective, OptimizerSettings, OptimizerState, Rows
from lamina.engines.batch_loss import backward, batch_loss, row_losses, weight_sum
from lamina.engines.optimizer import update
from lamina.formulas import OPTIMIZERS, PENALTIES
from lamina.formulas.activation import ActivationName
from lamina.formulas.muon import adamw_factors, is_orthogonalised
from lamina.formulas.noise import Draws
from lamina.formulas.table import AnyArray, Array
from lamina.network import Network, NetworkSpec, ParameterLayout, block_parameters
from lamina.network.passes import Forward, backward_blocks, forward, move_statistics


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
    """

    network: Network
    objective: Objective
    rows: Rows
    passed: Forward
    loss: float
    d_a: Array
    gradient: Array

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
    def blocks(self) -> tuple[Dense, ...]:
        """Layers of the network; a trace shows the numbers of dense layers alone."""
        return require_dense(self.spec.blocks, "a traced gradient step")

    @property
    def passes(self) -> list[DensePass]:
        """Values of every layer's forward pass."""
        return cast(list[DensePass], self.passed.blocks)

    @property
    def layout(self) -> ParameterLayout:
        """Positions of the matrices in the flat parameter vector."""
        return self.network.layout

    def parts(self, vector: Array) -> list[DenseParameters]:
        """Split a flat vector by layer."""
        return block_parameters(self.spec, vector)

    def row_losses(self) -> Array:
        """Return the loss of each sample, multiplied by its weight."""
        logits, prediction = self.passed.a[-1], self.passed.prediction
        return row_losses(self.spec, self.objective, logits, prediction, self.rows)[0]

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
        _, deltas = zip(*reversed([*walk]), strict=True)
        return [each.d_a / self.n for each in deltas], [each.delta / self.n for each in deltas]


def take_step(
    network: Network, objective: Objective, rows: Rows, draws: Draws | None
) -> GradientStep:
    """Run the forward and backward pass of a training step; draws add dropout and noise."""
    require_dense(network.spec.blocks, "a traced gradient step")
    if rows.weight is not None and rows.weight.ndim == 2:
        raise ValueError(
            "a traced gradient step shows one weight for each sample, and y has missing values or "
            "sample_weight a column for each target: pass samples without missing targets."
        )
    passed = forward(network, rows.X, Mode(uses_batch=True, draws=draws))
    loss, d_a = batch_loss(network, objective, passed, rows)
    gradient = backward(network, objective, rows, passed, d_a)
    return GradientStep(network, objective, rows, passed, loss, d_a, gradient)


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


@dataclass(frozen=True, eq=False)
class LearnedNumber:
    """A parameter or statistic of a layer's units other than W and b: scale, shift, running mean.

    Attributes
    ----------
    symbol : str
        Symbol in formulas.
    value : ndarray of shape (fan_out,)
    gradient : ndarray of shape (fan_out,) or None
        None for running statistics, which have no gradient.
    update : ndarray of shape (fan_out,) or None
    """

    symbol: str
    value: Array
    gradient: Array | None
    update: Array | None


@dataclass(frozen=True, eq=False)
class LayerTrace:
    """The numbers of one layer; None for those that the layer lacks.

    Attributes
    ----------
    layer : str
        'hidden_1', 'hidden_2', …, 'output'.
    activation : str or ActivationChoice
        Activation function f.
    a_prev : ndarray of shape (n_samples, fan_in)
        Inputs of the layer: the network's, or a of the layer before.
    W, b : ndarray of shape (fan_in, fan_out) and (fan_out,)
    z : ndarray of shape (n_samples, fan_out)
        a_prev W + b.
    z_hat, z_normalized : ndarray of shape (n_samples, fan_out) or None
        z with mean 0 and variance 1, and scale z_hat + shift.
    f : ndarray of shape (n_samples, fan_out)
        Value of the activation function.
    kept : ndarray of shape (n_samples, fan_out) or None
        Factors of dropout for f.
    a : ndarray of shape (n_samples, fan_out)
        f after dropout, plus a_prev in a residual layer.
    d_a : ndarray of shape (n_samples, fan_out)
        dL/da.
    delta : ndarray of shape (n_samples, fan_out)
        dL/dz.
    dW, db : ndarray of shape (fan_in, fan_out) and (fan_out,)
        dL/dW, including the penalty, and dL/db.
    penalty : ndarray of shape (fan_in, fan_out)
        The penalty's part of dW.
    update_W, update_b : ndarray or None
        Changes of W and b in the step; None if they are not known before it.
    extra : dict of str to LearnedNumber
        Other parameters by name: scale and shift, running mean and variance, the slope of 'prelu'.
    is_residual : bool
    """

    layer: str
    activation: ActivationName
    a_prev: Array
    W: Array
    b: Array
    z: Array
    z_hat: Array | None
    z_normalized: Array | None
    f: Array
    kept: Array | None
    a: Array
    d_a: Array
    delta: Array
    dW: Array
    db: Array
    penalty: Array
    update_W: Array | None
    update_b: Array | None
    extra: dict[str, LearnedNumber] = field(default_factory=dict)
    is_residual: bool = False


def layer_traces(step: GradientStep, made: Update | None) -> tuple[LayerTrace, ...]:
    """Return the numbers of every layer."""
    blocks, gradient = step.parts(step.parameters), step.parts(step.gradient)
    penalty = step.parts(step.penalty_gradient())
    changes = [None] * len(blocks) if made is None else step.parts(made.change)
    d_as, deltas = step.deltas(step.d_a)
    traces = []
    for i, block in enumerate(step.blocks):
        passed, change = step.passes[i], changes[i]
        is_normalized = passed.normalized is not None
        traces.append(
            LayerTrace(
                layer=block.name,
                activation=block.activation,
                a_prev=dense(passed.a_prev),
                W=blocks[i].W,
                b=blocks[i].b,
                z=passed.affine,
                z_hat=passed.normalized,
                z_normalized=passed.z if is_normalized else None,
                f=passed.f,
                kept=passed.kept,
                a=passed.a,
                d_a=d_as[i],
                delta=deltas[i],
                dW=gradient[i].W,
                db=gradient[i].b,
                penalty=penalty[i].W,
                update_W=None if change is None else change.W,
                update_b=None if change is None else change.b,
                extra=_extra_numbers(block, blocks[i], gradient[i], change),
                is_residual=block.residual,
            )
        )
    return tuple(traces)


def _extra_numbers(
    block: Dense,
    blocks: DenseParameters,
    gradient: DenseParameters,
    change: DenseParameters | None,
) -> dict[str, LearnedNumber]:
    extra = {}
    for k, parameter in enumerate(block.learned):
        moved = None if change is None else change.unit_parameters[k]
        extra[parameter.name] = LearnedNumber(
            parameter.symbol, blocks.unit_parameters[k], gradient.unit_parameters[k], moved
        )
    for k, statistic in enumerate(block.statistics):
        moved = None if change is None else change.statistics[k]
        name = f"running {statistic.name}"
        extra[name] = LearnedNumber(name, blocks.statistics[k], None, moved)
    return extra


def dense(rows: ArrayOrTable) -> AnyArray:
    """Convert samples to a dense array; a trace has only a few."""
    return np.asarray(rows.toarray() if hasattr(rows, "toarray") else rows)
