"""Convert a fitted TableEncoding to plain values and arrays, and back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from sklearn.preprocessing import StandardScaler

from lamina.encoding.calendar import PARTS
from lamina.encoding.column_form import ColumnForm
from lamina.encoding.columns import READERS
from lamina.encoding.table_numbers import fitted_imputer
from lamina.encoding.table_report import record_from_plain
from lamina.encoding.text_components import TextComponents
from lamina.files.fields import (
    Fields,
    array,
    check_fields,
    list_of,
    mapping_of,
    member,
    none_or,
    number,
    refused,
    text,
    truth,
    whole,
)
from lamina.files.model_file import Json

if TYPE_CHECKING:
    from lamina.encoding.fitted_table import FittedTable


def _column(value: object, place: str) -> None:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise refused(value, place, "a name and a kind")
    text(value[0], place)
    member(READERS)(value[1], place)


def _categories(value: object, place: str) -> None:
    list_of(none_or(text))(value, place)
    assert isinstance(value, list | tuple)
    if len(set(value)) < len(value):
        raise refused(value, place, "distinct categories")


def _anything(value: object, place: str) -> None:
    """Accept any value; the code that uses it checks it."""


def _range(value: object, place: str) -> None:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise refused(value, place, "two numbers")
    if not all(isinstance(each, int | float) and math.isfinite(each) for each in value):
        raise refused(value, place, "two finite numbers")


def _texts(value: object, place: str) -> None:
    vector = array(np.float64, (None,), finite=True)
    fields: Fields = {
        "places": array(np.int64, (None,)),
        "weights": vector,
        "components": array(np.float32, (None, None), finite=True),
        "mean": vector,
        "scale": number(),
    }
    check_fields(value, fields, place)


# Files of earlier versions lack these.
ADDED_LATER = (
    "left_out",
    "forms",
    "calendar",
    "report",
    "rare",
    "ranges",
    "levels",
    "texts",
    "zoned",
    "time_zones",
)
FIELDS: Fields = {
    "parameters": mapping_of(_anything),
    "columns": list_of(_column),
    "named": truth,
    "sparse": truth,
    "categories": list_of(_categories),
    "numbers": none_or(mapping_of(_anything)),
    "left_out": mapping_of(text),
    "forms": mapping_of(mapping_of(_anything)),
    "calendar": mapping_of(list_of(text)),
    "report": list_of(mapping_of(_anything)),
    "rare": mapping_of(list_of(text)),
    "ranges": mapping_of(_range),
    "levels": mapping_of(list_of(number())),
    "texts": mapping_of(_texts),
    "zoned": mapping_of(truth),
    "time_zones": mapping_of(text),
}


def to_plain(encoding: FittedTable) -> dict[str, Json]:
    """Return the fitted state; see `TableEncoding.to_plain`."""
    return {
        "parameters": encoding.get_params(),
        "columns": [[name, kind] for name, kind in encoding.kinds_.items()],
        "named": hasattr(encoding, "feature_names_in_"),
        "sparse": encoding.sparse_,
        "categories": [list(texts) for texts in encoding.categories_.values()],
        "numbers": _numbers_to_plain(encoding),
        "left_out": dict(encoding.left_out_),
        "forms": {name: form.to_plain() for name, form in encoding.forms_.items()},
        "calendar": {name: list(parts) for name, parts in encoding.calendar_.items()},
        "report": [dict(record) for record in encoding.report_],
        "rare": {name: list(texts) for name, texts in encoding.rare_.items()},
        "ranges": {name: list(bounds) for name, bounds in encoding.ranges_.items()},
        "levels": {name: list(levels) for name, levels in encoding.levels_.items()},
        "texts": {name: found.to_plain() for name, found in encoding.texts_.items()},
        "zoned": dict(encoding.zoned_),
        "time_zones": dict(encoding.time_zones_),
    }


def from_plain(encoding: FittedTable, plain: dict[str, Json]) -> None:
    """Set the fitted state; keys that older files lack get their former meaning."""
    encoding._validate_params()
    check_fields(plain, FIELDS, "encoding", optional=ADDED_LATER)
    encoding.kinds_ = dict(plain["columns"])
    if len(encoding.kinds_) < len(plain["columns"]):
        raise ValueError("two of its columns have one name")
    encoding.n_features_in_ = len(encoding.kinds_)
    if plain["named"]:
        encoding.feature_names_in_ = np.array(list(encoding.kinds_), dtype=object)
    encoding.left_out_ = _read_by_column(encoding, plain, "left_out")
    encoding.zoned_ = _read_by_column(encoding, plain, "zoned")
    encoding.time_zones_ = _read_by_column(encoding, plain, "time_zones")
    encoding.forms_ = {
        name: ColumnForm.from_plain(form)
        for name, form in _read_by_column(encoding, plain, "forms").items()
    }
    encoding.calendar_ = _calendar(encoding, plain)
    _set_numbers(encoding, plain["numbers"])
    _set_further(encoding, plain)
    texts = map(list, plain["categories"])
    encoding._set_categories(dict(zip(encoding._categorical(), texts, strict=True)))
    encoding.report_ = [record_from_plain(record) for record in plain.get("report", ())]
    encoding.rare_ = _read_by_column(encoding, plain, "rare")
    encoding.ranges_ = {
        name: (float(low), float(high))
        for name, (low, high) in _read_by_column(encoding, plain, "ranges").items()
    }
    encoding.sparse_ = plain["sparse"]


def _set_further(encoding: FittedTable, plain: dict[str, Json]) -> None:
    """Set the levels of integer columns and the components of texts."""
    levels, texts = (_read_by_column(encoding, plain, key) for key in ("levels", "texts"))
    for key, found, kind in (("levels", levels, "number"), ("texts", texts, "category")):
        wrong = [name for name in found if (name, kind) not in encoding._used()]
        if wrong:
            raise ValueError(f"{key!r} names {wrong[0]!r}, which is not a used {kind}")
    encoding.levels_ = {name: [float(level) for level in found] for name, found in levels.items()}
    encoding.texts_ = {name: TextComponents.from_plain(found) for name, found in texts.items()}


def _read_by_column(encoding: FittedTable, plain: dict[str, Json], key: str) -> dict[str, Json]:
    """Return a dict by column; raise ValueError for a column that the encoding lacks."""
    found = dict(plain.get(key, {}))
    for name in found:
        if name not in encoding.kinds_:
            raise ValueError(f"{key!r} names a column {name!r} that is not among the columns")
    return found


def _calendar(encoding: FittedTable, plain: dict[str, Json]) -> dict[str, list[str]]:
    calendar = _read_by_column(encoding, plain, "calendar")
    dates = encoding._dates()
    for name, parts in calendar.items():
        if name not in dates or not set(parts) <= set(PARTS) or len(set(parts)) < len(parts):
            raise ValueError(f"the calendar of {name!r} cannot be {parts!r}")
    return {name: list(parts) for name, parts in calendar.items()}


def _numbers_to_plain(encoding: FittedTable) -> dict[str, Json] | None:
    if encoding.imputer_ is None or encoding.scaler_ is None:
        return None
    had_missing = np.zeros(len(encoding.imputer_.statistics_), dtype=bool)
    had_missing[encoding._indicated()] = True
    return {
        "median": encoding.imputer_.statistics_,
        "had_missing": had_missing,
        "mean": encoding.scaler_.mean_,
        "variance": encoding.scaler_.var_,
        "scale": encoding.scaler_.scale_,
        "n_rows": int(encoding.scaler_.n_samples_seen_),
    }


def _set_numbers(encoding: FittedTable, plain: Json) -> None:
    encoding.imputer_ = encoding.scaler_ = None
    n_numbers = len(encoding._numeric())
    if plain is None and n_numbers == 0:
        return
    vector = array(np.float64, (n_numbers,), finite=True)
    learned = ("median", "mean", "variance", "scale")
    fields = {**dict.fromkeys(learned, vector), "had_missing": array("b", (n_numbers,))}
    check_fields(plain, {**fields, "n_rows": whole(1)}, "encoding.numbers")
    median, mean, variance, scale = (plain[name] for name in learned)
    had_missing = plain["had_missing"]
    encoding.imputer_ = fitted_imputer(median, had_missing)
    encoding.scaler_ = StandardScaler().fit(np.zeros((1, n_numbers)))
    encoding.scaler_.mean_, encoding.scaler_.var_, encoding.scaler_.scale_ = mean, variance, scale
    encoding.scaler_.n_samples_seen_ = int(plain["n_rows"])
