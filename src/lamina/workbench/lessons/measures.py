"""Measures of a run that lessons use, by name.

A value is NaN if it is not available: before the first epoch, or for a network without such a part.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lamina.blocks import product_in
from lamina.engines import Rows, choose_engine
from lamina.estimators.inspection.passes import Passes
from lamina.formulas.table import RecordTable
from lamina.significant import significant
from lamina.workbench.runs.curves import Snapshot
from lamina.workbench.runs.run import ENDED, Run

# Enough to compare gradients and units, and cheap compared with an epoch.
MOST_ROWS = 256
LATELY = 50
NOTHING = 1e-3
DIGITS_ALIKE = 6


@dataclass(frozen=True)
class Measure:
    """One number of a run.

    Attributes
    ----------
    name : str
    label : str
        Name on the page.
    now : callable
        `now(run, snapshot)` returns the value at a snapshot.
    curve : str or None
        Column of the history with the values of earlier epochs.
    kind : {'number', 'fraction', 'count', 'truth'}
        Format: three significant digits, percent, whole number, or yes and no.
    """

    name: str
    label: str
    now: Callable[[Run, Snapshot], float]
    curve: str | None = None
    kind: str = "number"

    def said(self, value: float) -> str:
        """Return the number as text, or a dash if it is not available."""
        return SAID[self.kind](value) if math.isfinite(value) else "–"


SAID: dict[str, Callable[[float], str]] = {
    "number": lambda value: significant(value, digits=3),
    "fraction": lambda value: f"{100 * value:.3g} %",
    "count": lambda value: f"{value:,.0f}",
    "truth": lambda value: "yes" if value else "no",
}


def _of_row(column: str) -> Callable[[Run, Snapshot], float]:
    return lambda run, snapshot: snapshot.row.get(column, math.nan)


def _rise(run: Run, snapshot: Snapshot) -> float:
    losses = run.controller.curves.validation_losses()[: snapshot.epoch]
    return losses[-1] / min(losses) - 1 if losses and min(losses) > 0 else math.nan


def _fraction_of_rises(run: Run, snapshot: Snapshot) -> float:
    losses = np.array(run.controller.curves.losses()[: snapshot.epoch][-LATELY - 1 :])
    return float(np.mean(np.diff(losses) > 0)) if len(losses) > LATELY else math.nan


def _gradient_ratio(run: Run, snapshot: Snapshot) -> float:
    """Return the first layer's root mean square gradient, relative to the last layer's."""
    rows, network = _some(run.rows), run.drawn(snapshot)
    engine = choose_engine(run.model.engine, 1, run.model.precision, spec=network.spec)
    _, gradient = engine.loss_and_gradient(network.spec, run.objective, rows, network.parameters)
    weights = network.with_parameters(gradient).weights
    first, last = (float(np.sqrt(np.mean(w**2))) for w in (weights[0], weights[-1]))
    return first / last if last > 0 else math.nan


def _dead(run: Run, snapshot: Snapshot) -> float:
    rows = _some(run.rows).X
    network = run.drawn(snapshot)
    passes = Passes(network, rows, product_in(run.model.precision))
    n_idle = sum(layer.n_idle for layer in passes.idleness())
    n_units = sum(block.fan_out for block in network.spec.layers[:-1])
    return n_idle / n_units if n_units else math.nan


def _weights_at_nothing(run: Run, snapshot: Snapshot) -> float:
    return float(np.mean(np.abs(_first_weights(run, snapshot)) < NOTHING))


def _different_units(run: Run, snapshot: Snapshot) -> float:
    units = np.round(_first_weights(run, snapshot).T, DIGITS_ALIKE)
    return float(len(np.unique(units, axis=0)))


def _first_weights(run: Run, snapshot: Snapshot) -> np.ndarray:
    return run.drawn(snapshot).weights[0]


def _some(rows: Rows) -> Rows:
    weight = None if rows.weight is None else rows.weight[:MOST_ROWS]
    return Rows(rows.X[:MOST_ROWS], rows.y[:MOST_ROWS], weight)


MEASURES = RecordTable(
    "measure",
    Measure("epoch", "epochs", lambda run, snapshot: snapshot.epoch, kind="count"),
    Measure("loss", "loss on the training rows", _of_row("loss"), "loss"),
    Measure(
        "validation_loss",
        "loss on the test rows",
        _of_row("validation_loss"),
        "validation_loss",
    ),
    Measure("accuracy", "accuracy on the test rows", _of_row("accuracy"), "accuracy", "fraction"),
    Measure("rise", "rise of the test loss above its minimum", _rise, kind="fraction"),
    Measure(
        "fraction_of_rises",
        f"epochs with a rising training loss, of the last {LATELY}",
        _fraction_of_rises,
        kind="fraction",
    ),
    Measure(
        "gradient_ratio",
        "gradients in the first layer, relative to the last",
        _gradient_ratio,
    ),
    Measure("dead", "dead hidden units", _dead, kind="fraction"),
    Measure(
        "weights_at_nothing",
        "weights of the first layer within 0.001 of 0",
        _weights_at_nothing,
        kind="fraction",
    ),
    Measure(
        "different_units", "different units in the first layer", _different_units, kind="count"
    ),
    Measure("outputs", "outputs", lambda run, snapshot: run.spec.n_outputs, kind="count"),
    Measure(
        "hidden_layers",
        "hidden layers",
        lambda run, snapshot: len(run.settings.widths),
        kind="count",
    ),
    Measure("ended", "the run has ended", lambda run, snapshot: run.status == ENDED, kind="truth"),
)
