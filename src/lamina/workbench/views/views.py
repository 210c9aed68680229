"""Arrays that a page draws, computed from a snapshot of a run outside the training thread.

Shapes: cells (n_rows · n_columns, n_inputs); a region (n_rows, n_columns, n), units
(n_units, n_rows, n_columns), both float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lamina.engines import choose_engine
from lamina.errors import ExperimentError
from lamina.formulas.table import AnyArray
from lamina.workbench.data.plain import Message, Plain
from lamina.workbench.lessons import step_from_json
from lamina.workbench.runs.curves import Snapshot
from lamina.workbench.runs.run import Run
from lamina.workbench.views.distributions import Distributions
from lamina.workbench.views.fits import compute_fit
from lamina.workbench.views.frames import encode
from lamina.workbench.views.planes import Plane
from lamina.workbench.views.training_scores import TrainingScores

MOST_UNITS_DRAWN = 64
MOST_POINTS_DRAWN = 2000
SCORES = ("accuracy", "r2")
CURVES = ("epoch", "loss", "validation_loss", "learning_rate")


@dataclass(frozen=True)
class Watch:
    """Optional contents of frames.

    Attributes
    ----------
    region, units : int
        Cells per side; 0 leaves it out.
    confusion, fit : bool
        Confusion matrix of a classification; predictions of a regression.
    lesson : (str, int) or None
        Lesson and step whose goals are checked.
    """

    region: int = 0
    units: int = 0
    confusion: bool = False
    fit: bool = False
    lesson: tuple[str, int] | None = None

    def merged(self, values: Plain) -> Watch:
        """Return the settings changed by a page's request; raise ExperimentError if not valid."""
        return Watch(
            lesson=step_from_json(values["lesson"]) if "lesson" in values else self.lesson,
            region=_whole("region", values.get("region", self.region), 128),
            units=_whole("units", values.get("units", self.units), 48),
            confusion=_truth("confusion", values.get("confusion", self.confusion)),
            fit=_truth("fit", values.get("fit", self.fit)),
        )


class Views:
    """Views of one run."""

    def __init__(self, run: Run, plane: Plane) -> None:
        self.run, self.plane = run, plane
        # One thread, so that training keeps its cores.
        chosen, precision = run.model.engine, run.model.precision
        self.engine = choose_engine(chosen, 1, precision, spec=run.spec)
        drawn = run.drawn(run.controller.latest).spec
        self.drawn_engine = choose_engine(chosen, 1, precision, spec=drawn)
        self.dtype = run.controller.latest.parameters.dtype
        self.distributions = Distributions(run, self.drawn_engine)
        self.training_scores = TrainingScores(run, self.engine)
        self.cells = lru_cache(maxsize=4)(self._cells)

    def frame(self, snapshot: Snapshot, watch: Watch, header: Plain) -> bytes:
        """Return a snapshot as a message for the page."""
        parameters = self.run.drawn(snapshot).parameters
        arrays: dict[str, AnyArray] = {"parameters": parameters, **self.curves()}
        more: Message = {}
        if watch.region:
            arrays["region"] = self.region(snapshot, watch.region)
        if watch.units:
            arrays |= self.units(snapshot, watch.units)
            more["units_drawn"] = self.units_drawn
        if watch.confusion and self.run.prepared.class_names:
            arrays["confusion"] = self.confusion(snapshot)
        if watch.fit and not self.run.prepared.class_names:
            fitted, more["fit"] = compute_fit(self.run, self.engine, snapshot, MOST_POINTS_DRAWN)
            arrays |= fitted
        return encode({"kind": "frame", **header, **more}, arrays)

    def curves(self) -> dict[str, NDArray[np.float64]]:
        """Return the drawn columns of the history, by their names in a frame."""
        columns = self.run.controller.curves.drawn()
        drawn = {f"curve_{name}": columns[name] for name in CURVES if name in columns}
        score = next((columns[name] for name in SCORES if name in columns), None)
        return drawn if score is None else {**drawn, "curve_score": score}

    def region(self, snapshot: Snapshot, n: int) -> NDArray[np.float32]:
        """Return predictions over the plane: probabilities, or values in the units of the data."""
        prediction = self.engine.predict(self.run.predicting(snapshot), self.cells(n))
        if not self.run.prepared.class_names:
            prediction = self.run.prepared.in_units_of_target(prediction)
        return prediction.reshape(*self.plane.shape(n), -1).astype(np.float32)

    def units(self, snapshot: Snapshot, n: int) -> dict[str, NDArray[np.float32]]:
        """Return what the first layer receives, and a of every hidden unit, over the plane."""
        cells, network = self.cells(n), self.run.drawn(snapshot)
        *blocks, _ = self.drawn_engine.activations(network, cells)
        n_hidden = len(network.spec.layers) - 1
        received = cells if network.spec.input_stage is None else blocks[0]
        hidden = blocks[len(blocks) - n_hidden :]
        return {"inputs": self._drawn([received], n), "units": self._drawn(hidden, n)}

    @property
    def units_drawn(self) -> list[int]:
        """Number of units drawn of each hidden layer."""
        return [min(width, MOST_UNITS_DRAWN) for width in self.run.settings.widths]

    def _drawn(self, layers: Sequence[AnyArray], n: int) -> NDArray[np.float32]:
        """Return the first columns of each layer as pictures, (n_units, n_rows, n_columns)."""
        shape = self.plane.shape(n)
        parts = [layer[:, :MOST_UNITS_DRAWN].T.astype(np.float32) for layer in layers]
        nothing = np.empty((0, shape[0] * shape[1]), np.float32)
        return np.concatenate([nothing, *parts]).reshape(-1, *shape)

    def probabilities(self, snapshot: Snapshot) -> AnyArray:
        """Return the probability of every class for the test rows, (n_test, n_classes)."""
        X = self.run.prepared.X_test.astype(self.dtype, copy=False)
        found = self.engine.predict(self.run.network(snapshot), X)
        return found if found.shape[1] > 1 else np.hstack([1 - found, found])

    def confusion(self, snapshot: Snapshot) -> NDArray[np.int32]:
        """Return the test rows' confusion matrix: rows are true classes, columns predicted ones."""
        prepared, n_classes = self.run.prepared, len(self.run.prepared.class_names)
        pairs = n_classes * prepared.codes_test + self.probabilities(snapshot).argmax(1)
        counts = np.bincount(pairs, minlength=n_classes**2).astype(np.int32)
        return counts.reshape(n_classes, n_classes)

    def _cells(self, n: int) -> AnyArray:
        return self.plane.cells(n).astype(self.dtype, copy=False)


def _whole(name: str, value: object, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise ExperimentError(f"{name}={value!r} must be a whole number from 0 to {most}", name)
    return value


def _truth(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ExperimentError(f"{name}={value!r} must be a boolean", name)
    return value


def data_message(plane: Plane, number: int, run: int) -> bytes:
    """Return the rows of a run's problem in the form that the page draws."""
    prepared, points = plane.prepared, {}
    for part, places, targets in (
        ("train", plane.train_points, prepared.targets_train),
        ("test", plane.test_points, prepared.targets_test),
    ):
        if prepared.class_names:
            targets = prepared.codes(targets)
        points[f"{part}_points"] = places[:MOST_POINTS_DRAWN].astype(np.float32)
        points[f"{part}_targets"] = targets[:MOST_POINTS_DRAWN].astype(np.float32)
    x, y = plane.limits
    header = {
        "kind": "data",
        "data": number,
        "run": run,
        "plane": {
            "kind": plane.kind,
            "x": x,
            "y": y,
            "x_name": plane.names[0],
            "y_name": plane.names[1],
        },
        "n_train": len(prepared.X_train),
        "n_test": len(prepared.X_test),
    }
    return encode(header, points)
