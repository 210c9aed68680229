"""Commands on several files or large ones: rows come in batches, and a fit reads a spool."""

import json
import re

import numpy as np
import pandas as pd
import pytest

import lamina as library
from lamina.cli import metrics
from lamina.cli.answers import PredictedValues, Probabilities
from lamina.cli.streaming import choice
from lamina.cli.streaming.figures import StreamedFigures

N_FILES, N_ROWS = 3, 400


@pytest.fixture
def sales(tmp_path):
    """Write a table in three files, and return it as one data frame."""
    rng = np.random.default_rng(0)
    (tmp_path / "sales").mkdir()
    parts = []
    for k in range(N_FILES):
        part = pd.DataFrame(
            {
                "id": [f"{k:02}-{i:04}" for i in range(N_ROWS)],
                "size": rng.normal(size=N_ROWS),
                "age": rng.normal(size=N_ROWS),  # no two rows are equal
                "city": rng.choice(["Lima", "Oslo", "Rome"], N_ROWS),
                "day": pd.Timestamp("2024-01-01")
                + pd.to_timedelta(rng.integers(0, 365, N_ROWS), "D"),
            }
        )
        part.loc[::17, "size"] = np.nan
        noise = rng.normal(0, 0.1, N_ROWS)
        part["price"] = 3 * part["size"].fillna(0) + 2 * (part.city == "Rome") + noise
        part["sold"] = np.where(part.price > 0.5, "yes", "no")
        part.to_parquet(tmp_path / "sales" / f"part{k}.parquet", row_group_size=150, index=False)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


TRAIN = (
    "train",
    "sales/*.parquet",
    "--model",
    "mlp",
    "--set",
    "max_iter=60",
    "--set",
    "learning_rate_init=0.01",
)
TARGETS = {
    "price": ("--target", "price", "--drop", "sold"),
    "sold": ("--target", "sold", "--drop", "price"),
    "both": ("--target", "price", "--target", "size", "--drop", "sold"),
}


@pytest.mark.usefixtures("sales")
@pytest.mark.parametrize("target", ["price", "sold"])
def test_a_network_trained_from_a_spool_predicts_better_than_a_constant(lamina, tmp_path, target):
    options = (*TARGETS[target], "--id", "id", "--spool", "disk", "-o", "m.lamina", "--json")
    ran = lamina(*TRAIN, *options)
    assert ran.code == 0, ran.err
    report = json.loads(ran.out)
    held_out, trivial = report["figures"]["held_out"], report["figures"]["trivial"]
    metric = "rmse" if target == "price" else "log_loss"
    assert held_out[metric] < 0.5 * trivial[metric]
    assert report["rows"]["training"] + held_out["rows"] == N_FILES * N_ROWS
    assert not list((tmp_path / "disk").iterdir())


@pytest.mark.usefixtures("sales")
def test_a_fit_from_a_spool_is_that_of_the_same_rows_in_python(lamina, tmp_path):
    from lamina.encoding.source_parts import hold_out_rows

    options = (*TARGETS["price"], "--drop", "id", "--spool", "disk", "-o", "m.lamina")
    assert lamina(*TRAIN, *options).code == 0
    network = library.load(tmp_path / "m.lamina")[-1]
    source = library.tables.open(tmp_path / "sales")
    training, _ = hold_out_rows(source, 0.2, 0)
    columns = ["size", "age", "city", "day", "price"]
    same = library.MLPRegressor(**network.get_params())
    same.fit(
        library.tables.open(lambda: (b.frame()[columns] for b in training.batches())),
        target="price",
    )
    for first, second in zip(network.coefs_, same.coefs_, strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("target", list(TARGETS))
def test_batches_are_predicted_and_measured_as_the_whole_table(lamina, tmp_path, sales, target):
    sales.to_parquet(tmp_path / "all.parquet", index=False)
    options = (*TARGETS[target], "--id", "id", "-o", "m.lamina", "--model", "mlp")
    assert lamina("train", "all.parquet", *options, "--set", "max_iter=60").code in (0, 1)
    more = () if target != "sold" else ("--probabilities",)
    for data, output in (("all.parquet", "whole.csv"), ("sales/*.parquet", "batches.csv")):
        ran = lamina("predict", "m.lamina", data, "-o", output, *more)
        assert ran.code == 0, ran.err
    whole, batches = (pd.read_csv(tmp_path / f"{name}.csv") for name in ("whole", "batches"))
    pd.testing.assert_frame_equal(whole, batches)
    shown = [
        lamina("evaluate", "m.lamina", data).out for data in ("all.parquet", "sales/*.parquet")
    ]
    whole, batches = (re.findall(r"-?\d+\.\d+|\d+", text.split("\n", 1)[1]) for text in shown)
    assert len(whole) == len(batches) > 5
    # AUC of batches counts in bins, and R² of a constant is 0 up to rounding.
    np.testing.assert_allclose(np.float64(batches), np.float64(whole), rtol=2e-5, atol=1e-5)


@pytest.mark.usefixtures("sales")
@pytest.mark.parametrize("ending", [".parquet", ".feather", ".csv", ".tsv", ".jsonl", ".csv.gz"])
def test_predictions_are_written_in_parts_to_every_format(lamina, tmp_path, ending):
    assert lamina(*TRAIN, *TARGETS["price"], "--drop", "id", "--spool", "d", "-o", "m").code == 0
    ran = lamina("predict", "m", "sales/*.parquet", "-o", f"p{ending}")
    assert ran.code == 0, ran.err
    readers = {"parquet": pd.read_parquet, "feather": pd.read_feather}
    kind = ending.removesuffix(".gz")[1:]
    if kind == "jsonl":
        found = pd.read_json(tmp_path / f"p{ending}", lines=True)
    elif kind in readers:
        found = readers[kind](tmp_path / f"p{ending}")
    else:
        found = pd.read_csv(tmp_path / f"p{ending}", sep="\t" if kind == "tsv" else ",")
    assert found.shape == (N_FILES * N_ROWS, 1)
    assert np.isfinite(found.iloc[:, 0]).all()
    assert not list(tmp_path.glob(".partial*"))


@pytest.mark.usefixtures("sales")
def test_a_damaged_file_names_itself_and_leaves_no_output(lamina, tmp_path):
    assert lamina(*TRAIN, *TARGETS["price"], "--drop", "id", "--spool", "d", "-o", "m").code == 0
    part = tmp_path / "sales" / "part2.parquet"
    rows = pd.read_parquet(part)
    rows["size"] = "large"
    rows.to_parquet(part, index=False)
    for command in (
        ("predict", "m", "sales/*.parquet", "-o", "p.csv"),
        ("evaluate", "m", "sales/*.parquet"),
        (*TRAIN, *TARGETS["price"], "--spool", "d", "-o", "m2"),
    ):
        ran = lamina(*command)
        assert ran.code == 2
        assert "part2.parquet" in ran.err
        assert "'size'" in ran.err
        assert ran.err.count("\n") == 1
    assert not (tmp_path / "p.csv").exists()
    assert not (tmp_path / "m2").exists()
    assert not list((tmp_path / "d").iterdir())


@pytest.mark.usefixtures("sales")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--group", "city"), "--group needs the whole table in memory"),
        (("--time", "day"), "--time needs the whole table in memory"),
        (("--in-memory",), "--spool and --in-memory exclude each other"),
        (("--target", "prize"), "price"),
    ],
)
def test_options_without_meaning_are_refused_before_a_spool_is_written(refusal, options, words):
    target = () if "--target" in options else TARGETS["price"]
    assert words in refusal(*TRAIN, *target, "--spool", "disk", *options)


def test_a_pattern_without_files_is_refused(refusal, tmp_path):
    (tmp_path / "sales").mkdir()
    assert "sales" in refusal("train", "sales/*.parquet", "--target", "price")


def test_an_ensemble_is_trained_on_the_rows_of_a_pattern(lamina, sales, monkeypatch):
    monkeypatch.setattr(choice, "LEAST_BYTES", 0)
    options = (
        "--target",
        "price",
        "--drop",
        "sold",
        "--drop",
        "id",
        "--quality",
        "fast",
        "-o",
        "m",
        "--json",
    )
    ran = lamina("train", "sales/*.parquet", *options)
    assert ran.code == 0, ran.err
    report = json.loads(ran.out)
    assert report["model"] == "tabular"
    assert report["figures"]["held_out"]["r2"] > 0.9


def figures_in_batches(answers, y, n_batches):
    found = StreamedFigures(["target"])
    for rows in np.array_split(np.arange(len(y)), n_batches):
        parts = []
        for answer in answers:
            fields = {
                k: v[rows] if k in ("probability", "prediction") else v
                for k, v in vars(answer).items()
                if v is not None
            }
            parts.append(type(answer)(**fields))
        found.add(parts, y[rows])
    return found.figures()


@pytest.mark.parametrize("n_batches", [1, 3, 40])
@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_figures_of_batches_are_those_of_all_rows_for_classes(n_classes, n_batches):
    rng = np.random.default_rng(n_classes)
    probability = rng.dirichlet(np.ones(n_classes), 300)
    classes = np.array([f"c{k}" for k in range(n_classes)])
    y = classes[rng.integers(0, n_classes, 300)]
    answers = [Probabilities(probability, classes)]
    expected = metrics._measured(answers, y, ["target"])
    found = figures_in_batches(answers, y, n_batches)
    # Sums in another order; AUC counts in bins.
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        if name != "classes":
            assert found[name] == pytest.approx(value, rel=1e-4 if name == "auc" else 1e-9), name
    assert found["classes"].keys() == expected["classes"].keys()


@pytest.mark.parametrize("n_batches", [1, 3, 40])
def test_figures_of_batches_are_those_of_all_rows_for_numbers(n_batches):
    rng = np.random.default_rng(0)
    y = rng.normal(1e6, 1, 300)
    answers = [PredictedValues(y + rng.normal(size=300), None)]
    expected = metrics._measured(answers, y, ["target"])
    found = figures_in_batches(answers, y, n_batches)
    assert found == {name: pytest.approx(value, rel=1e-6) for name, value in expected.items()}
