"""Remarks on targets, and errors for targets that cannot be fitted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

N_ROWS = 120


@pytest.fixture
def table() -> pd.DataFrame:
    """Return a table whose column `note` is different in every row."""
    x = np.random.default_rng(0).normal(size=N_ROWS)
    notes = [f"note {i}" for i in range(N_ROWS)]
    return pd.DataFrame({"x": x, "note": notes, "unit": "m", "y": 2.0 * x})


def test_a_target_that_is_too_large_is_rejected_with_its_row(refusal, table, tmp_path):
    table.loc[3, "y"] = 1e300
    table.to_csv(tmp_path / "huge.csv", index=False)
    message = refusal("train", "huge.csv", "-t", "y")
    assert "the target 'y' is 1e+300 in row 4 of the file" in message
    assert "Divide the column" in message


def test_a_value_that_dominates_is_reported_with_its_row(lamina, table, tmp_path):
    table.loc[5, "y"] = 1e15
    table.to_csv(tmp_path / "outlier.csv", index=False)
    ran = lamina(
        "train", "outlier.csv", "-t", "y", "--model", "mlp", "--save-anyway", "-s", "max_iter=5"
    )
    assert "the target 'y' is 1e+15 in row 6 of the file" in ran.err
    assert "inverse" not in ran.err


def test_counts_that_become_classes_are_reported(train, table, tmp_path):
    table["y"] = np.arange(N_ROWS) % 15
    table.to_csv(tmp_path / "counts.csv", index=False)
    ran = train("counts.csv", "-t", "y")
    assert "treated as 15 classes, the integers 0 to 14: use --task regression" in ran.err


def test_columns_that_are_left_out_are_not_needed_and_info_names_them(
    train, lamina, table, tmp_path
):
    table.to_csv(tmp_path / "t.csv", index=False)
    train("t.csv", "-t", "y")
    table[["x", "y"]].to_csv(tmp_path / "later.csv", index=False)
    for arguments in (("predict", "t.lamina", "later.csv"), ("evaluate", "t.lamina", "later.csv")):
        ran = lamina(*arguments)
        assert ran.code == 0, ran.err
    shown = lamina("info", "t.lamina").out
    assert "left out, and not needed: " in shown
    assert {"note", "unit"} <= set(shown.split("not needed: ")[1].split("\n")[0].split(", "))
