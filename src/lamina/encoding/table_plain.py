"""A fitted TableEncoding as plain values and arrays, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler

from lamina.encoding.calendar import PARTS
from lamina.encoding.column_form import ColumnForm
from lamina.encoding.columns import READERS
from lamina.encoding.table_numbers import fitted_imputer
from lamina.encoding.table_report import record_from_plain

if TYPE_CHECKING:
    from lamina.encoding.table import TableEncoding


def to_plain(encoding: TableEncoding) -> dict[str, Any]:
    """What `TableEncoding.to_plain` documents."""
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
    }


def from_plain(encoding: TableEncoding, plain: dict[str, Any]) -> None:
    """Set the fitted state; keys that files of earlier versions lack have their old meaning."""
    encoding.kinds_ = dict(plain["columns"])
    if not set(encoding.kinds_.values()) <= set(READERS):
        raise ValueError(f"columns are of kinds {', '.join(READERS)}, got {plain['columns']!r}")
    encoding.n_features_in_ = len(encoding.kinds_)
    if plain["named"]:
        encoding.feature_names_in_ = np.array(list(encoding.kinds_), dtype=object)
    encoding.left_out_ = _known(encoding, plain, "left_out")
    encoding.forms_ = {
        name: ColumnForm.from_plain(form) for name, form in _known(encoding, plain, "forms").items()
    }
    encoding.calendar_ = _calendar(encoding, plain)
    _set_numbers(encoding, plain["numbers"])
    texts = map(list, plain["categories"])
    encoding._set_categories(dict(zip(encoding._categorical(), texts, strict=True)))
    encoding.report_ = [record_from_plain(record) for record in plain.get("report", ())]
    encoding.sparse_ = bool(plain["sparse"])


def _known(encoding: TableEncoding, plain: dict[str, Any], key: str) -> dict[str, Any]:
    """A dict by column; raises ValueError for a column that the encoding does not have."""
    found = dict(plain.get(key, {}))
    for name in found:
        if name not in encoding.kinds_:
            raise ValueError(f"{key!r} names a column {name!r} that is not among the columns")
    return found


def _calendar(encoding: TableEncoding, plain: dict[str, Any]) -> dict[str, list[str]]:
    calendar = _known(encoding, plain, "calendar")
    moments = encoding._moments()
    for name, parts in calendar.items():
        if name not in moments or not set(parts) <= set(PARTS) or len(set(parts)) < len(parts):
            raise ValueError(f"the calendar of {name!r} cannot be {parts!r}")
    return {name: list(parts) for name, parts in calendar.items()}


def _numbers_to_plain(encoding: TableEncoding) -> dict[str, Any] | None:
    if encoding.imputer_ is None:
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


def _set_numbers(encoding: TableEncoding, plain: Any) -> None:
    encoding.imputer_ = encoding.scaler_ = None
    n_numbers = len(encoding._numeric())
    if plain is None and n_numbers == 0:
        return
    learned = ("median", "mean", "variance", "scale")
    median, mean, variance, scale = (_vector(plain, name, n_numbers) for name in learned)
    had_missing = _vector(plain, "had_missing", n_numbers).astype(bool)
    encoding.imputer_ = fitted_imputer(median, had_missing)
    encoding.scaler_ = StandardScaler().fit(np.zeros((1, n_numbers)))
    encoding.scaler_.mean_, encoding.scaler_.var_, encoding.scaler_.scale_ = mean, variance, scale
    encoding.scaler_.n_samples_seen_ = int(plain["n_rows"])


def _vector(plain: Any, name: str, length: int) -> NDArray[np.float64]:
    vector = np.array(plain[name], dtype=np.float64)
    if vector.shape != (length,):
        raise ValueError(f"{name!r} has shape {vector.shape}, where ({length},) is expected")
    return vector
