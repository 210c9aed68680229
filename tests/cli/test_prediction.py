"""`lamina predict` and `lamina evaluate` on tables with and without the model's columns."""

import io

import numpy as np
import pandas as pd
import pytest

import lamina as library
from lamina import persistence


@pytest.fixture
def codes(train, tmp_path):
    """Save a classifier that depends on a code with leading zeros and on a number."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"code": rng.choice(["007", "010", "x1"], 90), "n": rng.normal(size=90)})
    table["kind"] = np.where(table["code"] == "007", "spy", "other")
    table.to_csv(tmp_path / "codes.csv", index=False)
    train("codes.csv", "-t", "kind", "-s", "hidden_layer_sizes=8", "-s", "learning_rate_init=0.1")
    return table


@pytest.fixture
def heights(train, tmp_path):
    """Save a regression model."""
    table = pd.DataFrame({"x": np.arange(50.0), "gaps": [1.0, None] * 25})
    table["height"] = 2.5 * table["x"]
    table.to_csv(tmp_path / "heights.csv", index=False)
    train("heights.csv", "-t", "height")
    return table


@pytest.mark.usefixtures("codes")
def test_predictions_are_printed_as_csv_in_the_order_of_the_table(lamina, tmp_path):
    ran = lamina("predict", "codes.lamina", "codes.csv")
    assert (ran.code, ran.err) == (0, "")
    predicted = pd.read_csv(io.StringIO(ran.out))
    assert list(predicted.columns) == ["prediction"]
    model = persistence.load(tmp_path / "codes.lamina")
    table = pd.read_csv(tmp_path / "codes.csv", dtype={"code": str})
    assert predicted["prediction"].tolist() == model.predict(table).tolist()


@pytest.mark.usefixtures("codes")
def test_a_text_column_stays_text_where_a_later_file_has_only_digits_in_it(lamina, tmp_path):
    (tmp_path / "new.csv").write_text("n,code\n0.5,007\n0.5,010\n")
    assert lamina("predict", "codes.lamina", "new.csv").out.split() == [
        "prediction",
        "spy",
        "other",
    ]


@pytest.mark.usefixtures("codes")
def test_probabilities_have_a_column_for_each_class_and_sum_to_one(lamina):
    ran = lamina("predict", "codes.lamina", "codes.csv", "--probabilities")
    table = pd.read_csv(io.StringIO(ran.out))
    assert list(table.columns) == ["prediction", "probability_other", "probability_spy"]
    np.testing.assert_allclose(table.iloc[:, 1:].sum(axis=1), 1)
    assert (table["prediction"] == "spy").equals(table["probability_spy"] > 0.5)


@pytest.mark.usefixtures("codes")
def test_a_file_of_predictions_is_overwritten_only_with_overwrite(lamina, refusal, tmp_path):
    ran = lamina("predict", "codes.lamina", "codes.csv", "--output", "out/p.csv")
    assert (ran.code, ran.out) == (0, "")
    assert len(pd.read_csv(tmp_path / "out/p.csv")) == 90
    again = ("predict", "codes.lamina", "codes.csv", "--output", "out/p.csv")
    assert "out/p.csv exists already: give --overwrite" in refusal(*again)
    assert lamina(*again, "--overwrite").code == 0


@pytest.mark.usefixtures("heights")
def test_predictions_are_written_in_full_precision(lamina, tmp_path):
    ran = lamina("predict", "heights.lamina", "heights.csv")
    read = pd.read_csv(io.StringIO(ran.out))["prediction"]
    model = persistence.load(tmp_path / "heights.lamina")
    np.testing.assert_array_equal(read, model.predict(pd.read_csv(tmp_path / "heights.csv")))


@pytest.mark.usefixtures("codes")
def test_evaluate_uses_the_target_of_the_training_by_default(lamina):
    ran = lamina("evaluate", "codes.lamina", "codes.csv")
    assert ran.code == 0
    assert ran.out.startswith("codes.csv: 72 of 90 rows were trained on.")
    assert [line.split() for line in ran.out.splitlines() if "accuracy" in line] == [
        ["accuracy", "1", "1", "0.722222"]
    ]
    assert "spy" in ran.out


@pytest.mark.usefixtures("heights")
def test_evaluate_uses_another_column_given_by_target(lamina, tmp_path, heights):
    renamed = heights.rename(columns={"height": "other"})
    renamed.loc[3, "other"] = None
    renamed.to_parquet(tmp_path / "other.parquet")
    ran = lamina("evaluate", "heights.lamina", "other.parquet", "--target", "other")
    assert ran.code == 0, ran.err
    assert "39 of 49 rows were trained on" in ran.out
    assert "RMSE" in ran.out


def test_a_network_saved_without_an_encoding_accepts_a_table_of_numbers(lamina, tmp_path):
    X = pd.DataFrame({"a": np.arange(10.0), "b": np.arange(10.0)[::-1]})
    y = np.array(["u", "v"] * 5)
    named = library.MLPClassifier(tol=10, random_state=0).fit(X, y)
    nameless = library.MLPClassifier(tol=10, random_state=0).fit(X.to_numpy(), y)
    persistence.save(named, tmp_path / "named.lamina")
    persistence.save(nameless, tmp_path / "nameless.lamina")
    X[["b", "a"]].assign(y=y, c=1).to_csv(tmp_path / "shuffled.csv", index=False)
    X.to_csv(tmp_path / "plain.csv", index=False)
    expected = ["prediction", *named.predict(X)]
    assert lamina("predict", "named.lamina", "shuffled.csv").out.split() == expected
    assert lamina("predict", "nameless.lamina", "plain.csv").out.split() == expected
    ran = lamina("evaluate", "named.lamina", "shuffled.csv", "--target", "y")
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.usefixtures("codes", "heights")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["predict", "absent.lamina", "codes.csv"], "absent.lamina"),
        (["predict", "codes.csv", "codes.csv"], "codes.csv cannot be loaded"),
        (["predict", "codes.lamina", "absent.csv"], "absent.csv: no such file"),
        (["predict", ".", "codes.csv"], ". is a folder"),
        (
            ["predict", "codes.lamina", "heights.csv"],
            "no columns 'code', 'n', which the model needs",
        ),
        (["predict", "codes.lamina", "words.csv"], "column 'n' holds 'many' in row 1"),
        (["predict", "heights.lamina", "heights.csv", "--probabilities"], "is a regression model"),
        (["predict", "codes.lamina"], "Missing argument 'DATA'"),
        (["evaluate", "codes.lamina", "heights.csv"], "no column 'kind'"),
        (
            ["evaluate", "codes.lamina", "strange.csv"],
            "'kind' is 'spi' in row 1 of the file, which is not a class",
        ),
        (["evaluate", "codes.lamina", "unknown.csv"], "'kind' has no value in any row"),
        (["evaluate", "heights.lamina", "words.csv", "-t", "n"], "'n' holds 'many' in row 1"),
        (["evaluate", "bare.lamina", "codes.csv"], "give --target"),
        (["predict", "bare.lamina", "codes.csv"], "column 'code' holds 'x1' in row 1"),
        (["info", "heights.csv"], "heights.csv cannot be loaded"),
        (["info", "."], ". is a folder"),
    ],
)
def test_unsuitable_input_is_an_error_of_one_line(refusal, tmp_path, arguments, message):
    (tmp_path / "words.csv").write_text("n,code,x,gaps\nmany,007,1,1\n")
    (tmp_path / "strange.csv").write_text("n,code,kind\n1,007,spi\n")
    (tmp_path / "unknown.csv").write_text("n,code,kind\n1,007,\n")
    bare = library.MLPRegressor(tol=10).fit([[0.0], [1.0]], [0.0, 1.0])
    persistence.save(bare, tmp_path / "bare.lamina")
    assert message in refusal(*arguments)


def test_a_truncated_model_is_rejected(train, refusal, tmp_path):
    train("--dataset", "moons")
    whole = (tmp_path / "moons.lamina").read_bytes()
    (tmp_path / "half.lamina").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "t.csv").write_text("x,y\n1,2\n")
    assert "half.lamina cannot be loaded" in refusal("predict", "half.lamina", "t.csv")
