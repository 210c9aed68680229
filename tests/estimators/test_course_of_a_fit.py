"""The course of a fit through the files of estimators/, and settings that are read once."""

from __future__ import annotations

import ast
import sys
from itertools import groupby
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

import lamina.estimators
from lamina import MLPClassifier
from lamina.estimators.fitting.preparing import prepare_fit
from lamina.estimators.fitting.running import fit_in_epochs
from lamina.estimators.settings.fit_settings import resolve_settings

ROOT = Path(lamina.estimators.__file__).parent
X = np.random.RandomState(0).standard_normal((100, 5))
Y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)


def files_entered() -> list[str]:
    """Return the file of estimators/ of each call in a fit; calls in one file count once."""
    files: list[str] = []

    def note(frame: FrameType, event: str, _: Any) -> None:
        path = Path(frame.f_code.co_filename)
        # Comprehensions are calls of their own only in earlier versions of Python.
        if event == "call" and ROOT in path.parents and frame.f_code.co_name[0] != "<":
            files.append(path.name)

    model = MLPClassifier()
    sys.setprofile(note)
    try:
        model.fit(X, Y)
    finally:
        sys.setprofile(None)
    return [name for name, _ in groupby(files)]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_fit_enters_few_files_and_seldom_returns_to_one() -> None:
    MLPClassifier().fit(X, Y)  # The first fit fills caches.
    entered = files_entered()
    assert len(entered) <= 43, entered
    assert len(entered) - len(set(entered)) <= 16, entered
    from_data_on = entered[entered.index("preparing.py") :]
    assert len(from_data_on) <= 30, from_data_on


@pytest.mark.repository
@pytest.mark.parametrize("name", ["running", "checkpoint_identity", "validation_setup", "inputs"])
def test_no_parameter_is_read_from_the_estimator_after_the_settings(name: str) -> None:
    tree = ast.parse((ROOT / "fitting" / f"{name}.py").read_text(encoding="utf-8"))
    parameters = set(MLPClassifier().get_params(deep=False))
    read = [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and ast.unparse(node.value).split(".")[-1] == "model"
        and node.attr in parameters
    ]
    assert read == []


def test_parameters_changed_after_the_settings_do_not_affect_the_fit() -> None:
    def learned(**changes: Any) -> list[np.ndarray]:
        model = MLPClassifier((4,), max_iter=3, tol=10, random_state=0, early_stopping=True)
        fit = prepare_fit(model, resolve_settings(model), X, Y, fresh=True)
        model.set_params(**changes)
        weights: list[np.ndarray] = fit_in_epochs(fit).attributes["coefs_"]
        return weights

    changes = {"solver": "sgd", "alpha": 5, "batch_size": 7, "max_iter": 9, "shuffle": False}
    changes |= {"early_stopping": False, "learning_rate_init": 0.5, "penalty": "l1", "tol": 0.0}
    for kept, changed in zip(learned(), learned(**changes), strict=True):
        np.testing.assert_array_equal(kept, changed)
