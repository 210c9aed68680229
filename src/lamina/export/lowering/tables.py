"""Conversion of a fitted TableEncoding to operations, in the parts of its matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lamina.encoding import TableEncoding
from lamina.encoding.whole_numbers import find_aliases
from lamina.export.lowering.builder import Lowering, NotLoweredError, Raw, Value
from lamina.export.lowering.table_operations import (
    Calendar,
    CategoryCode,
    Columns,
    Impute,
    IsMissing,
    OneHotNumber,
    Standardize,
)

# Supported attributes of a fitted TableEncoding; further ones must be converted here first.
# The forms of text columns, and the columns whose times have a zone, describe how cells are parsed
# before the program gets numbers: its dates are in UTC.
PLAIN_PARTS = frozenset(
    (
        *("parameters", "columns", "named", "sparse", "categories", "numbers"),
        *("left_out", "calendar", "forms", "report", "rare", "ranges", "levels", "texts"),
        *("zoned", "time_zones"),
    )
)
NUMBER_PARTS = frozenset({"median", "had_missing", "mean", "variance", "scale", "n_rows"})


class TableParts(NamedTuple):
    """Parts of a TableEncoding's matrix, in order, without those of texts.

    Attributes
    ----------
    numbers : list of Value
        Standardised numbers and dates, in one matrix; empty if there are none.
    flags : list of Value
        0/1 columns for missing numbers, parts of dates and levels of whole numbers.
    categories : list of CategoryCode
        One for each column with categories, not yet added as operations.
    """

    numbers: list[Value]
    flags: list[Value]
    categories: list[CategoryCode]


def lower_table(lowering: Lowering, step: TableEncoding, value: Value) -> TableParts:
    """Add the operations of an encoding's numbers and dates; columns of n-grams are ignored.

    Raises
    ------
    NotLoweredError
        For an encoding with unsupported parts, or one that is not the first step of a pipeline.
    """
    plain = step.to_plain()
    _refuse_unknown(plain, PLAIN_PARTS)
    if not isinstance(value, Raw):
        raise NotLoweredError("an export requires TableEncoding to be the first step of a pipeline")
    lowering.takes_a_table = True
    kinds = list(step.kinds_.items())
    used = [i for i, (name, _) in enumerate(kinds) if name not in step.left_out_]
    numeric = [i for i in used if kinds[i][1] != "category"]
    for i in numeric:
        lowering.hold(value.columns[i], kinds[i][1])
    for i in used:
        if kinds[i][0] in step.forms_:
            lowering.forms[value.columns[i]] = step.forms_[kinds[i][0]]
        if kinds[i][0] in step.zoned_:
            lowering.zoned[value.columns[i]] = step.zoned_[kinds[i][0]]
    parts = TableParts([], [], [])
    if numeric:
        _add_numbers(lowering, plain["numbers"], value.taken(numeric), parts)
    for i in used:
        parts.flags.extend(
            _calendar(lowering, step.calendar_.get(kinds[i][0], ()), value.columns[i])
        )
    for i in used:
        levels = step.levels_.get(kinds[i][0])
        if levels:
            source = lowering.add(Columns((value.columns[i],)))
            parts.flags.append(lowering.add(OneHotNumber(source, 0, _doubles(levels))))
    for i in used:
        name, kind = kinds[i]
        texts = step.categories_[name] if kind == "category" else []
        if texts:
            lowering.hold(value.columns[i], "category")
            parts.categories.append(
                CategoryCode(value.columns[i], tuple(texts), find_aliases(texts))
            )
    return parts


def _calendar(lowering: Lowering, names: Sequence[str], column: int) -> list[Value]:
    """Add the calendar parts of one input, a date."""
    if not names:
        return []
    source = lowering.add(Columns((column,)))
    return [lowering.add(Calendar(source, 0, name)) for name in names]


def _refuse_unknown(plain: Mapping[str, object], fields: frozenset[str]) -> None:
    unknown = sorted(set(plain) - fields)
    if unknown:
        raise NotLoweredError(f"no export supports {', '.join(unknown)} of a TableEncoding")


def _add_numbers(
    lowering: Lowering, numbers: Mapping[str, ArrayLike], value: Raw, parts: TableParts
) -> None:
    """Add standardised numbers and dates, with 0/1 columns for those with missing values."""
    _refuse_unknown(numbers, NUMBER_PARTS)
    source = lowering.add(Columns(value.columns))
    imputed = lowering.add(Impute(source, _doubles(numbers["median"])))
    scaled = Standardize(imputed, _doubles(numbers["mean"]), _doubles(numbers["scale"]))
    parts.numbers.append(lowering.add(scaled))
    missing = tuple(np.flatnonzero(numbers["had_missing"]).tolist())
    if missing:
        parts.flags.append(lowering.add(IsMissing(source, missing)))


def _doubles(numbers: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(numbers, dtype=np.float64)
