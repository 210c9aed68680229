"""Weights of recipes: greedy selection by the out-of-fold score."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

N_STEPS = 20

Score = Callable[[NDArray[np.float64]], float]


def select_weights(predictions: Sequence[NDArray[np.float64]], score: Score) -> NDArray[np.float64]:
    """Return the weight of each candidate, summing to 1.

    Starts with the best candidate and repeatedly adds the one that improves the mean most; each may
    be added more than once (Caruana, Niculescu-Mizil, Crew, Ksikes, "Ensemble selection from
    libraries of models", 2004). Returns the weights after the best step.

    Parameters
    ----------
    predictions : sequence of ndarray
        Out-of-fold predictions of each candidate, all of one shape.
    score : callable
        `score(predictions)`; higher is better.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([0.0, 1.0, 2.0, 3.0])
    >>> def score(p):
    ...     return -float(np.mean((p - y) ** 2))
    >>> select_weights([y + 1, y - 1, y + 9], score).tolist()
    [0.5, 0.5, 0.0]
    """
    counts = np.zeros(len(predictions), dtype=np.int64)
    total = np.zeros_like(predictions[0])
    best_counts, best_score = counts, -np.inf
    for step in range(1, N_STEPS + 1 if len(predictions) > 1 else 2):
        scores = [score((total + each) / step) for each in predictions]
        chosen = int(np.argmax(scores))
        counts = counts + (np.arange(len(counts)) == chosen)
        total = total + predictions[chosen]
        if scores[chosen] > best_score:
            best_counts, best_score = counts, scores[chosen]
    if best_score == -np.inf:
        return np.full(len(predictions), 1 / len(predictions))
    return np.asarray(best_counts / best_counts.sum())
