"""Sessions: the experiment, run and undo history that one page works on."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable
from threading import RLock
from time import monotonic

from lamina.errors import ExperimentError, LaminaError, suggestion
from lamina.workbench.data.plain import Message, Plain
from lamina.workbench.data.sources import DataStore
from lamina.workbench.lessons import goals
from lamina.workbench.runs.curves import Snapshot
from lamina.workbench.runs.experiment import Experiment
from lamina.workbench.runs.experiment_urls import Opened
from lamina.workbench.runs.manual_edits import ManualEdits
from lamina.workbench.runs.prepared_data import prepare_data
from lamina.workbench.runs.run import Run
from lamina.workbench.server.commands import COMMANDS
from lamina.workbench.server.description import data_described, network_described
from lamina.workbench.server.kept_runs import KeptRuns
from lamina.workbench.views.landscape import Landscape
from lamina.workbench.views.planes import build_plane
from lamina.workbench.views.views import SCORES, Views, Watch, data_message

FIRST_PACE = 50.0
SECONDS_TO_END = 2.0


class Session:
    """Experiment and run of one page.

    Every method may be called from any thread; commands are carried out one at a time.

    Parameters
    ----------
    experiment : Experiment
    data_store : DataStore

    Attributes
    ----------
    id : str
    notify : callable
        `notify()` is called, from any thread, after a command and when requested news is available.
    run, plane, views : Run, Plane, Views
    before : list of Experiment or int
        Undo history, latest last: for a changed experiment the previous one, for a changed weight
        the index of its edit.
    shown : int or None
        Displayed epoch; None is the latest.
    trouble : Exception or None
        Error to be reported to the page once it connects.
    is_fresh : bool
        True until a page connects.
    kept : KeptRuns
    landscape : Landscape or None
        Slice of the loss that a page is requesting.
    """

    def __init__(self, experiment: Experiment, data_store: DataStore) -> None:
        self.id = secrets.token_urlsafe(16)
        self.data_store = data_store
        self.notify: Callable[[], None] = lambda: None
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

    def begin(self, experiment: Experiment, again: ManualEdits | None = None) -> None:
        """Start an experiment at epoch 0; change nothing if it is not valid.

        With `again`, repeat the changes made by hand to an earlier run of it.
        """
        prepared = prepare_data(experiment, self.data_store)
        plane = build_plane(prepared)
        run = Run(prepared, self._notify, again)
        run.controller.set_pace(self.pace)
        if self._run is not None:
            self._run.abandon()
        self.experiment = prepared.experiment
        self._run, self.plane, self.views = run, plane, Views(run, plane)
        self.n_data += 1
        self.shown = self.landscape = None
        # Edits of an earlier run's weights cannot be undone in this run.
        self.before = [each for each in self.before if isinstance(each, Experiment)]

    @property
    def run(self) -> Run:
        """Current run."""
        assert self._run is not None
        return self._run

    def _notify(self) -> None:
        self.notify()

    def do(self, command: Plain) -> None:
        """Carry out a command of the page.

        Raises
        ------
        ExperimentError
            For a command that is unknown or cannot be carried out; nothing has changed then.
        """
        name = command.get("do")
        if not isinstance(name, str) or name not in COMMANDS:
            raise ExperimentError(
                f"do={name!r} is not a command.{suggestion(name, COMMANDS)} "
                f"Commands are: {', '.join(COMMANDS)}.",
                "do",
            )
        with self.lock:
            self.used = monotonic()
            COMMANDS[name](self, command)
        # A new run has not been asked for news yet, so the page would wait for it.
        self.notify()

    def open_first(self, opened: Opened) -> None:
        """Open the experiment of a link or a file; store an error in `trouble`."""
        asked = {"do": "open", "experiment": opened.experiment, "pace": opened.pace}
        try:
            self.do(asked)
        except (LaminaError, TypeError, ValueError) as error:
            self.trouble = error
        # The session starts here, so there is nothing to undo.
        self.before = []

    def close(self) -> None:
        """End the run, and wait briefly for its thread."""
        self.run.abandon()
        self.run.wait(SECONDS_TO_END)

    @property
    def snapshot(self) -> Snapshot:
        """Displayed network."""
        return self.displayed()[1]

    def displayed(self) -> tuple[Views, Snapshot]:
        """Return the displayed network with the views of its run, because another run may begin."""
        views = self.views
        controller = views.run.controller
        return views, controller.latest if self.shown is None else controller.snapshots.nearest(
            self.shown
        )

    def state(self) -> Message:
        """Return the event with experiment, run, data and network, without their numbers."""
        with self.lock:
            run = self.run
            return {
                "is": "state",
                "experiment": self.experiment.to_json(),
                "run": {
                    "id": run.id,
                    "status": run.status,
                    "epoch": run.controller.epoch,
                    "max_epochs": run.max_epochs,
                    "is_minibatch": run.is_minibatch,
                    "ending": run.ending,
                    "message": run.message,
                },
                "pace": self.pace,
                "can_undo": bool(self.before),
                "data": {"id": self.n_data, **data_described(run.prepared, run.spec)},
                "network": network_described(run.drawn(run.controller.latest), run.spec.n_members),
            }

    def data(self) -> bytes:
        """Return the rows to be drawn as a binary message."""
        with self.lock:
            return data_message(self.plane, self.n_data, self.run.id)

    def frame(self, snapshot: Snapshot, views: Views | None = None) -> bytes:
        """Return a snapshot as a binary message, using the views of its run."""
        views = views or self.views
        run, watch, is_latest = views.run, self.watch, self.shown is None
        scores = ({"name": n, "value": snapshot.row[n]} for n in SCORES if n in snapshot.row)
        header = {
            "run": run.id,
            "epoch": snapshot.epoch,
            "batch": snapshot.batch,
            "n_batches": run.controller.n_batches,
            "batch_loss": snapshot.batch_loss,
            "is_latest": is_latest,
            "status": run.status,
            "loss": snapshot.loss,
            "validation_loss": snapshot.row.get("validation_loss", math.nan),
            "score": next(scores, None),
            "learning_rate": snapshot.row.get("learning_rate", math.nan),
            "epochs_per_second": run.controller.speed(),
            "stored": run.controller.snapshots.extent(),
            "lesson": None if watch.lesson is None else goals(run, watch.lesson),
        }
        return views.frame(snapshot, watch, header)
