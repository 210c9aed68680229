"""Objects of parameters in model files: written, read, and refused when altered."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from tests.fuzz.model_files import Seed

import lamina
from lamina import MLPClassifier
from lamina.activations import ELU, Tanh
from lamina.errors import ModelFileError
from lamina.solvers import AdamW


class Doubled(AdamW):  # type: ignore[misc, valid-type]
    """A class of a user."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.lamina"


def test_objects_in_lists_come_back(path: Path) -> None:
    model = MLPClassifier((3, 2), activation=[Tanh(), ELU(alpha=0.5)], solver=AdamW(beta_2=0.95))
    lamina.save(model, path)
    loaded = lamina.load(path)
    assert loaded.activation == [Tanh(), ELU(alpha=0.5)]
    assert loaded.solver == AdamW(beta_2=0.95)


def test_a_class_of_the_user_cannot_be_saved(path: Path) -> None:
    with pytest.raises(TypeError, match=r"'solver' is a Doubled.*set it to one of lamina\.solvers"):
        lamina.save(MLPClassifier(solver=Doubled()), path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("parameter", "nonsense"),
        ("parameter", "penalty"),
        ("parameter", None),
        ("name", "nonsense"),
        ("name", ["adamw"]),
        ("hyperparameters", {"nonsense": 1}),
        ("hyperparameters", {"beta_2": 1.5}),
        ("hyperparameters", {"beta_2": "x"}),
        ("hyperparameters", [1]),
        ("hyperparameters", None),
    ],
)
def test_an_altered_object_is_refused(name: str, value: Any, path: Path) -> None:
    lamina.save(MLPClassifier(solver=AdamW(beta_2=0.95)), path)
    seed = Seed.read(path)
    plain = deepcopy(seed.plain)
    plain["parameters"]["solver"]["$choice"][name] = value
    path.write_bytes(seed.written(plain, seed.tensors))
    with pytest.raises(ModelFileError):
        lamina.load(path)
