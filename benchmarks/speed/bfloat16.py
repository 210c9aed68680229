"""Measure the accuracy with bfloat16; the case `wide` measures its speed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from sklearn.exceptions import ConvergenceWarning

import lamina
from benchmarks.speed.peers.lamina import knows_bfloat16
from benchmarks.speed.rows import SEED, mnist_split

EPOCHS = 20
MOST_LOST = 0.002


@dataclass(frozen=True)
class Accuracy:
    """Accuracy on held-out samples of MNIST, in float32 and in bfloat16."""

    float32: float
    bfloat16: float

    @property
    def is_met(self) -> bool:
        """True if they are within 0.2 points of each other."""
        return abs(self.float32 - self.bfloat16) <= MOST_LOST + 1e-9

    def plain(self) -> dict[str, Any]:
        """Return the accuracies as plain values."""
        return asdict(self)


def measure_accuracy(progress: Callable[[str], None]) -> Iterator[Accuracy]:
    """Train the same network in both precisions, if the estimators support bfloat16."""
    if not knows_bfloat16():
        return
    X, X_held_out, y, y_held_out = mnist_split()
    scores = []
    for parameters in ({}, {"precision": "bfloat16"}):
        progress(f"held-out accuracy, {parameters or 'float32'}")
        model = lamina.MLPClassifier(
            (128, 64), batch_size=64, max_iter=EPOCHS, random_state=SEED, **parameters
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(X.astype("float32"), y)
        scores.append(float(model.score(X_held_out.astype("float32"), y_held_out)))
    yield Accuracy(*scores)
