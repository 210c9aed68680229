"""Sessions: what one page works on, its experiment, its run, and the way back."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Mapping
from threading import RLock
from time import monotonic
from typing import Any

from lamina.errors import ExperimentError, suggestion
from lamina.workbench.curves import Moment
from lamina.workbench.description import data_described, network_described, place_of
from lamina.workbench.experiment import Experiment
from lamina.workbench.planes import plane_of
from lamina.workbench.problems import pose
from lamina.workbench.runs import ENDED, FAILED, PLAYING, Run
from lamina.workbench.sources import Shelf
from lamina.workbench.views import SCORES, Views, Watch, data_message

MOST_UNDONE = 50
FIRST_PACE = 50.0
FASTEST_PACE = 10_000.0
MOST_STEPS = 100_000
MOST_WEIGHT = 1e6
SECONDS_TO_END = 2.0


class Session:
    """One page's experiment and run.

    Every method may be called from any thread; one command at a time is carried out.

    Parameters
    ----------
    experiment : Experiment
    shelf : Shelf

    Attributes
    ----------
    id : str
    tell : callable
        `tell()` is called, from any thread, when there is news for who asked for it.
    run, plane, views : Run, Plane, Views
    before : list of Experiment or int
        What can be taken back, the latest last: a change by the experiment before it, a weight that
        was written by its number among the gate's edits.
    shown : int or None
        The epoch that is looked at; None is the latest.
    """

    def __init__(self, experiment: Experiment, shelf: Shelf) -> None:
        self.id = secrets.token_urlsafe(16)
        self.shelf = shelf
        self.tell: Callable[[], None] = lambda: None
        self.watch = Watch()
        self.pace: float | None = FIRST_PACE
        self.shown: int | None = None
        self.before: list[Experiment | int] = []
        self.lock = RLock()
        self.n_data = 0
        self.used = monotonic()
        self._run: Run | None = None
        self._begin(experiment)

    def _begin(self, experiment: Experiment) -> None:
        """Begin an experiment at epoch 0; where it cannot, all stays as it was."""
        problem = pose(experiment, self.shelf)
        plane = plane_of(problem)
        run = Run(problem, self._tell)
        run.gate.set_pace(self.pace)
        if self._run is not None:
            self._run.abandon()
        self.experiment = experiment.for_task(problem.dataset.task)
        self._run, self.plane, self.views = run, plane, Views(run, plane)
        self.n_data += 1
        self.shown = None
        # What was written into another run's network cannot be taken back in this one's.
        self.before = [each for each in self.before if isinstance(each, Experiment)]

    @property
    def run(self) -> Run:
        """The present run."""
        assert self._run is not None
        return self._run

    def _tell(self) -> None:
        self.tell()

    def do(self, command: Mapping[str, Any]) -> None:
        """Carry out a command of the page.

        Raises
        ------
        ExperimentError
            Where it is none, or cannot be carried out; nothing has changed then.
        """
        name = command.get("do")
        if not isinstance(name, str) or name not in COMMANDS:
            raise ExperimentError(
                f"do={name!r} is no command.{suggestion(name, COMMANDS)} "
                f"There are: {', '.join(COMMANDS)}.",
                "do",
            )
        with self.lock:
            self.used = monotonic()
            COMMANDS[name](self, command)

    def close(self) -> None:
        """End the run, and wait for its thread as long as an epoch may last."""
        self.run.abandon()
        self.run.wait(SECONDS_TO_END)

    @property
    def moment(self) -> Moment:
        """The network that is looked at."""
        gate = self.run.gate
        return gate.latest if self.shown is None else gate.moments.nearest(self.shown)

    def state(self) -> dict[str, Any]:
        """The event that tells of all but the numbers."""
        with self.lock:
            run = self.run
            return {
                "is": "state",
                "experiment": self.experiment.to_json(),
                "run": {
                    "id": run.id,
                    "status": run.status,
                    "epoch": run.gate.epoch,
                    "max_epochs": run.max_epochs,
                    "ending": run.ending,
                    "message": run.message,
                },
                "pace": self.pace,
                "can_undo": bool(self.before),
                "data": {"id": self.n_data, **data_described(run.problem)},
                "network": network_described(run.spec, run.gate.latest.parameters),
            }

    def data(self) -> bytes:
        """The rows as they are drawn."""
        with self.lock:
            return data_message(self.plane, self.n_data)

    def frame(self, moment: Moment) -> bytes:
        """A moment as it is drawn."""
        with self.lock:
            run, views, watch, is_latest = self.run, self.views, self.watch, self.shown is None
        scores = ({"name": n, "value": moment.row[n]} for n in SCORES if n in moment.row)
        header = {
            "run": run.id,
            "epoch": moment.epoch,
            "batch": moment.batch,
            "n_batches": run.gate.n_batches,
            "batch_loss": moment.batch_loss,
            "is_latest": is_latest,
            "status": run.status,
            "loss": moment.loss,
            "validation_loss": moment.row.get("validation_loss", math.nan),
            "score": next(scores, None),
            "learning_rate": moment.row.get("learning_rate", math.nan),
            "epochs_per_second": run.gate.speed(),
            "remembered": run.gate.moments.extent(),
        }
        return views.frame(moment, watch, header)


def _play(session: Session, command: Mapping[str, Any]) -> None:
    session.shown = None
    session.run.play()


def _pause(session: Session, command: Mapping[str, Any]) -> None:
    session.run.pause()


def _step(session: Session, command: Mapping[str, Any]) -> None:
    session.shown = None
    if "batches" not in command:
        session.run.step(_whole(command, "epochs", 1, MOST_STEPS, default=1))
        return
    batches = _whole(command, "batches", 1, MOST_STEPS)
    if not session.run.by_epochs:
        raise ExperimentError("this solver takes all rows at once, and has no batches", "batches")
    session.run.step_batches(batches)


def _pace(session: Session, command: Mapping[str, Any]) -> None:
    name = "epochs_per_second"
    session.pace = None if command.get(name) is None else _number(command, name, 0.1, FASTEST_PACE)
    session.run.gate.set_pace(session.pace)


def _reset(session: Session, command: Mapping[str, Any]) -> None:
    seed = command.get("seed", "same")
    if seed == "same":
        session._begin(session.experiment)
        return
    if seed == "new":
        seed = secrets.randbelow(2**31)
    elif isinstance(seed, bool) or not isinstance(seed, int):
        raise ExperimentError(f"seed={seed!r} must be 'same', 'new' or a whole number", "seed")
    _change(session, {"model": {"random_state": seed}})


def _set(session: Session, command: Mapping[str, Any]) -> None:
    plays = session.run.status == PLAYING
    _change(session, command.get("experiment"))
    if plays:
        session.run.play()


def _change(session: Session, patch: Any) -> None:
    before = session.experiment
    session._begin(before.merged(patch))
    session.before = [*session.before, before][-MOST_UNDONE:]


def _rate(session: Session, command: Mapping[str, Any]) -> None:
    rate = _number(command, "learning_rate", 1e-12, 1e6)
    if not session.run.by_epochs:
        raise ExperimentError(
            "this solver takes no learning rate: choose one that goes by epochs", "learning_rate"
        )
    session.run.gate.set_rate(rate)


def _seek(session: Session, command: Mapping[str, Any]) -> None:
    session.run.pause()
    wanted = command.get("epoch")
    session.shown = None if wanted is None else _whole(command, "epoch", 0, 10**9)


def _watch(session: Session, command: Mapping[str, Any]) -> None:
    session.watch = session.watch.merged(command)


def _edit(session: Session, command: Mapping[str, Any]) -> None:
    run = session.run
    place = place_of(run.spec, command.get("block"), command.get("row"), command.get("column"))
    value = _number(command, "value", -MOST_WEIGHT, MOST_WEIGHT)
    if not run.by_epochs or run.model.average_decay is not None or run.status in (ENDED, FAILED):
        raise ExperimentError(
            "weights can be written while a run goes by epochs, without average_decay, and before "
            "it has ended: reset it, or choose another solver",
            None,
        )
    if run.gate.latest.batch:
        raise ExperimentError(
            "between two batches no weight is written: let the epoch come to its end first", None
        )
    run.pause()
    session.shown = None
    session.before = [*session.before, len(run.gate.edits)][-MOST_UNDONE:]
    run.gate.write(place, value)


def _undo(session: Session, command: Mapping[str, Any]) -> None:
    if not session.before:
        raise ExperimentError("there is nothing to take back", None)
    latest = session.before[-1]
    if isinstance(latest, Experiment):
        session._begin(latest)
        session.before.pop()
        return
    session.before.pop()
    if latest < len(session.run.gate.edits):
        session.run.pause()
        edit = session.run.gate.edits[latest]
        session.run.gate.write(edit.place, edit.before)


COMMANDS: dict[str, Callable[[Session, Mapping[str, Any]], None]] = {
    "play": _play,
    "pause": _pause,
    "step": _step,
    "pace": _pace,
    "reset": _reset,
    "set": _set,
    "rate": _rate,
    "seek": _seek,
    "watch": _watch,
    "edit": _edit,
    "undo": _undo,
}


def _whole(
    command: Mapping[str, Any], name: str, low: int, high: int, default: int | None = None
) -> int:
    value = command.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ExperimentError(
            f"{name}={value!r} must be a whole number from {low} to {high:,}", name
        )
    return value


def _number(command: Mapping[str, Any], name: str, low: float, high: float) -> float:
    value = command.get(name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:  # type: ignore[operator]
        raise ExperimentError(f"{name}={value!r} must be a number from {low:g} to {high:g}", name)
    return float(value)  # type: ignore[arg-type]
