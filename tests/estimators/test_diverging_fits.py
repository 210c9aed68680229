"""A fit never silently ends with weights or scored predictions that are not finite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lamina import MLPRegressor
from lamina.errors import NonFiniteError
from lamina.files.model_file import read_model_file, to_chunks

X = np.random.default_rng(0).normal(size=(60, 3))
Y = X.sum(axis=1)
SMALL: dict[str, Any] = {"hidden_layer_sizes": (8, 8), "random_state": 0, "max_iter": 20}
SLOTS = "state.optimizer.slots"

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class ChangedOnce:
    """Callback that sets one parameter to a value after an epoch, and stops the fit."""

    def __init__(self, value: float) -> None:
        self.value = value

    def on_epoch_end(self, fit: Any) -> None:
        parameters = fit.parameters.copy()
        parameters[0] = self.value
        fit._trained.replace_predicting(parameters)
        fit.stop()


class Counted:
    """Scorer that requires finite predictions and counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, model: Any, X: Any, y: Any) -> float:
        assert np.isfinite(model.predict(X)).all()
        self.calls += 1
        return float(-np.abs(model.predict(X) - y).max())


@pytest.mark.parametrize("engine", ["native", "reference"])
@pytest.mark.parametrize("average_decay", [None, 0.9])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_at_the_end_are_an_error(
    engine: str, average_decay: float | None, value: float
) -> None:
    model = MLPRegressor(
        engine=engine, average_decay=average_decay, callbacks=ChangedOnce(value), **SMALL
    )
    with pytest.raises(NonFiniteError, match=r"by the end of the fit; layer 'hidden_1'"):
        model.fit(X, Y)
    assert not hasattr(model, "coefs_")


def test_an_average_that_a_checkpoint_holds_as_infinite_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "fit.checkpoint"
    ways = {**SMALL, "average_decay": 0.9}
    MLPRegressor(checkpoint=path, **{**ways, "max_iter": 2}).fit(X, Y)
    texts, tensors = read_model_file(path)
    slots = tensors[SLOTS].copy()
    slots[-1, 0] = np.inf
    chunks = to_chunks({"checkpoint": texts["checkpoint"]}, {**tensors, SLOTS: slots})
    path.write_bytes(b"".join(chunks))
    with pytest.raises(NonFiniteError, match="by the end of the fit; layer 'hidden_1'"):
        MLPRegressor(**ways).fit(X, Y, resume=path)


@pytest.mark.parametrize("engine", ["native", "reference"])
@pytest.mark.parametrize("monitor", ["r2", ["validation_loss", "r2"], Counted()])
def test_predictions_that_overflow_are_an_error_before_scoring(engine: str, monitor: Any) -> None:
    model = MLPRegressor(
        engine=engine, early_stopping=True, monitor=monitor, learning_rate_init=1e110, **SMALL
    )
    message = (
        r"in epoch 1; predictions for the 6 validation samples overflowed.*scale the target.*"
        r"learning_rate_init below 1e\+110"
    )
    with pytest.raises(NonFiniteError, match=message):
        model.fit(X, Y)


def test_the_best_epoch_is_restored_if_later_predictions_overflow() -> None:
    scorer = Counted()
    model = MLPRegressor(
        solver="sgd",
        alpha=0,
        early_stopping=True,
        monitor=scorer,
        learning_rate_init=1e20,
        **SMALL,
    )
    model.fit(X, Y)
    assert scorer.calls == 1 < model.n_iter_
    assert np.isfinite(model.predict(X)).all()
