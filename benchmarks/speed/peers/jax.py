"""JAX as a peer: a whole epoch is one compiled call, which scans over the batches.

The samples are on the device before the clock starts, a batch is gathered inside the scan, Adam is
written out over the parameters, and their memory is donated from epoch to epoch. Compilation
happens before the clock starts and is reported separately.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from time import perf_counter
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from benchmarks.speed.cases import ALPHA, LEARNING_RATE, Work
from benchmarks.speed.peers.peer import Training, Way
from benchmarks.speed.peers.start import Start


class _State(NamedTuple):
    """Parameters, Adam's two running means, and the number of steps."""

    layers: Any
    mean: Any
    square: Any
    step: Any


class Jax:
    """A jitted epoch, with products on all threads or on one."""

    name = "JAX"

    def __init__(self) -> None:
        self._compiled: dict[Any, tuple[Any, float]] = {}

    def takes(self, work: Work) -> bool:
        is_dense_float32 = isinstance(work.X, np.ndarray) and work.dtype == "float32"
        return is_dense_float32 and work.case.solver == "adam"

    def ways(self) -> list[Way]:
        return [
            Way(f"{words}, {gathering}", nullcontext, {"threads": threads, "at_once": at_once})
            for words, threads in (("all threads", True), ("one thread", False))
            for gathering, at_once in (("gathered by batch", False), ("gathered at once", True))
        ]

    def prepare(self, work: Work, way: Way) -> Training:
        start = Start.from_work(work)
        X, y = jnp.asarray(start.X), jnp.asarray(_targets(work, start.y))
        layers = jax.tree.map(jnp.array, start.layers)
        zeros = partial(jax.tree.map, jnp.zeros_like, layers)
        state = _State(layers, zeros(), zeros(), jnp.zeros((), jnp.int32))
        order = jnp.arange(len(start.X), dtype=jnp.int32)
        epoch, seconds = self._compile(work, way, (state, X, y, order))
        validate = _validation(work, start)

        def train() -> float:
            nonlocal state
            for order in start.orders(work.case.epochs):
                state, loss = epoch(state, X, y, order.astype(np.int32))
                validate(state.layers)
            return float(loss) + _penalty(state.layers, work)

        return Training(train, seconds)

    def prepare_prediction(self, work: Work, way: Way) -> Training:
        layers = jax.tree.map(jnp.array, Start.from_work(work).layers)
        key = (work.widths, work.X.shape, way.name)
        if key not in self._compiled:
            jitted = jax.jit(_forward, compiler_options=_options(way))
            self._compiled[key] = _timed_compile(jitted, layers, work.X)
        forward, seconds = self._compiled[key]

        def predict() -> float:
            return float(np.asarray(forward(layers, work.X)).mean())

        return Training(predict, seconds, is_repeatable=True)

    def _compile(self, work: Work, way: Way, arguments: Any) -> tuple[Any, float]:
        """Return the compiled epoch for these shapes; the first call compiles it."""
        key = (work.widths, work.X.shape, work.case.batch_size, work.case.task, way.name)
        if key not in self._compiled:
            epoch = partial(_epoch, work.case.batch_size, _loss(work), way.options["at_once"])
            jitted = jax.jit(epoch, donate_argnums=0, compiler_options=_options(way))
            self._compiled[key] = _timed_compile(jitted, *arguments)
        return self._compiled[key]


def _options(way: Way) -> dict[str, Any]:
    return {"xla_cpu_multi_thread_eigen": way.options["threads"]}


def _timed_compile(jitted: Any, *arguments: Any) -> tuple[Any, float]:
    begin = perf_counter()
    return jitted.lower(*arguments).compile(), perf_counter() - begin


def _epoch(
    batch_size: int, loss_of: Any, at_once: bool, state: _State, X: Any, y: Any, order: Any
) -> tuple[_State, Any]:
    """Run all full batches in a scan, then the remaining samples."""
    whole = len(order) // batch_size * batch_size
    weight_decay = ALPHA / batch_size

    def step(state: _State, batch: Any) -> tuple[_State, Any]:
        loss, gradient = jax.value_and_grad(loss_of)(state.layers, *batch)
        return _adam(state, gradient, weight_decay), loss

    def gathering_step(state: _State, rows: Any) -> tuple[_State, Any]:
        return step(state, (_take(X, rows), _take(y, rows)))

    batches = order[:whole].reshape(-1, batch_size)
    if at_once:
        state, losses = jax.lax.scan(step, state, (_take(X, batches), _take(y, batches)))
    else:
        state, losses = jax.lax.scan(gathering_step, state, batches)
    total = losses.sum() * batch_size
    if whole < len(order):
        state, loss = gathering_step(state, order[whole:])
        total += loss * (len(order) - whole)
    return state, total / len(order)


def _take(array: Any, rows: Any) -> Any:
    return array.at[rows].get(mode="promise_in_bounds", unique_indices=True)


def _adam(state: _State, gradient: Any, weight_decay: float) -> _State:
    """Make one step; the penalty applies to the weights and not to the biases."""
    step = state.step + 1
    gradient = jax.tree.map(
        lambda g, w: g + weight_decay * w if w.ndim == 2 else g, gradient, state.layers
    )
    mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, state.mean, gradient)
    square = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, state.square, gradient)
    rate = LEARNING_RATE / (1 - 0.9**step)
    correction = 1 / jnp.sqrt(1 - 0.999**step)
    layers = jax.tree.map(
        lambda w, m, v: w - rate * m / (jnp.sqrt(v) * correction + 1e-8),
        state.layers,
        mean,
        square,
    )
    return _State(layers, mean, square, step)


def _forward(layers: Any, X: Any) -> Any:
    *hidden, (weights, biases) = layers
    for W, b in hidden:
        X = jnp.maximum(X @ W + b, 0)
    return X @ weights + biases


def _targets(work: Work, y: NDArray[Any]) -> NDArray[Any]:
    """Return class codes for the cross entropy of several classes, numbers otherwise."""
    return y.astype(np.int32 if work.widths[-1] > 1 else np.float32)


def _loss(work: Work) -> Any:
    if work.case.task == "regression":
        return lambda layers, X, y: 0.5 * jnp.mean(jnp.square(_forward(layers, X)[:, 0] - y))
    return _logistic_loss if work.widths[-1] == 1 else _softmax_loss


def _logistic_loss(layers: Any, X: Any, y: Any) -> Any:
    z = _forward(layers, X)[:, 0]
    return jnp.mean(jax.nn.softplus(z) - y * z)


def _softmax_loss(layers: Any, X: Any, y: Any) -> Any:
    log_p = jax.nn.log_softmax(_forward(layers, X))
    return -jnp.mean(jnp.take_along_axis(log_p, y[:, None], axis=1))


def _penalty(layers: Any, work: Work) -> float:
    squares = sum(float(jnp.square(W).sum()) for W, _ in layers)
    return ALPHA / 2 * squares / work.case.batch_size


@jax.jit
def _r2(layers: Any, X: Any, y: Any) -> Any:
    residuals = jnp.square(_forward(layers, X)[:, 0] - y).sum()
    return 1 - residuals / jnp.square(y - y.mean()).sum()


def _validation(work: Work, start: Start) -> Callable[[Any], None]:
    """Validate after an epoch as early stopping does: R² on held-out samples, best weights."""
    if start.X_held_out is None:
        return lambda layers: None
    X, y = jnp.asarray(start.X_held_out), jnp.asarray(start.y_held_out)
    _r2(jax.tree.map(jnp.asarray, start.layers), X, y).block_until_ready()
    best, kept = float("-inf"), None

    def validate(layers: Any) -> None:
        nonlocal best, kept
        score = float(_r2(layers, X, y))
        if score > best:
            best, kept = score, jax.tree.map(jnp.copy, layers)

    return validate
