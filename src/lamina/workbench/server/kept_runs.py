"""Runs that a page keeps: settings, curves, and changes made by hand during the run.

A kept run stores no network. Its experiment and the changes made by hand reproduce the run with
bit-identical results.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lamina.errors import ExperimentError
from lamina.workbench.data.plain import Message
from lamina.workbench.runs.experiment import Experiment
from lamina.workbench.runs.manual_edits import ManualEdits
from lamina.workbench.runs.run import PAUSED, PLAYING
from lamina.workbench.views.frames import encode, to_json
from lamina.workbench.views.views import SCORES, Views

MOST_RUNS = 20
MOST_BYTES = 4 << 20
LONGEST_NAME = 60
BYTES_PER_EDIT = 32
ALL = "all"


# eq=False compares by identity, because arrays have no simple equality.
@dataclass(frozen=True, eq=False)
class KeptRun:
    """Run in the state in which it was kept.

    Attributes
    ----------
    number : int
        Number among the runs kept in a session, counted from 1.
    name : str
    run : int
        Id of the run on the server.
    experiment : Experiment
    task : {'classification', 'regression'}
    data : str
        Name of the data.
    manual_edits : ManualEdits
        Changes made by hand during the run.
    ending : str or None
        Reason why it ended or failed; None if it could have continued.
    score : str or None
        Name of the score.
    curves : dict of str to ndarray of float64
        Curves in the format of a frame.
    """

    number: int
    name: str
    run: int
    experiment: Experiment
    task: str
    data: str
    manual_edits: ManualEdits
    ending: str | None
    score: str | None
    curves: Mapping[str, NDArray[np.float64]]

    @property
    def epoch(self) -> int:
        """Last epoch."""
        return int(self.curves["curve_epoch"][-1])

    @property
    def n_bytes(self) -> int:
        """Approximate size in memory and in a message."""
        n_edits = len(self.manual_edits.rates) + len(self.manual_edits.edits)
        of_curves = sum(curve.nbytes for curve in self.curves.values())
        return len(to_json(self.experiment.to_json())) + of_curves + BYTES_PER_EDIT * n_edits

    def to_json(self) -> Message:
        """Return the description for the page, without the curves."""
        score = {"name": self.score, "value": self._last("curve_score")}
        return {
            "number": self.number,
            "name": self.name,
            "run": self.run,
            "experiment": self.experiment.to_json(),
            "task": self.task,
            "data": self.data,
            "epoch": self.epoch,
            "ending": self.ending,
            "loss": self._last("curve_loss"),
            "validation_loss": self._last("curve_validation_loss"),
            "score": score if self.score else None,
            "rates": [list(change) for change in self.manual_edits.rates],
            "n_written": len(self.manual_edits.edits),
        }

    def _last(self, curve: str) -> float | None:
        return float(self.curves[curve][-1]) if curve in self.curves else None


class KeptRuns:
    """Kept runs of a session, oldest first.

    No run is removed to make room: if there is no room, `keep` raises an error.

    Attributes
    ----------
    runs : tuple of KeptRun
        Replaced by a new tuple at every change.
    """

    def __init__(self) -> None:
        self.runs: tuple[KeptRun, ...] = ()
        self._n_kept = 0

    def keep(self, views: Views, name: object = None) -> KeptRun:
        """Keep a run in its present state, with the curves of its views.

        Raises
        ------
        ExperimentError
            Before the first epoch, for a run that is already kept, and if there is no room.
        """
        run = _as_it_is(views, self._n_kept + 1, name)
        for other in self.runs:
            if (other.run, other.epoch, other.manual_edits) == (
                run.run,
                run.epoch,
                run.manual_edits,
            ):
                raise ExperimentError(f"this run is already kept as {other.name!r}", "name")
        if len(self.runs) >= MOST_RUNS:
            raise ExperimentError(
                f"{MOST_RUNS} runs are kept, which is the maximum: delete one first", None
            )
        if sum(each.n_bytes for each in (*self.runs, run)) > MOST_BYTES:
            raise ExperimentError(
                f"this run needs {run.n_bytes / 1e6:.1f} MB, and with the {len(self.runs)} kept "
                f"runs this would be more than {MOST_BYTES / 1e6:.1f} MB: delete some first",
                None,
            )
        self._n_kept += 1
        self.runs = (*self.runs, run)
        return run

    def find(self, number: object) -> KeptRun:
        """Return the kept run with that number; raise ExperimentError if there is none."""
        for run in self.runs:
            if run.number == number and not isinstance(number, bool):
                return run
        numbers = ", ".join(str(run.number) for run in self.runs) or "none"
        raise ExperimentError(f"run={number!r} is not kept; kept are: {numbers}", "run")

    def rename(self, number: object, name: object) -> None:
        """Rename a kept run."""
        renamed = replace(self.find(number), name=_name(name))
        self.runs = tuple(renamed if run.number == number else run for run in self.runs)

    def forget(self, number: object) -> None:
        """Remove a kept run, or all of them."""
        gone = self.runs if number == ALL else (self.find(number),)
        self.runs = tuple(run for run in self.runs if run not in gone)

    def to_json(self) -> Message:
        """Return the event that lists the kept runs for the page."""
        return {"is": "kept", "most": MOST_RUNS, "runs": [run.to_json() for run in self.runs]}


def kept_curves(kept: KeptRuns, query: Mapping[str, str]) -> bytes:
    """Return the curves of a kept run as a binary message."""
    text = query.get("run", "")
    run = kept.find(int(text) if text.isdecimal() else text)
    return encode({"kind": "kept", "run": run.number}, run.curves)


def _as_it_is(views: Views, number: int, name: object) -> KeptRun:
    run, curves = views.run, views.curves()
    if not curves["curve_epoch"][-1]:
        raise ExperimentError("train for at least one epoch, then keep the run", None)
    epoch, names = curves["curve_epoch"][-1], run.controller.curves.names
    ending = run.message or run.ending
    return KeptRun(
        number=number,
        name=f"run {number}" if name is None else _name(name),
        run=run.id,
        experiment=run.prepared.experiment,
        task=run.prepared.dataset.task,
        data=run.prepared.dataset.name,
        manual_edits=run.controller.manual_edits().until(int(epoch)),
        ending=None if run.status in (PLAYING, PAUSED) else ending,
        score=next((score for score in SCORES if score in names), None),
        curves=curves,
    )


def _name(text: object) -> str:
    """Return a name on one line with single spaces; raise ExperimentError if it is not valid."""
    name = " ".join(text.split()) if isinstance(text, str) else ""
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise ExperimentError(
            f"name={text!r} must be a text of 1 to {LONGEST_NAME} printable characters",
            "name",
        )
    return name
