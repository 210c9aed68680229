"""Features that the units of an image network respond to, and its misclassified images.

Shapes: rows (n, n_pixels), line by line, in the units of the data; derivatives (n_units, n_inputs).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from lamina.blocks import product_in
from lamina.errors import ExperimentError
from lamina.estimators.inspection.passes import Passes
from lamina.formulas.table import AnyArray
from lamina.network import Network, flatten_parameters
from lamina.network.passes import Forward, input_gradient
from lamina.workbench.runs.curves import Snapshot
from lamina.workbench.runs.prepared_data import PreparedData
from lamina.workbench.runs.run import Run
from lamina.workbench.views.frames import encode
from lamina.workbench.views.views import Views

MOST_UNITS = 64
MOST_ROWS = 256
N_EXCITING = 12
N_MISTAKEN = 24


def features(run: Run, snapshot: Snapshot, query: Mapping[str, str]) -> bytes:
    """Return the input patterns of one layer's units, and the rows that activate one unit most.

    Raises
    ------
    ExperimentError
        If the columns are not pixels, and for a `layer` or `unit` that does not exist.
    """
    _require_images(run.prepared)
    blocks = run.drawn(snapshot).spec.blocks
    layer = _number(query, "layer", len(blocks))
    unit = _number(query, "unit", blocks[layer].fan_out)
    prepared = run.prepared
    a = _passes(run, snapshot, prepared.X_train).activation(layer)[:, unit]
    rows = np.argsort(-a, kind="stable")[:N_EXCITING]
    header = {
        "kind": "features",
        "run": run.id,
        "epoch": snapshot.epoch,
        "layer": layer,
        "unit": unit,
        "n_samples": min(MOST_ROWS, len(prepared.X_train)),
        "pixels": _extent(prepared),
    }
    arrays: dict[str, AnyArray] = {
        **({"gradients": mean_gradients(run, snapshot, layer).astype(np.float32)} if layer else {}),
        "rows": rows.astype(np.int32),
        "images": prepared.features_train[rows].astype(np.float32),
        "activations": a[rows].astype(np.float64),
        "targets": _targets(prepared)[rows].astype(np.float32),
    }
    return encode(header, arrays)


def mistakes(views: Views, snapshot: Snapshot) -> bytes:
    """Return the misclassified test rows, those with the highest probability first.

    Raises
    ------
    ExperimentError
        If the columns are not pixels, or there are no classes.
    """
    run, prepared = views.run, views.run.prepared
    _require_images(prepared)
    if not prepared.class_names:
        raise ExperimentError("a regression has no classes, so no misclassified images", None)
    probabilities = views.probabilities(snapshot)
    taken, true = probabilities.argmax(1), prepared.codes(prepared.targets_test)
    wrong = np.flatnonzero(taken != true)
    sureness = probabilities[wrong, taken[wrong]]
    rows = wrong[np.argsort(-sureness, kind="stable")][:N_MISTAKEN]
    header = {
        "kind": "mistakes",
        "run": run.id,
        "epoch": snapshot.epoch,
        "n_wrong": len(wrong),
        "n_test": len(true),
        "pixels": _extent(prepared),
    }
    arrays = {
        "rows": rows.astype(np.int32),
        "images": prepared.features_test[rows].astype(np.float32),
        "targets": true[rows].astype(np.int32),
        "taken": taken[rows].astype(np.int32),
        "probabilities": probabilities[rows, taken[rows]].astype(np.float64),
    }
    return encode(header, arrays)


def mean_gradients(run: Run, snapshot: Snapshot, layer: int) -> AnyArray:
    """Return the mean of ∂a/∂x over some training rows for every unit of a layer.

    For the output layer, ∂z/∂x. The first layer does not need this: its weights are the patterns.
    """
    passes = _passes(run, snapshot, run.prepared.X_train[:MOST_ROWS])
    passed = passes.forward(passes.rows)
    views, drawn = run.drawn(snapshot).views, run.drawn(snapshot).spec
    first = slice(layer + 1)
    spec = replace(drawn, blocks=drawn.blocks[first], heads=())
    network = Network(spec, flatten_parameters(*(kind[first] for kind in views)))
    within = Forward(passed.blocks[first], passed.prediction)
    fan_out = spec.blocks[-1].fan_out
    gradients = np.empty((min(fan_out, MOST_UNITS), spec.n_features))
    for unit in range(len(gradients)):
        direction = np.zeros((len(passes.rows), fan_out), network.dtype)
        direction[:, unit] = 1
        with np.errstate(all="ignore"):
            each = input_gradient(network, within, direction, passes.product)
        gradients[unit] = each.mean(axis=0)
    return gradients


def _passes(run: Run, snapshot: Snapshot, X: AnyArray) -> Passes:
    X = X.astype(snapshot.parameters.dtype, copy=False)
    return Passes(run.drawn(snapshot), X, product_in(run.model.precision))


def _targets(prepared: PreparedData) -> AnyArray:
    """Return the class index, or the value, of each training row."""
    targets = prepared.targets_train
    return prepared.codes(targets) if prepared.class_names else targets


def _extent(prepared: PreparedData) -> list[float]:
    """Return the smallest and the largest pixel value of all rows."""
    X = prepared.dataset.X
    return [float(X.min()), float(X.max())]


def _require_images(prepared: PreparedData) -> None:
    if prepared.image_shape is None:
        raise ExperimentError(
            f"the columns of {prepared.dataset.name!r} are not named as pixels: name them "
            "pixel_0_0, pixel_0_1, … by row and column",
            None,
        )


def _number(query: Mapping[str, str], name: str, n: int) -> int:
    text = query.get(name, "0")
    if not text.isdecimal() or int(text) >= n:
        raise ExperimentError(f"{name}={text!r} must be a whole number from 0 to {n - 1}", name)
    return int(text)
