"""scikit-learn's transformers in model files: each class with the checks of its attributes.

A class is one entry of TRANSFORMERS: its module, the check of every attribute that `transform`
reads, and its number of output columns, by which the steps of a pipeline are compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import cast

import numpy as np
from scipy.interpolate import BSpline
from sklearn.base import BaseEstimator

from lamina.errors import ModelFileError
from lamina.files.fields import (
    LARGEST_COUNT,
    Check,
    Fields,
    any_number,
    array,
    list_of,
    none_or,
    nothing,
    number,
    refused,
    text,
    truth,
    whole,
)
from lamina.persistence.checked_values import checked_array
from lamina.persistence.encoders import (
    bin_fields,
    one_hot_fields,
    ordinal_fields,
    target_fields,
)
from lamina.persistence.nested import estimator_of

Count = Callable[[BaseEstimator], int]


@dataclass(frozen=True)
class Transformer:
    """Class of scikit-learn's transformers.

    Attributes
    ----------
    module : str
    fields : callable
        `fields(estimator, n_features)` returns the checks of its fitted attributes.
    width : callable
        `width(estimator)` returns the number of output columns of the fitted transformer.
    optional : tuple of str
        Attributes that not every fit sets.
    """

    module: str
    fields: Callable[[BaseEstimator, int], Fields]
    width: Count
    optional: tuple[str, ...] = ()


def _same(estimator: BaseEstimator) -> int:
    return int(estimator.n_features_in_)


def vector(n: int) -> Check:
    """Require an array of n floats."""
    return array("f", (n,))


def _scaler(*names: str) -> Callable[[BaseEstimator, int], Fields]:
    def fields(estimator: BaseEstimator, n: int) -> Fields:
        return {name: none_or(vector(n)) for name in names} | {"n_samples_seen_": _seen(n)}

    return fields


def _seen(n: int) -> Check:
    each = array("if", (n,))

    def check(value: object, place: str) -> None:
        if isinstance(value, np.ndarray):
            each(value, place)
        else:
            number(0, LARGEST_COUNT)(value, place)

    return check


def _required(fields: Fields, estimator: BaseEstimator, **by_parameter: str) -> Fields:
    """Allow None for an attribute only if the parameter that needs it is off."""
    needed = {name for parameter, name in by_parameter.items() if getattr(estimator, parameter)}
    n = estimator.n_features_in_
    return {name: vector(n) if name in needed else check for name, check in fields.items()}


def _standard(estimator: BaseEstimator, n: int) -> Fields:
    fields = _scaler("mean_", "var_", "scale_")(estimator, n)
    return _required(fields, estimator, with_mean="mean_", with_std="scale_")


def _robust(estimator: BaseEstimator, n: int) -> Fields:
    fields = {"center_": none_or(vector(n)), "scale_": none_or(vector(n))}
    return _required(fields, estimator, with_centering="center_", with_scaling="scale_")


def _quantiles(estimator: BaseEstimator, n: int) -> Fields:
    references = getattr(estimator, "references_", None)
    array("f", (None,), finite=True)(references, "references_")
    n_quantiles = len(references)  # type: ignore[arg-type]

    def rising(value: object, place: str) -> None:
        quantiles = checked_array(value, place, "f", (n_quantiles, n))
        if (quantiles[1:] < quantiles[:-1]).any():
            raise refused(value, place, "columns in ascending order")

    return {
        "n_quantiles_": whole(max(1, n_quantiles), n_quantiles),
        "references_": array("f", (n_quantiles,), finite=True),
        "quantiles_": rising,
    }


def _indicator(estimator: BaseEstimator, n: int) -> Check:
    """Require the indicator of missing values if an imputer adds its columns."""
    if not estimator.add_indicator:
        return nothing
    # Its input is the mask of missing values, not the values.
    is_one = estimator_of("MissingIndicator", n, _precomputed=True)

    def check(value: object, place: str) -> None:
        is_one(value, place)
        # Its columns are joined to dense ones.
        sparse = vars(value)["sparse"]
        if sparse != "auto":
            raise refused(sparse, f"{place}.sparse", "'auto'")

    return check


def _power(estimator: BaseEstimator, n: int) -> Fields:
    scaler = estimator_of("StandardScaler", n)
    return {"lambdas_": vector(n), **({"_scaler": scaler} if estimator.standardize else {})}


def _polynomials(estimator: BaseEstimator, n: int) -> Fields:
    low, high = estimator.degree if np.iterable(estimator.degree) else (0, estimator.degree)
    whole(0, 1000)(high, "degree")
    count = estimator._num_combinations
    ways = {"n_features": n, "max_degree": high, "interaction_only": estimator.interaction_only}
    n_out = count(**ways, min_degree=low, include_bias=estimator.include_bias)
    n_full = count(**ways, min_degree=0, include_bias=estimator.include_bias)
    return {
        "_min_degree": whole(low, low),
        "_max_degree": whole(high, high),
        "n_output_features_": whole(n_out, n_out),
        "_n_out_full": whole(n_full, n_full),
    }


def _is_spline(value: object, place: str) -> None:
    if type(value).__name__ != "BSpline":
        raise refused(value, place, "a spline")


def _splines(estimator: BaseEstimator, n: int) -> Fields:
    splines = getattr(estimator, "bsplines_", None)
    list_of(_is_spline, n)(splines, "bsplines_")
    first = splines[0] if splines else None
    shapes = None if first is None else (len(first.t), first.c.shape, estimator.degree)

    def spline(value: object, place: str) -> None:
        assert isinstance(value, BSpline)
        if (len(value.t), value.c.shape, value.k) != shapes:
            raise refused(value, place, "a spline like the others")

    n_splines = 0 if first is None else first.c.shape[1] - (not estimator.include_bias)
    return {
        "bsplines_": list_of(spline, n),
        "n_features_out_": whole(n * n_splines, n * n_splines),
    }


def _components(estimator: BaseEstimator, n: int) -> Fields:
    components = getattr(estimator, "components_", None)
    array("f", (None, n), finite=True)(components, "components_")
    k = len(components)  # type: ignore[arg-type]
    names = ("explained_variance_", "explained_variance_ratio_", "singular_values_")
    return {"components_": array("f", (k, n), finite=True), **dict.fromkeys(names, vector(k))}


def _principal(estimator: BaseEstimator, n: int) -> Fields:
    fields = _components(estimator, n)
    k = len(estimator.components_)
    return {
        **fields,
        "mean_": vector(n),
        "noise_variance_": any_number,
        "n_samples_": whole(),
        "n_components_": whole(k, k),
        "_fit_svd_solver": text,
    }


def _imputed(estimator: BaseEstimator, n: int) -> Fields:
    fit_dtype = getattr(estimator, "_fit_dtype", None)
    _dtype(fit_dtype, "_fit_dtype")
    _missing_number(estimator.missing_values, cast("np.dtype[np.generic]", fit_dtype))
    return {
        "_fit_dtype": _dtype,
        "_fill_dtype": _dtype,
        "statistics_": _statistics(estimator, n),
        "indicator_": _indicator(estimator, n),
    }


def _missing_number(value: object, dtype: np.dtype[np.generic]) -> None:
    """Require a number for `missing_values` of numeric columns, as `fit` does."""
    is_pandas_na = type(value).__name__ == "NAType"
    if dtype.kind in "fiu" and not isinstance(value, Real) and not is_pandas_na:
        raise refused(value, "missing_values", "a number")


def _statistics(estimator: BaseEstimator, n: int) -> Check:
    """Require fill values that fit their columns: numbers if the columns are numeric."""

    def check(value: object, place: str) -> None:
        fills = checked_array(value, place, "fO", (n,))
        for i, item in enumerate(fills.tolist()):
            if item is not None and not isinstance(item, (str, Real)):
                raise refused(item, f"{place}[{i}]", "a number, text or None")
        kept = fills if estimator.keep_empty_features else fills[fills == fills]
        try:
            kept.astype(estimator._fill_dtype)
        except (TypeError, ValueError, OverflowError):
            expected = f"an array of {estimator._fill_dtype}"
            raise refused(fills.tolist(), place, expected) from None

    return check


def _dtype(value: object, place: str) -> None:
    if not isinstance(value, np.dtype):
        raise refused(value, place, "a dtype")


def _neighbours(estimator: BaseEstimator, n: int) -> Fields:
    shape = checked_array(getattr(estimator, "_fit_X", None), "_fit_X", "f", (None, n)).shape
    return {
        "_fit_X": array("f", shape),
        "_mask_fit_X": array("b", shape),
        "_valid_mask": array("b", (n,)),
        "indicator_": _indicator(estimator, n),
    }


def _indicated(estimator: BaseEstimator, n: int) -> Fields:
    def features(value: object, place: str) -> None:
        places = checked_array(value, place, "iu", (None,)).tolist()
        if not set(places) <= set(range(n)) or len(set(places)) < len(places):
            raise refused(value, place, f"distinct columns below {n}")

    return {"_precomputed": truth, "_n_features": whole(n, n), "features_": features}


_OF_COLUMNS = ("mean", "median", "most_frequent")


def _n_imputed(estimator: BaseEstimator) -> int:
    n, statistics = _same(estimator), estimator.statistics_
    if not estimator.keep_empty_features and estimator.strategy in _OF_COLUMNS:
        n -= sum(value is None or value != value for value in statistics.tolist())
    return n + _n_indicated(estimator)


def _n_neighbours(estimator: BaseEstimator) -> int:
    kept = _same(estimator) if estimator.keep_empty_features else estimator._valid_mask.sum()
    return int(kept) + _n_indicated(estimator)


def _n_indicated(estimator: BaseEstimator) -> int:
    return 0 if estimator.indicator_ is None else len(estimator.indicator_.features_)


def _selected(estimator: BaseEstimator, n: int) -> Fields:
    return {"scores_": vector(n), "pvalues_": none_or(vector(n))}


def _n_selected(estimator: BaseEstimator) -> int:
    return int(estimator._get_support_mask().sum())


def _nothing(estimator: BaseEstimator, n: int) -> Fields:
    if getattr(estimator, "kw_args", None) or getattr(estimator, "inv_kw_args", None):
        raise ModelFileError(
            "its FunctionTransformer has kw_args or inv_kw_args, and a file can only hold "
            "functions of one array"
        )
    return {}


PREPROCESSING, SELECTION = "sklearn.preprocessing", "sklearn.feature_selection"
_select = Transformer(SELECTION, _selected, _n_selected)

TRANSFORMERS: dict[str, Transformer] = {
    "StandardScaler": Transformer(PREPROCESSING, _standard, _same),
    "MinMaxScaler": Transformer(
        PREPROCESSING, _scaler("scale_", "min_", "data_min_", "data_max_", "data_range_"), _same
    ),
    "MaxAbsScaler": Transformer(PREPROCESSING, _scaler("max_abs_", "scale_"), _same),
    "RobustScaler": Transformer(PREPROCESSING, _robust, _same),
    "QuantileTransformer": Transformer(PREPROCESSING, _quantiles, _same),
    "PowerTransformer": Transformer(PREPROCESSING, _power, _same),
    "PolynomialFeatures": Transformer(
        PREPROCESSING, _polynomials, lambda estimator: int(estimator.n_output_features_)
    ),
    "SplineTransformer": Transformer(
        PREPROCESSING, _splines, lambda estimator: int(estimator.n_features_out_)
    ),
    "KBinsDiscretizer": Transformer(
        PREPROCESSING,
        bin_fields,
        lambda estimator: (
            _same(estimator) if estimator.encode == "ordinal" else int(estimator.n_bins_.sum())
        ),
    ),
    "Normalizer": Transformer(PREPROCESSING, _nothing, _same),
    "Binarizer": Transformer(PREPROCESSING, _nothing, _same),
    "FunctionTransformer": Transformer(PREPROCESSING, _nothing, _same),
    "OneHotEncoder": Transformer(
        PREPROCESSING,
        one_hot_fields,
        lambda estimator: sum(estimator._n_features_outs),
        optional=("_infrequent_indices", "_default_to_infrequent_mappings"),
    ),
    "OrdinalEncoder": Transformer(
        PREPROCESSING,
        ordinal_fields,
        _same,
        optional=("_infrequent_indices", "_default_to_infrequent_mappings"),
    ),
    "TargetEncoder": Transformer(
        PREPROCESSING, target_fields, lambda estimator: len(estimator.encodings_)
    ),
    "PCA": Transformer(
        "sklearn.decomposition", _principal, lambda estimator: len(estimator.components_)
    ),
    "TruncatedSVD": Transformer(
        "sklearn.decomposition", _components, lambda estimator: len(estimator.components_)
    ),
    "SimpleImputer": Transformer("sklearn.impute", _imputed, _n_imputed),
    "KNNImputer": Transformer("sklearn.impute", _neighbours, _n_neighbours),
    "MissingIndicator": Transformer(
        "sklearn.impute", _indicated, lambda estimator: len(estimator.features_)
    ),
    "VarianceThreshold": Transformer(
        SELECTION, lambda estimator, n: {"variances_": vector(n)}, _n_selected
    ),
    **dict.fromkeys(
        ("SelectKBest", "SelectPercentile", "SelectFpr", "SelectFdr", "SelectFwe"), _select
    ),
}
