"""Distributions of weights, gradients and activations of each layer over the epochs kept.

Shapes: quantiles (n_columns, n_layers, LEVELS.size) float64, one column per epoch, layers from the
first hidden one to the output; fractions and counts (n_columns, n_layers).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from lamina.blocks import product_in
from lamina.engines import Engine, Rows
from lamina.errors import ExperimentError, suggestion
from lamina.estimators.inspection.idle_units import saturates, steep_activations
from lamina.estimators.inspection.passes import Passes
from lamina.formulas.table import Array
from lamina.workbench.runs.curves import Snapshot
from lamina.workbench.runs.run import Run
from lamina.workbench.views.frames import encode
from lamina.workbench.views.over_time import OverTime, place_of

# Sixteenths: fine enough to draw a density, and they include the quartiles.
LEVELS = np.linspace(0.0, 1.0, 17)
# Enough for a picture, and cheap compared with an epoch.
MOST_ROWS = 256


@dataclass(frozen=True)
class SnapshotDistributions:
    """Distributions of all layers in one snapshot.

    Attributes
    ----------
    quantiles : ndarray of shape (n_layers, LEVELS.size)
        Quantiles at LEVELS; for gradients, of their absolute values. NaN for a layer without a
        finite number.
    zeros : ndarray of shape (n_layers,)
        Fraction of values that are exactly 0.
    flat : ndarray of shape (n_layers,)
        For activations, the fraction of samples and units where the derivative of the activation is
        close to 0; NaN otherwise.
    idle : ndarray of shape (n_layers,) int32
        For activations, the number of units that are flat for every sample; 0 otherwise.
    """

    quantiles: NDArray[np.float64]
    zeros: NDArray[np.float64]
    flat: NDArray[np.float64]
    idle: NDArray[np.int32]


# Values of each layer, and for each the fraction that is flat and the number of idle units.
LayerValues: TypeAlias = tuple[Sequence[Array], NDArray[np.float64], NDArray[np.int32]]
Quantity: TypeAlias = Callable[["Distributions", Snapshot], LayerValues]


class Distributions:
    """Columns of one run, each computed once.

    Parameters
    ----------
    run : Run
    engine : Engine
        Computes the gradient of the loss, penalty included.
    """

    def __init__(self, run: Run, engine: Engine) -> None:
        self.run, self.engine = run, engine
        self.rows = _some(run.rows)
        self._over_time = {
            name: OverTime(run.controller, partial(self._column, quantity))
            for name, quantity in QUANTITIES.items()
        }

    def columns(
        self, quantity: str, shown: Snapshot
    ) -> tuple[list[tuple[Snapshot, SnapshotDistributions]], int]:
        """Return the columns from the first epoch to the latest, and the number not yet computed.

        Parameters
        ----------
        quantity : str
            A name in QUANTITIES.
        shown : Snapshot
            Displayed network. It is always among the columns, as is the latest one.
        """
        return self._over_time[quantity].columns(shown)

    def _column(self, quantity: Quantity, snapshot: Snapshot) -> SnapshotDistributions:
        layers, flat, idle = quantity(self, snapshot)
        return SnapshotDistributions(
            np.array([compute_quantiles(layer) for layer in layers]),
            np.array([np.count_nonzero(layer == 0) / layer.size for layer in layers]),
            flat,
            idle,
        )


def weights(distributions: Distributions, snapshot: Snapshot) -> LayerValues:
    """Return W of every layer."""
    layers = distributions.run.drawn(snapshot).weights
    return layers, *_nothing_flat(len(layers))


def gradients(distributions: Distributions, snapshot: Snapshot) -> LayerValues:
    """Return the absolute values of dL/dW of every layer, over some training rows."""
    run = distributions.run
    network = run.drawn(snapshot)
    _, gradients = distributions.engine.loss_and_gradient(
        network.spec, run.objective, distributions.rows, network.parameters
    )
    layers = [np.abs(W) for W in network.with_parameters(gradients).weights]
    return layers, *_nothing_flat(len(layers))


def activations(distributions: Distributions, snapshot: Snapshot) -> LayerValues:
    """Return a of every layer over some training rows, and how much of it is flat.

    The last layer's values are the predictions.
    """
    run = distributions.run
    network = run.drawn(snapshot)
    n_layers = len(network.spec.layers)
    passes = Passes(network, distributions.rows.X, product_in(run.model.precision))
    passed, (flat, idle) = passes.forward(distributions.rows.X), _nothing_flat(n_layers)
    for i, steep in enumerate(steep_activations(network, passed)):
        flat[i], idle[i] = np.mean(~steep), np.count_nonzero(~steep.any(axis=0))
    return [*passed.a[-n_layers:-1], passed.prediction], flat, idle


QUANTITIES: dict[str, Quantity] = {
    "weights": weights,
    "gradients": gradients,
    "activations": activations,
}


def distributions(found: Distributions, shown: Snapshot, query: Mapping[str, str]) -> bytes:
    """Return the distributions of one quantity over the run so far, as a binary message.

    The displayed network, `shown`, is always among them.

    Raises
    ------
    ExperimentError
        If `quantity` is not a name in QUANTITIES.
    """
    quantity = query.get("quantity", "weights")
    if quantity not in QUANTITIES:
        raise ExperimentError(
            f"unknown quantity={quantity!r}.{suggestion(quantity, QUANTITIES)} "
            f"Choose one of: {', '.join(QUANTITIES)}.",
            "quantity",
        )
    run = found.run
    columns, n_missing = found.columns(quantity, shown)
    hidden = run.drawn(shown).spec.layers[:-1]
    header = {
        "kind": "distributions",
        "run": run.id,
        "quantity": quantity,
        "missing": n_missing,
        "n_samples": len(found.rows.y),
        "levels": LEVELS.tolist(),
        "saturates": [saturates(block.output_function) for block in hidden],
    }
    arrays = {
        "epochs": np.array([place_of(snapshot) for snapshot, _ in columns]),
        "quantiles": np.array([column.quantiles for _, column in columns]),
        "zeros": np.array([column.zeros for _, column in columns]),
        "flat": np.array([column.flat for _, column in columns]),
        "idle": np.array([column.idle for _, column in columns]),
    }
    return encode(header, arrays)


def compute_quantiles(numbers: Array) -> NDArray[np.float64]:
    """Return the quantiles at LEVELS of all finite numbers, with linear interpolation.

    Examples
    --------
    >>> compute_quantiles(np.array([[3.0, 1.0], [np.inf, 2.0]]))[[0, 8, 16]].tolist()
    [1.0, 2.0, 3.0]
    """
    finite = np.sort(numbers[np.isfinite(numbers)])
    if not finite.size:
        return np.full(LEVELS.size, np.nan)
    return np.interp(LEVELS * (finite.size - 1), np.arange(finite.size), finite)


def _nothing_flat(n_layers: int) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    return np.full(n_layers, np.nan), np.zeros(n_layers, np.int32)


def _some(rows: Rows) -> Rows:
    """Return the first training rows; the split has shuffled them already."""
    weight = None if rows.weight is None else rows.weight[:MOST_ROWS]
    return Rows(rows.X[:MOST_ROWS], rows.y[:MOST_ROWS], weight)
