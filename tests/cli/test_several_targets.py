"""Several targets are predicted together, and no target is a feature of another."""

import io

import numpy as np
import pandas as pd
import pytest

from lamina import persistence
from lamina.cli.recipe import get_encoding


@pytest.fixture
def measures(tmp_path):
    """Write a table with two targets of values and two of labels, which depend on x and z."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.normal(size=200), "z": rng.normal(size=200)})
    table["high"] = 1e6 * (2 * table["x"] + table["z"])
    table["low"] = 1e-3 * (table["x"] - table["z"])
    table["sign"] = np.where(table["x"] > 0, "plus", "minus")
    table["is_big"] = (table["z"] > 0.5).astype(int)
    table.to_csv(tmp_path / "measures.csv", index=False)
    return table


DROPPED = {
    "values": ("--drop", "sign", "--drop", "is_big"),
    "labels": ("--drop", "high", "--drop", "low"),
}
FAST = ("-s", "learning_rate_init=0.02")


@pytest.mark.usefixtures("measures")
def test_several_values_are_fitted_reported_predicted_and_evaluated(lamina, tmp_path):
    ran = lamina("train", "measures.csv", "-t", "high", "-t", "low", *DROPPED["values"], *FAST)
    assert ran.code == 0, ran.err
    assert "2 columns; regression of 'high', 'low'" in ran.out
    assert "target high" in ran.out
    assert "target low" in ran.out
    model, notes = (
        f(tmp_path / "measures.lamina") for f in (persistence.load, persistence.read_notes)
    )
    assert list(get_encoding(model).kinds_) == ["x", "z"]
    assert notes["targets"] == ["high", "low"]
    assert all(found["r2"] > 0.9 for found in notes["held_out"]["targets"].values())
    predicted = pd.read_csv(io.StringIO(lamina("predict", "measures.lamina", "measures.csv").out))
    assert list(predicted.columns) == ["prediction_high", "prediction_low"]
    evaluated = lamina("evaluate", "measures.lamina", "measures.csv")
    assert evaluated.code == 0, evaluated.err
    assert "160 of 200 rows were trained on" in evaluated.out
    assert "target low" in evaluated.out
    assert "to predict 'high', 'low'" in lamina("info", "measures.lamina").out


def test_several_labels_are_fitted_reported_predicted_and_evaluated(lamina, tmp_path, measures):
    ran = lamina("train", "measures.csv", "-t", "sign", "-t", "is_big", *DROPPED["labels"], *FAST)
    assert ran.code == 0, ran.err
    assert "classification of 'sign' into 2 classes, 'is_big' into 2 classes" in ran.out
    assert ran.out.count("log loss") == 2
    ran = lamina("predict", "measures.lamina", "measures.csv", "--probabilities")
    predicted = pd.read_csv(io.StringIO(ran.out))
    assert list(predicted.columns) == [
        *("prediction_sign", "prediction_is_big", "probability_sign_minus"),
        *("probability_sign_plus", "probability_is_big_0", "probability_is_big_1"),
    ]
    assert (predicted["prediction_sign"] == measures["sign"]).mean() > 0.9
    assert (predicted["prediction_is_big"] == measures["is_big"]).mean() > 0.9
    evaluated = lamina("evaluate", "measures.lamina", "measures.csv")
    assert evaluated.code == 0, evaluated.err
    assert "160 of 200 rows were trained on" in evaluated.out
    info = lamina("info", "measures.lamina").out
    assert "sign: 2 classes: minus, plus" in info
    assert "is_big: 2 classes: 0, 1" in info


@pytest.mark.usefixtures("measures")
def test_the_standard_deviation_has_a_column_for_each_target(lamina):
    loss = ("-s", "loss=gaussian_nll", "-s", "max_iter=20", "-s", "tol=1", "-o", "m.lamina")
    ran = lamina("train", "measures.csv", "-t", "high", "-t", "low", *DROPPED["values"], *loss)
    assert ran.code == 0, ran.err
    predicted = pd.read_csv(io.StringIO(lamina("predict", "m.lamina", "measures.csv").out))
    assert list(predicted.columns)[2:] == ["std_high", "std_low"]
    assert predicted["std_high"].median() > 1e4
    assert predicted["std_low"].median() < 1


@pytest.mark.usefixtures("measures")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-t", "high", "-t", "sign"), "'high' regression, 'sign' classification"),
        (("-t", "high", "-t", "high"), "the target 'high' is given twice"),
        (("-t", "high", "-t", "lo"), "no column 'lo'. Did you mean 'low'"),
        (("-t", "high", "--drop", "high"), "column 'high' is a target and dropped as well"),
        (
            ("-t", "high", "-t", "low", "-s", "loss=quantile", "-s", "quantile=.1,.9"),
            "predicts several numbers of each of 2 targets",
        ),
        (
            ("-t", "high", "-t", "low", "-s", "loss=quantile", "-s", "loss.quantile=.1,.9"),
            "predicts several numbers of each of 2 targets",
        ),
    ],
)
def test_targets_that_cannot_be_fitted_together_are_rejected(refusal, arguments, message):
    assert message in refusal("train", "measures.csv", *arguments)


@pytest.mark.usefixtures("measures")
def test_evaluate_needs_as_many_targets_as_the_model_has(lamina, refusal):
    lamina("train", "measures.csv", "-t", "high", "-t", "low", *DROPPED["values"], *FAST)
    line = refusal("evaluate", "measures.lamina", "measures.csv", "-t", "high")
    assert "predicts 2 targets: give --target as many times" in line
