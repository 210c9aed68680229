"""Program that saves repeatedly in a child, kills it at random moments, and checks the file.

    python killed_while_saving.py PATH N_KILLS SEED

It prints JSON: the results of `load` and `read_notes` after each kill, and whether the child left a
temporary file. It imports lamina once and forks, because starting Python takes as long as a
thousand saves.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from itertools import cycle
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from lamina import MLPRegressor
from lamina.files.temporary_file import temporaries
from lamina.persistence import load, read_notes, save


def models() -> dict[str, MLPRegressor]:
    """Return two models that differ in size and in every weight."""
    X = np.arange(20.0).reshape(10, 2)
    of_all: dict[str, Any] = {"solver": "sgd", "learning_rate_init": 1e-6, "random_state": 0}
    return {
        "first": MLPRegressor(hidden_layer_sizes=50, **of_all).partial_fit(X, X[:, 0]),
        "second": MLPRegressor(hidden_layer_sizes=3000, **of_all).partial_fit(X, X[:, 0]),
    }


def save_forever(path: Path, versions: dict[str, Any]) -> NoReturn:
    for name in cycle(versions):
        save(versions[name], path, overwrite=True, notes={"version": name})
    raise AssertionError("a cycle has no end")


def saved_and_killed(path: Path, versions: dict[str, Any], seconds: float) -> None:
    child = os.fork()
    if child == 0:
        save_forever(path, versions)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def found(path: Path, versions: dict[str, Any]) -> str:
    """Return the version in the file; loading raises if it holds neither."""
    name = str(read_notes(path)["version"])
    pairs = zip(load(path).coefs_, versions[name].coefs_, strict=True)
    return name if all(np.array_equal(*pair) for pair in pairs) else "neither"


def main(path: Path, n_kills: int, seed: int) -> None:
    chance, versions = random.Random(seed), models()
    save(versions["first"], path, notes={"version": "first"})
    report = []
    for _ in range(n_kills):
        saved_and_killed(path, versions, chance.uniform(0.0, 0.03))
        left = len(list(temporaries(path)))
        report.append({"found": found(path, versions), "left": left})
    print(json.dumps(report))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
