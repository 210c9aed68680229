"""A table of 20 columns and a target as Parquet files of any size, written in little memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROWS_OF_GROUP = 1 << 16
GROUPS_OF_FILE = 16
N_NUMBERS, N_WHOLE, N_CATEGORIES, N_DATES = 10, 3, 5, 2
MISSING = 0.05
TARGET = "price"


def write_table(folder: Path, n_bytes: int) -> int:
    """Write files until they are that large together, and return the number of rows."""
    folder.mkdir(parents=True, exist_ok=True)
    written = groups = 0
    while written < n_bytes:
        path = folder / f"part-{groups // GROUPS_OF_FILE:05}.parquet"
        with pq.ParquetWriter(path, draw_rows(0, 1).schema, compression="snappy") as writer:
            for _ in range(GROUPS_OF_FILE):
                writer.write_table(draw_rows(groups, ROWS_OF_GROUP))
                groups += 1
                if written + path.stat().st_size >= n_bytes:
                    break
        written += path.stat().st_size
    return groups * ROWS_OF_GROUP


def draw_rows(seed: int, n_rows: int) -> pa.Table:
    """Draw one row group: numbers, counts, categories and dates, with missing cells."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(N_NUMBERS, n_rows))
    counts = rng.poisson(20, size=(N_WHOLE, n_rows))
    codes = np.minimum(rng.geometric(0.2, size=(N_CATEGORIES, n_rows)), 30)
    days = rng.integers(0, 3650, size=(N_DATES, n_rows))
    columns = {f"number_{i}": _with_gaps(rng, each) for i, each in enumerate(numbers)}
    columns |= {f"count_{i}": _with_gaps(rng, each) for i, each in enumerate(counts)}
    columns |= {
        f"category_{i}": _with_gaps(rng, np.char.add("c", each.astype(str)))
        for i, each in enumerate(codes)
    }
    columns |= {
        f"date_{i}": _with_gaps(rng, np.datetime64("2015-01-01", "s") + each * 86_400)
        for i, each in enumerate(days)
    }
    price = numbers[0] + np.tanh(numbers[1]) * (codes[0] < 4) + 0.01 * counts[0]
    return pa.table({**columns, TARGET: price + 0.1 * rng.normal(size=n_rows)})


def _with_gaps(rng: np.random.Generator, values: np.ndarray) -> pa.Array:
    return pa.array(values, mask=rng.random(len(values)) < MISSING)
