"""Time a GridSearchCV of small networks in a fresh process.

joblib keeps its workers, so a second search in the same process would find them started. The
process runs this module: `python -m benchmarks.speed.search lamina processes 100`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from time import perf_counter
from typing import Any

from benchmarks.speed.result import Result
from benchmarks.speed.timing import Entry, Patience, Run, measure

GRID = {
    "hidden_layer_sizes": [(16,), (32,), (32, 16)],
    "alpha": [1e-5, 1e-4, 1e-3, 1e-2],
    "learning_rate_init": [1e-3, 3e-3],
}
N_FOLDS = 3
EPOCHS = 100
TRIAL_EPOCHS = 20
# joblib's backend, and GridSearchCV's n_jobs; with one job the BLAS uses all cores.
WAYS = {"processes": ("loky", -1), "threads": ("threading", -1), "one job": ("sequential", 1)}


def measure_search(patience: Patience, progress: Callable[[str], None]) -> Iterator[Result]:
    """Time lamina and scikit-learn in their fastest configurations."""
    entries = [
        Entry(peer, way, partial(_turn, peer, way, EPOCHS), partial(_turn, peer, way, TRIAL_EPOCHS))
        for peer in ("lamina", "scikit-learn")
        for way in WAYS
    ]
    timings = measure(entries, patience, progress)
    words = f"24 networks × {N_FOLDS} folds on digits, at most {EPOCHS} epochs each"
    yield Result("search", "float64", words, "search", 1, timings)


def _turn(peer: str, way: str, epochs: int) -> Run:
    """Run one search in a fresh process."""
    command = [sys.executable, "-m", __spec__.name, peer, way, str(epochs)]
    # Workers inherit the environment but no warning filter.
    quiet = os.environ | {"PYTHONWARNINGS": "ignore"}
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=quiet)
    return Run(**json.loads(run.stdout))


def _classifier(peer: str) -> Any:
    if peer == "lamina":
        from lamina import MLPClassifier

        return MLPClassifier
    from sklearn.neural_network import MLPClassifier as TheirClassifier

    return TheirClassifier


def main(peer: str, way: str, epochs: int) -> None:
    """Search, and print the seconds and the best score as JSON."""
    from joblib import parallel_config
    from sklearn.model_selection import GridSearchCV

    from benchmarks.speed.rows import SEED, digits

    warnings.simplefilter("ignore")
    X, y = digits()
    backend, n_jobs = WAYS[way]
    model = _classifier(peer)(max_iter=epochs, random_state=SEED)
    search = GridSearchCV(model, GRID, cv=N_FOLDS, n_jobs=n_jobs)
    surroundings: AbstractContextManager[Any] = parallel_config(backend=backend)
    with surroundings:
        start = perf_counter()
        search.fit(X, y)
        seconds = perf_counter() - start
    print(json.dumps({"seconds": seconds, "figure": float(search.best_score_)}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
