"""Slice of the loss around the displayed network, computed in parts as a page requests them.

A slice ends when the page stops requesting parts, and a new one replaces it. Nothing is computed
between two requests, and each session keeps one slice.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TypedDict, Unpack

import numpy as np

from lamina.errors import ExperimentError, suggestion
from lamina.estimators.perceptron import Perceptron
from lamina.formulas.table import AnyArray
from lamina.studies.loss_landscape import FEWEST, LossSlice, loss_slice
from lamina.training.callbacks import Snapshots
from lamina.workbench.runs.curves import Snapshot
from lamina.workbench.runs.run import Run
from lamina.workbench.views.frames import encode

_numbers = itertools.count(1)
DIRECTIONS = ("auto", "path", "random")
PARTS = ("train", "test")
FEWEST_POINTS, MOST_POINTS, USUAL_POINTS = 5, 61, 25
SMALLEST_SPAN, LARGEST_SPAN = 0.01, 10.0
MOST_SEED = 2**32 - 1
# Networks taken from a long path, evenly spaced: each adds an evaluation and work for the SVD.
MOST_ON_PATH = 60
# Rows times parameters of one evaluation, which takes about ten milliseconds on one core.
MOST_WORK, FEWEST_ROWS = 20_000_000, 200
SECONDS_A_PART = 0.2
# With more parameters, the projection of the current network onto the slice is too big to send.
MOST_PLACED = 20_000


class SliceOptions(TypedDict):
    """Options of `loss_slice` that a page chooses."""

    span: float | None
    n_points: int
    random_state: int
    penalised: bool


@dataclass(frozen=True)
class Landscape:
    """Slice that is being computed.

    Attributes
    ----------
    number : int
    run, epoch : int
        Run and epoch of the network at its centre.
    part : {'train', 'test'}
    n_samples, n_samples_in_all : int
        Number of rows that the loss is computed on, and of all rows in that part.
    slice : LossSlice
    """

    number: int
    run: int
    epoch: int
    part: str
    n_samples: int
    n_samples_in_all: int
    slice: LossSlice

    def message(self) -> bytes:
        """Return everything but the losses as a binary message."""
        cut, path = self.slice, self.slice.path
        header = {
            "kind": "landscape",
            "landscape": self.number,
            "run": self.run,
            "epoch": self.epoch,
            "part": self.part,
            "n_samples": self.n_samples,
            "n_samples_in_all": self.n_samples_in_all,
            "directions": cut.kind,
            "loss": cut.loss,
            "fractions": cut.fractions,
            "fraction": None if path is None else path.fraction,
        }
        arrays: dict[str, AnyArray] = {"first": cut.first, "second": cut.second}
        if path is not None:
            arrays["path_epoch"] = np.array(path.epochs, np.int32)
            arrays["path"], arrays["path_loss"] = path.positions, path.losses
        # Frames have the parameters of the first member alone.
        is_one = cut.loss_function.model.members is None
        if is_one and cut.directions.shape[1] <= MOST_PLACED:
            arrays["center"], arrays["projection"] = cut.loss_function.parameters, cut.projection()
        return encode(header, arrays)


def begin_landscape(run: Run, snapshot: Snapshot, query: Mapping[str, str]) -> Landscape:
    """Begin a slice through a network; its losses are computed in parts.

    Raises
    ------
    ExperimentError
        For an option that is not valid, and for a path that spans no plane.
    """
    directions = _choice(query, "directions", DIRECTIONS)
    part = _choice(query, "of", PARTS)
    n_points = int(_number(query, "n_points", USUAL_POINTS, FEWEST_POINTS, MOST_POINTS, whole=True))
    seed = int(_number(query, "seed", 0, 0, MOST_SEED, whole=True))
    span = _number(query, "span", None, SMALLEST_SPAN, LARGEST_SPAN) if "span" in query else None
    X, y, model = _problem_of(run, snapshot, part)
    way = _way_of(run)
    options: SliceOptions = {
        "span": span,
        "n_points": n_points,
        "random_state": seed,
        "penalised": part == "train",
    }
    with np.errstate(all="ignore"):
        cut = _slice_of(model, X, y, directions, way, **options)
    n_in_all = len(run.prepared.X_train if part == "train" else run.prepared.X_test)
    return Landscape(next(_numbers), run.id, snapshot.epoch, part, len(X), n_in_all, cut)


def landscape_part(begun: Landscape | None, query: Mapping[str, str]) -> bytes:
    """Return the losses of the slice from row `from` on, as many as 0.2 seconds allow.

    Raises
    ------
    ExperimentError
        If the requested slice is not the one that has begun.
    """
    if begun is None or str(begun.number) != query.get("landscape"):
        raise ExperimentError("a newer landscape has replaced this one: compute it again", None)
    last = len(begun.slice.second) - 1
    begin = int(_number(query, "from", None, 0, last, whole=True))
    found, end = [], perf_counter() + SECONDS_A_PART
    with np.errstate(all="ignore"):
        for row in range(begin, last + 1):
            found.append(begun.slice.losses_in(row))
            if perf_counter() >= end:
                break
    header = {"kind": "landscape_part", "landscape": begun.number, "from": begin}
    return encode(header, {"losses": np.array(found)})


def _problem_of(run: Run, snapshot: Snapshot, part: str) -> tuple[AnyArray, AnyArray, Perceptron]:
    """Return the model of a snapshot, and rows and targets, as many as one evaluation may use."""
    prepared, model = run.prepared, run.get_model(snapshot)
    X, y = (
        (prepared.X_train, prepared.y_train)
        if part == "train"
        else (prepared.X_test, prepared.y_test)
    )
    most = max(FEWEST_ROWS, MOST_WORK // max(1, snapshot.parameters.size))
    n_samples = min(len(X), most)
    # One thread, so that training keeps its cores. The penalty is divided by the number of rows:
    # alpha is scaled so that its value stays that over all rows.
    model.set_params(n_threads=1, alpha=model.alpha * n_samples / len(X))
    return X[:n_samples], y[:n_samples], model


def _slice_of(
    model: Perceptron,
    X: AnyArray,
    y: AnyArray,
    directions: str,
    way: Snapshots | None,
    **options: Unpack[SliceOptions],
) -> LossSlice:
    """Return the slice; with directions='auto', use random directions if there is no path."""
    try:
        return loss_slice(model, X, y, directions=directions, snapshots=way, **options)
    except ValueError:
        if directions == "auto":
            return _slice_of(model, X, y, "random", way, **options)
        if directions == "path":
            raise ExperimentError(
                "the path of this run does not span a plane yet: train for more epochs, or "
                "choose directions='random'",
                "directions",
            ) from None
        raise


def _way_of(run: Run) -> Snapshots | None:
    """Return the run's kept networks as Snapshots, or None if there are too few to span a plane."""
    kept = run.controller.snapshots.kept[:]
    if len(kept) < FEWEST:
        return None
    chosen = np.unique(np.linspace(0, len(kept) - 1, min(len(kept), MOST_ON_PATH)).round())
    snapshots = [kept[int(place)] for place in chosen]
    way = Snapshots()
    way.epochs = [snapshot.epoch for snapshot in snapshots]
    way.losses = [snapshot.loss for snapshot in snapshots]
    way.parameters = [snapshot.parameters for snapshot in snapshots]
    return way


def _choice(query: Mapping[str, str], name: str, names: tuple[str, ...]) -> str:
    given = query.get(name, names[0])
    if given not in names:
        raise ExperimentError(
            f"{name}={given!r} must be one of {', '.join(names)}.{suggestion(given, names)}", name
        )
    return given


def _number(
    query: Mapping[str, str],
    name: str,
    usual: float | None,
    low: float,
    high: float,
    *,
    whole: bool = False,
) -> float:
    given = query.get(name, "" if usual is None else str(usual))
    try:
        value = float(given)
    except ValueError:
        value = float("nan")
    if not low <= value <= high or (whole and value != int(value)):
        kind = "whole number" if whole else "number"
        raise ExperimentError(f"{name}={given!r} must be a {kind} from {low:g} to {high:,g}", name)
    return value
