"""`lamina evaluate` separates rows that were trained on from new ones."""

import numpy as np
import pandas as pd
import pytest

from lamina.cli.evaluation import sentences
from lamina.cli.trained_rows import Seen


def text_of(trained, checked=None, repeated=0.0):
    trained = np.array(trained, dtype=bool)
    every = np.ones(len(trained), dtype=bool)
    checked = every if checked is None else np.array(checked, dtype=bool)
    return " ".join(sentences("t.csv", Seen(trained, checked, repeated)))


def test_new_rows_are_called_new():
    assert text_of([0, 0, 0]) == "t.csv: 3 rows, none of which was trained on."


def test_training_rows_are_counted_and_the_text_points_to_new_rows():
    assert text_of([1, 0, 1]).startswith("t.csv: 2 of 3 rows were trained on. The column '")
    assert "not how well it predicts" in text_of([1, 1])


def test_a_sample_of_hashes_states_the_number_of_compared_rows():
    text = text_of([1, 0, 0, 0], checked=[1, 1, 0, 0])
    assert "4 rows. 2 of them can be compared with the training rows, and 1 of these" in text


def test_many_duplicate_training_rows_cause_a_warning_about_chance_matches():
    assert "30 % of the training rows are duplicates" in text_of([1, 0], repeated=0.3)
    assert "by chance" not in text_of([1, 0], repeated=0.01)


@pytest.fixture
def trained(train, tmp_path):
    """Train a model of y and return its table."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.normal(size=80)})
    table["y"] = 3 * table["x"]
    table.to_csv(tmp_path / "t.csv", index=False)
    train("t.csv", "-t", "y")
    return table


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_training_file_is_recognised_as_csv_and_as_parquet(lamina, tmp_path, trained, ending):
    saved = tmp_path / f"again.{ending}"
    if ending == "csv":
        trained.to_csv(saved, index=False)
    else:
        trained.to_parquet(saved)
    ran = lamina("evaluate", "t.lamina", saved)
    assert ran.code == 0, ran.err
    assert f"again.{ending}: 64 of 80 rows were trained on." in ran.out
    assert "new rows   trained on   mean, median" in ran.out


def test_the_metrics_of_the_new_rows_equal_those_of_the_held_out_rows(lamina, train, trained):
    at_training = train("t.csv", "-t", "y", "--overwrite").out
    evaluated = lamina("evaluate", "t.lamina", "t.csv").out
    rmse = [line.split() for text in (at_training, evaluated) for line in text.splitlines()]
    first, second = (cells for cells in rmse if cells[:1] == ["RMSE"])
    assert first == second


def test_a_file_of_new_rows_has_one_column_beside_the_constant(lamina, tmp_path, trained):
    (trained + 0.5).to_csv(tmp_path / "new.csv", index=False)
    ran = lamina("evaluate", "t.lamina", "new.csv")
    assert "new.csv: 80 rows, none of which was trained on." in ran.out
    assert "all rows   mean, median" in ran.out
