"""Extract the columns of a data frame or an array for a TableEncoding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sklearn.utils.validation import validate_data

from lamina.encoding.columns import check_unicode
from lamina.encoding.frames import ArrayOrTable, array_columns, as_pandas, without_sparsity
from lamina.encoding.leaving_out import reasons_to_leave_out
from lamina.encoding.table_columns import (
    TypedColumns,
    check_types,
    read_new,
    read_training,
    require_columns,
    require_rows,
    require_single,
)
from lamina.encoding.time_zones import find_zone, remark_on_mixture, require_same_zone, zone_name
from lamina.encoding.understanding import understand
from lamina.errors import TableError

if TYPE_CHECKING:
    import pandas as pd

    from lamina.encoding.fitted_table import FittedTable

_ARRAY: dict[str, object] = {"dtype": None, "ensure_all_finite": "allow-nan"}


def training_columns(encoding: FittedTable, X: ArrayOrTable) -> TypedColumns:
    """Return the typed columns of a training table; sets the encoding's names and their count."""
    frame = as_pandas(X)
    if frame is None:
        X = without_sparsity(X)
        _reject_rows(X)
        columns, types = array_columns(validate_data(encoding, X, **_ARRAY)), encoding.column_types
        check_types(types or {}, list(columns))
        return _with_zones(encoding, columns, read_training(columns, types=types))
    names = [str(name) for name in frame.columns]
    if not names:
        raise TableError("the table has no columns")
    require_rows(frame)
    require_single(names, names)
    validate_data(encoding, frame, skip_check_array=True)
    columns = {name: frame.iloc[:, i] for i, name in enumerate(names)}
    check_unicode(columns)
    understanding, types = understand(frame), encoding.column_types or {}
    check_types(types, names)
    typed = read_training(columns, understanding, types)
    chosen = {name for name, form in typed.forms.items() if form.is_chosen} | set(types)
    typed = _with_zones(encoding, columns, typed)
    reasons = reasons_to_leave_out(typed.columns, understanding.counters, chosen)
    return typed._replace(left_out=reasons)


def columns_of_new(encoding: FittedTable, X: ArrayOrTable) -> dict[str, pd.Series]:
    """Return the training columns of a new table, by name or else by position."""
    frame = as_pandas(X)
    if frame is None:
        X = without_sparsity(X)
        _reject_rows(X)
        array = validate_data(encoding, X, reset=False, **_ARRAY)
        return _checked_of_array(encoding, array_columns(array, encoding.kinds_))
    require_rows(frame)
    names = [str(name) for name in frame.columns]
    # The columns of a table match by name, also names such as integers, which scikit-learn does not
    # keep; those of an array by position, unless the new table has the names x0, x1, ….
    if _is_of_array(encoding) and not set(encoding.kinds_) <= set(names):
        validate_data(encoding, frame, reset=False, skip_check_array=True)
        columns = {name: frame.iloc[:, i] for i, name in enumerate(encoding.kinds_)}
        return _checked_of_array(encoding, columns)
    # A column without a frequent category is not needed either, unless its texts are encoded.
    needed = [
        name
        for name, _ in encoding._used()
        if encoding.categories_.get(name) != [] or name in encoding.texts_
    ]
    require_columns(needed, names)
    columns = {name: frame.iloc[:, names.index(name)] for name in needed}
    check_unicode(columns)
    return read_new(_checked(encoding, columns), encoding.kinds_, encoding.forms_)


def _with_zones(
    encoding: FittedTable, columns: Mapping[str, pd.Series], typed: TypedColumns
) -> TypedColumns:
    """Set which dates have time zones; return the columns with remarks on those with both kinds."""
    days = {name: columns[name] for name, kind in typed.kinds.items() if kind == "date"}
    zones = {name: find_zone(column) for name, column in days.items()}
    encoding.zoned_ = {name: zone for name, zone in zones.items() if zone is not None}
    zone_names = {name: zone_name(column) for name, column in days.items()}
    encoding.time_zones_ = {name: zone for name, zone in zone_names.items() if zone is not None}
    remarks = dict(typed.remarks)
    for name, zone in zones.items():
        remark = remark_on_mixture(name, days[name]) if zone is None else None
        if remark is not None:
            remarks[name] = (*remarks.get(name, ()), remark)
    return typed._replace(remarks=remarks)


def _checked(encoding: FittedTable, columns: dict[str, pd.Series]) -> dict[str, pd.Series]:
    """Return the columns, if their dates have time zones where those of training have them."""
    for name in encoding._dates():
        if name in encoding.zoned_ and name in columns:
            zone = encoding.time_zones_.get(name)
            require_same_zone(name, columns[name], encoding.zoned_[name], zone)
    return columns


def _checked_of_array(encoding: FittedTable, columns: dict[str, pd.Series]) -> dict[str, pd.Series]:
    """Return checked columns, read in the form of training.

    The columns of an array have a form only if their type was chosen: all other texts remain texts.
    """
    checked, forms = _checked(encoding, columns), encoding.forms_
    read = {n: column for n, column in checked.items() if n in forms or not _is_of_array(encoding)}
    return checked | read_new(read, encoding.kinds_, forms)


def _is_of_array(encoding: FittedTable) -> bool:
    has_names = hasattr(encoding, "feature_names_in_")
    return not has_names and list(encoding.kinds_) == [f"x{i}" for i in range(len(encoding.kinds_))]


def _reject_rows(X: ArrayOrTable) -> None:
    """Reject rows as dicts and a single row as a series, which no array can hold by name."""
    if isinstance(X, Mapping):
        found, cure = "a dict", "pandas.DataFrame([row]) for one row"
    elif isinstance(X, list) and X and isinstance(X[0], Mapping):
        found, cure = "a list of dicts", "pandas.DataFrame(rows)"
    elif hasattr(X, "to_frame"):
        found, cure = "a series", "frame.iloc[[0]] for one row, or series.to_frame() for one column"
    else:
        return
    raise TableError(f"the table is {found}, but must have rows and columns: pass {cure}")
