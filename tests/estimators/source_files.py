"""Parquet files of one table, and the samples that they encode to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import lamina.tables
from lamina.encoding.batches import Source

N_EACH, N_FILES = 700, 3


def sales(seed: int, n_rows: int = N_EACH) -> pd.DataFrame:
    """Return rows of numbers, texts and gaps with targets of all kinds."""
    random = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "size": random.standard_normal(n_rows),
            "age": random.integers(0, 50, n_rows).astype(float),
            "city": random.choice(["Rome", "Oslo", "Bern"], n_rows),
            "weight": random.random(n_rows) + 0.1,
        }
    )
    table.loc[::17, "age"] = np.nan
    table["price"] = 3 * table["size"] + (table["city"] == "Rome") + 10
    table["cheap"] = table["price"] < 9
    table["level"] = np.where(table["price"] > 12, "high", np.where(table["cheap"], "low", "mid"))
    table["stars"] = np.clip(table["price"] - 7, 1, 5).astype(int)
    return table


def write_sales(folder: Path, **changes: Any) -> Source:
    """Write the files of a table, each a function of the table of one file, and open them."""
    for i in range(N_FILES):
        table = sales(i)
        change = changes.get(f"file_{i}")
        (table if change is None else change(table)).to_parquet(
            folder / f"{i}.parquet", row_group_size=300
        )
    return lamina.tables.open(str(folder / "*.parquet"), rows_per_batch=256)
