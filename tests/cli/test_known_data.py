"""Known data as files: what `lamina dataset` writes is what `lamina train --dataset` learns."""

import pandas as pd
import pytest

from lamina.datasets import load
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


def test_without_a_name_the_file_is_called_as_the_data(lamina, tmp_path):
    assert lamina("dataset", "iris").code == 0
    assert (tmp_path / "iris.csv").is_file()


def test_unknown_data_a_foreign_ending_and_a_file_that_is_there_are_refused(refusal, tmp_path):
    assert "Did you mean 'iris'?" in refusal("dataset", "irsi")
    assert "table.docx" in refusal("dataset", "iris", "-o", "table.docx")
    (tmp_path / "iris.csv").write_text("mine")
    assert "--overwrite" in refusal("dataset", "iris")
    assert (tmp_path / "iris.csv").read_text() == "mine"


def test_a_file_is_replaced_where_asked(lamina, tmp_path):
    (tmp_path / "iris.csv").write_text("mine")
    assert lamina("dataset", "iris", "--overwrite").code == 0
    assert len(pd.read_csv(tmp_path / "iris.csv")) == 150
