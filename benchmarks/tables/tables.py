"""The tables that models are compared on, each with its fixed training and test part.

The environment variable LAMINA_TABLES names their folder; the default is `../shared/tables` next to
the current directory or the checkout. The folder has `tables.json` with the task and target of each
table, and a Parquet file for each, whose column `__part__` is 'train' or 'test'.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from lamina.errors import suggestion

FOLDER = Path("shared", "tables")
PART = "__part__"

Task: TypeAlias = Literal["binary", "multiclass", "regression"]


@dataclass(frozen=True)
class BenchmarkTable:
    """One table in its two parts.

    Attributes
    ----------
    name : str
    task : {'binary', 'multiclass', 'regression'}
    X_train, X_test : DataFrame
        The unprocessed columns, without the target.
    y_train, y_test : ndarray
        float64 for a regression, else str.
    time : str, optional
        Column of times, if all test rows are later than all training rows.
    """

    name: str
    task: Task
    X_train: pd.DataFrame
    y_train: np.ndarray[Any, Any]
    X_test: pd.DataFrame
    y_test: np.ndarray[Any, Any]
    time: str | None = None


def tables_folder() -> Path:
    """Return the folder of the tables; raise FileNotFoundError if there is none."""
    chosen = os.environ.get("LAMINA_TABLES")
    checkout = Path(__file__).resolve().parents[2]
    candidates = [Path(chosen)] if chosen else [p.parent / FOLDER for p in (Path.cwd(), checkout)]
    for folder in candidates:
        if (folder / "tables.json").is_file():
            return folder
    raise FileNotFoundError(
        f"{candidates[0]} has no tables.json: set LAMINA_TABLES to the folder of the tables"
    )


@cache
def descriptions() -> dict[str, dict[str, Any]]:
    """Return the entries of tables.json by table."""
    text = (tables_folder() / "tables.json").read_text(encoding="utf-8")
    described: dict[str, dict[str, Any]] = json.loads(text)
    return described


def load_table(name: str, max_rows: int | None = None) -> BenchmarkTable:
    """Read one table.

    Parameters
    ----------
    name : str
    max_rows : int, optional
        The maximum number of training rows, drawn with a fixed seed, the same for every model. The
        test part isn't reduced.

    Raises
    ------
    ValueError
        If tables.json doesn't have the name; the message has the nearest match.
    """
    if name not in descriptions():
        raise ValueError(f"no table is named {name!r}.{suggestion(name, descriptions())}")
    description = descriptions()[name]
    frame = pd.read_parquet(tables_folder() / f"{name}.parquet")
    parts = [frame[frame[PART] == part].drop(columns=PART) for part in ("train", "test")]
    if max_rows is not None and len(parts[0]) > max_rows:
        parts[0] = parts[0].sample(max_rows, random_state=0)
    target, task = description["target"], description["task"]
    (X_train, y_train), (X_test, y_test) = (
        (part.drop(columns=target).reset_index(drop=True), _target_values(part[target], task))
        for part in parts
    )
    kind, _, column = description["split"].partition(":")
    time = column if kind == "time" else None
    return BenchmarkTable(name, task, X_train, y_train, X_test, y_test, time)


def _target_values(target: pd.Series, task: Task) -> np.ndarray[Any, Any]:
    return target.to_numpy(np.float64 if task == "regression" else np.str_)
