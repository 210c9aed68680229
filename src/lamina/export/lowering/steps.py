"""Conversion of the supported pipeline steps, TableEncoding and scikit-learn's, to operations.

A step that is not supported, or that its operations cannot represent, raises NotLoweredError.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    RobustScaler,
    StandardScaler,
)

from lamina.encoding import TableEncoding
from lamina.export.lowering.builder import Lowering, NotLoweredError, Raw, Value
from lamina.export.lowering.table_operations import (
    Clip,
    Impute,
    IsMissing,
    OneHot,
    OneHotNumber,
    Rescale,
    Standardize,
    Take,
)
from lamina.export.lowering.tables import lower_table
from lamina.formulas.table import AnyArray


def lower_step(lowering: Lowering, step: BaseEstimator, value: Value) -> Value:
    """Add the operations of one fitted step; return its output for the input `value`.

    Raises
    ------
    NotLoweredError
        For a step that is not supported, including subclasses of supported ones.
    """
    if step is None or step == "passthrough":
        return value
    lower = LOWERED.get(type(step))
    if lower is None:
        raise NotLoweredError(_unknown(step))
    return lower(lowering, step, value)


def _unknown(step: BaseEstimator) -> str:
    names = ", ".join(sorted(each.__name__ for each in LOWERED))
    return (
        f"a source file does not support a {type(step).__name__} before the network, only {names}: "
        "use one of these instead, export the pipeline to ONNX by lamina.to_onnx(model, X) with "
        "some rows of its input, or export the network alone and prepare its rows yourself"
    )


def _refuse(step: BaseEstimator, parameter: str) -> None:
    """Raise NotLoweredError if a step's parameter is not at its default."""
    raise NotLoweredError(
        "a source file does not support "
        f"{type(step).__name__}({parameter}={getattr(step, parameter)!r}): leave {parameter} at "
        "its default, or export the pipeline to ONNX"
    )


def _pipeline(lowering: Lowering, step: Pipeline, value: Value) -> Value:
    for _, each in step.steps:
        value = lower_step(lowering, each, value)
    return value


def _column_transformer(lowering: Lowering, step: ColumnTransformer, value: Value) -> Value:
    if step.transformer_weights is not None:
        _refuse(step, "transformer_weights")
    parts = []
    for name, transformer, _ in step.transformers_:
        places = list(step._transformer_to_input_indices[name])
        if places and not (isinstance(transformer, str) and transformer == "drop"):
            parts.append(lower_step(lowering, transformer, _taken(lowering, value, places)))
    return lowering.join(parts)


def _feature_union(lowering: Lowering, step: FeatureUnion, value: Value) -> Value:
    if step.transformer_weights is not None:
        _refuse(step, "transformer_weights")
    kept = [each for _, each in step.transformer_list if each != "drop"]
    return lowering.join([lower_step(lowering, each, value) for each in kept])


def _function(lowering: Lowering, step: FunctionTransformer, value: Value) -> Value:
    if step.func is not None:
        _refuse(step, "func")
    return value


def _taken(lowering: Lowering, value: Value, places: list[int]) -> Value:
    """Return some columns of a value."""
    if isinstance(value, Raw):
        return value.taken(places)
    if places == list(range(lowering.width(value))):
        return value
    return lowering.add(Take(value, tuple(places)))


def _standard_scaler(lowering: Lowering, step: StandardScaler, value: Value) -> Value:
    return _standardized(lowering, value, step.mean_ if step.with_mean else None, step.scale_)


def _robust_scaler(lowering: Lowering, step: RobustScaler, value: Value) -> Value:
    return _standardized(lowering, value, step.center_, step.scale_)


def _max_abs_scaler(lowering: Lowering, step: MaxAbsScaler, value: Value) -> Value:
    scaled = _standardized(lowering, value, None, step.scale_)
    return (
        lowering.add(Clip(scaled, -1.0, 1.0, lowering.width(scaled)))
        if getattr(step, "clip", False)
        else scaled
    )


def _standardized(
    lowering: Lowering, value: Value, mean: AnyArray | None, scale: AnyArray | None
) -> int:
    source = lowering.matrix(value)
    n = lowering.width(source)
    mean = np.zeros(n) if mean is None else np.asarray(mean, dtype=np.float64)
    scale = np.ones(n) if scale is None else np.asarray(scale, dtype=np.float64)
    return lowering.add(Standardize(source, mean, scale))


def _min_max_scaler(lowering: Lowering, step: MinMaxScaler, value: Value) -> Value:
    factor, offset = (np.asarray(each, dtype=np.float64) for each in (step.scale_, step.min_))
    scaled = lowering.add(Rescale(lowering.matrix(value), factor, offset))
    if not step.clip:
        return scaled
    low, high = map(float, step.feature_range)
    return lowering.add(Clip(scaled, low, high, lowering.width(scaled)))


def _simple_imputer(lowering: Lowering, step: SimpleImputer, value: Value) -> Value:
    if not _is_missing(step.missing_values):
        _refuse(step, "missing_values")
    fills = step.statistics_.tolist()
    if any(isinstance(fill, str) for fill in fills):
        return _imputed_texts(step, value, fills)
    source = lowering.matrix(value)
    medians = np.array(fills, dtype=np.float64)
    imputed: Value = lowering.add(Impute(source, medians))
    kept = np.flatnonzero(~np.isnan(medians)).tolist()
    imputed = _taken(lowering, imputed, kept)
    if not step.add_indicator:
        return imputed
    missing = tuple(step.indicator_.features_.tolist())
    return lowering.join(
        [imputed, *([lowering.add(IsMissing(source, missing))] if missing else [])]
    )


def _imputed_texts(step: SimpleImputer, value: Value, fills: Sequence[object]) -> Value:
    """Return raw text columns with the values that replace missing ones."""
    if step.add_indicator:
        _refuse(step, "add_indicator")
    texts = [fill for fill in fills if isinstance(fill, str)]
    if not isinstance(value, Raw) or len(texts) < len(fills):
        raise NotLoweredError(
            f"a source file does not support a SimpleImputer that fills in {fills!r}: use separate "
            "imputers for texts and numbers, or export the pipeline to ONNX"
        )
    filled = [fill if value.fill(i) is None else value.fill(i) for i, fill in enumerate(texts)]
    return Raw(value.columns, tuple(filled))


def _one_hot_encoder(lowering: Lowering, step: OneHotEncoder, value: Value) -> Value:
    if step.handle_unknown not in ("error", "ignore"):
        _refuse(step, "handle_unknown")
    for parameter in ("min_frequency", "max_categories"):
        if getattr(step, parameter) is not None:
            _refuse(step, parameter)
    parts = []
    dropped = [None] * len(step.categories_) if step.drop_idx_ is None else step.drop_idx_
    for i, categories in enumerate(step.categories_):
        encoded = _one_hot(lowering, step, value, i, categories.tolist())
        kept = [place for place in range(len(categories)) if place != dropped[i]]
        parts.append(_taken(lowering, encoded, kept))
    return lowering.join(parts)


def _one_hot(
    lowering: Lowering, step: OneHotEncoder, value: Value, i: int, categories: Sequence[object]
) -> int:
    """Add the 0/1 columns of one column of texts or numbers."""
    strict = step.handle_unknown == "error"
    present = [each for each in categories if not _is_missing(each)]
    if all(type(each) in (int, float, bool) for each in present):
        values = np.array([np.nan if each is None else each for each in categories], dtype="f8")
        source = lowering.matrix(_taken(lowering, value, [i]))
        return lowering.add(OneHotNumber(source, 0, values, strict))
    if not isinstance(value, Raw) or not all(type(each) is str for each in present):
        raise NotLoweredError(
            f"a source file does not support the categories {categories[:5]!r} of a OneHotEncoder: "
            "make all of them strings, or all of them numbers"
        )
    lowering.hold(value.columns[i], "category")
    texts = tuple(each if isinstance(each, str) else None for each in categories)
    if len(texts) - len(present) > 1:
        raise NotLoweredError(
            f"a source file cannot distinguish None from NaN in column "
            f"{lowering.names[value.columns[i]]!r}: use the same value for all missing entries"
        )
    return lowering.add(OneHot(value.columns[i], texts, value.fill(i), strict))


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _table_encoding(lowering: Lowering, step: TableEncoding, value: Value) -> Value:
    parts = lower_table(lowering, step, value)
    for name in step.texts_:
        raise NotLoweredError(
            f"column {name!r} is encoded by n-grams of its texts, which no export supports: fit "
            f"with column_types={{{name!r}: 'category'}}, or without text_components"
        )
    one_hot = [lowering.add(each.one_hot) for each in parts.categories]
    return lowering.join([*parts.numbers, *parts.flags, *one_hot])


LOWERED: Mapping[type, Callable[[Lowering, BaseEstimator, Value], Value]] = {
    ColumnTransformer: _column_transformer,
    FeatureUnion: _feature_union,
    FunctionTransformer: _function,
    MaxAbsScaler: _max_abs_scaler,
    MinMaxScaler: _min_max_scaler,
    OneHotEncoder: _one_hot_encoder,
    Pipeline: _pipeline,
    RobustScaler: _robust_scaler,
    SimpleImputer: _simple_imputer,
    StandardScaler: _standard_scaler,
    TableEncoding: _table_encoding,
}
