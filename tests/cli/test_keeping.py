"""A trained model survives errors in measuring, drawing and saving, and Ctrl-C."""

import errno
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lamina import persistence
from lamina.cli import concluding, keeping, preparing
from lamina.cli.recipe import get_network


@pytest.fixture
def line(tmp_path):
    """Write a table in which y is twice x."""
    x = np.arange(60.0)
    pd.DataFrame({"x": x, "y": 2 * x}).to_csv(tmp_path / "line.csv", index=False)


def broken(*arguments, **options):
    raise ZeroDivisionError("division by zero")


def interrupting(*arguments, **options):
    raise KeyboardInterrupt


pytestmark = pytest.mark.usefixtures("line")
QUICK = ("--model", "mlp", "-s", "max_iter=20", "-s", "tol=10", "-s", "n_iter_no_change=5")
TRAIN = ("train", "line.csv", "-t", "y", *QUICK)


@pytest.mark.parametrize("step", ["measured", "report"])
def test_a_model_that_cannot_be_measured_is_saved(lamina, tmp_path, monkeypatch, step):
    monkeypatch.setattr(concluding, step, broken)
    ran = lamina(*TRAIN)
    assert ran.code == 1
    assert "lamina: the model is saved in line.lamina, but measuring the " in ran.err
    assert ran.err.count("division by zero") == 1
    assert "Traceback" not in ran.err
    assert persistence.load(tmp_path / "line.lamina").predict(pd.DataFrame({"x": [1.0]})).shape


def test_a_picture_that_cannot_be_drawn_does_not_lose_the_model(lamina, tmp_path, monkeypatch):
    monkeypatch.setattr(concluding, "draw", broken)
    ran = lamina(*TRAIN, "--plot", "loss.png")
    assert ran.code == 1
    assert "saved in line.lamina, but drawing loss.png failed: division by zero" in ran.err
    assert "RMSE" in ran.out
    assert (tmp_path / "line.lamina").exists()


def test_ctrl_c_while_measuring_does_not_lose_the_model(lamina, tmp_path, monkeypatch):
    monkeypatch.setattr(concluding, "measured", interrupting)
    ran = lamina(*TRAIN, "--plot", "loss.png")
    assert ran.code == 130
    assert "saved in line.lamina, but measuring the training rows was interrupted" in ran.err
    assert persistence.read_notes(tmp_path / "line.lamina")["target"] == "y"
    assert not (tmp_path / "loss.png").exists()


def test_a_model_is_saved_elsewhere_when_the_disk_fills_up(lamina, tmp_path, monkeypatch):
    save = persistence.save

    def full(model, path, **options):
        if Path(path).name == "line.lamina":
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        save(model, path, **options)

    monkeypatch.setattr(keeping.persistence, "save", full)
    monkeypatch.setattr(keeping.tempfile, "tempdir", str(tmp_path))
    ran = lamina(*TRAIN)
    assert ran.code == 1
    assert "line.lamina could not be written (line.lamina: no space left on device)" in ran.err
    (refuge,) = tmp_path.glob("line-*.lamina")
    assert f"model: {refuge}\n" in ran.out
    assert "held_out" in persistence.read_notes(refuge)


def test_a_full_disk_is_rejected_before_training(refusal, monkeypatch):
    monkeypatch.setattr(preparing, "FEWEST_FREE_BYTES", 1 << 80)
    assert "bytes left, too few for a model" in refusal(*TRAIN)


def test_a_folder_without_write_permission_is_rejected_before_training(refusal, monkeypatch):
    def refuses(**options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(preparing.tempfile, "TemporaryFile", refuses)
    assert ". cannot be written to: permission denied" in refusal(*TRAIN)


FAILING = (
    *("train", "line.csv", "-t", "y", "--model", "mlp"),
    *("-s", "learning_rate_init=1000", "-s", "max_iter=3"),
)


def test_a_fit_that_becomes_infinite_is_an_error(lamina, tmp_path):
    rate = ("-s", "learning_rate_init=1e6", "-s", "solver=sgd")
    ran = lamina("train", "line.csv", "-t", "y", "--model", "mlp", *rate)
    assert ran.code == 1
    assert "the fit has failed, and no model is saved: " in ran.err
    assert not (tmp_path / "line.lamina").exists()


def test_a_failed_fit_is_an_error_and_is_saved_only_with_save_anyway(lamina, tmp_path):
    ran = lamina(*FAILING)
    assert ran.code == 1
    assert "the fit has failed: on its own training rows its RMSE is" in ran.err
    assert "The model is not saved" in ran.err
    assert not (tmp_path / "line.lamina").exists()
    again = lamina(*FAILING, "--save-anyway")
    assert again.code == 1
    assert "the fit has failed" in again.err
    assert get_network(persistence.load(tmp_path / "line.lamina")).n_iter_ == 3


def test_a_failed_fit_leaves_the_existing_model(lamina, tmp_path):
    assert lamina(*TRAIN).code == 0
    before = (tmp_path / "line.lamina").read_bytes()
    assert lamina(*FAILING, "--overwrite").code == 1
    assert (tmp_path / "line.lamina").read_bytes() == before
