"""Report the detected kind and the encoding of each column of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lamina.encoding.fitted_table import FittedTable
from lamina.encoding.table_columns import ColumnRecord
from lamina.files.model_file import Json

if TYPE_CHECKING:
    import pandas as pd


KIND_NAMES = {"number": "number", "date": "date", "category": "category"}


class CellCounts(NamedTuple):
    """Number of rows of a column without a value, and of its distinct values."""

    n_missing: int
    n_distinct: int


def count_values(column: pd.Series) -> CellCounts:
    """Count the missing and the distinct values of a column."""
    return CellCounts(int(column.isna().sum()), _n_distinct(column))


def report_columns(
    encoding: FittedTable,
    counts: Mapping[str, CellCounts],
    remarks: Mapping[str, Sequence[str]],
) -> list[ColumnRecord]:
    """Return the records of a fitted encoding.

    Parameters
    ----------
    encoding : TableEncoding
    counts : mapping of str to CellCounts
        Of every column of the table.
    remarks : mapping of str to sequence of str
    """
    indicated = {encoding._numeric()[i] for i in encoding._indicated()}
    return [
        ColumnRecord(
            column=name,
            kind=KIND_NAMES[encoding.kinds_[name]],
            n_missing=found.n_missing,
            n_distinct=found.n_distinct,
            action=_action(encoding, name, found.n_distinct, name in indicated),
            remarks=list(remarks.get(name, ())),
        )
        for name, found in counts.items()
    ]


def record_from_plain(plain: Json) -> ColumnRecord:
    """Restore a saved record; raise ValueError, KeyError or TypeError for anything else."""
    texts = (plain["column"], plain["kind"], plain["action"], *plain["remarks"])
    if not all(isinstance(text, str) for text in texts):
        raise ValueError(f"a column's record cannot be {plain!r}")
    return ColumnRecord(
        column=plain["column"],
        kind=plain["kind"],
        n_missing=int(plain["n_missing"]),
        n_distinct=int(plain["n_distinct"]),
        action=plain["action"],
        remarks=list(plain["remarks"]),
    )


def _n_distinct(column: pd.Series) -> int:
    try:
        return int(column.nunique())
    except TypeError:
        return len(np.unique(column.dropna().astype(str)))


def _action(encoding: FittedTable, name: str, n_distinct: int, is_indicated: bool) -> str:
    if name in encoding.left_out_:
        return f"left out: {encoding.left_out_[name]}"
    if encoding.kinds_[name] == "category":
        return _action_on_categories(encoding, name, n_distinct)
    parts = [part.replace("_", " ") for part in encoding.calendar_.get(name, ())]
    action = f"days since 1970, standardised, and {_listed(parts)}" if parts else "standardised"
    if name in encoding.levels_:
        action += f", and a 0/1 column for each of {len(encoding.levels_[name])} integers"
    if is_indicated:
        action += ", with a 0/1 column for missing values"
    return action


def _action_on_categories(encoding: FittedTable, name: str, n_distinct: int) -> str:
    kept = encoding.categories_[name]
    texts = encoding.texts_.get(name)
    spelling = "" if texts is None else f"{texts.width} columns for parts of words"
    if not kept and spelling:
        return spelling
    if not kept:
        return f"left out: no value occurs in {encoding.min_frequency} rows or more"
    n_kept = len([text for text in kept if text is not None])
    n_rare = n_distinct - n_kept
    action = f"a 0/1 column for each of {len(kept):,} categories"
    action += f"; none for {n_rare:,} rare ones" if n_rare > 0 else ""
    return f"{action}; {spelling}" if spelling else action


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
