"""PyTorch as a peer: an eager loop as an experienced user would write it.

The rows are tensors before the clock starts, a batch is an `index_select`, and nothing waits for a
number before an epoch's end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from benchmarks.speed.cases import ALPHA, LEARNING_RATE, Work
from benchmarks.speed.peers.peer import Training, Way
from benchmarks.speed.peers.start import Start


@contextmanager
def _threads(n: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class PyTorch:
    """An `nn.Sequential`, trained by `torch.optim.Adam`, fused or foreach, whichever is faster."""

    name = "PyTorch"

    def takes(self, work: Work) -> bool:
        is_dense_float32 = isinstance(work.X, np.ndarray) and work.dtype == "float32"
        return is_dense_float32 and work.case.solver == "adam"

    def ways(self) -> list[Way]:
        threads = {"one thread": 1, "all threads": torch.get_num_threads()}
        return [
            Way(f"{kind}, {words}", partial(_threads, n), {kind: True})
            for words, n in threads.items()
            for kind in ("fused", "foreach")
        ]

    def prepare(self, work: Work, way: Way) -> Training:
        start = Start.from_work(work)
        X, y = torch.from_numpy(start.X), _targets(work, start.y)
        loss_of, model = _loss(work), _model(start)
        optimizer, validate = _optimizer(model, work, way), _validation(work, start, model)

        def train() -> float:
            for order in start.orders(work.case.epochs):
                total = torch.zeros(())
                for batch in torch.from_numpy(order).split(work.case.batch_size):
                    optimizer.zero_grad(set_to_none=True)
                    loss = loss_of(model(X.index_select(0, batch)), y.index_select(0, batch))
                    loss.backward()
                    optimizer.step()
                    total.add_(loss.detach(), alpha=len(batch))
                validate()
            return float(total) / len(X) + _penalty(model, work)

        return Training(train)

    def prepare_prediction(self, work: Work, way: Way) -> Training:
        model = _model(Start.from_work(work))

        def predict() -> float:
            with torch.inference_mode():
                return float(model(torch.from_numpy(work.X)).numpy().mean())

        return Training(predict, is_repeatable=True)


def _penalty(model: torch.nn.Module, work: Work) -> float:
    """Return the penalty, which the other peers' loss contains; computed once at the end."""
    squares = sum(float(p.detach().square().sum()) for p in model.parameters() if p.ndim == 2)
    return ALPHA / 2 * squares / work.case.batch_size


def _targets(work: Work, y: Any) -> torch.Tensor:
    """Return class codes for the cross entropy of several classes, else a column of numbers."""
    codes_or_values = torch.from_numpy(y)
    return codes_or_values if work.widths[-1] > 1 else codes_or_values.float()[:, None]


def _loss(work: Work) -> Any:
    if work.case.task == "classification":
        binary = work.widths[-1] == 1
        return functional.binary_cross_entropy_with_logits if binary else functional.cross_entropy
    return lambda p, y: functional.mse_loss(p, y) / 2


def _model(start: Start) -> torch.nn.Sequential:
    layers: list[torch.nn.Module] = []
    for weights, biases in start.layers:
        linear = torch.nn.Linear(*weights.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weights.T))
            linear.bias.copy_(torch.from_numpy(biases))
        layers += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def _optimizer(model: torch.nn.Module, work: Work, way: Way) -> torch.optim.Optimizer:
    """Return Adam with the penalty's gradient, alpha over the batch size, as weight decay."""
    weights = [p for p in model.parameters() if p.ndim == 2]
    biases = [p for p in model.parameters() if p.ndim == 1]
    groups = [
        {"params": weights, "weight_decay": ALPHA / work.case.batch_size},
        {"params": biases, "weight_decay": 0.0},
    ]
    return torch.optim.Adam(groups, lr=LEARNING_RATE, betas=(0.9, 0.999), eps=1e-8, **way.options)


def _validation(work: Work, start: Start, model: torch.nn.Module) -> Callable[[], None]:
    """Validate after an epoch as early stopping does: R² on held-out samples, best weights."""
    if start.X_held_out is None:
        return lambda: None
    X, y = torch.from_numpy(start.X_held_out), _targets(work, start.y_held_out)
    around_mean = (y - y.mean()).square().sum()
    best, kept = float("-inf"), []

    def validate() -> None:
        nonlocal best, kept
        with torch.no_grad():
            score = float(1 - (model(X) - y).square().sum() / around_mean)
            if score > best:
                best, kept = score, [p.clone() for p in model.parameters()]

    return validate
