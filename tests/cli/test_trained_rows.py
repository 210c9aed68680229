"""The rows that a model was trained on are recognised, and no others."""

import io

import numpy as np
import pandas as pd
import pytest

from lamina.cli import trained_rows
from lamina.cli.recipe import build_model
from lamina.cli.trained_rows import hash_rows, look_up, note_rows


def table(n_rows=200, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.integers(0, 90, n_rows),
            "income": rng.normal(3e4, 1e4, n_rows),
            "city": rng.choice(["Köln", "Rome", None], n_rows),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 99, n_rows), "D"),
        }
    )


X, Y = table(), np.random.default_rng(1).normal(size=200)
SETTINGS = {"max_iter": 1, "early_stopping": False, "hidden_layer_sizes": 2}
MODEL = build_model("regression", SETTINGS, 0)
with pytest.warns(Warning, match="Maximum iterations"):
    MODEL.fit(X, Y)
NOTES = {"trained_rows": note_rows(MODEL, X[:150], Y[:150])}


def test_training_rows_are_recognised_in_any_order_of_rows_and_columns():
    order = np.random.default_rng(2).permutation(200)
    seen = look_up(NOTES, MODEL, X.iloc[order, ::-1], Y[order])
    assert seen.trained.tolist() == (order < 150).tolist()
    assert seen.checked.all()
    assert seen.new.sum() == 50


@pytest.mark.parametrize("digits", [15, 17])
def test_rows_of_a_csv_file_have_the_hashes_of_the_table(digits):
    text = X.assign(y=Y).to_csv(index=False, float_format=f"%.{digits}g")
    read = pd.read_csv(io.StringIO(text), parse_dates=["day"])
    seen = look_up(NOTES, MODEL, read.drop(columns="y"), read["y"].to_numpy())
    assert seen.trained.tolist() == [True] * 150 + [False] * 50


def test_a_changed_value_or_target_changes_the_hash():
    changed = X.assign(income=X["income"] + 100)
    assert not look_up(NOTES, MODEL, changed, Y).trained.any()
    assert not look_up(NOTES, MODEL, X, Y + 1).trained.any()


def test_equal_rows_are_recognised_as_often_as_they_were_trained_on():
    thrice = pd.concat([X[:1]] * 3)
    assert look_up(NOTES, MODEL, thrice, Y[[0, 0, 0]]).trained.sum() == 1
    assert note_rows(MODEL, thrice, Y[[0, 0, 0]])["repeated"] == pytest.approx(2 / 3)


def test_hashes_of_very_many_rows_are_sampled(monkeypatch):
    monkeypatch.setattr(trained_rows, "MOST_KEPT", 40)
    notes = {"trained_rows": note_rows(MODEL, X[:150], Y[:150])}
    assert notes["trained_rows"]["one_in"] == 4
    seen = look_up(notes, MODEL, X, Y)
    assert 20 < seen.checked.sum() < 90
    assert (seen.trained == (seen.checked & (np.arange(200) < 150))).all()


def test_sparse_and_dense_encodings_give_the_same_hashes():
    dense = hash_rows(MODEL, X, Y)
    encoding = MODEL.regressor_[0]
    was, encoding.sparse_ = encoding.sparse_, True
    try:
        np.testing.assert_array_equal(hash_rows(MODEL, X, Y), dense)
    finally:
        encoding.sparse_ = was
    assert len(np.unique(dense)) == 200


@pytest.mark.parametrize(
    "notes", [{}, {"trained_rows": {"hashes": "?"}}, {"trained_rows": {"hashes": "AAA"}}]
)
def test_notes_without_hashes_give_no_result(notes):
    assert look_up(notes, MODEL, X, Y) is None


def test_classes_and_several_targets_have_hashes_too():
    classes = np.array(["a", "b"])[np.arange(200) % 2]
    several = np.stack([Y, -Y], axis=1)
    for y in (classes, classes == "a", several):
        notes = {"trained_rows": note_rows(MODEL, X[:150], y[:150])}
        assert look_up(notes, MODEL, X, y).trained.sum() == 150
