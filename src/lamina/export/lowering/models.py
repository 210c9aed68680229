"""Conversion of a fitted model, alone or inside scikit-learn's classes, to a program."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils.validation import check_is_fitted

from lamina.encoding import TableEncoding
from lamina.errors import ExportError
from lamina.export.lowering.builder import Lowering, Raw, TableProgram, Value, table_program
from lamina.export.lowering.fitted_network import FittedNetwork, fitted_network
from lamina.export.lowering.network_operations import Features
from lamina.export.lowering.networks import (
    NetworkLowering,
    lower_blocks,
    lower_categories,
    lower_inputs,
    lower_outputs,
)
from lamina.export.lowering.program import ModelProgram, TargetScale
from lamina.export.lowering.steps import lower_step
from lamina.formulas.table import AnyArray


def lower_model(model: BaseEstimator, dtype: DTypeLike | None = None) -> ModelProgram:
    """Return the program of a fitted model.

    Parameters
    ----------
    model : MLPClassifier, MLPRegressor, Pipeline or TransformedTargetRegressor
    dtype : dtype, optional
        Dtype of the network's numbers.

    Raises
    ------
    NotLoweredError
        For a step of a pipeline that is not supported.
    ExportError, TypeError, NotFittedError
        As raised by `fitted_network`.
    """
    network, target = _network_and_target(model, dtype)
    lowering = Lowering(_names(model))
    raw = Raw(tuple(range(len(lowering.names))))
    value: Value = _lower_steps(lowering, model, raw)
    if value == raw and not lowering.takes_a_table and not network.categories:
        source = lowering.add(Features(len(lowering.names), network.dtype))
    else:
        source = lowering.matrix(value)
        _check_width(lowering.width(source), network.network.spec.n_features)
        # NaN is a missing category, so that finite numbers are required behind the codes.
        source = lower_categories(lowering, network, source)
        source = lower_inputs(lowering, source, network.dtype)
    return _program(lowering, network, source, target)


def lower_network(model: BaseEstimator, *, trains: bool = False) -> ModelProgram:
    """Return the program of a fitted MLPClassifier or MLPRegressor.

    Parameters
    ----------
    model : MLPClassifier or MLPRegressor
    trains : bool
        If True, the program includes operations that only training applies, such as dropout.

    Raises
    ------
    ExportError, TypeError, NotFittedError
        As raised by `fitted_network`.
    """
    network = fitted_network(model)
    lowering = Lowering(_names(model))
    source = lowering.add(Features(network.network.spec.n_features, network.dtype))
    source = lower_categories(lowering, network, source)
    return _program(lowering, network, source, None, trains=trains)


def _program(
    lowering: Lowering,
    network: FittedNetwork,
    source: int,
    target: TargetScale | None,
    *,
    trains: bool = False,
) -> ModelProgram:
    """Add the network and its outputs; return the whole program."""
    logits = lower_blocks(
        NetworkLowering(lowering, network.precision, trains), network.network, source
    )
    results = lower_outputs(lowering, network, logits, target)
    table = TableProgram((), tuple(lowering.operations))
    if lowering.takes_a_table:
        table = table_program(lowering)
    return ModelProgram(
        table.inputs,
        len(lowering.names),
        table.operations,
        results,
        dtype=network.dtype,
        targets=network.targets,
        n_quantiles=network.n_quantiles,
    )


def _check_width(width: int, n_features: int) -> None:
    if width != n_features:
        raise ExportError(
            f"the steps before the network output {width} columns, but the network has "
            f"{n_features} inputs: fit the pipeline as a whole"
        )


def lower_encoding(encoding: TableEncoding) -> TableProgram:
    """Return the operations of a TableEncoding alone."""
    lowering = Lowering(_names(encoding))
    lowering.matrix(lower_step(lowering, encoding, Raw(tuple(range(len(lowering.names))))))
    return table_program(lowering)


def _names(model: BaseEstimator) -> list[str]:
    """Return the names of a model's input columns; x0, x1, … if it was fitted to an array."""
    if isinstance(model, Pipeline):
        steps = [step for _, step in model.steps if step not in (None, "passthrough")]
        return _names(steps[0])
    if isinstance(model, TransformedTargetRegressor):
        return _names(model.regressor_)
    check_is_fitted(model)
    model = getattr(model, "encoding_", model)
    if hasattr(model, "kinds_"):
        return list(model.kinds_)
    n_features = int(model.n_features_in_)
    return [str(name) for name in getattr(model, "feature_names_in_", _numbered(n_features))]


def _numbered(n_features: int) -> list[str]:
    return [f"x{i}" for i in range(n_features)]


def _network_and_target(
    model: BaseEstimator, dtype: DTypeLike | None
) -> tuple[FittedNetwork, TargetScale | None]:
    if isinstance(model, Pipeline):
        return _network_and_target(model[-1], dtype)
    if not isinstance(model, TransformedTargetRegressor):
        return fitted_network(model, dtype), None
    check_is_fitted(model)
    network, inner = _network_and_target(model.regressor_, dtype)
    if inner is not None:
        raise ExportError("an export does not support nested TransformedTargetRegressors")
    return network, target_scale(model.transformer_, network.n_columns)


def _lower_steps(lowering: Lowering, model: BaseEstimator, value: Value) -> Value:
    """Add the operations of the steps before the network."""
    if isinstance(model, TransformedTargetRegressor):
        return _lower_steps(lowering, model.regressor_, value)
    if not isinstance(model, Pipeline):
        # A fit to a source keeps its encoding.
        encoding = getattr(model, "encoding_", None)
        return value if encoding is None else lower_step(lowering, encoding, value)
    for _, step in model.steps[:-1]:
        value = lower_step(lowering, step, value)
    return _lower_steps(lowering, model[-1], value)


def target_scale(transformer: BaseEstimator, n_columns: int) -> TargetScale:
    """Return the inverse of a target's scaling, with one number per column of the prediction.

    Raises
    ------
    ExportError
        For a transformer that is neither a StandardScaler nor a MinMaxScaler.
    """
    if type(transformer) is StandardScaler:
        ones, n = np.ones(transformer.n_features_in_), transformer.n_features_in_
        factor = ones if transformer.scale_ is None else transformer.scale_
        offset = np.zeros(n) if not transformer.with_mean else transformer.mean_
    elif type(transformer) is MinMaxScaler:
        factor = 1 / transformer.scale_
        offset = -transformer.min_ / transformer.scale_
    else:
        raise ExportError(
            f"an export cannot invert a {type(transformer).__name__} of the target: use "
            "StandardScaler or MinMaxScaler"
        )
    if len(factor) not in (1, n_columns):
        raise ExportError(
            f"an export cannot invert the scaling of {n_columns} predicted columns with "
            f"{len(factor)} factors: fit one model per target"
        )
    return TargetScale(_repeated(factor, n_columns), _repeated(offset, n_columns))


def _repeated(numbers: AnyArray, n: int) -> NDArray[np.float64]:
    return np.array(np.broadcast_to(numbers, (n,)), dtype=np.float64)
