"""PyTorch as a peer: an eager loop such as one who knows it would write.

The rows are tensors before the clock starts, a batch is an `index_select`, and nothing waits for a
number before the last epoch's end. First weights and row order are lamina's, so the losses are
close; they are not equal, since PyTorch's Adam adds epsilon elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from sklearn.utils import shuffle

from benchmarks.speed.cases import ALPHA, LEARNING_RATE, SEED, Work
from benchmarks.speed.peers.peer import Training, Way
from lamina.formulas import ACTIVATIONS
from lamina.network import NetworkSpec, ParameterLayout, draw_parameters


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

    def ways(self) -> list[Way]:
        threads = {"one thread": 1, "all threads": torch.get_num_threads()}
        return [
            Way(f"{kind}, {words}", partial(_threads, n), {kind: True})
            for words, n in threads.items()
            for kind in ("fused", "foreach")
        ]

    def prepare(self, work: Work, way: Way) -> Training:
        X, y = torch.from_numpy(work.X), torch.from_numpy(work.y)
        loss_of = _loss(work)
        if loss_of is not torch.nn.functional.cross_entropy:
            y = y.to(X.dtype)[:, None]
        random_state = np.random.RandomState(SEED)
        model = _model(work, random_state)
        optimizer = _optimizer(model, work, way)

        def train() -> float:
            order = np.arange(len(X))
            for _ in range(work.case.epochs):
                order = shuffle(order, random_state=random_state)
                total = torch.zeros((), dtype=X.dtype)
                for batch in torch.from_numpy(order).split(work.case.batch_size):
                    optimizer.zero_grad(set_to_none=True)
                    loss = loss_of(model(X.index_select(0, batch)), y.index_select(0, batch))
                    loss.backward()
                    optimizer.step()
                    total += loss.detach() * len(batch)
            return float(total) / len(X) + _penalty(model, work)

        return train


def _penalty(model: torch.nn.Module, work: Work) -> float:
    """What the other peers' loss holds besides; taken once at the end, so that it costs no step."""
    squares = sum(float(p.detach().square().sum()) for p in model.parameters() if p.ndim == 2)
    return ALPHA / 2 * squares / work.case.batch_size


def _loss(work: Work) -> Any:
    functional = torch.nn.functional
    if work.case.task == "classification":
        binary = work.widths[-1] == 1
        return functional.binary_cross_entropy_with_logits if binary else functional.cross_entropy
    return lambda p, y: functional.mse_loss(p, y) / 2


def _model(work: Work, random_state: np.random.RandomState) -> torch.nn.Sequential:
    """The network with the weights that lamina draws from the same generator."""
    spec = NetworkSpec.perceptron(work.widths, "relu", "identity")
    first = draw_parameters(spec, random_state, work.dtype, ACTIVATIONS["relu"].gain)
    layers: list[torch.nn.Module] = []
    for weights, biases in zip(*ParameterLayout.of(spec).views(first), strict=True):
        linear = torch.nn.Linear(*weights.shape, dtype=torch.from_numpy(first).dtype)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weights.T))
            linear.bias.copy_(torch.from_numpy(biases))
        layers += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def _optimizer(model: torch.nn.Module, work: Work, way: Way) -> torch.optim.Optimizer:
    """Adam whose weight decay is the penalty's slope, alpha over the rows of a batch."""
    weights = [p for p in model.parameters() if p.ndim == 2]
    biases = [p for p in model.parameters() if p.ndim == 1]
    groups = [
        {"params": weights, "weight_decay": ALPHA / work.case.batch_size},
        {"params": biases, "weight_decay": 0.0},
    ]
    return torch.optim.Adam(groups, lr=LEARNING_RATE, betas=(0.9, 0.999), eps=1e-8, **way.options)
