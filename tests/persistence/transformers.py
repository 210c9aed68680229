"""Fitted pipelines with every transformer that a model file may hold, in several settings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_selection import (
    SelectFdr,
    SelectFpr,
    SelectFwe,
    SelectKBest,
    SelectPercentile,
    VarianceThreshold,
    f_regression,
    mutual_info_classif,
)
from sklearn.impute import KNNImputer, MissingIndicator, SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)

from lamina import MLPClassifier, MLPRegressor

RANDOM = np.random.RandomState(0)
NUMBERS = RANDOM.uniform(0.1, 1, (24, 3))
GAPS = np.where(RANDOM.uniform(size=(24, 3)) < 0.2, np.nan, NUMBERS)
FRAME = pd.DataFrame(NUMBERS, columns=["a", "b", "c"])
WORDS = pd.DataFrame(
    {"x": np.array(["u", "v", "w", "rare"])[[0, 1, 2] * 7 + [0, 1, 3]], "n": np.arange(24) % 4}
)
UNKNOWN: Any = np.nan
MISSING = WORDS.astype(object).where(RANDOM.uniform(size=(24, 2)) > 0.1, UNKNOWN)
TWO = NUMBERS[:, 0] > 0.55
THREE = np.array(["p", "q", "r"])[np.arange(24) % 3]

TRANSFORMER_CASES: dict[str, tuple[Any, Any]] = {
    "StandardScaler": (StandardScaler(), NUMBERS),
    "StandardScaler without mean": (StandardScaler(with_mean=False), NUMBERS),
    "StandardScaler with gaps": (make_pipeline(StandardScaler(), SimpleImputer()), GAPS),
    "MinMaxScaler": (MinMaxScaler((-1, 1), clip=True), NUMBERS),
    "MaxAbsScaler": (MaxAbsScaler(), NUMBERS),
    "RobustScaler": (RobustScaler(), NUMBERS),
    "RobustScaler centred": (RobustScaler(with_scaling=False), FRAME),
    "QuantileTransformer": (QuantileTransformer(n_quantiles=7), NUMBERS),
    "QuantileTransformer normal": (
        QuantileTransformer(n_quantiles=5, output_distribution="normal"),
        NUMBERS,
    ),
    "PowerTransformer": (PowerTransformer(), NUMBERS),
    "PowerTransformer plain": (PowerTransformer(method="box-cox", standardize=False), NUMBERS),
    "PolynomialFeatures": (PolynomialFeatures(3), NUMBERS),
    "PolynomialFeatures products": (
        PolynomialFeatures((2, 3), interaction_only=True, include_bias=False),
        FRAME,
    ),
    "SplineTransformer": (SplineTransformer(n_knots=4), NUMBERS),
    "SplineTransformer periodic": (
        SplineTransformer(n_knots=5, degree=2, extrapolation="periodic", include_bias=False),
        NUMBERS,
    ),
    "SplineTransformer sparse": (SplineTransformer(n_knots=3, sparse_output=True), NUMBERS),
    "KBinsDiscretizer": (KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf"), NUMBERS),
    "KBinsDiscretizer ordinal": (
        KBinsDiscretizer([2, 3, 4], encode="ordinal", strategy="uniform"),
        NUMBERS,
    ),
    "Normalizer": (Normalizer("l1"), NUMBERS),
    "Binarizer": (Binarizer(threshold=0.5), NUMBERS),
    "FunctionTransformer": (FunctionTransformer(np.log1p, inverse_func=np.expm1), NUMBERS),
    "FunctionTransformer named": (
        FunctionTransformer(logit, expit, feature_names_out="one-to-one", validate=True),
        NUMBERS * 0.9,
    ),
    "FunctionTransformer of nothing": (FunctionTransformer(), FRAME),
    "PCA": (PCA(2, whiten=True), NUMBERS),
    "PCA fraction": (PCA(0.9), FRAME),
    "TruncatedSVD": (TruncatedSVD(2, random_state=0), NUMBERS),
    "SimpleImputer": (SimpleImputer(strategy="median", add_indicator=True), GAPS),
    "SimpleImputer constant": (SimpleImputer(strategy="constant", fill_value=-1.0), GAPS),
    "KNNImputer": (KNNImputer(n_neighbors=2, add_indicator=True), GAPS),
    "MissingIndicator": (FeatureUnion([("f", SimpleImputer()), ("m", MissingIndicator())]), GAPS),
    "VarianceThreshold": (VarianceThreshold(0.01), NUMBERS),
    "SelectKBest": (SelectKBest(k=2), NUMBERS),
    "SelectKBest regression": (SelectKBest(f_regression, k="all"), FRAME),
    "SelectPercentile": (SelectPercentile(mutual_info_classif, percentile=60), NUMBERS),
    "SelectFpr": (SelectFpr(alpha=0.9), NUMBERS),
    "SelectFdr": (SelectFdr(alpha=0.99), NUMBERS),
    "SelectFwe": (SelectFwe(alpha=0.99), NUMBERS),
    "OneHotEncoder": (OneHotEncoder(handle_unknown="ignore"), WORDS),
    "OneHotEncoder dropping": (OneHotEncoder(drop="if_binary", sparse_output=False), WORDS),
    "OneHotEncoder infrequent": (
        OneHotEncoder(min_frequency=2, handle_unknown="infrequent_if_exist", drop="first"),
        WORDS,
    ),
    "OneHotEncoder missing": (OneHotEncoder(dtype=np.float32), MISSING),
    "OrdinalEncoder": (OrdinalEncoder(), WORDS),
    "OrdinalEncoder unknown": (
        OrdinalEncoder(
            handle_unknown="use_encoded_value",
            unknown_value=-1,
            encoded_missing_value=-2,
            min_frequency=3,
        ),
        MISSING,
    ),
    "TargetEncoder": (TargetEncoder(cv=2), WORDS),
    "TargetEncoder classes": (TargetEncoder(cv=2), WORDS),
    "FeatureUnion": (
        FeatureUnion(
            [("s", StandardScaler()), ("d", "drop"), ("e", "passthrough"), ("p", PCA(1))],
            transformer_weights={"s": 2.0},
        ),
        NUMBERS,
    ),
    "ColumnTransformer": (
        ColumnTransformer(
            [
                ("n", make_pipeline(MinMaxScaler(), PCA(1)), ["a", "b"]),
                ("c", OneHotEncoder(), ["x"]),
                ("d", "drop", ["n"]),
                ("none", StandardScaler(), []),
            ],
            remainder="passthrough",
        ),
        pd.concat([FRAME, WORDS], axis=1),
    ),
    "ColumnTransformer by place": (
        ColumnTransformer(
            [("s", StandardScaler(), slice(0, 2)), ("m", "passthrough", [True, False, True])],
            remainder=MaxAbsScaler(),
        ),
        NUMBERS,
    ),
    "ColumnTransformer for pandas": (
        ColumnTransformer([("s", StandardScaler(), ["a"])], remainder=RobustScaler()).set_output(
            transform="pandas"
        ),
        FRAME,
    ),
    "set_output": (RobustScaler().set_output(transform="pandas"), FRAME),
}
TARGET_CASES: dict[str, Any] = {
    "functions": {"func": np.log1p, "inverse_func": np.expm1},
    "QuantileTransformer": {"transformer": QuantileTransformer(n_quantiles=6)},
    "PowerTransformer": {"transformer": PowerTransformer()},
    "RobustScaler": {"transformer": RobustScaler()},
    "MaxAbsScaler": {"transformer": MaxAbsScaler()},
}
SMALL: dict[str, Any] = {"hidden_layer_sizes": (3,), "max_iter": 2, "random_state": 0}


def fitted_pipeline(name: str) -> tuple[Pipeline, Any]:
    """Return a fitted pipeline with this transformer, and its training data."""
    transformer, rows = TRANSFORMER_CASES[name]
    model = Pipeline([("transformer", transformer), ("model", MLPClassifier(**SMALL))])
    return model.fit(rows, THREE if "classes" in name else TWO), rows


def fitted_target(name: str) -> TransformedTargetRegressor:
    """Return a fitted regressor with this transformer on its target."""
    model = TransformedTargetRegressor(MLPRegressor(**SMALL), **TARGET_CASES[name])
    return model.fit(NUMBERS, NUMBERS[:, 0] * 3)
