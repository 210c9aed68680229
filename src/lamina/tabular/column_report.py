"""Report on a table's columns, as an ensemble's networks receive them."""

from __future__ import annotations

from lamina.encoding import TableEncoding
from lamina.encoding.table_columns import ColumnRecord, is_left_out
from lamina.tabular.inputs import CODED_FROM, MOST_ONE_HOT

SCALED = "scaled and spread over bins"


def report_inputs(encoding: TableEncoding) -> list[ColumnRecord]:
    """Return a fitted encoding's report, extended by the recipes' processing of each column.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"size": [1.5, None, 2, 4], "city": ["Rome", "Oslo"] * 2})
    >>> for record in report_inputs(TableEncoding().fit(table)):
    ...     print(f"{record['column']}: {record['action']}")
    size: scaled and spread over bins, with a 0/1 column for missing values
    city: a 0/1 column for each of 2 categories
    """
    return [
        ColumnRecord(**{**record, "action": _action(encoding, record)})
        for record in encoding.report_
    ]


def _action(encoding: TableEncoding, record: ColumnRecord) -> str:
    name, action = record["column"], record["action"]
    if is_left_out(record):
        return action
    if record["kind"] != "category":
        return action.replace("standardised", SCALED)
    n_categories = len(encoding.categories_[name])
    if n_categories <= CODED_FROM:
        return action
    each = f"each of {n_categories:,} categories"
    means = f"the target's mean and a 0/1 column for {each}"
    if n_categories > MOST_ONE_HOT:
        means = f"the target's mean for {each}, a 0/1 column for the {MOST_ONE_HOT} most frequent"
    return action.replace(f"a 0/1 column for {each}", means)
