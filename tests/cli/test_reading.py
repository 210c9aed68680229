"""Tables in the formats that people use, from `lamina train` to `lamina predict`."""

import re

import numpy as np
import pandas as pd
import pytest

from lamina import persistence

FAST = ("--quality", "fast")
N_ROWS = 200
INCOME = np.random.default_rng(0).normal(50, 10, N_ROWS).round(2)
SCORE = np.random.default_rng(1).normal(0, 1, N_ROWS).round(3)
Y = (2 * INCOME + 5 * SCORE).round(2)
DAYS = pd.date_range("2023-01-01", periods=N_ROWS)
BY_WEEKDAY = np.array([0, 1, 3, 2, 5, 4, 8])[DAYS.day_of_week] + 0.1 * SCORE
CODES = np.random.default_rng(2).integers(0, 40, N_ROWS)


def stray(values, text, *rows):
    """Return the values as texts, with another text in some rows."""
    texts = [str(value) for value in values]
    for row in rows:
        texts[row - 1] = text
    return texts


def comma(values):
    return [str(value).replace(".", ",") for value in values]


# Kinds of columns that were read wrongly at some time.
KINDS = {
    "a stray question mark": (
        {"income": stray(INCOME, "?", 6, 78), "score": SCORE, "y": Y},
        ",",
        r"column 'income' holds numbers, except '\?' in row 6 of the file \(and 1 more\)",
    ),
    "currency and percent": (
        {"income": [f"${1000 * x:,.2f}" for x in INCOME], "s": [f"{x} %" for x in SCORE], "y": Y},
        ",",
        r"column 'income' holds numbers with '\$'.*column 's' holds numbers in percent",
    ),
    "a target in dollars": (
        {"income": INCOME, "score": SCORE, "y": [f"${y}" for y in Y]},
        ",",
        r"column 'y' holds numbers with '\$'",
    ),
    "decimal commas": (
        {"income": comma(INCOME), "score": comma(SCORE), "y": comma(Y)},
        ";",
        "numbers are read with a decimal comma",
    ),
    "dates, day first": ({"day": DAYS.strftime("%d.%m.%Y"), "y": BY_WEEKDAY}, ",", ""),
    "dates, month first": ({"day": DAYS.strftime("%m/%d/%Y"), "y": BY_WEEKDAY}, ",", ""),
    "leading zeros": (
        {"zip": [f"{code:05}" for code in CODES], "y": CODES % 7 + 0.01 * SCORE},
        ",",
        r"column 'zip' is read as text: '000.*' in row 1 of the file",
    ),
    "Namibia": (
        {
            "country": np.array(["NA", "KE", "DE", "ZA"])[CODES % 4],
            "x": SCORE,
            "y": CODES % 4 + SCORE,
        },
        ",",
        "'NA' is kept as a category",
    ),
    "an id": (
        {"id": range(1000, 1000 + N_ROWS), "income": INCOME, "score": SCORE, "y": Y},
        ",",
        "left out: it numbers the rows",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_is_read_as_people_mean_it(kind, lamina, tmp_path):
    columns, separator, remark = KINDS[kind]
    table = pd.DataFrame(columns)
    table.to_csv(tmp_path / "t.csv", index=False, sep=separator)
    ran = lamina("train", "t.csv", "-t", "y", *FAST)
    assert ran.code == 0, ran.err
    assert re.search(remark, ran.out + ran.err, re.DOTALL), ran.err
    # The table of columns shows it, so no remark repeats it.
    assert "left out" not in ran.err
    figures = persistence.read_notes(tmp_path / "t.lamina")["held_out"]
    assert figures["r2"] > 0.8
    # The same file without its target, in another order of rows, is read in the saved forms.
    table.drop(columns="y").iloc[::-1].to_csv(tmp_path / "new.csv", index=False, sep=separator)
    assert lamina("predict", "t.lamina", "new.csv", "-o", "p.csv").code == 0
    predicted = pd.read_csv(tmp_path / "p.csv")["prediction"]
    truth = pd.Series(columns["y"])[::-1].astype(str)
    truth = pd.to_numeric(truth.str.replace(",", ".").str.strip("$"))
    assert np.corrcoef(predicted, truth)[0, 1] ** 2 > 0.8


def test_all_of_many_categories_are_used(lamina, tmp_path):
    shops = np.random.default_rng(0).integers(0, 300, 2400)
    effect = np.random.default_rng(1).normal(size=300)
    table = pd.DataFrame({"shop": [f"s{i}" for i in shops], "y": effect[shops].round(3)})
    table.to_csv(tmp_path / "t.csv", index=False)
    assert lamina("train", "t.csv", "-t", "y", *FAST).code == 0
    assert persistence.read_notes(tmp_path / "t.lamina")["held_out"]["r2"] > 0.9


@pytest.mark.parametrize("seed", range(6))
def test_a_column_with_one_value_trains_with_any_seed(seed, train, tmp_path):
    table = pd.DataFrame({"x": INCOME, "empty": [1.0] + [None] * (N_ROWS - 1), "y": Y})
    table.to_csv(tmp_path / "t.csv", index=False)
    ran = train("t.csv", "-t", "y", "--seed", seed)
    assert "left out: it has " in " ".join(ran.out.split())


def test_infinity_is_rejected_before_training_with_its_row_in_the_file(refusal, tmp_path):
    table = pd.DataFrame({"income": INCOME, "score": stray(SCORE, "inf", 132), "y": Y})
    table.to_csv(tmp_path / "t.csv", index=False)
    line = refusal("train", "t.csv", "-t", "y")
    assert "column 'score' holds infinity in row 132 of the file" in line
    assert not (tmp_path / "t.lamina").exists()


def test_a_column_of_lists_is_rejected_in_a_line_and_can_be_dropped(refusal, train, tmp_path):
    table = pd.DataFrame({"x": INCOME, "tags": [["a"]] * N_ROWS, "y": Y})
    table.to_parquet(tmp_path / "t.parquet")
    assert "column 'tags' holds lists" in refusal("train", "t.parquet", "-t", "y")
    train("t.parquet", "-t", "y", "--drop", "tags")


def test_options_override_the_detected_kind_of_a_column(train, lamina, tmp_path):
    table = pd.DataFrame({"id": np.arange(N_ROWS), "code": CODES, "x": INCOME, "y": Y})
    table.loc[3, "x"] = -999
    table.to_csv(tmp_path / "t.csv", index=False)
    chosen = ("--number", "id", "--categorical", "code", "--na", "-999")
    assert "left out" not in train("t.csv", "-t", "y", *chosen).err
    model = persistence.load(tmp_path / "t.lamina")
    encoding = model.regressor_[0]
    assert encoding.kinds_ == {"id": "number", "code": "category", "x": "number"}
    assert lamina("predict", "t.lamina", "t.csv", "-o", "p.parquet").code == 0
    assert len(pd.read_parquet(tmp_path / "p.parquet")) == N_ROWS


def test_a_column_of_unknown_values_is_reported(train, lamina, tmp_path):
    table = pd.DataFrame({"city": ["Rome", "Oslo"] * 100, "x": INCOME, "y": Y})
    table.to_csv(tmp_path / "t.csv", index=False)
    train("t.csv", "-t", "y")
    table.assign(city="rome").to_csv(tmp_path / "new.csv", index=False)
    ran = lamina("predict", "t.lamina", "new.csv")
    assert ran.code == 0
    assert "of 'city' are unknown to the model, e.g. " in ran.err


def test_an_output_of_unknown_ending_is_rejected_before_the_model_is_read(refusal):
    line = refusal("predict", "absent.lamina", "absent.csv", "-o", "p.doc")
    assert "--output p.doc must end in one of .csv" in line


def test_a_class_called_na_is_measured(train, lamina, tmp_path):
    country = np.select([INCOME > 55, INCOME > 45], ["NA", "KE"], "DE")
    table = pd.DataFrame({"x": INCOME, "country": country})
    table.to_csv(tmp_path / "t.csv", index=False)
    train("t.csv", "-t", "country")
    table.iloc[:50].assign(country="NA").to_csv(tmp_path / "new.csv", index=False)
    assert " of 50 rows" in lamina("evaluate", "t.lamina", "new.csv").out


@pytest.mark.parametrize(
    ("written", "odd", "separator"),
    [
        ("${:,.2f}", "${:,.0f}", ","),
        ("{:,.2f}", "{:,.0f}", ","),
        ("{:,.2f} EUR", "{:,.0f} EUR", ";"),
    ],
)
def test_a_target_is_read_in_the_form_of_training(written, odd, separator, lamina, tmp_path):
    price = 1000 * (INCOME + 5).round(0)
    texts = [written.format(x + 0.25) for x in price]
    few = [odd.format(x) for x in price[:20]]
    if separator == ";":
        texts, few = ([swapped(x) for x in each] for each in (texts, few))
    table = pd.DataFrame({"income": INCOME, "price": texts})
    table.to_csv(tmp_path / "t.csv", index=False, sep=separator)
    assert lamina("train", "t.csv", "-t", "price", *FAST).code == 0
    # A single '12.000 EUR' is ambiguous: it may be twelve or twelve thousand.
    pd.DataFrame({"income": INCOME[:20], "price": few}).to_csv(tmp_path / "few.csv", index=False)
    ran = lamina("evaluate", "t.lamina", "few.csv")
    (line,) = [line.split() for line in ran.out.splitlines() if "R²" in line]
    assert float(line[1]) > 0.5, ran.out


def swapped(text):
    return text.translate(str.maketrans(",.", ".,"))


def test_a_target_in_another_format_is_rejected_with_its_row(train, lamina, refusal, tmp_path):
    texts = [f"${x:,.2f}" for x in 1000 * INCOME]
    pd.DataFrame({"x": INCOME, "price": texts}).to_csv(tmp_path / "t.csv", index=False)
    train("t.csv", "-t", "price")
    texts[4] = "€1.234,50"
    pd.DataFrame({"x": INCOME, "price": texts}).to_csv(tmp_path / "odd.csv", index=False)
    assert "'€1.234,50' in row 5 of the file" in refusal("evaluate", "t.lamina", "odd.csv")


def test_damaged_notes_on_a_target_are_rejected_in_a_line(train, refusal, tmp_path):
    texts = [f"${x:,.2f}" for x in 1000 * INCOME]
    pd.DataFrame({"x": INCOME, "price": texts}).to_csv(tmp_path / "t.csv", index=False)
    train("t.csv", "-t", "price")
    model, notes = (
        persistence.load(tmp_path / "t.lamina"),
        persistence.read_notes(tmp_path / "t.lamina"),
    )
    notes["target_forms"]["price"]["kind"] = "colour"
    persistence.save(model, tmp_path / "t.lamina", overwrite=True, notes=notes)
    assert "notes are damaged" in refusal("evaluate", "t.lamina", "t.csv")


def test_ids_are_no_features_and_identify_the_predictions(train, lamina, refusal, tmp_path):
    codes = [f"{i:04}" for i in range(N_ROWS)]
    codes[3] = "NA"
    table = pd.DataFrame({"x": INCOME, "code": codes, "number": range(N_ROWS), "y": Y})
    table.to_csv(tmp_path / "t.csv", index=False)
    train("t.csv", "-t", "y", "--id", "code", "--id", "number")
    model = persistence.load(tmp_path / "t.lamina")
    assert list(model.regressor_[0].kinds_) == ["x"]
    table[::-1].to_csv(tmp_path / "new.csv", index=False)
    assert lamina("predict", "t.lamina", "new.csv", "-o", "p.csv").code == 0
    written = pd.read_csv(tmp_path / "p.csv", dtype=str, keep_default_na=False)
    assert list(written.columns) == ["code", "number", "prediction"]
    assert written["code"].tolist() == codes[::-1]
    assert written["number"].tolist() == [str(i) for i in reversed(range(N_ROWS))]
    assert "rows identified by 'code', 'number'" in lamina("info", "t.lamina").out
    table[["x", "number"]].to_csv(tmp_path / "bare.csv", index=False)
    ran = lamina("predict", "t.lamina", "bare.csv")
    assert ran.out.startswith("number,prediction\n0,")
    assert "bare.csv has no column 'code'" in ran.err
    for name, reason in (
        ("cod", "no column 'cod'"),
        ("y", "target and dropped"),
        ("prediction", "predict uses this name for a column of its own"),
    ):
        assert reason in refusal("train", "t.csv", "-t", "y", "--id", name, "-o", "m.lamina")
