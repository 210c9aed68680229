"""Conversion of a fitted model, alone or inside scikit-learn's classes, to a program."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils.validation import check_is_fitted

from lamina.encoding import TableEncoding
from lamina.errors import ExportError
from lamina.export.lowering.builder import Lowering, Raw, TableProgram, Value, table_program
from lamina.export.lowering.fitted_network import FittedNetwork, fitted_network
from lamina.export.lowering.program import Program, TargetScale
from lamina.export.lowering.steps import lower_step


def lower(model: Any, dtype: DTypeLike | None = None) -> Program:
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
    value: Value = _lower_steps(lowering, model, Raw(tuple(range(len(lowering.names)))))
    if isinstance(value, Raw) and not lowering.takes_a_table:
        return Program((), len(lowering.names), (), network, target)
    lowering.matrix(value)
    return _program(lowering, network, target)


def lower_encoding(encoding: TableEncoding) -> TableProgram:
    """Return the operations of a TableEncoding alone."""
    lowering = Lowering(_names(encoding))
    lowering.matrix(lower_step(lowering, encoding, Raw(tuple(range(len(lowering.names))))))
    return table_program(lowering)


def _program(lowering: Lowering, network: FittedNetwork, target: TargetScale | None) -> Program:
    n_features, operations = len(lowering.names), tuple(lowering.operations)
    if operations[-1].width != network.widths[0]:
        raise ExportError(
            f"the steps before the network output {operations[-1].width} columns, but the network "
            f"has {network.widths[0]} inputs: fit the pipeline as a whole"
        )
    if not lowering.takes_a_table:
        return Program((), n_features, operations, network, target)
    inputs, operations = table_program(lowering)
    return Program(inputs, n_features, operations, network, target)


def _names(model: Any) -> list[str]:
    """Return the names of a model's input columns; x0, x1, … if it was fitted to an array."""
    if isinstance(model, Pipeline):
        steps = [step for _, step in model.steps if step not in (None, "passthrough")]
        return _names(steps[0])
    if isinstance(model, TransformedTargetRegressor):
        return _names(model.regressor_)
    check_is_fitted(model)
    if hasattr(model, "kinds_"):
        return list(model.kinds_)
    n_features = int(model.n_features_in_)
    return [str(name) for name in getattr(model, "feature_names_in_", _numbered(n_features))]


def _numbered(n_features: int) -> list[str]:
    return [f"x{i}" for i in range(n_features)]


def _network_and_target(
    model: Any, dtype: DTypeLike | None
) -> tuple[FittedNetwork, TargetScale | None]:
    if isinstance(model, Pipeline):
        return _network_and_target(model[-1], dtype)
    if not isinstance(model, TransformedTargetRegressor):
        return fitted_network(model, dtype), None
    check_is_fitted(model)
    network, inner = _network_and_target(model.regressor_, dtype)
    if inner is not None:
        raise ExportError("an export does not support nested TransformedTargetRegressors")
    return network, target_scale(model.transformer_, network)


def _lower_steps(lowering: Lowering, model: Any, value: Value) -> Value:
    """Add the operations of the steps before the network."""
    if isinstance(model, TransformedTargetRegressor):
        return _lower_steps(lowering, model.regressor_, value)
    if not isinstance(model, Pipeline):
        return value
    for _, step in model.steps[:-1]:
        value = lower_step(lowering, step, value)
    return _lower_steps(lowering, model[-1], value)


def target_scale(transformer: Any, network: FittedNetwork) -> TargetScale:
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
    n_columns = network.n_columns
    if len(factor) not in (1, n_columns):
        raise ExportError(
            f"an export cannot invert the scaling of {n_columns} predicted columns with "
            f"{len(factor)} factors: fit one model per target"
        )
    return TargetScale(_repeated(factor, n_columns), _repeated(offset, n_columns))


def _repeated(numbers: NDArray[Any], n: int) -> NDArray[np.float64]:
    return np.array(np.broadcast_to(numbers, (n,)), dtype=np.float64)
