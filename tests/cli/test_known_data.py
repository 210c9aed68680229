"""`lamina dataset` writes built-in data sets to files that `lamina train` reads."""

import pandas as pd
import pytest

from lamina.datasets import DATASETS, SHIPPED, load, path
from lamina.tables.problem import table_of


@pytest.mark.parametrize("name", ["diabetes", "iris"])
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_file_has_every_row_and_the_target_last(lamina, name, ending, tmp_path):
    ran = lamina("dataset", name, "--output", f"new/table.{ending}")
    assert ran.code == 0, ran.err
    path = tmp_path / "new" / f"table.{ending}"
    read = pd.read_csv(path) if ending == "csv" else pd.read_parquet(path)
    pd.testing.assert_frame_equal(read, table_of(load(name)), check_dtype=False)
    assert f"{len(read)} rows; the target is {read.columns[-1]!r}" in ran.out


def test_the_default_file_name_is_that_of_the_data_set(lamina, tmp_path):
    assert lamina("dataset", "iris").code == 0
    assert (tmp_path / "iris.csv").is_file()


def test_unknown_data_an_unknown_ending_and_an_existing_file_are_rejected(refusal, tmp_path):
    assert "Did you mean 'iris'?" in refusal("dataset", "irsi")
    assert "table.docx" in refusal("dataset", "iris", "-o", "table.docx")
    (tmp_path / "iris.csv").write_text("mine")
    assert "--overwrite" in refusal("dataset", "iris")
    assert (tmp_path / "iris.csv").read_text() == "mine"


def test_a_file_is_replaced_with_overwrite(lamina, tmp_path):
    (tmp_path / "iris.csv").write_text("mine")
    assert lamina("dataset", "iris", "--overwrite").code == 0
    assert len(pd.read_csv(tmp_path / "iris.csv")) == 150


def test_without_a_name_every_data_set_is_listed(lamina):
    ran = lamina("dataset")
    assert ran.code == 0, ran.err
    assert {*SHIPPED, *DATASETS} <= set(ran.out.split())


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_table_is_copied_byte_for_byte(lamina, name, tmp_path):
    ran = lamina("dataset", name, "--output", "new/table.csv")
    assert ran.code == 0, ran.err
    assert (tmp_path / "new" / "table.csv").read_bytes() == path(name).read_bytes()
    assert f"the target is {SHIPPED[name].target!r}" in ran.out


def test_a_shipped_table_becomes_another_format_by_the_ending(lamina, tmp_path):
    assert lamina("dataset", "bikes", "-o", "bikes.parquet").code == 0
    written = pd.read_parquet(tmp_path / "bikes.parquet")
    assert written["date"].dtype.kind == "M"
    assert len(written) == 731


def test_train_takes_a_shipped_table_by_name(lamina, tmp_path):
    ran = lamina("train", "--dataset", "penguins", "--model", "mlp", "--set", "max_iter=5")
    assert ran.code == 0, ran.err
    assert "344 rows" in ran.out
    assert "'species' into 3 classes" in ran.out
    assert (tmp_path / "penguins.lamina").is_file()


def test_a_misspelt_shipped_table_and_an_output_without_a_name_are_rejected(refusal):
    assert "Did you mean 'penguins'?" in refusal("dataset", "penguin")
    assert "Did you mean 'bikes'?" in refusal("train", "--dataset", "bike")
    assert "lamina dataset bikes" in refusal("dataset", "--output", "a.csv")
