"""The benchmark of large tables measures memory, and draws a table of mixed columns."""

import sys

import pyarrow.parquet as pq
from benchmarks.scale.limit import run_limited
from benchmarks.scale.table import ROWS_OF_GROUP, TARGET, write_table

MIB = 2**20


def test_a_table_has_20_columns_with_missing_cells_and_a_target(tmp_path):
    rows = write_table(tmp_path, 1)
    (path,) = tmp_path.glob("*.parquet")
    table = pq.read_table(path)
    assert len(table) == rows == ROWS_OF_GROUP
    assert len(table.column_names) == 21
    assert table[TARGET].null_count == 0
    assert all(table[name].null_count for name in table.column_names if name != TARGET)
    kinds = {str(field.type) for field in table.schema}
    assert kinds == {"double", "int64", "string", "timestamp[ms]"}


def test_the_peak_of_anonymous_memory_is_that_of_the_command():
    script = f"import time; rows = bytearray({200 * MIB}); time.sleep(0.5); print(len(rows))"
    run = run_limited([sys.executable, "-c", script], 1024 * MIB)
    assert (run.returncode, run.output) == (0, f"{200 * MIB}\n")
    assert 200 * MIB <= run.peak < 300 * MIB
