"""A fit resumes from its checkpoint bit for bit, and no other fit resumes from it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

import lamina
from lamina import MLPClassifier, MLPRegressor
from lamina.errors import CheckpointError, ModelFileError
from lamina.estimators.fitting.checkpoint_identity import WITHOUT_EFFECT_ON_NUMBERS
from lamina.formulas import OPTIMIZERS, SCHEDULES
from lamina.training import checkpoint as checkpoint_module

RANDOM = np.random.RandomState(0)
X, Y = RANDOM.standard_normal((90, 4)), RANDOM.randint(3, size=90)
SMALL: dict[str, Any] = {
    "hidden_layer_sizes": (5,),
    "batch_size": 20,
    "random_state": 1,
    "max_iter": 12,
    "n_iter_no_change": 50,
}

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

Fit = Callable[..., Any]


@pytest.fixture(autouse=True)
def serve(fits_by_engine: str) -> None:
    """Run every test with each engine."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fit.checkpoint"


class StopAfter:
    """Callback that ends the fit as a crash would, with an error, after a number of epochs."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def on_epoch_end(self, fit: Any) -> None:
        if fit.epoch == self.epochs:
            raise RuntimeError("power cut")


def broken_off(model: Any, path: Path, epochs: int, *data: Any, **ways: Any) -> None:
    """Fit with a checkpoint after every epoch, and crash before the last epoch's is written."""
    model.set_params(checkpoint=path, callbacks=StopAfter(epochs + 1))
    with pytest.raises(RuntimeError, match="power cut"):
        model.fit(*(data or (X, Y)), **ways)


def assert_same_fit(found: Any, expected: Any) -> None:
    for ours, theirs in zip(
        (*found.coefs_, *found.intercepts_, found._optimizer_slots),
        (*expected.coefs_, *expected.intercepts_, expected._optimizer_slots),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, theirs)
    timeless = [{**model.history_, "seconds": []} for model in (found, expected)]
    np.testing.assert_equal(timeless[0], timeless[1])
    for name in ("n_iter_", "t_", "loss_", "best_loss_", "best_validation_score_"):
        assert getattr(found, name) == getattr(expected, name)
    assert found._optimizer_step == expected._optimizer_step
    assert found._learning_rate == expected._learning_rate


@pytest.mark.parametrize("solver", OPTIMIZERS)
def test_every_optimizer_resumes_bit_for_bit(path: Path, solver: str) -> None:
    ways = {**SMALL, "solver": solver}
    broken_off(MLPClassifier(**ways), path, 5)
    assert_same_fit(MLPClassifier(**ways).fit(X, Y, resume=path), MLPClassifier(**ways).fit(X, Y))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule_resumes_bit_for_bit(path: Path, schedule: str) -> None:
    ways = {**SMALL, "learning_rate": schedule, "warmup": 1.5, "solver": "sgd", "tol": 0.5}
    ways |= {"n_iter_no_change": 2, "max_iter": 20}
    if schedule == list(SCHEDULES)[-1]:
        ways |= {"learning_rate_options": {"patience": 0}}
    broken_off(MLPRegressor(**ways), path, 2)
    assert_same_fit(MLPRegressor(**ways).fit(X, Y, resume=path), MLPRegressor(**ways).fit(X, Y))


@pytest.mark.parametrize(
    "ways",
    [
        {"early_stopping": True},
        {"early_stopping": True, "monitor": ["validation_loss", "f1_macro"]},
        {"restore_best": True, "learning_rate_init": 0.5},
        {"shuffle": False},
        {"drop_last": True, "shuffle": True},
        {"patience_factor": 1.5, "n_iter_no_change": 1, "tol": 0.02, "max_iter": 30},
        {"early_stopping": True, "restore_best": "last_of_ties", "tol": 0.0},
        {"random_state": None},
        {"learning_rate": lambda step, epoch: 0.01 / (1 + epoch)},
        {"hidden_layer_sizes": ()},
        {"dropout": 0.3, "input_noise": 0.1, "early_stopping": True},
        {"normalization": "batch", "restore_best": True},
        {"hidden_layer_sizes": (5, 5), "residual": True, "activation": "prelu"},
        {"average_decay": 0.9, "early_stopping": True},
        {"parametrization": "ntk", "rate_factors": {"weight": 2, "bias": 0.1}},
        {"blended_activation": True, "restore_best": True},
        {"amsgrad": True, "penalty": "elasticnet", "max_gradient_norm": 0.5},
    ],
    ids=lambda ways: "-".join(ways),
)
def test_every_way_to_stop_and_shuffle_resumes_bit_for_bit(
    path: Path, ways: dict[str, Any]
) -> None:
    ways = SMALL | ways
    if ways["random_state"] is None:
        np.random.seed(5)  # noqa: NPY002
    expected = MLPClassifier(**ways).fit(X, Y)
    if ways["random_state"] is None:
        np.random.seed(5)  # noqa: NPY002
    broken_off(MLPClassifier(**ways), path, 5)
    assert_same_fit(MLPClassifier(**ways).fit(X, Y, resume=path), expected)


@pytest.mark.parametrize("kind", ["MT19937", "PCG64", "Philox", "SFC64"])
def test_every_bit_generator_resumes_and_ends_in_the_same_state(path: Path, kind: str) -> None:
    def generator() -> np.random.RandomState:
        return np.random.RandomState(getattr(np.random, kind)(7))

    whole, ours = generator(), generator()
    expected = MLPClassifier(**{**SMALL, "random_state": whole}).fit(X, Y)
    broken_off(MLPClassifier(**{**SMALL, "random_state": generator()}), path, 4)
    found = MLPClassifier(**{**SMALL, "random_state": ours}).fit(X, Y, resume=path)
    assert_same_fit(found, expected)
    np.testing.assert_array_equal(whole.standard_normal(4), ours.standard_normal(4))


def test_validation_data_weights_and_sparse_float32_data_resume(path: Path) -> None:
    weight = RANDOM.uniform(0.5, 2, 90)
    rows = sparse.csr_array(np.where(X > 0, X, 0).astype(np.float32))
    data, ways = (rows, Y, weight), {"validation_data": (rows[:30], Y[:30], weight[:30])}
    expected = MLPClassifier(monitor="accuracy", **SMALL).fit(*data, **ways)
    broken_off(MLPClassifier(monitor="accuracy", **SMALL), path, 5, *data, **ways)
    found = MLPClassifier(monitor="accuracy", **SMALL).fit(*data, resume=path, **ways)
    assert found.coefs_[0].dtype == np.float32
    assert_same_fit(found, expected)


def test_a_warm_start_resumes_with_its_earlier_history(path: Path) -> None:
    def begun() -> Any:
        return MLPRegressor(warm_start=True, **SMALL).fit(X, Y)

    expected, model = begun().fit(X, Y), begun()
    broken_off(model, path, 5)
    anew = MLPRegressor(warm_start=True, **SMALL).fit(X, Y, resume=path)
    assert len(anew.loss_curve_) == 24
    assert_same_fit(anew, expected)


def test_a_rate_set_by_a_callback_is_resumed(path: Path) -> None:
    class Halve:
        def on_epoch_end(self, fit: Any) -> None:
            if fit.epoch == 3:
                fit.learning_rate /= 2

    ways = SMALL | {"learning_rate": "exponential"}
    expected = MLPRegressor(callbacks=Halve(), **ways).fit(X, Y)
    model = MLPRegressor(checkpoint=path, callbacks=[Halve(), StopAfter(6)], **ways)
    with pytest.raises(RuntimeError, match="power cut"):
        model.fit(X, Y)
    assert_same_fit(MLPRegressor(**ways).fit(X, Y, resume=path), expected)


def test_a_larger_max_iter_is_allowed_if_the_schedule_does_not_depend_on_it(path: Path) -> None:
    MLPRegressor(checkpoint=path, **SMALL).fit(X, Y)
    longer = SMALL | {"max_iter": 20}
    expected = MLPRegressor(**longer).fit(X, Y)
    assert_same_fit(MLPRegressor(**longer).fit(X, Y, resume=path), expected)
    spanning = {**SMALL, "learning_rate": "cosine"}
    MLPRegressor(checkpoint=path, **spanning).fit(X, Y)
    with pytest.raises(CheckpointError, match=r"made with max_iter=12, and this has max_iter=20"):
        MLPRegressor(**(spanning | {"max_iter": 20})).fit(X, Y, resume=path)


def test_a_fit_killed_at_random_moments_resumes_bit_for_bit(
    fits_by_engine: str, tmp_path: Path
) -> None:
    if fits_by_engine == "distant":
        pytest.skip("the killed process has only lamina's own engines")
    program = Path(__file__).with_name("killed_while_fitting.py")
    ran = subprocess.run(
        [sys.executable, program, tmp_path, "5", "0"], capture_output=True, text=True, check=True
    )
    report = json.loads(ran.stdout)
    assert sum(len(kind["written"]) for kind in report) >= 20
    assert all(kind["equal"] for kind in report), report
    assert any(0 < epochs < 120 for kind in report for epochs in kind["written"])


@pytest.mark.parametrize(
    ("ways", "written"),
    [
        ({}, range(1, 13)),
        ({"checkpoint_every": 5}, [5, 10]),
        ({"checkpoint_seconds": 1e-9}, range(1, 13)),
        ({"checkpoint_seconds": 1e9}, []),
        ({"checkpoint_seconds": 1e9, "checkpoint_every": 6}, [6, 12]),
    ],
)
def test_checkpoints_are_written_at_the_requested_intervals(
    path: Path, monkeypatch: pytest.MonkeyPatch, ways: dict[str, Any], written: Any
) -> None:
    epochs: list[int] = []
    write = checkpoint_module.Checkpoint.write

    def note(self: Any, state: Any) -> None:
        epochs.append(len(state["losses"]))
        write(self, state)

    monkeypatch.setattr(checkpoint_module.Checkpoint, "write", note)
    plain = MLPClassifier(**SMALL).fit(X, Y)
    model = MLPClassifier(checkpoint=str(path), **SMALL, **ways).fit(X, Y)
    assert epochs == list(written)
    assert model.loss_curve_ == plain.loss_curve_


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alpha": 0.5}, r"made with alpha=0.0001, and this has alpha=0.5"),
        ({"hidden_layer_sizes": (6,)}, r"made with hidden_layer_sizes=\[5\], and this has"),
        ({"random_state": 2, "tol": 0.5}, "random_state=2; it was made with tol="),
        ({"warmup": 2}, "warmup"),
    ],
)
def test_other_parameters_are_refused_by_name(
    path: Path, change: dict[str, Any], message: str
) -> None:
    MLPClassifier(checkpoint=path, **SMALL).fit(X, Y)
    with pytest.raises(CheckpointError, match=message):
        MLPClassifier(**(SMALL | change)).fit(X, Y, resume=path)


def test_other_data_are_refused_and_the_difference_is_named(path: Path) -> None:
    MLPClassifier(checkpoint=path, **SMALL).fit(X, Y)
    weight = np.ones(90)
    others: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
        ("X", (X + 1e-9, Y), {}),
        ("y", (X, np.roll(Y, 1)), {}),
        ("sample_weight", (X, Y, weight), {}),
        ("validation_data", (X, Y), {"validation_data": (X, Y)}),
    ]
    for name, data, ways in others:
        with pytest.raises(CheckpointError, match=f": {name} differs from the checkpoint's"):
            MLPClassifier(**SMALL).fit(*data, resume=path, **ways)
    with pytest.raises(CheckpointError, match="class='MLPClassifier', and this has class="):
        MLPRegressor(**SMALL).fit(X, Y, resume=path)


def test_another_version_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    MLPClassifier(checkpoint=path, **SMALL).fit(X, Y)
    monkeypatch.setattr(checkpoint_module, "lamina_version", lambda: "9.9")
    with pytest.raises(CheckpointError, match=r"written by lamina .*, and this is 9\.9"):
        MLPClassifier(**SMALL).fit(X, Y, resume=path)


def test_another_bit_generator_is_refused(path: Path) -> None:
    ways = {**SMALL, "random_state": np.random.RandomState(np.random.PCG64(1))}
    MLPClassifier(checkpoint=path, **ways).fit(X, Y)
    ways["random_state"] = np.random.RandomState(1)
    with pytest.raises(CheckpointError, match="bit generator PCG64, and this one is MT19937"):
        MLPClassifier(**ways).fit(X, Y, resume=path)


def test_parameters_without_effect_on_the_numbers_may_differ(path: Path) -> None:
    ways = {**SMALL, "n_threads": 1}
    broken_off(MLPClassifier(**ways), path, 5)
    free = {"n_threads": 2, "max_seconds": 1e6, "verbose": False, "checkpoint_every": 3}
    model = MLPClassifier(checkpoint=path, **(ways | free))
    assert_same_fit(model.fit(X, Y, resume=path), MLPClassifier(**SMALL).fit(X, Y))
    assert set(MLPClassifier().get_params()) >= WITHOUT_EFFECT_ON_NUMBERS


def test_a_file_that_is_not_a_checkpoint_is_refused(path: Path) -> None:
    model = MLPClassifier(**SMALL)
    with pytest.raises(FileNotFoundError):
        model.fit(X, Y, resume=path)
    path.write_bytes(b"text")
    with pytest.raises(CheckpointError, match="cannot be resumed"):
        model.fit(X, Y, resume=path)
    lamina.save(model.fit(X, Y), path, overwrite=True)
    with pytest.raises(CheckpointError, match="a saved model"):
        model.fit(X, Y, resume=path)
    model.set_params(checkpoint=path).fit(X, Y)
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="altered or cut short"):
        model.fit(X, Y, resume=path)


def test_a_checkpoint_is_not_a_model_and_a_model_file_omits_its_path(
    path: Path, tmp_path: Path
) -> None:
    model = MLPClassifier(checkpoint=path, checkpoint_every=2, **SMALL).fit(X, Y)
    with pytest.raises(ModelFileError, match="a checkpoint of a fit"):
        lamina.load(path)
    lamina.save(model, tmp_path / "model.lamina")
    loaded = lamina.load(tmp_path / "model.lamina")
    assert loaded.checkpoint is loaded.checkpoint_every is None
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


def test_partial_fit_refuses_checkpoints(path: Path) -> None:
    with pytest.raises(ValueError, match="partial_fit does not support checkpoint="):
        MLPRegressor(checkpoint=path).partial_fit(X, Y)
