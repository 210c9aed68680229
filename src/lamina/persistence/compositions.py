"""Check composed estimators: the output of each step must match the input of the next."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from typing import cast

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from lamina.errors import ModelFileError
from lamina.files.fields import (
    Check,
    Fields,
    check_fields,
    list_of,
    mapping_of,
    none_or,
    number,
    refused,
    truth,
    whole,
)
from lamina.files.model_file import Json
from lamina.persistence.checked_values import checked_array
from lamina.persistence.transformers import TRANSFORMERS

BEFORE_FIT = {"_sklearn_output_config", "_metadata_request", "_skl_callbacks"}
MOST_JOBS = 1024
_TEXTS = ("passthrough", "drop")


def check_transformer(estimator: BaseEstimator) -> None:
    """Check parameters and attributes of one of TRANSFORMERS.

    Raises
    ------
    ModelFileError, ValueError, TypeError
        For the first value out of range; names it.
    """
    estimator._validate_params()
    for name, value in estimator.get_params(deep=False).items():
        if name in PARAMETERS and value is not None:
            PARAMETERS[name](value, name)
    record = TRANSFORMERS[type(estimator).__name__]
    state = vars(estimator)
    fields: dict[str, Check] = {"_sklearn_output_config": output_config}
    needed = frozenset[str]()
    n = state.get("n_features_in_")
    fitted = state.keys() - set(estimator.get_params(deep=False)) - BEFORE_FIT
    stateless = type(estimator).__name__ == "FunctionTransformer"
    if fitted and (n is not None or not stateless):
        whole(1)(n, "n_features_in_")
        fields |= {"n_features_in_": whole(1), "feature_names_in_": names_of(n)}
        fields_of_kind = record.fields(estimator, n)
        fields |= fields_of_kind
        needed = frozenset(fields_of_kind) - set(record.optional)
    elif stateless:
        record.fields(estimator, 0)
    checked = {name: value for name, value in state.items() if name in fields}
    check_fields(checked, fields, type(estimator).__name__, optional=fields.keys() - needed)


def _dtype(value: object, place: str) -> None:
    found = None
    with suppress(TypeError, ValueError):
        found = np.dtype(value) if isinstance(value, (str, type, np.dtype)) else None
    if found is None or found.kind not in "biufO" or found.names:
        raise refused(value, place, "a dtype of numbers or objects")


def _rising_pair(value: object, place: str) -> None:
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise refused(value, place, "two numbers")
    for each in value:
        number()(each, place)
    if not value[0] < value[1]:
        raise refused(value, place, "two numbers in ascending order")


# Parameters that scikit-learn checks only in `fit`, though `transform` reads them.
PARAMETERS: Fields = {"dtype": _dtype, "feature_range": _rising_pair}


def _jobs(value: object, place: str) -> None:
    """Require a number of jobs that joblib supports: None, or an integer other than 0."""
    none_or(whole(-MOST_JOBS, MOST_JOBS))(value, place)
    if value == 0:
        raise refused(value, place, "a whole number other than 0, or None")


def output_config(value: object, place: str) -> None:
    """Require a value that `set_output` sets."""
    if not isinstance(value, dict) or set(value) - {"transform"}:
        raise refused(value, place, "a dict with the key 'transform'")
    transform = value.get("transform", "default")
    if not isinstance(transform, str) or transform not in ("default", "pandas", "polars"):
        raise refused(value, place, "one of 'default', 'pandas', 'polars'")


def names_of(n: int) -> Check:
    """Require the names of n features."""

    def check(value: object, place: str) -> None:
        if not all(isinstance(name, str) for name in checked_array(value, place, "O", (n,))):
            raise refused(value, place, "an array of text")

    return check


def width_in(estimator: BaseEstimator) -> int | None:
    """Return the number of columns that a fitted estimator requires, or None for any number."""
    if type(estimator).__name__ == "Pipeline":
        return width_in(estimator.steps[0][1]) if estimator.steps else None
    if type(estimator).__name__ == "FeatureUnion":
        widths = [width_in(step) for _, step in estimator.transformer_list]
        return next((width for width in widths if width is not None), None)
    n: int | None = vars(estimator).get("n_features_in_") if hasattr(estimator, "fit") else None
    return n


def width_out(estimator: BaseEstimator, width: int | None) -> int | None:
    """Return the number of output columns of a fitted transformer, or None if unknown."""
    name = type(estimator).__name__
    if estimator is None or isinstance(estimator, str):
        return 0 if estimator == "drop" else width
    if name == "Pipeline":
        for _, step in estimator.steps:
            width = width_out(step, width)
        return width
    if name == "FeatureUnion":
        widths = [width_out(step, width) for _, step in estimator.transformer_list]
        return None if None in widths else sum(n for n in widths if n is not None)
    if name == "ColumnTransformer":
        return _n_columns(estimator)
    if name == "TableEncoding":
        return len(estimator.get_feature_names_out()) if hasattr(estimator, "kinds_") else None
    if name in TRANSFORMERS and "n_features_in_" in vars(estimator):
        return TRANSFORMERS[name].width(estimator)
    return width if name == "FunctionTransformer" else None


def check_steps(steps: list[tuple[str, BaseEstimator]], place: str) -> None:
    """Check that each step of a pipeline requires as many columns as the one before returns.

    Raises
    ------
    ModelFileError
        If they differ; names both steps.
    """
    width = None if not steps else width_in(steps[0][1])
    for (name, step), (following, after) in pairwise(steps):
        width = width_out(step, width)
        expected = width_in(after)
        if width is not None and expected is not None and width != expected:
            raise ModelFileError(
                f"its {place} step {name!r} returns {width} columns, and the step after it, "
                f"{following!r}, expects {expected}"
            )
        _check_names(step, after)
        width = expected if width is None else width


def _check_names(step: BaseEstimator, after: BaseEstimator) -> None:
    """Check that a step was fitted to the feature names of the step before it, if it has any."""
    expected = vars(after).get("feature_names_in_") if hasattr(after, "fit") else None
    if expected is None or not hasattr(step, "fit"):
        return
    with suppress(AttributeError, NotFittedError):
        names = step.get_feature_names_out()
        if list(names) != list(expected):
            raise ModelFileError(
                f"its {type(after).__name__} expects the names {list(expected)}, and the step "
                f"before it returns {list(names)}"
            )


def check_pipeline(pipeline: BaseEstimator) -> None:
    """Check a Pipeline's parameters, that it can predict once fitted, and its widths."""
    pipeline._validate_params()
    for i, (name, step) in enumerate(pipeline.steps):
        is_last = i == len(pipeline.steps) - 1
        method = "fit" if is_last else "transform"
        if step is not None and step != "passthrough" and not hasattr(step, method):
            expected = "an estimator" if is_last else "a transformer or 'passthrough'"
            raise refused(step, f"step {name!r}", expected)
        _not_precomputed(step, f"step {name!r}")
    if pipeline.steps and is_fitted(pipeline.steps[-1][1]):
        for name, step in pipeline.steps:
            require_fitted(step, f"Pipeline's step {name!r}")
    check_steps(list(pipeline.steps), "Pipeline's")


def is_fitted(estimator: BaseEstimator) -> bool:
    """Return True if an estimator is fitted; 'passthrough', 'drop' and None always are."""
    if estimator is None or isinstance(estimator, str):
        return True
    if type(estimator).__name__ == "Pipeline":
        return all(is_fitted(step) for _, step in estimator.steps)
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    return True


def require_fitted(estimator: BaseEstimator, place: str) -> None:
    """Reject an unfitted part of a fitted estimator."""
    if not is_fitted(estimator):
        raise ModelFileError(f"its {place}, a {type(estimator).__name__}, is not fitted")


def check_union(union: BaseEstimator) -> None:
    """Check a FeatureUnion: every part requires the same number of columns."""
    _jobs(union.n_jobs, "n_jobs")
    parts = union.transformer_list
    _triples(parts, "transformer_list", 2)
    widths = {width for _, part in parts if (width := width_in(part)) is not None}
    if len(widths) > 1:
        raise ModelFileError(f"the parts of its FeatureUnion expect {sorted(widths)} columns")
    weights = union.transformer_weights
    none_or(mapping_of(none_or(number())))(weights, "transformer_weights")
    if unknown := set(weights or ()) - {name for name, _ in parts}:
        raise refused(min(unknown), "transformer_weights", "names of its parts")


def _triples(value: object, place: str, length: int) -> None:
    if not isinstance(value, list) or not all(
        isinstance(each, tuple) and len(each) == length and isinstance(each[0], str)
        for each in value
    ):
        raise refused(value, place, f"a list of tuples of {length}, a name first")
    for name, part, *_ in value:
        _not_precomputed(part, f"{place}[{name!r}]")
        if isinstance(part, str):
            if part not in _TEXTS:
                raise refused(part, f"{place}[{name!r}]", f"one of {', '.join(_TEXTS)}")
        elif not hasattr(part, "fit"):
            raise refused(part, f"{place}[{name!r}]", "an estimator")


def _not_precomputed(part: object, place: str) -> None:
    """Reject an indicator whose input is a mask, not data: only imputers use one."""
    if type(part).__name__ == "MissingIndicator" and vars(part).get("_precomputed"):
        raise refused(True, f"{place}._precomputed", "False")


def check_columns(transformer: BaseEstimator) -> None:
    """Check a ColumnTransformer: its parts' columns, and the places of their outputs."""
    transformer._validate_params()
    _jobs(transformer.n_jobs, "n_jobs")
    _triples(transformer.transformers, "transformers", 3)
    state = vars(transformer)
    if "transformers_" not in state:
        return
    n = state.get("n_features_in_")
    whole(1)(n, "n_features_in_")
    assert n is not None
    parts = state["transformers_"]
    _triples(parts, "transformers_", 3)
    names = [name for name, _, _ in parts]
    for name, part, columns in parts:
        # The part would get a one-dimensional array, and all of them require two dimensions.
        if part != "drop" and isinstance(columns, (str, int)):
            raise refused(columns, f"transformers_[{name!r}]", "a list of columns")
    none_or(mapping_of(none_or(number())))(transformer.transformer_weights, "transformer_weights")
    indices = {name: _places(transformer, columns, n) for name, _, columns in parts}
    for name, part, _ in parts:
        require_fitted(part if indices[name] else None, f"ColumnTransformer's part {name!r}")
        expected = None if isinstance(part, str) else width_in(part)
        if expected is not None and expected != len(indices[name]):
            raise ModelFileError(
                f"its part {name!r} expects {expected} columns, and receives {len(indices[name])}"
            )
    check_fields(
        {name: value for name, value in state.items() if name in _OF_COLUMNS},
        {
            "feature_names_in_": names_of(n),
            "_columns": list_of(_columns_of(transformer, n)),
            "_transformer_to_input_indices": _input_indices(indices, n),
            "sparse_output_": _sparse_output(state),
            "output_indices_": _output_indices(transformer, indices, names),
            "_remainder": _remainder(transformer, n),
            "_sklearn_output_config": output_config,
        },
        optional=("feature_names_in_", "_sklearn_output_config"),
    )


_OF_COLUMNS = frozenset(
    {
        "feature_names_in_",
        "_columns",
        "_transformer_to_input_indices",
        "sparse_output_",
        "output_indices_",
        "_remainder",
        "_sklearn_output_config",
    }
)


def _input_indices(indices: dict[str, list[int]], n: int) -> Check:
    """Require the indices of each part's columns; those of the remainder may belong to no part."""
    places = mapping_of(list_of(whole(0, int(n) - 1)))

    def check(value: object, place: str) -> None:
        places(value, place)
        found = cast("dict[str, list[int]]", value)
        if {name: found.get(name) for name in indices} != indices:
            raise refused(value, place, f"{indices}, which follows from its parts")

    return check


def _sparse_output(state: dict[str, Json]) -> Check:
    """Require False if the output is a table, which is never sparse."""
    config = state.get("_sklearn_output_config")
    output_config({} if config is None else config, "_sklearn_output_config")
    is_table = (config or {}).get("transform", "default") != "default"

    def check(value: object, place: str) -> None:
        truth(value, place)
        if value and is_table:
            raise refused(value, place, "False (its output is a table)")

    return check


def _columns_of(transformer: BaseEstimator, n: int) -> Check:
    def check(value: object, place: str) -> None:
        _places(transformer, value, n)

    return check


def _remainder(transformer: BaseEstimator, n: int) -> Check:
    def check(value: object, place: str) -> None:
        if not isinstance(value, tuple) or len(value) != 3 or value[0] != "remainder":
            raise refused(value, place, "a tuple of 'remainder', an estimator and columns")
        _triples([value], place, 3)
        _places(transformer, value[2], n)

    return check


def _places(transformer: BaseEstimator, columns: object, n: int) -> list[int]:
    """Return the indices of a part's columns among the n features."""
    names = vars(transformer).get("feature_names_in_")
    by_name = {} if names is None else {name: i for i, name in enumerate(names)}
    if isinstance(columns, slice):
        parts = (columns.start, columns.stop, columns.step)
        if not all(part is None or isinstance(part, int) for part in parts):
            raise refused(columns, "columns", "a slice of whole numbers")
        return list(range(n))[columns]
    several = columns.tolist() if isinstance(columns, np.ndarray) else columns
    several = [several] if isinstance(several, (str, int)) else several
    if not isinstance(several, (list, tuple)):
        raise refused(columns, "columns", "names or places of columns")
    if several and all(isinstance(each, bool) for each in several) and len(several) == n:
        return [i for i, chosen in enumerate(several) if chosen]
    found = [by_name.get(each, -n - 1) if isinstance(each, str) else each for each in several]
    for place in found:
        whole(-n, n - 1)(place, "columns")
    return [int(place) % n for place in found]


def _output_indices(
    transformer: BaseEstimator, indices: dict[str, list[int]], names: list[str]
) -> Check:
    expected, start = {}, 0
    for name, part, _ in transformer.transformers_:
        width = width_out(part, len(indices[name])) if indices[name] else 0
        if width is not None:
            expected[name] = slice(start, start + width) if width else slice(0, 0)
            start += width
    by_name = {name: expected.get(name, slice(0, 0)) for name in {*names, "remainder"}}

    def check(value: object, place: str) -> None:
        if not isinstance(value, dict) or not all(
            by_name.get(name) == part or part == slice(0, 0) for name, part in value.items()
        ):
            raise refused(value, place, f"{by_name}, which follows from its parts")

    return check


def _n_columns(transformer: BaseEstimator) -> int | None:
    if "output_indices_" not in vars(transformer):
        return None
    return max((part.stop for part in transformer.output_indices_.values()), default=0)
