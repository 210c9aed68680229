"""Values of a table's rows as an exported program takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from lamina.encoding.columns import categories, dates
from lamina.export.lowering.program import InputColumn
from lamina.export.target import Rows

# A number or days since 1970, NaN if missing; or a text, None if missing.
Cell: TypeAlias = "float | str | None"


def column_values(column: InputColumn, rows: Rows) -> Sequence[Cell]:
    """Return the numbers, days since 1970 or texts of a column of a table."""
    if column.kind == "category":
        return list(categories(column.name, rows[column.name]))
    if column.kind == "date":
        return list(dates(column.name, rows[column.name]))
    return list(np.asarray(rows[column.name], dtype=np.float64))
