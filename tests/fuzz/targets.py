"""Targets of mutated files: loading a model, and resuming a fit from a checkpoint.

A mutant raises the documented exceptions and nothing else. A model that loads predicts in bounded
work, saves, and loads again.
"""

from __future__ import annotations

import random
import re
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
from scipy import sparse
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
# Most of a pipeline's mutants test scikit-learn, at five times the cost of a network alone.
FRACTION_OF_PIPELINES = 0.2
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


class Target(Protocol):
    """Reader of files to be fuzzed.

    Attributes
    ----------
    seeds : list of Seed
        Valid files from which mutants are made.
    """

    seeds: list[Seed]

    def choose(self, rng: random.Random) -> int:
        """Return the index of the seed for the next mutant."""

    def use(self, which: int, path: Path, rng: random.Random) -> None:
        """Read a mutant of this seed; any exception is a fault."""


class ModelFiles:
    """Target that loads a model file, and uses the model."""

    def __init__(self, folder: Path) -> None:
        self.seeds: list[Seed] = []
        self.rows: list[Any] = []
        self.shapes: list[tuple[int, ...]] = []
        self.saved = folder / "saved.lamina"
        for make in {**MODELS, **PIPELINES}.values():
            model, rows = quietly(make)
            lamina.save(model, self.saved, overwrite=True)
            self.seeds.append(Seed.read(self.saved))
            self.rows.append(rows)
            self.shapes.append(model.predict(rows).shape[1:])

    def choose(self, rng: random.Random) -> int:
        if rng.random() < FRACTION_OF_PIPELINES:
            return rng.randrange(len(MODELS), len(self.seeds))
        return rng.randrange(len(MODELS))

    def use(self, which: int, path: Path, rng: random.Random) -> None:
        try:
            model = lamina.load(path)
        except ModelFileError:
            return
        if ends_fitted(model):
            rows = rows_for(model, self.rows[which])
            use_model(model, rows, rng, self.saved, self.shapes[which])


class Checkpoints:
    """Target that resumes a fit from a checkpoint."""

    def __init__(self, folder: Path) -> None:
        self.seeds: list[Seed] = []
        self.ways = [{**SMALL, "max_iter": 2, **each} for each in RESUMED.values()]
        path = folder / "whole.checkpoint"
        for each in self.ways:
            quietly(lambda each=each: MLPRegressor(**each, checkpoint=path).fit(X, Y))
            self.seeds.append(Seed.read(path))

    def choose(self, rng: random.Random) -> int:
        return rng.randrange(len(self.seeds))

    def use(self, which: int, path: Path, rng: random.Random) -> None:
        model = MLPRegressor(**{**self.ways[which], "max_iter": 4})
        try:
            quietly(lambda: model.fit(X, Y, resume=path))
        except (CheckpointError, NonFiniteError):
            return
        assert all(np.isfinite(part).all() for part in model.coefs_)


TARGETS: dict[str, Callable[[Path], Target]] = {
    "model-files": ModelFiles,
    "checkpoints": Checkpoints,
}


def quietly(work: Callable[[], Any]) -> Any:
    """Call a function while ignoring numerical and convergence warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        return work()


def rows_for(model: Any, rows: Any) -> Any:
    """Return samples for the model, in the model's width if that was mutated."""
    width = getattr(model, "n_features_in_", None)
    if isinstance(rows, pd.DataFrame) or width is None or width == rows.shape[1]:
        return rows.copy()  # A mutant may transform in place.
    return np.full((2, width), 0.5)


def ends_fitted(model: Any) -> bool:
    """Return True if a model's last network is fitted, which requires all earlier steps to be."""
    if hasattr(model, "steps"):
        return ends_fitted(model.steps[-1][1])
    return any(hasattr(model, name) for name in ("coefs_", "regressor_", "members_"))


def use_model(
    model: Any, rows: Any, rng: random.Random, path: Path, shape: tuple[int, ...]
) -> None:
    """Predict a sample's shape; sometimes save and load again, and continue training."""
    assert all(np.isfinite(part).all() for part in getattr(model, "coefs_", []))
    try:
        answer = quietly(lambda: model.predict(rows))
        assert answer.shape == (rows.shape[0], *shape)
        if rng.random() < 0.3 and hasattr(model, "predict_proba"):
            check_probabilities(quietly(lambda: model.predict_proba(rows)))
    except (NonFiniteError, TableError):
        pass
    except ValueError as error:
        # Errors of a transformer about samples that do not match it, or numbers too large.
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
    """Continue training: a mutant may have parameters that contradict each other or diverge."""
    if isinstance(model, MLPClassifier) and model._target_kind in ("binary", "multiclass"):
        y: Any = np.resize(model.classes_, len(rows))
    elif isinstance(model, MLPRegressor) and not sparse.issparse(rows):
        y = np.full(len(rows), 0.5)
    else:
        return
    # A network too large for the machine's memory is refused with MemoryError.
    with suppress(LaminaError, ValueError, TypeError, MemoryError):
        quietly(lambda: model.partial_fit(rows, y))
