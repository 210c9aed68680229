"""A checkpoint whose content was altered and its checksum corrected is refused before use."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lamina import MLPClassifier
from lamina.engines import OptimizerState
from lamina.errors import CheckpointError
from lamina.estimators.fitting.checkpoint_identity import WITHOUT_EFFECT_ON_NUMBERS
from lamina.files.fields import check_fields
from lamina.files.model_file import read_model_file, to_chunks
from lamina.training import History, Memory, resuming
from lamina.training.fit_state import FitState, column_names
from lamina.training.generators import generator_fields, generator_state, name_generator
from lamina.training.rates import RateState
from lamina.training.resuming import Limits

RANDOM = np.random.RandomState(0)
X, Y = RANDOM.standard_normal((90, 4)), RANDOM.randint(3, size=90)
SMALL: dict[str, Any] = {
    "hidden_layer_sizes": (5,),
    "batch_size": 20,
    "random_state": 1,
    "max_iter": 12,
    "n_iter_no_change": 50,
}
NAN = {"$float": "nan"}
WRONG_SHAPE = {"$text": {"dtype": "<U3", "shape": [2], "items": ["a"]}}

Change = Callable[[dict[str, Any], dict[str, np.ndarray]], None]

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("altered") / "fit.checkpoint"
    MLPClassifier(checkpoint=path, **SMALL).fit(X, Y)
    return path


def state_change(**changes: Any) -> Change:
    """Set values in the state by their paths, such as optimizer__step."""

    def change(plain: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
        for name, value in changes.items():
            *above, last = name.split("__")
            record = plain["state"]
            for key in above:
                record = record[key]
            record[last] = value

    return change


def tensor_change(name: str, value: Any) -> Change:
    return lambda plain, tensors: tensors.update({f"state.{name}": value})


def order_change(value: int) -> Change:
    return tensor_change("order", np.r_[np.full(3, value), np.arange(3, 90)])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        *[(order_change(n), "order has indices outside of the 90") for n in (90, 2**40, -1)],
        (order_change(5), "order do not hold each of the 90 samples once"),
        (tensor_change("order", np.arange(85)), "order do not hold each"),
        (tensor_change("order", np.arange(90.0)), "order is an array of dtype float64"),
        *[
            (state_change(generator__state__pos=n), "pos is .* from 0 to 624")
            for n in (-(10**8), 625, 1.5, None)
        ],
        *[
            (state_change(optimizer__step=n), r"optimizer\.step is .* number from 60 to 60")
            for n in (2**63 - 1, 2**63, -1, 0, "60", True)
        ],
        (state_change(learning_rate=NAN), "learning_rate is nan, where a finite"),
        (state_change(scheduled_epochs=10**18), "scheduled_epochs is 1000000000000000000"),
        (state_change(best_cost=NAN), "best_cost is nan"),
        (state_change(best_cost=10**400), "best_cost is an integer of more than 40 digits"),
        (state_change(stalled={"$scalar": ["int8", 300]}), "OverflowError"),
        (state_change(stalled=WRONG_SHAPE), "reshape"),
        (state_change(held_out="x"), "held_out is 'x', where None is expected"),
        (state_change(more=1), "more is not a field of this record"),
        (lambda plain, tensors: plain["state"].pop("stalled"), "stalled is missing"),
        (lambda plain, tensors: plain["state"].pop("generator"), "cannot be resumed"),
        (lambda plain, tensors: plain.update(identity=[]), r"identity is \[\]"),
        (lambda plain, tensors: plain.update(state=1), "state is 1"),
        (lambda plain, tensors: plain.pop("lamina"), "lamina is missing"),
        (tensor_change("parameters", np.zeros(3)), r"dtype float64 and shape \(3,\)"),
        (tensor_change("losses", np.full(12, np.nan)), "a finite array"),
    ],
)
def test_an_altered_checkpoint_is_refused(
    checkpoint: Path, tmp_path: Path, change: Change, message: str
) -> None:
    metadata, tensors = read_model_file(checkpoint)
    plain = json.loads(metadata["checkpoint"])
    change(plain, tensors)
    path = tmp_path / "altered.checkpoint"
    chunks = to_chunks({"checkpoint": json.dumps(plain)}, tensors)
    path.write_bytes(b"".join(bytes(chunk) for chunk in chunks))
    model = MLPClassifier(**SMALL)
    with pytest.raises(CheckpointError, match=message):
        model.fit(X, Y, resume=path)
    assert not hasattr(model, "coefs_")


def rewritten(checkpoint: Path, path: Path, change: Callable[[dict[str, Any]], Any]) -> Path:
    """Write a checkpoint with a changed identity."""
    metadata, tensors = read_model_file(checkpoint)
    plain = json.loads(metadata["checkpoint"])
    change(plain["identity"])
    chunks = to_chunks({"checkpoint": json.dumps(plain)}, tensors)
    path.write_bytes(b"".join(bytes(chunk) for chunk in chunks))
    return path


@pytest.mark.parametrize(
    "name", sorted(set(MLPClassifier().get_params()) - WITHOUT_EFFECT_ON_NUMBERS - set(SMALL))
)
def test_a_parameter_missing_in_a_checkpoint_has_its_default(
    checkpoint: Path, tmp_path: Path, name: str
) -> None:
    older = rewritten(checkpoint, tmp_path / "older", lambda identity: identity.pop(name))
    ways = {**SMALL, "max_iter": 14}
    resumed = MLPClassifier(**ways).fit(X, Y, resume=older)
    assert resumed.loss_curve_ == MLPClassifier(**ways).fit(X, Y).loss_curve_


def test_a_parameter_missing_in_a_checkpoint_matches_only_its_default(
    checkpoint: Path, tmp_path: Path
) -> None:
    older = rewritten(
        checkpoint, tmp_path / "older", lambda identity: identity.pop("nesterovs_momentum")
    )
    with pytest.raises(CheckpointError, match=r"nesterovs_momentum=True, and this has .*=False"):
        MLPClassifier(**SMALL, nesterovs_momentum=False).fit(X, Y, resume=older)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda identity: identity.update(colour=1), r"colour=.*, which is not a parameter here"),
        (
            lambda identity: identity.update(colour=None),
            r"colour=.*, which is not a parameter here",
        ),
        (lambda identity: identity.pop("class"), "made with class=None"),
        (lambda identity: identity.pop("rows X"), "X differs from the checkpoint's"),
        (lambda identity: identity.pop("random_state"), "made with random_state=None"),
    ],
)
def test_an_identity_with_unknown_or_missing_parts_is_refused(
    checkpoint: Path, tmp_path: Path, change: Callable[[dict[str, Any]], Any], message: str
) -> None:
    path = rewritten(checkpoint, tmp_path / "other", change)
    with pytest.raises(CheckpointError, match=message):
        MLPClassifier(**SMALL).fit(X, Y, resume=path)


def test_every_field_of_a_state_has_a_check() -> None:
    kind = name_generator(np.random.RandomState(0))
    limits = Limits(
        np.zeros(3), 2, 0, False, False, 9, False, 2, None, False, column_names(None), kind
    )
    checks = resuming.state_fields(limits, 1, 9)
    assert set(resuming.optimizer_fields(limits, 5)) == names_of(OptimizerState)
    assert set(resuming.history_fields()) == names_of(History) | {"is_scored"}
    assert names_of(RateState) <= set(checks)
    # These are checked by their parts.
    assert names_of(Memory) - {"optimizer", "rate", "history"} <= set(checks)
    # A checkpoint is written between epochs, and only if the fit goes on.
    within_epochs = {"step_of_epoch", "loss", "must_stop", "has_converged", "ending"}
    # The plan sets rows_an_epoch.
    from_elsewhere = {"memory", "stopping", "rows_an_epoch"}
    assert names_of(FitState) - from_elsewhere - within_epochs <= set(checks)


@pytest.mark.parametrize("kind", ["MT19937", "PCG64", "PCG64DXSM", "SFC64", "Philox"])
def test_every_kind_of_generator_has_a_check_of_its_whole_state(kind: str) -> None:
    state = generator_state(np.random.RandomState(getattr(np.random, kind)(0)))
    check_fields(state, generator_fields(kind))


def names_of(record: type) -> set[str]:
    return {each.name for each in fields(record)}
