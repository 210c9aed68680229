"""A fit fetches parameters from its trainer only when something reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.engines.distant_engine import DistantEngine

from lamina import MLPClassifier, MLPRegressor
from lamina.engines import choose
from lamina.training.callbacks import Snapshots

X = np.random.default_rng(0).normal(size=(60, 3))
Y = np.sin(X.sum(axis=1))
EPOCHS = 7
SMALL: dict[str, Any] = {
    "hidden_layer_sizes": (6, 4),
    "batch_size": 25,
    "max_iter": EPOCHS,
    "n_iter_no_change": 3,
    "random_state": 0,
    "engine": "reference",
}

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Counts of what a distant engine copied in the fits of a test."""
    monkeypatch.setattr(choose, "ReferenceEngine", DistantEngine)
    DistantEngine.fetched.clear()
    yield DistantEngine.fetched
    DistantEngine.fetched.clear()


class Reader:
    """Callback that reads the parameters several times an epoch."""

    def on_epoch_end(self, fit: Any) -> None:
        assert fit.coefs[0].shape == (3, 6)
        assert fit.parameters is not None
        assert fit.step > 0


def test_an_epoch_that_nothing_reads_from_fetches_nothing(fetched: Counter[str]) -> None:
    MLPRegressor(**SMALL).fit(X, Y)
    assert fetched == {"epochs": EPOCHS, "parameters": 1, "optimizer_state": 1}


def test_a_callback_that_reads_no_parameters_fetches_none(fetched: Counter[str]) -> None:
    class Rows:
        def on_step(self, fit: Any) -> None:
            assert fit.loss > 0
            assert fit.step > 0

        def on_epoch_end(self, fit: Any) -> None:
            assert fit.row["learning_rate"] == fit.learning_rate

    MLPRegressor(callbacks=Rows(), **SMALL).fit(X, Y)
    assert fetched == {"epochs": 3 * EPOCHS, "parameters": 1, "optimizer_state": 1}


def test_validation_best_epochs_and_callbacks_share_one_fetch_an_epoch(
    fetched: Counter[str],
) -> None:
    ways = {**SMALL, "n_iter_no_change": 99, "restore_best": True, "average_decay": 0.9}
    MLPRegressor(early_stopping=True, callbacks=[Reader(), Reader()], **ways).fit(X, Y)
    assert fetched["predicting"] == EPOCHS
    assert fetched["parameters"] == 1
    # The best epoch's parameters are loaded, and the whole state is fetched again.
    assert (fetched["loaded"], fetched["optimizer_state"]) == (1, 2)


def test_only_epochs_with_a_checkpoint_fetch_the_state(
    fetched: Counter[str], tmp_path: Path
) -> None:
    MLPRegressor(checkpoint=tmp_path / "fit", checkpoint_every=3, **SMALL).fit(X, Y)
    assert fetched["optimizer_state"] == fetched["parameters"] == EPOCHS // 3 + 1


def edit(fit: Any) -> None:
    if fit.epoch == 2:
        fit.parameters = fit.parameters * 0.5
        fit.learning_rate = 0.01


class Edit:
    """Callback that replaces the parameters after an epoch."""

    on_epoch_end = staticmethod(edit)


def plain(model: Any) -> Any:
    return model.fit(X, Y)


def validated(model: Any) -> Any:
    return model.fit(X, Y, validation_data=(X[:20], Y[:20]))


def twice(model: Any) -> Any:
    return model.set_params(warm_start=True).fit(X, Y).fit(X, Y)


def in_parts(model: Any) -> Any:
    for _ in range(3):
        model.partial_fit(X, Y)
    return model


WAYS: dict[str, tuple[dict[str, Any], Callable[[Any], Any]]] = {
    "plain": ({}, plain),
    "early stopping": ({"early_stopping": True}, plain),
    "validation": ({"monitor": "validation_loss"}, validated),
    "scorers": ({"monitor": ["r2", "neg_mean_absolute_error"]}, validated),
    "scorers of an average": ({"monitor": "r2", "average_decay": 0.8}, validated),
    "scorers of a scaled target": ({"monitor": "r2", "scale_target": True}, validated),
    "average": ({"average_decay": 0.9}, plain),
    "best epoch": ({"restore_best": True, "learning_rate_init": 0.3}, plain),
    "best average": ({"restore_best": True, "average_decay": 0.5}, validated),
    "statistics": ({"normalization": "batch", "average_decay": 0.9}, validated),
    "noise": ({"dropout": 0.2, "input_noise": 0.1}, plain),
    "warm start": ({}, twice),
    "warm start of the best": ({"restore_best": True, "early_stopping": True}, twice),
    "warm start of an average": ({"average_decay": 0.9}, twice),
    "parts": ({"average_decay": 0.9, "dropout": 0.1}, in_parts),
    "muon": ({"solver": "muon", "max_gradient_norm": 0.5}, plain),
    "L-BFGS": ({"solver": "lbfgs", "batch_size": "auto"}, twice),
    "replaced parameters": ({"callbacks": Edit()}, plain),
    "snapshots": ({"callbacks": Snapshots()}, plain),
}


@pytest.mark.parametrize(("settings", "run"), WAYS.values(), ids=WAYS)
def test_a_trainer_that_shares_nothing_gives_the_same_bits(
    settings: dict[str, Any],
    run: Callable[[Any], Any],
    monkeypatch: pytest.MonkeyPatch,
    same: Callable[[Any, Any], bool],
) -> None:
    expected = run(MLPRegressor(**{**SMALL, **settings}))
    monkeypatch.setattr(choose, "ReferenceEngine", DistantEngine)
    assert same(run(MLPRegressor(**{**SMALL, **settings})), expected)


@pytest.mark.parametrize("settings", [{}, {"average_decay": 0.9}, {"early_stopping": True}])
def test_a_trainer_that_shares_nothing_resumes_to_the_same_bits(
    settings: dict[str, Any],
    fetched: Counter[str],
    tmp_path: Path,
    same: Callable[[Any, Any], bool],
) -> None:
    classes = (Y > 0).astype(int)
    ways = {**SMALL, **settings, "n_iter_no_change": 99, "checkpoint": tmp_path / "fit"}
    expected = MLPClassifier(**ways).fit(X, classes)
    MLPClassifier(**{**ways, "max_iter": 4}).fit(X, classes)
    resumed = MLPClassifier(**ways).fit(X, classes, resume=tmp_path / "fit")
    assert same(resumed, expected)
    assert fetched["epochs"] == EPOCHS + EPOCHS
