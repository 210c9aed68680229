"""The same initial weights, validation split and order of samples for every peer.

A peer's losses are therefore close to lamina's, which shows that it has done the same work. They
are not equal, because its Adam adds epsilon where the paper does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from benchmarks.speed.cases import VALIDATION_FRACTION, Work
from benchmarks.speed.rows import SEED
from lamina.formulas import ACTIVATIONS
from lamina.network import NetworkSpec, ParameterLayout, draw_parameters


@dataclass(frozen=True)
class Start:
    """The random draws before the first epoch.

    Attributes
    ----------
    X, y : ndarray
        The rows to train on.
    X_held_out, y_held_out : ndarray or None
        The rows to score after every epoch.
    layers : list of (weights, biases)
        weights of shape (fan_in, fan_out), biases of shape (fan_out,).
    random_state : RandomState
        As it stands before the first epoch's order is drawn.
    """

    X: NDArray[Any]
    y: NDArray[Any]
    X_held_out: NDArray[Any] | None
    y_held_out: NDArray[Any] | None
    layers: list[tuple[NDArray[Any], NDArray[Any]]]
    random_state: np.random.RandomState

    @classmethod
    def from_work(cls, work: Work) -> Start:
        """Draw in scikit-learn's order: weights, then the held-out samples."""
        random_state = np.random.RandomState(SEED)
        spec = NetworkSpec.perceptron(work.widths, "relu", "identity")
        first = draw_parameters(spec, random_state, work.dtype, ACTIVATIONS["relu"].gain)
        views = ParameterLayout.from_spec(spec).views(first)
        layers = list(zip(views.weights, views.biases, strict=True))
        if not work.case.early_stopping:
            return cls(work.X, work.y, None, None, layers, random_state)
        X, X_held_out, y, y_held_out = train_test_split(
            work.X, work.y, test_size=VALIDATION_FRACTION, random_state=random_state
        )
        return cls(X, y, X_held_out, y_held_out, layers, random_state)

    def orders(self, n_epochs: int) -> Iterator[NDArray[np.int64]]:
        """Yield the order of the samples in each epoch."""
        order = np.arange(len(self.X))
        for _ in range(n_epochs):
            drawn = np.arange(len(order))
            self.random_state.shuffle(drawn)
            order = order[drawn]
            yield order
