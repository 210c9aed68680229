"""Mutants of model files and checkpoints raise the documented exceptions, and nothing else.

A mutant that loads predicts in bounded work, saves, and loads again. A failure names the seed; run
it alone with LAMINA_FUZZ_SEED=<seed> LAMINA_FUZZ_MUTANTS=1. The mutant that ran last stays in the
folder of LAMINA_FUZZ_FOLDER, also after a crash of the process.
"""

from __future__ import annotations

import os
import random
import re
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from tests.fuzz.budget import first_seed, n_mutants, time_limit
from tests.fuzz.model_files import Seed
from tests.fuzz.models import MODELS, PIPELINES, SMALL, X, Y

import lamina
from lamina import MLPClassifier, MLPRegressor
from lamina.errors import (
    CheckpointError,
    LaminaError,
    ModelFileError,
    NonFiniteError,
    TableError,
)

ABOUT_THE_ROWS = r"contains (infinity|NaN)|feature names should match|Found unknown categories"
RESUMED: dict[str, dict[str, Any]] = {
    "plain": {},
    "early stopping": {"early_stopping": True, "monitor": ["validation_loss", "r2"]},
    "everything": {
        "dropout": 0.3,
        "normalization": "batch",
        "activation": "prelu",
        "average_decay": 0.9,
        "solver": "nadam",
        "learning_rate": "plateau",
        "random_state": np.random.RandomState(np.random.Philox(3)),
    },
    "reference": {"engine": "reference", "solver": "sgd", "learning_rate": "invscaling"},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    chosen = os.environ.get("LAMINA_FUZZ_FOLDER")
    if chosen is None:
        return tmp_path
    Path(chosen).mkdir(parents=True, exist_ok=True)
    return Path(chosen)


def quietly(work: Callable[[], Any]) -> Any:
    """Do something without warnings of the kinds that say what a number led to."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        return work()


def run_mutants(
    seeds: list[Seed], n: int, path: Path, use: Callable[[int, random.Random], None]
) -> None:
    """Write mutants, and use each of them."""
    first = first_seed()
    for seed in range(first, first + n):
        rng = random.Random(seed)
        which = rng.randrange(len(seeds))
        try:
            content = seeds[which].mutant(rng)
        except (ValueError, OverflowError):
            continue  # JSON or an array that no file can hold.
        path.write_bytes(content)
        try:
            with time_limit():
                use(which, rng)
        except Exception as error:
            raise AssertionError(f"mutant {seed} of file {which}: {error!r}") from error


def rows_for(model: Any, given: Any) -> Any:
    """Return rows that the model takes, in its own width where that was mutated."""
    width = getattr(model, "n_features_in_", None)
    if isinstance(given, pd.DataFrame) or width is None or width == given.shape[1]:
        return given.copy()  # A mutant may transform in place.
    return np.full((2, width), 0.5)


def use_model(path: Path, given: Any, rng: random.Random) -> None:
    """Load, predict, save and load again; a refusal is a ModelFileError."""
    try:
        model = lamina.load(path)
    except ModelFileError:
        return
    if not hasattr(model, "n_features_in_"):
        return
    rows = rows_for(model, given)
    try:
        answer = quietly(lambda: model.predict(rows))
        assert answer.shape[0] == rows.shape[0]
        if hasattr(model, "predict_proba"):
            check_probabilities(quietly(lambda: model.predict_proba(rows)))
    except (NonFiniteError, TableError):
        pass
    except ValueError as error:
        # What a transformer says of rows that do not go with it, or of numbers too large.
        if not re.search(ABOUT_THE_ROWS, str(error)):
            raise
    if rng.random() < 0.02:
        lamina.save(model, path, overwrite=True)
        model = lamina.load(path)
    if rng.random() < 0.1 and hasattr(model, "partial_fit"):
        fit_on(model, rows)


def check_probabilities(probabilities: Any) -> None:
    for each in probabilities if isinstance(probabilities, list) else [probabilities]:
        assert ((each >= 0) & (each <= 1 + 1e-6) | np.isnan(each)).all()


def fit_on(model: Any, rows: Any) -> None:
    """Go on learning: a mutant may have parameters that contradict each other or diverge."""
    if isinstance(model, MLPClassifier) and model._target_kind in ("binary", "multiclass"):
        y: Any = np.resize(model.classes_, len(rows))
    elif isinstance(model, MLPRegressor) and not sparse.issparse(rows):
        y = np.full(len(rows), 0.5)
    else:
        return
    # A network too large for the machine's memory is refused with MemoryError.
    with suppress(LaminaError, ValueError, TypeError, MemoryError):
        quietly(lambda: model.partial_fit(rows, y))


def test_mutants_of_model_files(folder: Path) -> None:
    seeds, rows, path = [], [], folder / "mutant.lamina"
    for make in {**MODELS, **PIPELINES}.values():
        model, given = quietly(make)
        lamina.save(model, path, overwrite=True)
        seeds.append(Seed.read(path))
        rows.append(given)
    run_mutants(seeds, n_mutants(600), path, lambda which, rng: use_model(path, rows[which], rng))


def test_mutants_of_checkpoints(folder: Path) -> None:
    seeds, path = [], folder / "mutant.checkpoint"
    ways = [{**SMALL, "max_iter": 2, **each} for each in RESUMED.values()]
    for each in ways:
        quietly(lambda each=each: MLPRegressor(**each, checkpoint=path).fit(X, Y))
        seeds.append(Seed.read(path))

    def use(which: int, rng: random.Random) -> None:
        model = MLPRegressor(**{**ways[which], "max_iter": 4})
        try:
            quietly(lambda: model.fit(X, Y, resume=path))
        except (CheckpointError, NonFiniteError):
            return
        assert all(np.isfinite(part).all() for part in model.coefs_)

    run_mutants(seeds, n_mutants(300), path, use)
