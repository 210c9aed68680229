"""Fit an encoding to the statistics of the columns of a table."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lamina.encoding.calendar import check_parts
from lamina.encoding.columns import frequent_counts
from lamina.encoding.leaving_out import EMPTY, copy_reason
from lamina.encoding.statistics.summary import ColumnSummary
from lamina.encoding.table import TableEncoding
from lamina.encoding.table_numbers import fitted_imputer, fitted_scaler, infinite_variance
from lamina.encoding.table_report import report_columns
from lamina.encoding.text_components import fit_text_components
from lamina.encoding.unfamiliar import MOST_RARE
from lamina.encoding.whole_numbers import unify_spellings

# Rows of a column of texts on which their components are standardised.
MOST_TEXT_ROWS = 200_000

Summaries = Mapping[str, ColumnSummary]


def fit_summaries(encoding: TableEncoding, summaries: Summaries, n_rows: int) -> TableEncoding:
    """Set the fitted attributes of an encoding.

    Parameters
    ----------
    encoding : TableEncoding
    summaries : mapping of str to ColumnSummary
        By name, in the order of the table.
    n_rows : int

    Raises
    ------
    TableError
        As `TableEncoding.fit`.
    """
    encoding._validate_params()
    encoding.n_features_in_ = len(summaries)
    encoding.feature_names_in_ = np.array(list(summaries), dtype=object)
    encoding.kinds_ = {name: each.kind for name, each in summaries.items()}
    forms = {name: each.form for name, each in summaries.items()}
    encoding.forms_ = {name: form for name, form in forms.items() if form is not None}
    dates = {name: each for name, each in summaries.items() if each.kind == "date"}
    zoned = {name: each.zoned for name, each in dates.items()}
    encoding.zoned_ = {name: zone for name, zone in zoned.items() if zone is not None}
    zones = {name: each.zone for name, each in dates.items()}
    encoding.time_zones_ = {name: zone for name, zone in zones.items() if zone is not None}
    kept = {name for name, form in encoding.forms_.items() if form.is_chosen}
    encoding.left_out_ = _left_out(summaries, n_rows, kept | set(encoding.column_types or {}))
    _set_numbers(encoding, summaries, n_rows)
    _set_texts(encoding, summaries, n_rows)
    encoding.sparse_ = encoding._is_sparse()
    counts = {name: each.counts for name, each in summaries.items()}
    remarks = {name: each.remarks for name, each in summaries.items()}
    encoding.report_ = report_columns(encoding, counts, remarks)
    return encoding


def _left_out(summaries: Summaries, n_rows: int, kept: set[str]) -> dict[str, str]:
    """Return the reasons to leave columns out, as `reasons_to_leave_out` does in memory."""
    reasons = {name: EMPTY for name, each in summaries.items() if each.is_empty}
    empty = dict(reasons)
    if n_rows < 2:
        return empty
    for position, (name, each) in enumerate(summaries.items()):
        reason = each.reason(n_rows, is_first=position == 0)
        if name not in kept and reason is not None:
            reasons[name] = reason
    first: dict[tuple[object, ...], str] = {}
    for name, each in summaries.items():
        if name not in reasons and name not in kept:
            twin = first.setdefault(each.identity, name)
            if twin != name:
                reasons[name] = copy_reason(twin)
    return reasons if len(reasons) < len(summaries) else empty


def _set_numbers(encoding: TableEncoding, summaries: Summaries, n_rows: int) -> None:
    columns = {name: summaries[name].numbers for name in encoding._numeric()}
    numbers = {name: column for name, column in columns.items() if column is not None}
    types, parts = encoding.column_types or {}, check_parts(encoding.calendar_parts)
    encoding.imputer_ = encoding.scaler_ = None
    encoding.ranges_ = {name: (column.low, column.high) for name, column in numbers.items()}
    levels = {
        name: column.levels(encoding.integer_categories, encoding.min_frequency)
        for name, column in numbers.items()
        if column.kind == "number" and types.get(name) != "number"
    }
    encoding.levels_ = {name: found for name, found in levels.items() if found}
    encoding.calendar_ = {
        name: column.calendar.varying(parts)
        for name, column in numbers.items()
        if column.calendar is not None
    }
    if not numbers:
        return
    medians = [column.sketch.median() for column in numbers.values()]
    moments = [
        column.imputed_moments(median)
        for column, median in zip(numbers.values(), medians, strict=True)
    ]
    for (name, column), found in zip(numbers.items(), moments, strict=True):
        if not np.isfinite(found.variance):
            raise infinite_variance(name, max(abs(column.low), abs(column.high)))
    had_missing = np.array([column.n_missing > 0 for column in numbers.values()])
    encoding.imputer_ = fitted_imputer(np.array(medians), had_missing)
    means, variances = ([getattr(each, key) for each in moments] for key in ("mean", "variance"))
    encoding.scaler_ = fitted_scaler(np.array(means), np.array(variances), n_rows)


def _set_texts(encoding: TableEncoding, summaries: Summaries, n_rows: int) -> None:
    counts = {name: _unified(summaries[name].texts) for name in encoding._categorical()}
    n_missing = {name: summaries[name].counts.n_missing for name in counts}
    limits = encoding.min_frequency, encoding.max_categories
    encoding.texts_ = fit_text_components(
        {name: _rows_of(counts[name], n_missing[name]) for name in counts},
        encoding.column_types,
        encoding.text_components,
    )
    categories = {
        name: frequent_counts(found, n_missing[name], *limits) for name, found in counts.items()
    }
    encoding._set_categories(categories)
    rare = {
        name: sorted(set(found) - set(categories[name]))
        for name, found in counts.items()
        if summaries[name].is_exact
    }
    encoding.rare_ = {name: found for name, found in rare.items() if len(found) <= MOST_RARE}


def _unified(counts: Mapping[str, int]) -> dict[str, int]:
    """Return the counts with those of '2.0' added to those of '2' if both occur."""
    texts = np.array([*counts, None], dtype=object)[:-1]
    unified: dict[str, int] = {}
    for text, count in zip(unify_spellings(texts).tolist(), counts.values(), strict=True):
        unified[text] = unified.get(text, 0) + count
    return unified


def _rows_of(
    counts: Mapping[str, int], n_missing: int
) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Return texts in proportion to their counts, shape (n,)."""
    texts = np.array([*counts, None], dtype=object)
    n = np.array([*counts.values(), n_missing], dtype=np.int64)
    total = int(n.sum())
    if total > MOST_TEXT_ROWS:
        n = -(-n * MOST_TEXT_ROWS // total)
    return np.repeat(texts, n)
