"""Program that fits in a child process, kills it at random moments, and resumes its checkpoint.

    python killed_while_fitting.py FOLDER N_KILLS SEED

It prints JSON: for each kind of fit the number of epochs in the checkpoint at each kill, and
whether the final result equals the uninterrupted fit bit by bit. It imports lamina once and forks,
because starting Python takes as long as many fits.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from lamina import MLPClassifier
from lamina.files.model_file import parse_json, read_model_file
from lamina.files.plain import PlainReader

RANDOM = np.random.RandomState(0)
X, Y = RANDOM.standard_normal((120, 6)), RANDOM.randint(3, size=120)
KINDS: dict[str, dict[str, Any]] = {
    "adam": {"max_iter": 120},
    "early stopping": {"max_iter": 120, "early_stopping": True, "n_iter_no_change": 200},
    "sgd by one cycle": {"max_iter": 120, "solver": "sgd", "learning_rate": "one_cycle"},
    "every third epoch": {"max_iter": 400, "checkpoint_every": 3, "learning_rate": "plateau"},
    "every millisecond": {"max_iter": 300, "checkpoint_seconds": 0.001, "restore_best": True},
}


def model_of(kind: str, **ways: Any) -> MLPClassifier:
    settings = {"hidden_layer_sizes": (5,), "batch_size": 32, "random_state": 3, "tol": 0.0}
    of_kind = KINDS[kind] if "checkpoint" in ways else without_checkpoints(KINDS[kind])
    return MLPClassifier(**{**settings, "n_iter_no_change": 500, **of_kind, **ways})


def without_checkpoints(ways: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in ways.items() if not name.startswith("checkpoint")}


def outcome(model: MLPClassifier) -> list[np.ndarray]:
    """Return all results of a fit as arrays."""
    return [
        *model.coefs_,
        *model.intercepts_,
        model._optimizer_slots,
        np.array(model.loss_curve_),
        np.array(model.validation_scores_ or ()),
        np.array([model._optimizer_step, model.n_iter_, model.t_, model._learning_rate]),
    ]


def fit_to_the_end(kind: str, checkpoint: Path, result: Path) -> None:
    model = model_of(kind, checkpoint=checkpoint)
    model.fit(X, Y, resume=checkpoint if checkpoint.exists() else None)
    with open(result.with_suffix(".partial"), "wb") as file:
        np.savez(file, *outcome(model))
    os.replace(result.with_suffix(".partial"), result)


def fit_and_be_killed(kind: str, checkpoint: Path, result: Path, seconds: float) -> None:
    child = os.fork()
    if child == 0:
        fit_to_the_end(kind, checkpoint, result)
        os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def epochs_written(checkpoint: Path) -> int:
    if not checkpoint.exists():
        return 0
    file = read_model_file(checkpoint)
    state = PlainReader(file.tensors).read(parse_json(file.metadata["checkpoint"]))["state"]
    return len(state["losses"])


def kill_a_kind(kind: str, folder: Path, n_kills: int, chance: random.Random) -> dict[str, Any]:
    checkpoint, result = folder / "fit.checkpoint", folder / "result.npz"
    expected = outcome(model_of(kind).fit(X, Y))
    began = time.monotonic()
    model_of(kind, checkpoint=checkpoint).fit(X, Y)
    whole = time.monotonic() - began
    checkpoint.unlink()
    written, equal = [], True
    for _ in range(n_kills):
        fit_and_be_killed(kind, checkpoint, result, chance.uniform(0.0, whole / 3))
        written.append(epochs_written(checkpoint))
        if result.exists():
            equal = equal and same(result, expected)
            result.unlink()
            checkpoint.unlink()
    fit_to_the_end(kind, checkpoint, result)
    equal = equal and same(result, expected)
    result.unlink()
    checkpoint.unlink()
    return {"kind": kind, "written": written, "equal": equal}


def same(result: Path, expected: list[np.ndarray]) -> bool:
    with np.load(result) as found:
        return all(map(np.array_equal, found.values(), expected))


def main(folder: Path, n_kills: int, seed: int) -> None:
    warnings.simplefilter("ignore")
    chance = random.Random(seed)
    print(json.dumps([kill_a_kind(kind, folder, n_kills, chance) for kind in KINDS]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
