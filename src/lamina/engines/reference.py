"""The reference engine: backpropagation in NumPy, to be read, and to hold the others against.

Shapes: X (rows, fan_in of the first block); z, a, delta (rows, fan_out) of each block; W (fan_in,
fan_out); b (fan_out,); y as in engine.py. All in the dtype of the parameters.

An engine with a precision rounds both operands of each of the three products, sparse X excepted.

    forward    z = a_prev W + b,  a = f(z)                       p = link(a of the last block)
    backward   delta = dL/dz:     last: (p - y and its like) f'  before: (delta W^T) f'(z)
    gradient   dL/dW = (a_prev^T delta + alpha W) / weight sum   dL/db = Σ_rows delta / weight sum
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lamina.engines.engine import (
    Engine,
    EpochReport,
    Evaluator,
    Matrix,
    Objective,
    OptimizerSettings,
    OptimizerState,
    Rows,
    Trainer,
    require_finite,
)
from lamina.formulas import ACTIVATIONS, LINKS, LOSSES, OPTIMIZERS, PENALTIES, PRECISIONS
from lamina.formulas.table import Array
from lamina.network import NetworkSpec, ParameterLayout


class Forward(NamedTuple):
    """Everything that a forward pass computes: z and a of every block, and the prediction."""

    z: list[Array]
    a: list[Array]
    prediction: Array


Product: TypeAlias = Callable[[Any, Any], Any]


def product_in(precision: str | None) -> Product:
    """The matrix product whose operands are rounded to a precision; without one, `matmul`."""
    if precision is None:
        return operator.matmul
    nearest = PRECISIONS[precision].nearest

    def product(A: Any, B: Any) -> Any:
        return A @ B if sparse.issparse(A) else nearest(A) @ nearest(B)

    return product


def forward(
    spec: NetworkSpec, parameters: Array, X: Matrix, product: Product = operator.matmul
) -> Forward:
    """The forward pass; a[0] is X itself, so that a[i] is what block i takes in."""
    views = ParameterLayout.of(spec).views(parameters)
    z, a = [], [X]
    for block, W, b, learned in zip(
        spec.blocks, views.weights, views.biases, views.learned, strict=True
    ):
        z.append(np.asarray(product(a[-1], W)) + b)
        a.append(ACTIVATIONS[block.activation].value(z[-1], *learned))
    return Forward(z, a, LINKS[spec.link].value(a[-1]))


def batch_loss(objective: Objective, weights: Array, prediction: Array, rows: Rows) -> float:
    """The weighted mean of the rows' losses, and the penalty of the weights."""
    losses = LOSSES[objective.loss].value(prediction, rows.y)
    penalty = objective.alpha * PENALTIES[objective.penalty].value(weights)
    return float(np.average(losses, weights=rows.weight)) + penalty / weight_sum(rows)


def weight_sum(rows: Rows) -> float:
    """What a batch's gradient is divided by: its number of rows, or the sum of their weights."""
    return float(len(rows.y) if rows.weight is None else rows.weight.sum())


def backward(
    spec: NetworkSpec,
    objective: Objective,
    parameters: Array,
    rows: Rows,
    passed: Forward,
    product: Product = operator.matmul,
) -> Array:
    """The gradient of `batch_loss` with respect to the flat parameters."""
    layout = ParameterLayout.of(spec)
    own, gradient = layout.views(parameters), np.zeros_like(parameters)
    slopes = layout.views(gradient)

    d_a = LOSSES[objective.loss].delta(passed.prediction, rows.y)
    if rows.weight is not None:
        d_a = d_a * rows.weight[:, np.newaxis]
    for i in reversed(range(len(spec.blocks))):
        activation, z = ACTIVATIONS[spec.blocks[i].activation], passed.z[i]
        for row, parameter in zip(slopes.learned[i], activation.parameters, strict=True):
            row[...] = (d_a * parameter.slope(z)).sum(axis=0)
        delta = d_a * activation.slope(z, passed.a[i + 1], *own.learned[i])
        slopes.weights[i][...] = product(passed.a[i].T, delta)
        slopes.biases[i][...] = delta.sum(axis=0)
        if i > 0:
            d_a = product(delta, own.weights[i].T)

    penalised = slice(layout.n_weights)
    gradient[penalised] += objective.alpha * PENALTIES[objective.penalty].slope(
        parameters[penalised]
    )
    gradient /= weight_sum(rows)
    return gradient


def first_non_finite_block(spec: NetworkSpec, parameters: Array, z: list[Array]) -> int | None:
    """The first block whose z or parameters are infinite or NaN."""
    views = ParameterLayout.of(spec).views(parameters)
    for i, values in enumerate(zip(z, views.weights, views.biases, views.learned, strict=True)):
        if not all(np.isfinite(value).all() for value in values):
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

    def epoch(
        self, order: NDArray[np.int64], batch_size: int, learning_rates: NDArray[np.float64]
    ) -> EpochReport:
        total, steps = 0.0, 0
        with np.errstate(all="ignore"):
            for start, rate in zip(range(0, len(order), batch_size), learning_rates, strict=True):
                batch = _take(self.rows, order[start : start + batch_size])
                passed, loss = self.forward(batch)
                total += loss * len(batch.y)
                if not np.isfinite(total):
                    break
                self.update(batch, passed, float(rate))
                steps += 1
            bad = first_non_finite_block(self.spec, self.parameters, passed.z)
        return EpochReport(total / len(order), steps, bad)

    def forward(self, batch: Rows) -> tuple[Forward, float]:
        """The forward pass over a batch, and its loss."""
        passed = forward(self.spec, self.parameters, batch.X, self.product)
        weights = self.parameters[: ParameterLayout.of(self.spec).n_weights]
        return passed, batch_loss(self.objective, weights, passed.prediction, batch)

    def update(self, batch: Rows, passed: Forward, learning_rate: float) -> None:
        """The backward pass over a batch, and one step of the optimizer."""
        gradient = backward(self.spec, self.objective, self.parameters, batch, passed, self.product)
        before = self.parameters.copy(), self.state.slots.copy()
        try:
            OPTIMIZERS[self.optimizer.name].update(
                self.parameters,
                gradient,
                self.state.slots,
                self.state.step + 1,
                learning_rate,
                self.optimizer.hyperparameters,
            )
        except KeyboardInterrupt:
            self.parameters[...], self.state.slots[...] = before
            raise
        self.state.step += 1


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
        n_weights, product = ParameterLayout.of(spec).n_weights, product_in(self.precision)

        def evaluate(parameters: Array) -> tuple[float, Array]:
            with np.errstate(all="ignore"):
                passed = forward(spec, parameters, rows.X, product)
                loss = batch_loss(objective, parameters[:n_weights], passed.prediction, rows)
                return loss, backward(spec, objective, parameters, rows, passed, product)

        return evaluate

    def predict(self, spec: NetworkSpec, parameters: Array, X: Matrix) -> Array:
        require_finite(X if isinstance(X, np.ndarray) else X.data)
        with np.errstate(all="ignore"):
            return forward(spec, parameters, X, product_in(self.precision)).prediction


def _take(rows: Rows, batch: NDArray[np.int64]) -> Rows:
    weight = None if rows.weight is None else rows.weight[batch]
    X = sparse.csr_array(rows.X) if sparse.issparse(rows.X) else rows.X
    return Rows(X[batch], rows.y[batch], weight)
