"""The loss around the network that is shown: a slice, computed part by part as a page asks for it.

A page that asks no longer has ended it, and one that begins another has replaced it: between two
requests nothing is computed, and of each session one slice is kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamina.errors import ExperimentError, suggestion
from lamina.studies.landscape import FEWEST, LossSlice, loss_slice
from lamina.training.callbacks import Snapshots
from lamina.workbench.curves import Moment
from lamina.workbench.frames import encode
from lamina.workbench.runs import Run
from lamina.workbench.sessions import Session

_numbers = itertools.count(1)
DIRECTIONS = ("auto", "path", "random")
PARTS = ("train", "test")
FEWEST_POINTS, MOST_POINTS, USUAL_POINTS = 5, 61, 25
SMALLEST_SPAN, LARGEST_SPAN = 0.01, 10.0
MOST_SEED = 2**32 - 1
# Of a long way, so many networks, evenly: each costs an evaluation, and its share of an SVD.
MOST_ON_PATH = 60
# Rows times parameters of one evaluation, which then takes some ten milliseconds of one core.
MOST_WORK, FEWEST_ROWS = 20_000_000, 200
SECONDS_A_PART = 0.2
# Beyond, what would place the present network in the slice is too much to send.
MOST_PLACED = 20_000


@dataclass(frozen=True)
class Landscape:
    """A slice that is being computed.

    Attributes
    ----------
    number : int
    run, epoch : int
        Of the network in its middle.
    part : {'train', 'test'}
    n_samples, n_samples_in_all : int
        How many of the rows the loss is of.
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
        """All of it but the losses."""
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
            "shares": cut.shares,
            "share": None if path is None else path.share,
        }
        arrays: dict[str, NDArray[Any]] = {"first": cut.first, "second": cut.second}
        if path is not None:
            arrays["path_epoch"] = np.array(path.epochs, np.int32)
            arrays["path"], arrays["path_loss"] = path.positions, path.losses
        if cut.directions.shape[1] <= MOST_PLACED:
            arrays["center"], arrays["projection"] = cut.of.parameters, cut.projection()
        return encode(header, arrays)


def landscape(session: Session, query: Mapping[str, str]) -> bytes:
    """Begin a slice through the network that is shown; the one before it is gone.

    Raises
    ------
    ExperimentError
        For a choice that there is not, and a way that spans no plane.
    """
    directions = _choice(query, "directions", DIRECTIONS)
    part = _choice(query, "of", PARTS)
    n_points = int(_number(query, "n_points", USUAL_POINTS, FEWEST_POINTS, MOST_POINTS, whole=True))
    seed = int(_number(query, "seed", 0, 0, MOST_SEED, whole=True))
    span = _number(query, "span", None, SMALLEST_SPAN, LARGEST_SPAN) if "span" in query else None
    run, moment = session.run, session.moment
    X, y, model = _problem_of(run, moment, part)
    way = _way_of(run)
    wanted = {"span": span, "n_points": n_points, "random_state": seed}
    with np.errstate(all="ignore"):
        cut = _slice_of(model, X, y, directions, way, penalised=part == "train", **wanted)
    n_in_all = len(run.problem.X_train if part == "train" else run.problem.X_test)
    begun = Landscape(next(_numbers), run.id, moment.epoch, part, len(X), n_in_all, cut)
    session.landscape = begun
    return begun.message()


def landscape_part(session: Session, query: Mapping[str, str]) -> bytes:
    """The losses of the slice's rows `from` one on, as many as a fifth of a second allows."""
    begun = session.landscape
    if begun is None or str(begun.number) != query.get("landscape"):
        raise ExperimentError("this landscape was replaced by another: compute it again", None)
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


def _problem_of(run: Run, moment: Moment, part: str) -> tuple[NDArray[Any], NDArray[Any], Any]:
    """Rows, targets and the model of a moment: no more rows than one evaluation may take."""
    of, model = run.problem, run.model_at(moment)
    X, y = (of.X_train, of.y_train) if part == "train" else (of.X_test, of.y_test)
    most = max(FEWEST_ROWS, MOST_WORK // max(1, moment.parameters.size))
    n_samples = min(len(X), most)
    # One thread: what is looked at must not take the cores from what trains. The penalty is
    # divided by the rows, and stays what it is over all of them.
    model.set_params(n_threads=1, alpha=model.alpha * n_samples / len(X))
    return X[:n_samples], y[:n_samples], model


def _slice_of(
    model: Any, X: Any, y: Any, directions: str, way: Snapshots | None, **more: Any
) -> LossSlice:
    """The slice; where a path was not asked for and there is none, along random directions."""
    try:
        return loss_slice(model, X, y, directions=directions, snapshots=way, **more)
    except ValueError:
        if directions == "auto":
            return _slice_of(model, X, y, "random", way, **more)
        if directions == "path":
            raise ExperimentError(
                "the way of this run so far spans no plane: let it learn on, or choose "
                "directions='random'",
                "directions",
            ) from None
        raise


def _way_of(run: Run) -> Snapshots | None:
    """The networks that are remembered of a run, where they are enough to span a plane."""
    kept = run.gate.moments.kept[:]
    if len(kept) < FEWEST:
        return None
    chosen = np.unique(np.linspace(0, len(kept) - 1, min(len(kept), MOST_ON_PATH)).round())
    moments = [kept[int(place)] for place in chosen]
    way = Snapshots()
    way.epochs = [moment.epoch for moment in moments]
    way.losses = [moment.loss for moment in moments]
    way.parameters = [moment.parameters for moment in moments]
    return way


def _choice(query: Mapping[str, str], name: str, names: tuple[str, ...]) -> str:
    given = query.get(name, names[0])
    if given not in names:
        raise ExperimentError(
            f"{name}={given!r} is none of {', '.join(names)}.{suggestion(given, names)}", name
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
