"""Dates as numbers, for models that take numbers and categories alone."""

from __future__ import annotations

import pandas as pd

PARTS = ("year", "month", "day", "day_of_week", "day_of_year", "hour")
DATE = r"\d{4}-\d{2}-\d{2}|\d{1,2}/\d{1,2}/\d{4}"


def with_calendar_parts(frame: pd.DataFrame) -> pd.DataFrame:
    """Replace each column of dates by days since 1970 and its parts: year, month, weekday, …

    Every peer sees dates like this, so that none is compared on reading them.

    Parameters
    ----------
    frame : DataFrame
        A text column whose every value looks like a date is one; 12/31/2024 has the month first.

    Returns
    -------
    DataFrame
        The same rows; missing dates are NaN.
    """
    columns: dict[str, pd.Series] = {}
    for name, column in frame.items():
        if not is_date(column):
            columns[str(name)] = column
            continue
        moments = pd.to_datetime(column, format="mixed")
        columns[str(name)] = (moments - pd.Timestamp(0)).dt.total_seconds() / 86_400
        for part in PARTS:
            columns[f"{name} {part}"] = getattr(moments.dt, part).astype("float64")
    return pd.DataFrame(columns)


def is_date(column: pd.Series) -> bool:
    """Return True for a column of dates, or of text in which every value begins with a date."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return True
    if pd.api.types.is_numeric_dtype(column) or column.isna().all():
        return False
    return bool(column.dropna().astype(str).str.match(DATE).all())
