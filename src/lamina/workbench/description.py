"""Data and network in words and shapes, as the page's `state` has them."""

from __future__ import annotations

from itertools import accumulate
from math import prod
from typing import Any

from numpy.typing import NDArray

from lamina.network import NetworkSpec, ParameterLayout
from lamina.workbench.problems import Problem


def data_described(problem: Problem) -> dict[str, Any]:
    """What the page is told of the data."""
    dataset, scaler = problem.dataset, problem.scaler
    is_regression = dataset.task == "regression"
    return {
        "task": dataset.task,
        "name": dataset.name,
        "n_train": len(problem.X_train),
        "n_test": len(problem.X_test),
        "inputs": list(problem.input_names),
        "features": list(dataset.feature_names),
        "classes": list(problem.class_names),
        "target": dataset.target,
        "targets": [float(dataset.y.min()), float(dataset.y.max())] if is_regression else None,
        "scales": None
        if scaler is None
        else {"mean": scaler.mean_.tolist(), "scale": scaler.scale_.tolist()},
    }


def network_described(spec: NetworkSpec, parameters: NDArray[Any]) -> dict[str, Any]:
    """The layers, and where each matrix stands in the vector of the parameters."""
    layout = ParameterLayout.of(spec)
    biases = [(fan_out,) for _, fan_out in layout.shapes]
    shapes = [*layout.shapes, *biases]
    starts = list(accumulate(map(prod, shapes), initial=0))
    places = [
        {"start": start, "shape": list(shape)} for start, shape in zip(starts, shapes, strict=False)
    ]
    n_blocks = len(spec.blocks)
    return {
        "layers": [
            {
                "name": block.name,
                "fan_in": block.fan_in,
                "fan_out": block.fan_out,
                "activation": block.activation,
                "normalization": block.normalization,
                "residual": block.residual,
                "dropout": block.dropout,
            }
            for block in spec.blocks
        ],
        "link": spec.link,
        "dtype": parameters.dtype.name,
        "weights": places[:n_blocks],
        "biases": places[n_blocks:],
        "n_parameters": layout.n_trained,
    }
