"""Messages of every parameter about an invalid value, and of every method about wrong data."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lamina import MLPClassifier, MLPRegressor
from lamina.estimators.settings.refusals import shown
from lamina.other_names import OTHER_NAMES

ESTIMATORS: dict[str, Any] = {"MLPClassifier": MLPClassifier, "MLPRegressor": MLPRegressor}
PARAMETERS = [
    (owner, name) for owner, made in ESTIMATORS.items() for name in made._get_param_names()
]
X = np.random.RandomState(0).standard_normal((12, 3))
Y = np.arange(12) % 2
VALUES: tuple[Any, ...] = (
    *(None, -1, 0, 1.5, -0.5, 2, float("nan"), float("inf"), 10**30),
    *("nonsense", "", True, [], (), [1, 2], {"a": 1}, object, object()),
    *(np.array([1.0, 2.0]), np.zeros((30, 30)), "reluu", "adma", "sigmoid", "mse"),
)


def message_about(owner: str, name: str, value: Any) -> str | None:
    """Return the message of a fit with that value, or None if it is valid."""
    try:
        ESTIMATORS[owner](**{"max_iter": 1, "hidden_layer_sizes": (2,), name: value}).fit(X, Y)
    except (ValueError, TypeError, MemoryError) as error:
        return str(error)
    return None


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("owner", "name"), PARAMETERS)
def test_a_message_names_the_parameter_and_its_value_in_one_paragraph(
    owner: str, name: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for value in VALUES:
        message = message_about(owner, name, value)
        if message is None:
            continue
        assert name in message, message
        assert "\n" not in message
        assert "  " not in message
        assert " at 0x" not in message
        # For a long sequence, the element at fault is more useful than the beginning.
        parts = [value, tuple(value), *value] if isinstance(value, list | tuple) else [value]
        says = any(shown(part) in message for part in parts) or "of shape" in message
        assert says, (shown(value), message)


EVERY_MESSAGE = """
from tests.contracts.test_messages import PARAMETERS, VALUES
from lamina import MLPClassifier, MLPRegressor
from lamina.estimators.settings.refusals import refused
for owner, name in PARAMETERS:
    for value in VALUES:
        print(refused(name, value, globals()[owner]._parameter_constraints, owner))
"""


def test_messages_are_the_same_in_every_process() -> None:
    printed = [
        subprocess.run(
            [sys.executable, "-c", EVERY_MESSAGE],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert printed[0] == printed[1]
    assert printed[0].count("must be") > 200


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        ({"hiden_layer_sizes": (3,)}, "hidden_layer_sizes"),
        ({"max_itr": 3}, "max_iter"),
        ({"lr": 0.1}, "learning_rate_init"),
        ({"epochs": 5}, "max_iter"),
        ({"optimizer": "adam"}, "solver"),
    ],
)
@pytest.mark.parametrize("owner", ESTIMATORS)
def test_the_error_for_an_unknown_parameter_suggests_the_nearest(
    owner: str, arguments: dict[str, Any], nearest: str
) -> None:
    with pytest.raises(TypeError, match=rf"{next(iter(arguments))}'\. Did you mean '{nearest}'\?"):
        ESTIMATORS[owner](**arguments)
    with pytest.raises(ValueError, match=rf"Did you mean '{nearest}'\?"):
        ESTIMATORS[owner]().set_params(**arguments)


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        ({"activation": "sigmoid"}, "Did you mean 'logistic'?"),
        ({"activation": ["sigmoid"]}, "Did you mean 'logistic'?"),
        ({"activation": "swish"}, "Did you mean 'silu'?"),
        ({"loss": "mse"}, "Did you mean 'squared_error'?"),
        ({"loss": "mae"}, "Did you mean 'absolute_error'?"),
        ({"learning_rate": 0.01}, "A number is learning_rate_init=0.01."),
        ({"loss": (100,)}, "write hidden_layer_sizes=(100,)."),
        ({"loss": 100}, "write hidden_layer_sizes=100."),
        ({"normalization": "batch_norm"}, "Did you mean 'batch'?"),
        ({"initializer": "xavier"}, "Did you mean 'glorot_uniform'?"),
        ({"random_state": np.random.default_rng(0)}, "np.random.RandomState(seed)"),
        ({"monitor": "val_loss", "early_stopping": True}, "Did you mean 'validation_loss'?"),
    ],
)
def test_the_error_for_another_librarys_name_suggests_laminas_name(
    arguments: dict[str, Any], cure: str
) -> None:
    with pytest.raises(ValueError, match=r"parameter|activation|monitor") as caught:
        MLPRegressor(**arguments).fit(X, Y)
    assert cure in str(caught.value)


def test_names_of_other_libraries_are_not_names_of_lamina() -> None:
    taken = {name for made in ESTIMATORS.values() for name in made._get_param_names()}
    for elsewhere, names in OTHER_NAMES.items():
        assert elsewhere not in taken, elsewhere
        assert elsewhere not in names, elsewhere
        assert elsewhere == elsewhere.lower().translate(str.maketrans("", "", " -_"))


def test_a_surplus_argument_is_named() -> None:
    with pytest.raises(TypeError, match=r"Only hidden_layer_sizes, activation may .* 'adam'"):
        MLPClassifier((3,), "relu", "adam")  # type: ignore[misc]


def test_a_type_error_of_a_subclass_is_not_changed() -> None:
    class Picky(MLPClassifier):
        def __init__(self, alpha: float = 0.1) -> None:
            if isinstance(alpha, str):
                raise TypeError("alpha is text")
            super().__init__(alpha=alpha)

    with pytest.raises(TypeError, match=r"^alpha is text$"):
        Picky("a")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"Did you mean 'alpha'\?"):
        Picky(alhpa=1.0)  # type: ignore[call-arg]
