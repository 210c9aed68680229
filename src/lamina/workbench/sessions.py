"""Sessions: what one page works on, its experiment, its run, and the way back."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Mapping
from threading import RLock
from time import monotonic
from typing import TYPE_CHECKING, Any

from lamina.errors import ExperimentError, LaminaError, suggestion
from lamina.workbench.commands import COMMANDS
from lamina.workbench.curves import Moment
from lamina.workbench.description import data_described, network_described
from lamina.workbench.experiment import Experiment
from lamina.workbench.gate import ByHand
from lamina.workbench.kept_runs import KeptRuns
from lamina.workbench.lessons import goals
from lamina.workbench.links import Opened
from lamina.workbench.planes import plane_of
from lamina.workbench.problems import pose
from lamina.workbench.runs import Run
from lamina.workbench.sources import Shelf
from lamina.workbench.views import SCORES, Views, Watch, data_message

if TYPE_CHECKING:
    from lamina.workbench.landscape import Landscape

FIRST_PACE = 50.0
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
    trouble : Exception or None
        What its page is still to be told.
    is_fresh : bool
        Whether no page has had it yet.
    kept : KeptRuns
    landscape : Landscape or None
        The slice of the loss that a page is having computed.
    """

    def __init__(self, experiment: Experiment, shelf: Shelf) -> None:
        self.id = secrets.token_urlsafe(16)
        self.shelf = shelf
        self.tell: Callable[[], None] = lambda: None
        self.watch = Watch()
        self.pace: float | None = FIRST_PACE
        self.shown: int | None = None
        self.before: list[Experiment | int] = []
        self.kept = KeptRuns()
        self.landscape: Landscape | None = None
        self.lock = RLock()
        self.n_data = 0
        self.used = monotonic()
        self.trouble: Exception | None = None
        self.is_fresh = True
        self._run: Run | None = None
        self.begin(experiment)

    def begin(self, experiment: Experiment, again: ByHand | None = None) -> None:
        """Begin an experiment at epoch 0; where it cannot, all stays as it was.

        What a hand did to another run of it can be done `again`.
        """
        problem = pose(experiment, self.shelf)
        plane = plane_of(problem)
        run = Run(problem, self._tell, again)
        run.gate.set_pace(self.pace)
        if self._run is not None:
            self._run.abandon()
        self.experiment = experiment.for_task(problem.dataset.task)
        self._run, self.plane, self.views = run, plane, Views(run, plane)
        self.n_data += 1
        self.shown = self.landscape = None
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

    def open_first(self, opened: Opened) -> None:
        """Go on to what a link or a file says; where that cannot be, `trouble` says why."""
        asked = {"do": "open", "experiment": opened.experiment, "pace": opened.pace}
        try:
            self.do(asked)
        except (LaminaError, TypeError, ValueError) as error:
            self.trouble = error
        # It is where this session begins: there is nothing before it to go back to.
        self.before = []

    def close(self) -> None:
        """End the run, and wait for its thread as long as an epoch may last."""
        self.run.abandon()
        self.run.wait(SECONDS_TO_END)

    @property
    def moment(self) -> Moment:
        """The network that is looked at."""
        return self.looked_at()[1]

    def looked_at(self) -> tuple[Views, Moment]:
        """The network that is looked at, and the views of its run: another may begin meanwhile."""
        views = self.views
        gate = views.run.gate
        return views, gate.latest if self.shown is None else gate.moments.nearest(self.shown)

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
                    "by_epochs": run.by_epochs,
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
            return data_message(self.plane, self.n_data, self.run.id)

    def frame(self, moment: Moment, views: Views | None = None) -> bytes:
        """A moment as it is drawn, by the views of its run."""
        views = views or self.views
        run, watch, is_latest = views.run, self.watch, self.shown is None
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
            "lesson": None if watch.lesson is None else goals(run, watch.lesson),
        }
        return views.frame(moment, watch, header)
