"""`lamina train` without --model: the ensemble for tables, from the first line to the file."""

import json
import re
import signal
import sys

import numpy as np
import pandas as pd
import pytest

from lamina import TabularClassifier, TabularRegressor, persistence
from lamina.cli import concluding
from lamina.errors import NonFiniteError

N_ROWS = 150
FAST = ("--quality", "fast")


@pytest.fixture
def table(tmp_path):
    """Write a table of prices that depend on size and city, with classes, ids, groups and days."""
    rng = np.random.default_rng(0)
    size = rng.normal(100, 30, N_ROWS).round(1)
    city = rng.choice(["Köln", "Rome"], N_ROWS)
    frame = pd.DataFrame(
        {
            "size": size,
            "city": city,
            "agent": [f"a{i}" for i in np.arange(N_ROWS) // 5],
            "day": pd.date_range("2024-01-01", periods=N_ROWS).strftime("%Y-%m-%d"),
            "price": (10 * size + 300 * (city == "Rome") + rng.normal(0, 5, N_ROWS)).round(2),
            "large": np.where(size > 100, "yes", "no"),
            "noise": rng.normal(size=N_ROWS).round(3),
            "id": [f"h{i:03}" for i in range(N_ROWS)],
        }
    )
    frame.loc[::9, "city"] = None
    frame.to_csv(tmp_path / "houses.csv", index=False)
    return frame


def train(lamina, target, *options):
    used = {"price": ["size", "city"], "large": ["size", "city"], "noise": ["size", "city"]}[target]
    flagged = {"agent", "day", "id"} & set(options)
    others = {"agent", "day", "price", "large", "noise", "id"} - {target, *used, *flagged}
    dropped = [word for name in sorted(others) for word in ("--drop", name)]
    return lamina("train", "houses.csv", "-t", target, *FAST, *dropped, *options)


@pytest.mark.usefixtures("table")
def test_a_regression_prints_columns_progress_figures_and_the_file(lamina, tmp_path):
    ran = train(lamina, "price")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("houses.csv: 150 rows, 2 columns; regression of 'price'\n")
    positions = [
        ran.out.index(text)
        for text in ("distinct   use", "trained 4 networks in ", "held out", "model: houses")
    ]
    assert positions == sorted(positions)
    for word in ("out of fold", "mean, median", "RMSE", "MAE", "R²"):
        assert word in ran.out
    assert re.search(r"validation root mean squared error \d+\.\d+ ± \d+\.\d+\n", ran.out)
    assert ran.err.startswith("preparing the networks  0.0 s\n")
    assert "lamina:" not in ran.err
    model = persistence.load(tmp_path / "houses.lamina")
    assert isinstance(model, TabularRegressor)
    assert model.quality == "fast"


@pytest.mark.usefixtures("table")
def test_the_estimate_of_the_time_left_is_shown(lamina):
    assert "training 100 %  " in train(lamina, "price").err


@pytest.mark.usefixtures("table")
def test_two_classes_have_auc_log_loss_brier_and_f1_on_both_kinds_of_rows(lamina, tmp_path):
    ran = train(lamina, "large")
    assert ran.code == 0, ran.err
    notes = persistence.read_notes(tmp_path / "houses.lamina")
    for key in ("held_out", "out_of_fold", "constant_held_out"):
        assert {"auc", "log_loss", "brier", "macro_f1"} <= set(notes[key])
    assert (notes["held_out"]["rows"], notes["out_of_fold"]["rows"]) == (30, 120)
    assert "on_training" not in notes
    assert isinstance(persistence.load(tmp_path / "houses.lamina"), TabularClassifier)


@pytest.mark.usefixtures("table")
def test_out_of_fold_metrics_are_those_of_the_estimators_predictions(lamina, tmp_path):
    train(lamina, "price")
    notes = persistence.read_notes(tmp_path / "houses.lamina")
    value = notes["training"]["validation"]["value"]
    assert notes["out_of_fold"]["rmse"] == pytest.approx(-value)


@pytest.mark.usefixtures("table")
def test_stdout_contains_only_json(lamina):
    ran = train(lamina, "large", "--json", "--id", "id")
    assert ran.code == 0, ran.err
    report = json.loads(ran.out)
    assert (report["model"], report["file"]) == ("tabular", "houses.lamina")
    assert (report["target"], report["ids"]) == ("large", ["id"])
    assert [each["column"] for each in report["columns"]] == ["size", "city"]
    assert report["columns"][1]["n_missing"] > 0
    assert report["rows"] == {"training": 120, "held_out": 30, "without_target": 0}
    assert set(report["figures"]) == {"held_out", "out_of_fold", "trivial"}
    assert report["figures"]["trivial"]["auc"] == 0.5
    assert report["training"]["networks"] == 4
    assert report["verdicts"] == []


@pytest.mark.usefixtures("table")
def test_json_of_one_network_has_its_training_metrics(lamina):
    quick = ("--model", "mlp", "-s", "max_iter=30", "-s", "tol=10", "-s", "n_iter_no_change=5")
    ran = lamina("train", "houses.csv", "-t", "price", "--json", *quick)
    report = json.loads(ran.out)
    assert set(report["figures"]) == {"held_out", "training", "trivial"}
    assert report["training"]["epochs"] > 0


@pytest.mark.usefixtures("table")
def test_a_model_of_noise_is_reported_as_hardly_better_than_the_mean(lamina):
    ran = train(lamina, "noise", "--json")
    assert ran.code == 0
    (verdict,) = json.loads(ran.out)["verdicts"]
    assert "better than predicting the mean" in verdict
    assert "may contain no information about the target" in verdict
    assert f"lamina: {verdict}\n" in ran.err


@pytest.mark.usefixtures("table")
def test_a_group_is_never_on_both_sides_and_is_no_feature(lamina, tmp_path):
    ran = train(lamina, "price", "--group", "agent")
    assert ran.code == 0, ran.err
    assert "held out: 6 groups of 'agent', 30 rows (20 %); no group is on both sides" in ran.out
    assert persistence.read_notes(tmp_path / "houses.lamina")["training"]["group"] == "agent"
    model = persistence.load(tmp_path / "houses.lamina")
    assert list(model.feature_names_in_) == ["size", "city"]
    # The training rows are in the order of the file, in groups of five.
    assert all(len(set(folds)) == 1 for folds in model.folds_.reshape(-1, 5).tolist())


@pytest.mark.usefixtures("table")
def test_the_last_rows_by_a_date_are_held_out(lamina):
    ran = train(lamina, "price", "--time", "day")
    assert ran.code == 0, ran.err
    assert "held out: the rows from day 2024-04-30 on, 30 rows (20 %)" in ran.out


@pytest.mark.usefixtures("table")
def test_a_refit_uses_all_rows_and_keeps_the_metrics_of_the_first_fit(lamina, tmp_path):
    first = train(lamina, "price")
    figures = persistence.read_notes(tmp_path / "houses.lamina")["held_out"]
    ran = train(lamina, "price", "--refit", "--overwrite")
    assert ran.code == 0, ran.err
    assert "fitted again on all 150 rows, held-out ones included, in " in ran.out
    assert "the figures are those of the first fit, on 120 rows" in ran.out
    notes = persistence.read_notes(tmp_path / "houses.lamina")
    assert notes["held_out"] == figures
    assert notes["refit"]["rows"] == 150
    assert "fitted again" not in first.out
    assert (
        "150 of 150 rows were trained on" in lamina("evaluate", "houses.lamina", "houses.csv").out
    )
    assert "fitted again on all 150 rows" in lamina("info", "houses.lamina").out


@pytest.mark.parametrize("error", [KeyboardInterrupt, NonFiniteError("infinite")])
@pytest.mark.usefixtures("table")
def test_a_failed_refit_leaves_the_first_model(lamina, tmp_path, monkeypatch, error):
    def fail(*arguments):
        raise error

    monkeypatch.setattr(concluding, "fit", fail)
    ran = train(lamina, "price", "--refit")
    assert ran.code == (130 if error is KeyboardInterrupt else 1)
    assert "the model is saved in houses.lamina, but fitting again on all rows" in ran.err
    assert persistence.load(tmp_path / "houses.lamina").folds_.shape == (120,)


@pytest.mark.usefixtures("table")
def test_a_fit_that_becomes_infinite_is_not_saved(lamina, tmp_path, monkeypatch):
    def fail(*arguments, **options):
        raise NonFiniteError("the loss is infinite")

    monkeypatch.setattr(TabularRegressor, "fit", fail)
    ran = train(lamina, "price")
    assert ran.code == 1
    assert "the fit has failed, and no model is saved: the loss is infinite" in ran.err
    assert not (tmp_path / "houses.lamina").exists()


@pytest.mark.usefixtures("table")
def test_a_failed_fit_keeps_the_existing_model(lamina, tmp_path, monkeypatch):
    assert train(lamina, "price").code == 0
    before = (tmp_path / "houses.lamina").read_bytes()

    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(TabularRegressor, "fit", interrupt)
    ran = train(lamina, "price", "--overwrite")
    assert ran.code == 130
    assert ran.err.endswith("lamina: training interrupted before its end: no model is saved\n")
    assert (tmp_path / "houses.lamina").read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT between processes")
def test_ctrl_c_ends_the_fit_at_once_and_leaves_no_file(process, tmp_path):
    running = process("train", "--dataset", "digits")
    line = ""
    while not line.startswith("preparing the networks"):
        line = running.stderr.readline()
        assert line, "the process ended before its fit"
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "training interrupted before its end: no model is saved" in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("table")
def test_predictions_and_probabilities_are_written_beside_the_ids(lamina, tmp_path):
    train(lamina, "large", "--id", "id")
    ran = lamina("predict", "houses.lamina", "houses.csv", "--probabilities", "-o", "p.csv")
    assert ran.code == 0, ran.err
    written = pd.read_csv(tmp_path / "p.csv")
    assert list(written) == ["id", "prediction", "probability_no", "probability_yes"]
    assert len(written) == N_ROWS
    evaluated = lamina("evaluate", "houses.lamina", "houses.csv")
    assert "120 of 150 rows were trained on" in evaluated.out
    shown = lamina("info", "houses.lamina").out
    assert "4 networks, quality fast; validation roc auc " in shown
    assert "out of fold" in shown


@pytest.mark.usefixtures("table")
def test_an_interval_has_two_columns(lamina, refusal, tmp_path, monkeypatch):
    def predict_interval(self, X, coverage):
        centre = self.predict(X)
        return np.stack([centre - coverage, centre + coverage], axis=1)

    monkeypatch.setattr(TabularRegressor, "predict_interval", predict_interval, raising=False)
    train(lamina, "price")
    predict = ("predict", "houses.lamina", "houses.csv", "--interval")
    assert lamina(*predict, 0.9, "-o", "p.csv").code == 0
    written = pd.read_csv(tmp_path / "p.csv")
    assert list(written) == ["prediction", "prediction_lower", "prediction_upper"]
    width = written["prediction_upper"] - written["prediction_lower"]
    assert width.to_numpy() == pytest.approx(1.8)
    assert "--interval must lie between 0 and 1, got 90" in refusal(*predict, 90)
    train(lamina, "large", "--overwrite")
    assert "predicts classes. Use --probabilities" in refusal(*predict, 0.9)


def test_an_interval_of_one_network_is_rejected_with_the_cure(lamina, refusal, table):
    quick = ("--model", "mlp", "-s", "max_iter=3", "-s", "tol=10", "-s", "n_iter_no_change=1")
    lamina("train", "houses.csv", "-t", "price", *quick, "--save-anyway")
    line = refusal("predict", "houses.lamina", "houses.csv", "--interval", 0.9)
    assert "holds one network, which cannot predict intervals: train with --model mlp" in line


def test_few_rows_or_several_targets_select_one_network(lamina, tmp_path):
    frame = pd.DataFrame({"x": np.arange(9.0), "y": 2 * np.arange(9.0), "z": -np.arange(9.0)})
    frame.to_csv(tmp_path / "t.csv", index=False)
    ran = lamina("train", "t.csv", "-t", "y")
    assert "7 training rows are too few for the ensemble, which needs 8" in ran.err
    ran = lamina("train", "t.csv", "-t", "y", "-t", "z", "-o", "both.lamina")
    assert "one network predicts the 2 targets, as with --model mlp" in ran.err
    assert persistence.read_notes(tmp_path / "both.lamina")["model"] == "mlp"


@pytest.mark.usefixtures("table")
def test_a_model_without_an_export_is_rejected_in_a_line(lamina, refusal, monkeypatch):
    def write(*arguments, **options):
        raise TypeError("no export takes a TabularRegressor.")

    train(lamina, "price")
    monkeypatch.setattr("lamina.export.target.FileTarget.write", write)
    line = refusal("export", "houses.lamina", "-o", "m.h")
    assert line.endswith(
        "houses.lamina cannot be written as .h: no export takes a TabularRegressor."
    )


@pytest.mark.usefixtures("table")
def test_a_model_that_cannot_be_saved_is_reported_in_a_line(lamina, tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise TypeError("'scorer' is code")

    monkeypatch.setattr(persistence, "save", refuse)
    ran = train(lamina, "price")
    assert ran.code == 1
    assert ran.err.endswith("lamina: the model cannot be saved: 'scorer' is code\n")
    assert not (tmp_path / "houses.lamina").exists()


@pytest.mark.usefixtures("table")
def test_scoring_and_a_time_limit_reach_the_estimator(lamina, tmp_path):
    ran = train(lamina, "large", "--scoring", "neg_log_loss", "--time-limit", "60")
    assert ran.code == 0, ran.err
    assert "; validation log loss 0." in ran.out
    assert "lamina:" not in ran.err
    model = persistence.load(tmp_path / "houses.lamina")
    assert (model.scoring, model.time_limit) == ("neg_log_loss", 60.0)
