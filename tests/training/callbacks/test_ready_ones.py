"""Ready-made callbacks: bars, loggers, trackers, and one-line errors for missing libraries."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lamina import MLPClassifier, MLPRegressor
from lamina.training.callbacks import (
    CSVLogger,
    JSONLinesLogger,
    MLflowLogger,
    OptunaPruning,
    ProgressBar,
    TensorBoardLogger,
)

RANDOM = np.random.RandomState(0)
X, Y = RANDOM.standard_normal((60, 3)), RANDOM.standard_normal(60)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def fitted(callbacks: Any, **ways: Any) -> Any:
    model = MLPRegressor(max_iter=4, random_state=0, callbacks=callbacks, **ways)
    return model.fit(X, Y, validation_data=(X, Y))


def test_a_csv_file_contains_the_history(tmp_path: Path) -> None:
    model = fitted(CSVLogger(tmp_path / "log.csv"))
    with open(tmp_path / "log.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == model.loss_curve_
    assert [float(row["r2"]) for row in rows] == model.validation_scores_
    assert list(rows[0]) == list(model.history_)
    assert rows[0]["gradient_norm"] == "" or float(rows[0]["gradient_norm"]) > 0


def test_a_csv_file_is_replaced_or_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    for append, n_lines in ((False, 5), (False, 5), (True, 9)):
        fitted(CSVLogger(path, append=append))
        assert len(path.read_text(encoding="utf-8").splitlines()) == n_lines


def test_json_lines_contain_the_history_and_are_complete_after_an_error(tmp_path: Path) -> None:
    class Fail:
        def on_epoch_end(self, fit: Any) -> None:
            if fit.epoch == 3:
                raise RuntimeError("power cut")

    log = JSONLinesLogger(tmp_path / "log.jsonl", append=True)
    model = fitted(log)
    with pytest.raises(RuntimeError, match="power cut"):
        fitted([log, Fail()])
    lines = (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4, 1, 2, 3]
    assert [row["loss"] for row in rows[:4]] == model.loss_curve_


def test_a_missing_folder_is_an_error_before_the_first_epoch(tmp_path: Path) -> None:
    for logger in (CSVLogger, JSONLinesLogger):
        with pytest.raises(FileNotFoundError):
            fitted(logger(tmp_path / "none" / "log"))


@pytest.mark.parametrize("library", ["rich", "tqdm"])
def test_a_bar_is_drawn_to_its_end(library: str) -> None:
    pytest.importorskip(library)
    drawn = io.StringIO()
    model = fitted(ProgressBar(library, file=drawn))
    assert "4/4" in drawn.getvalue()
    assert f"loss {model.loss_:.6g}" in drawn.getvalue()


def test_verbose_bar_draws_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("rich")
    model = MLPClassifier(max_iter=3, verbose="bar", random_state=0).fit(X, Y > 0)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "3/3" in captured.err
    assert f"{model.loss_:.6g}" in captured.err


def test_a_bar_without_its_library_is_a_one_line_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lamina.training.callbacks.bars.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"^.*neither is installed: pip install rich$"):
        MLPClassifier(verbose="bar").fit(X, Y > 0)
    with pytest.raises(ImportError, match="needs tqdm: pip install tqdm"):
        ProgressBar("tqdm")
    with pytest.raises(ValueError, match="must be 'rich', 'tqdm' or None"):
        ProgressBar("textual")


@pytest.mark.parametrize(
    ("make", "package"),
    [
        (lambda: TensorBoardLogger("runs"), "tensorboard"),
        (MLflowLogger, "mlflow"),
        (lambda: OptunaPruning(None), "optuna"),
    ],
)
def test_a_tracker_without_its_library_is_a_one_line_error(
    monkeypatch: pytest.MonkeyPatch, make: Any, package: str
) -> None:
    for name in [each for each in sys.modules if each.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError) as caught:
        make()
    assert str(caught.value).endswith(f'needs {package}: pip install "lamina[{package}]"')


def test_tensorboard_reads_what_was_logged(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    model = fitted(TensorBoardLogger(tmp_path))
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    scalars = events.Scalars("validation_loss")
    assert [event.step for event in scalars] == [1, 2, 3, 4]
    np.testing.assert_allclose([e.value for e in scalars], model.validation_loss_curve_, rtol=1e-6)


class CallRecorder:
    """MLflow stand-in that records its calls, so that the test needs no server and no store."""

    def __init__(self) -> None:
        self.parameters: dict[str, Any] = {}
        self.metrics: list[tuple[int, dict[str, float]]] = []

    def log_params(self, parameters: dict[str, Any]) -> None:
        self.parameters.update(parameters)

    def log_metrics(self, metrics: dict[str, float], step: int) -> None:
        self.metrics.append((step, metrics))


def test_mlflow_receives_parameters_and_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = CallRecorder()
    monkeypatch.setitem(sys.modules, "mlflow", recorder)  # type: ignore[arg-type]
    model = fitted(MLflowLogger(), alpha=0.5)
    assert recorder.parameters["alpha"] == 0.5
    assert "callbacks" not in recorder.parameters
    assert [(step, row["loss"]) for step, row in recorder.metrics] == list(
        enumerate(model.loss_curve_, start=1)
    )


class Trial:
    """Optuna trial that is pruned after a number of epochs."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs
        self.reported: dict[int, float] = {}

    def report(self, value: float, step: int) -> None:
        self.reported[step] = value

    def should_prune(self) -> bool:
        return len(self.reported) == self.epochs


class Pruned(Exception):
    pass


def test_optuna_receives_every_epoch_and_may_prune(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", type("Optuna", (), {"TrialPruned": Pruned}))
    trial = Trial(epochs=3)
    with pytest.raises(Pruned, match="pruned in epoch 3"):
        fitted(OptunaPruning(trial))
    assert list(trial.reported) == [1, 2, 3]
    whole = Trial(epochs=9)
    model = fitted(OptunaPruning(whole, "r2"))
    assert list(whole.reported.values()) == model.validation_scores_
    with pytest.raises(ValueError, match="column='accuracy' of OptunaPruning is not in"):
        fitted(OptunaPruning(trial, "accuracy"))


def test_a_real_optuna_study_prunes() -> None:
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def objective(trial: Any) -> float:
        rate = trial.suggest_float("learning_rate_init", 1e-5, 1e-1, log=True)
        model = MLPRegressor(max_iter=10, learning_rate_init=rate, random_state=0)
        return model.set_params(callbacks=OptunaPruning(trial, "loss")).fit(X, Y).loss_

    sampler, pruner = optuna.samplers.RandomSampler(0), optuna.pruners.MedianPruner(2)
    study = optuna.create_study(sampler=sampler, pruner=pruner)
    study.optimize(objective, n_trials=8)
    assert {trial.state.name for trial in study.trials} == {"COMPLETE", "PRUNED"}
