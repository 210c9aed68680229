"""How weights, slopes and activations are spread in each layer, at one moment of a run.

Shapes: counts (n_layers, BINS) int32, from the first hidden layer to the output; spans
(n_layers, 2) float64, the ends of the first and the last bin.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamina.engines import Engine, Rows
from lamina.engines.blocks import product_in
from lamina.estimators.passes import Passes
from lamina.formulas.table import Array
from lamina.network import ParameterLayout
from lamina.workbench.curves import Moment
from lamina.workbench.runs import Run

BINS = 32
# Enough for a picture of bins, and little beside an epoch.
MOST_ROWS = 256
# Bins of less, relative to the numbers, would be lost in their rounding.
NARROW = 1e-12


def histograms(run: Run, engine: Engine, moment: Moment) -> dict[str, NDArray[Any]]:
    """Counts and spans by name, as a frame has them.

    Parameters
    ----------
    run : Run
    engine : Engine
        What finds the slopes of the loss, penalty included.
    moment : Moment

    Returns
    -------
    dict of str to ndarray
        'histogram_weights', 'histogram_gradients' and 'histogram_activations', and the span of
        each under its name with '_span'.
    """
    layout, rows = ParameterLayout.of(run.spec), _some(run.rows)
    _, gradient = engine.loss_and_gradient(run.spec, run.objective, rows, moment.parameters)
    passes = Passes(run.spec, moment.parameters, rows.X, product_in(run.model.precision))
    kinds = {
        "weights": layout.views(moment.parameters).weights,
        "gradients": layout.views(gradient).weights,
        "activations": passes.activations(),
    }
    arrays: dict[str, NDArray[Any]] = {}
    for kind, layers in kinds.items():
        arrays[f"histogram_{kind}"], arrays[f"histogram_{kind}_span"] = counted(layers)
    return arrays


def counted(layers: Iterable[Array]) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Counts and spans of the numbers in each layer; numbers that are not finite are left out.

    Examples
    --------
    >>> counts, spans = counted([np.array([0.0, 0.1, 1.0]), np.array([2.0, 2.0])])
    >>> counts.sum(axis=1).tolist(), spans.tolist()
    ([3, 2], [[0.0, 1.0], [1.5, 2.5]])
    """
    counts, spans = [], []
    for layer in layers:
        numbers = layer[np.isfinite(layer)].astype(np.float64)
        spans.append(_span(numbers))
        counts.append(np.histogram(numbers, BINS, range=spans[-1])[0])
    return np.array(counts, np.int32), np.array(spans, np.float64)


def _span(numbers: NDArray[np.float64]) -> tuple[float, float]:
    """Where the bins begin and end: around numbers that are all alike, half of one to each side."""
    if not numbers.size:
        return 0.0, 1.0
    low, high = float(numbers.min()), float(numbers.max())
    is_narrow = high - low <= NARROW * max(abs(low), abs(high))
    return (low - 0.5, high + 0.5) if is_narrow else (low, high)


def _some(rows: Rows) -> Rows:
    """The first rows to learn from, which the split has put in an order of chance."""
    weight = None if rows.weight is None else rows.weight[:MOST_ROWS]
    return Rows(rows.X[:MOST_ROWS], rows.y[:MOST_ROWS], weight)
