"""Description of the data and the network in the page's `state` event."""

from __future__ import annotations

from itertools import accumulate
from math import prod

from lamina.blocks.dense import require_dense
from lamina.errors import ExperimentError
from lamina.network import Network, NetworkSpec, ParameterLayout
from lamina.workbench.data.drawn import DrawnData
from lamina.workbench.data.plain import Message
from lamina.workbench.runs.prepared_data import PreparedData


def data_described(prepared: PreparedData, spec: NetworkSpec) -> Message:
    """Return the description of the data that is sent to the page."""
    dataset, scaler = prepared.dataset, prepared.scaler
    is_regression = dataset.task == "regression"
    return {
        "task": dataset.task,
        "name": dataset.name,
        "n_train": len(prepared.X_train),
        "n_test": len(prepared.X_test),
        "inputs": _input_names(prepared, spec),
        "features": list(dataset.feature_names),
        "classes": list(prepared.class_names),
        "target": dataset.target,
        "targets": list(_range_of_targets(prepared)) if is_regression else None,
        "image_shape": None if prepared.image_shape is None else list(prepared.image_shape),
        "scales": None
        if scaler is None
        else {"mean": scaler.mean_.tolist(), "scale": scaler.scale_.tolist()},
    }


def _input_names(prepared: PreparedData, spec: NetworkSpec) -> list[str]:
    """Return a name for each number that the first layer receives."""
    if spec.independent_member is not None:
        spec = spec.independent_member
    names, stage = list(prepared.input_names), spec.input_stage
    return names if stage is None else stage.output_names(names)


def _range_of_targets(prepared: PreparedData) -> tuple[float, float]:
    """Return the lowest and highest target; for drawn data with limits, return the limits."""
    data, y = prepared.experiment.data, prepared.dataset.y
    if isinstance(data, DrawnData) and data.limits:
        return data.limits[-1]
    return float(y.min()), float(y.max())


def network_described(network: Network, n_members: int) -> Message:
    """Return the layers, and the place of each matrix in the parameter vector.

    Parameters
    ----------
    network : Network
        The one that the page draws.
    n_members : int
        Number of networks whose mean is the prediction.
    """
    spec, layout = network.spec, network.layout
    shapes = [*layout.weights, *layout.biases]
    starts = list(accumulate(map(prod, shapes), initial=0))
    places = [
        {"start": start, "shape": list(shape)} for start, shape in zip(starts, shapes, strict=False)
    ]
    layers = require_dense(spec.layers, "the workbench")
    return {
        "layers": [
            {
                "name": block.name,
                "fan_in": block.fan_in,
                "fan_out": block.fan_out,
                "activation": str(block.activation),
                "normalization": block.normalization,
                "residual": block.residual,
                "dropout": block.dropout,
            }
            for block in layers
        ],
        "inverse_link": spec.inverse_link,
        "dtype": network.dtype.name,
        "weights": places[: len(layers)],
        "biases": places[len(layers) :],
        "n_parameters": layout.n_trained,
        "n_members": n_members,
    }


def place_of(spec: NetworkSpec, block: object, row: object, column: object) -> int:
    """Return the index of a weight in the parameter vector; with row=None, of a bias.

    Raises
    ------
    ExperimentError
        If the network has no such parameter.

    Examples
    --------
    >>> spec = NetworkSpec.perceptron([2, 3, 1], "relu", "logistic")
    >>> place_of(spec, 0, 1, 2), place_of(spec, 1, None, 0)
    (5, 12)
    """
    shapes = ParameterLayout.from_spec(spec).weights
    layer = _index("block", block, len(shapes))
    fan_in, fan_out = shapes[layer]
    unit = _index("column", column, fan_out)
    if row is None:
        before = sum(map(prod, shapes)) + sum(width for _, width in shapes[:layer])
        return int(before + unit)
    return int(sum(map(prod, shapes[:layer])) + _index("row", row, fan_in) * fan_out + unit)


def _index(name: str, value: object, n: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < n:
        raise ExperimentError(f"{name}={value!r} must be a whole number from 0 to {n - 1}", name)
    return value
