"""The reference engine: backpropagation in NumPy, to be read, and to hold the others against.

Shapes: X (rows, fan_in of the first block); z, a, delta (rows, fan_out) of each block; W (fan_in,
fan_out); b (fan_out,); y as in engine.py. All in the dtype of the parameters.

An engine with a precision rounds both operands of each of the three products, sparse X excepted.

    forward    block by block (blocks.py)                        p = link(a of the last block)
    backward   dL/da of the last block (batch_loss.py)           then block by block
    gradient   dL/dW = (a_prev^T delta + alpha W) / weight sum   dL/db = Σ_rows delta / weight sum
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lamina.engines.batch_loss import loss_and_slope, predict_from, weight_sum
from lamina.engines.blocks import (
    BlockParameters,
    BlockPass,
    Mode,
    Product,
    backward_blocks,
    forward_block,
    move_statistics,
    noisy_inputs,
)
from lamina.engines.engine import (
    Engine,
    EpochReport,
    Evaluator,
    Matrix,
    Objective,
    OptimizerSettings,
    OptimizerState,
    Rows,
    TimeIsUp,
    Trainer,
    require_finite,
)
from lamina.engines.stepping import make_step
from lamina.formulas import PENALTIES, PRECISIONS
from lamina.formulas.noise import Draws
from lamina.formulas.table import Array
from lamina.network import NetworkSpec, ParameterLayout

PREDICTING = Mode()


class Forward(NamedTuple):
    """Everything that a forward pass computes: what each block leaves, and the prediction."""

    blocks: list[BlockPass]
    prediction: Array

    @property
    def z(self) -> list[Array]:
        """What each block's activation takes."""
        return [passed.z for passed in self.blocks]

    @property
    def a(self) -> list[Any]:
        """What each block takes, the inputs first, and at last what the link takes."""
        return [self.blocks[0].a_prev, *(passed.a for passed in self.blocks)]


def product_in(precision: str | None) -> Product:
    """The matrix product whose operands are rounded to a precision; without one, `matmul`."""
    if precision is None:
        return operator.matmul
    nearest = PRECISIONS[precision].nearest

    def product(A: Any, B: Any) -> Any:
        return A @ B if sparse.issparse(A) else nearest(A) @ nearest(B)

    return product


def forward(spec: NetworkSpec, parameters: Array, X: Matrix, mode: Mode = PREDICTING) -> Forward:
    """The forward pass."""
    own = BlockParameters.each(ParameterLayout.of(spec).views(parameters))
    a, blocks = noisy_inputs(spec, X, mode.draws), []
    for i, block in enumerate(spec.blocks):
        blocks.append(forward_block(block, own[i], a, mode, stream=i + 1))
        a = blocks[-1].a
    return Forward(blocks, predict_from(spec, a))


def batch_loss(
    spec: NetworkSpec, objective: Objective, parameters: Array, passed: Forward, rows: Rows
) -> tuple[float, Array]:
    """The loss of a batch, penalty included, and its slope at the logits."""
    weights = parameters[: ParameterLayout.of(spec).n_weights]
    return loss_and_slope(spec, objective, weights, passed.a[-1], passed.prediction, rows)


def backward(
    spec: NetworkSpec,
    objective: Objective,
    parameters: Array,
    rows: Rows,
    passed: Forward,
    d_a: Array,
    product: Product = operator.matmul,
) -> Array:
    """The gradient with respect to the flat parameters, from the loss's slope at the logits."""
    layout = ParameterLayout.of(spec)
    gradient = np.zeros_like(parameters)
    own, slopes = (BlockParameters.each(layout.views(v)) for v in (parameters, gradient))

    for i, delta, _ in backward_blocks(spec, own, passed.blocks, d_a, slopes, product):
        slopes[i].weights[...] = product(passed.blocks[i].a_prev.T, delta)

    penalised = slice(layout.n_weights)
    slope = PENALTIES[objective.penalty].slope(parameters[penalised], objective.l1_ratio)
    gradient[penalised] += objective.alpha * slope
    gradient /= weight_sum(rows)
    return gradient


def input_gradient(
    spec: NetworkSpec,
    parameters: Array,
    passed: Forward,
    d_a: Array,
    product: Product = operator.matmul,
) -> Array:
    """The slope at the inputs, (rows, n_features), of what has the slope d_a at the last a."""
    layout = ParameterLayout.of(spec)
    own, aside = (BlockParameters.each(layout.views(v)) for v in (parameters, parameters.copy()))
    *_, (_, delta, past) = backward_blocks(spec, own, passed.blocks, d_a, aside, product)
    return np.asarray(product(delta, own[0].weights.T) + past)


def first_non_finite_block(spec: NetworkSpec, parameters: Array, passed: Forward) -> int | None:
    """The first block whose z or parameters are infinite or NaN."""
    views = ParameterLayout.of(spec).views(parameters)
    for i, parts in enumerate(zip(*views, strict=True)):
        if not all(np.isfinite(part).all() for part in (passed.blocks[i].affine, *parts)):
            return i
    return None


@dataclass
class ReferenceTrainer(Trainer):
    """One fit of the reference engine: forward, loss, backward, update, batch by batch."""

    spec: NetworkSpec
    objective: Objective
    optimizer: OptimizerSettings
    rows: Rows
    parameters: Array
    state: OptimizerState
    product: Product = operator.matmul
    measures_gradient: bool = False

    def epoch(
        self, order: NDArray[np.int64], batch_size: int, learning_rates: NDArray[np.float64]
    ) -> EpochReport:
        total, norms = 0.0, list[float]()
        with np.errstate(all="ignore"):
            for start, rate in zip(range(0, len(order), batch_size), learning_rates, strict=True):
                if norms and perf_counter() >= self.deadline:
                    raise TimeIsUp
                chosen = order[start : start + batch_size]
                batch = _take(self.rows, chosen)
                passed, loss, slope = self.forward(batch, chosen)
                total += loss * len(batch.y)
                if not np.isfinite(total):
                    break
                norms.append(self.update(batch, passed, slope, float(rate)))
            bad = first_non_finite_block(self.spec, self.parameters, passed)
        norm = float(np.mean(norms)) if self.measures_gradient and norms else None
        return EpochReport(total / len(order), len(norms), bad, norm)

    def forward(self, batch: Rows, chosen: NDArray[np.int64]) -> tuple[Forward, float, Array]:
        """The forward pass over a batch, of the rows with these numbers, its loss and slope."""
        draws = Draws(self.state.seed, self.state.step, chosen) if self.spec.draws else None
        mode = Mode(uses_batch=True, draws=draws, product=self.product)
        passed = forward(self.spec, self.parameters, batch.X, mode)
        return passed, *batch_loss(self.spec, self.objective, self.parameters, passed, batch)

    def update(self, batch: Rows, passed: Forward, slope: Array, learning_rate: float) -> float:
        """The backward pass over a batch, and one step; the norm of the gradient."""
        gradient = backward(
            self.spec, self.objective, self.parameters, batch, passed, slope, self.product
        )
        # The step is made on copies and taken over at once: whoever looks, or breaks it off, finds
        # the parameters of a whole step.
        before = self.parameters.copy(), self.state.slots.copy()
        layout, parameters = ParameterLayout.of(self.spec), self.parameters.copy()
        state = replace(self.state, slots=self.state.slots.copy())
        norm = make_step(layout, self.optimizer, parameters, gradient, state, learning_rate)
        own = BlockParameters.each(layout.views(parameters))
        move_statistics(self.spec, own, passed.blocks)
        state.take_over_statistics(parameters, layout.n_trained)
        try:
            self.parameters[...], self.state.slots[...] = parameters, state.slots
        except KeyboardInterrupt:
            self.parameters[...], self.state.slots[...] = before
            raise
        self.state.step += 1
        return norm


@dataclass(frozen=True)
class ReferenceEngine(Engine):
    """The engine in NumPy: short, exact, and slow.

    Attributes
    ----------
    precision : str or None
        What both operands of every product are rounded to, of PRECISIONS; only for float32.
    """

    precision: str | None = None
    name: ClassVar[str] = "reference"

    def trainer(
        self,
        spec: NetworkSpec,
        objective: Objective,
        optimizer: OptimizerSettings,
        rows: Rows,
        parameters: Array,
        state: OptimizerState,
    ) -> ReferenceTrainer:
        product = product_in(self.precision)
        return ReferenceTrainer(spec, objective, optimizer, rows, parameters, state, product)

    def evaluator(self, spec: NetworkSpec, objective: Objective, rows: Rows) -> Evaluator:
        product = product_in(self.precision)
        mode = Mode(uses_batch=True, product=product)

        def evaluate(parameters: Array) -> tuple[float, Array]:
            with np.errstate(all="ignore"):
                passed = forward(spec, parameters, rows.X, mode)
                loss, slope = batch_loss(spec, objective, parameters, passed, rows)
                return loss, backward(spec, objective, parameters, rows, passed, slope, product)

        return evaluate

    def predict(self, spec: NetworkSpec, parameters: Array, X: Matrix) -> Array:
        require_finite(X if isinstance(X, np.ndarray) else X.data)
        with np.errstate(all="ignore"):
            return forward(spec, parameters, X, Mode(product=product_in(self.precision))).prediction


def _take(rows: Rows, batch: NDArray[np.int64]) -> Rows:
    weight = None if rows.weight is None else rows.weight[batch]
    X = sparse.csr_array(rows.X) if sparse.issparse(rows.X) else rows.X
    return Rows(X[batch], rows.y[batch], weight)
