"""Commands that a page can send to its session, by name."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable
from typing import Protocol

from lamina.errors import ExperimentError
from lamina.workbench.data.plain import Plain
from lamina.workbench.runs.experiment import Experiment
from lamina.workbench.runs.experiment_urls import missing_data, opened_from, read_link
from lamina.workbench.runs.manual_edits import ManualEdits
from lamina.workbench.runs.run import ENDED, FAILED, Run
from lamina.workbench.server.description import place_of
from lamina.workbench.server.kept_runs import KeptRuns
from lamina.workbench.views.views import Views, Watch

MOST_UNDONE = 50
FASTEST_PACE = 10_000.0
MOST_STEPS = 100_000
MOST_WEIGHT = 1e6
# Random seeds have at most four digits, because people read, remember and type them.
SEEDS = 10_000


class CommandedSession(Protocol):
    """The part of a session that commands read and change; `Session` describes each member."""

    experiment: Experiment
    views: Views
    watch: Watch
    pace: float | None
    shown: int | None
    before: list[Experiment | int]
    kept: KeptRuns

    @property
    def run(self) -> Run:
        """Current run."""

    def begin(self, experiment: Experiment, again: ManualEdits | None = None) -> None:
        """Start an experiment at epoch 0; change nothing if it is not valid."""


def _play(session: CommandedSession, command: Plain) -> None:
    session.shown = None
    session.run.play()


def _pause(session: CommandedSession, command: Plain) -> None:
    session.run.pause()


def _step(session: CommandedSession, command: Plain) -> None:
    session.shown = None
    if "batches" not in command:
        session.run.step(_whole(command, "epochs", 1, MOST_STEPS, default=1))
        return
    batches = _whole(command, "batches", 1, MOST_STEPS)
    if not session.run.is_minibatch:
        raise ExperimentError(
            "this solver uses all training rows in each iteration and has no batches", "batches"
        )
    if session.run.settings.n_independent is not None:
        raise ExperimentError(
            "independent members take their batches side by side: step by whole epochs", "batches"
        )
    session.run.step_batches(batches)


def _pace(session: CommandedSession, command: Plain) -> None:
    name = "epochs_per_second"
    session.pace = None if command.get(name) is None else _number(command, name, 0.1, FASTEST_PACE)
    session.run.controller.set_pace(session.pace)


def _open(session: CommandedSession, command: Plain) -> None:
    """Open the experiment of a link or an exported file; change nothing if any part fails."""
    link = command.get("link")
    if link is not None and not isinstance(link, str):
        raise ExperimentError(f"link={link!r} must be a text", "link")
    opened = opened_from(command) if link is None else read_link(link)
    fields = {"epochs_per_second": opened.pace}
    if opened.pace is not None:
        _number(fields, "epochs_per_second", 0.1, FASTEST_PACE)
    before, experiment = session.run, Experiment.from_json(opened.experiment)
    try:
        _become(session, experiment)
    except ExperimentError as error:
        if error.parameter != "hash":
            raise
        raise ExperimentError(missing_data(opened.experiment), "hash") from None
    _pace(session, fields)
    _go_on(session, before, {})


def _reset(session: CommandedSession, command: Plain) -> None:
    seed = command.get("seed", "same")
    if seed == "same":
        session.begin(session.experiment)
        return
    if seed == "new":
        seed = secrets.randbelow(SEEDS)
    elif isinstance(seed, bool) or not isinstance(seed, int):
        raise ExperimentError(f"seed={seed!r} must be 'same', 'new' or a whole number", "seed")
    _change(session, {"model": {"random_state": seed}})


def _set(session: CommandedSession, command: Plain) -> None:
    before = session.run
    _change(session, command.get("experiment"), is_joined=command.get("joined") is True)
    _go_on(session, before, command)


def put(session: CommandedSession, experiment: Experiment) -> None:
    """Begin another experiment; the session's lock must be held. Play it if the last run was
    playing.
    """
    before = session.run
    _become(session, experiment)
    _go_on(session, before, {})


def _change(session: CommandedSession, patch: object, *, is_joined: bool = False) -> None:
    _become(session, session.experiment.merged(patch), is_joined=is_joined)


def _become(session: CommandedSession, experiment: Experiment, *, is_joined: bool = False) -> None:
    before = session.experiment
    session.begin(experiment)
    if not is_joined or not session.before:
        session.before = [*session.before, before][-MOST_UNDONE:]


def _go_on(session: CommandedSession, before: Run, command: Plain) -> None:
    """Play if the previous run was playing; with `catch_up`, fast-forward to the epoch it had
    reached.
    """
    if before.is_playing:
        session.run.play()
    if command.get("catch_up") is True:
        session.run.fast_forward_to(before.controller.epoch)


def _rate(session: CommandedSession, command: Plain) -> None:
    rate = _number(command, "learning_rate", 1e-12, 1e6)
    if not session.run.is_minibatch:
        raise ExperimentError(
            "this solver has no learning rate: choose a minibatch solver such as 'adam'",
            "learning_rate",
        )
    session.run.controller.set_rate(rate)


def _seek(session: CommandedSession, command: Plain) -> None:
    session.run.pause()
    epoch = command.get("epoch")
    session.shown = None if epoch is None else _whole(command, "epoch", 0, 10**9)


def _watch(session: CommandedSession, command: Plain) -> None:
    session.watch = session.watch.merged(command)


def _edit(session: CommandedSession, command: Plain) -> None:
    run = session.run
    if run.model.members is not None:
        raise ExperimentError(
            f"weights cannot be edited with members={run.model.members!r}, of which the page draws "
            "the first: set members to none",
            None,
        )
    place = place_of(run.spec, command.get("block"), command.get("row"), command.get("column"))
    value = _number(command, "value", -MOST_WEIGHT, MOST_WEIGHT)
    if not run.is_minibatch or run.model.average_decay is not None or run.status in (ENDED, FAILED):
        raise ExperimentError(
            "weights can be edited only with a minibatch solver, without average_decay, and before "
            "the run has ended: reset the run, or choose another solver",
            None,
        )
    if run.controller.latest.batch:
        raise ExperimentError(
            "weights cannot be edited in the middle of an epoch: finish the epoch first", None
        )
    run.pause()
    session.shown = None
    session.before = [*session.before, len(run.controller.edits)][-MOST_UNDONE:]
    run.controller.write(place, value)


def _undo(session: CommandedSession, command: Plain) -> None:
    if not session.before:
        raise ExperimentError("there is nothing to undo", None)
    latest = session.before[-1]
    if isinstance(latest, Experiment):
        before = session.run
        session.begin(latest)
        session.before.pop()
        _go_on(session, before, command)
        return
    session.before.pop()
    if latest < len(session.run.controller.edits):
        session.run.pause()
        edit = session.run.controller.edits[latest]
        session.run.controller.write(edit.place, edit.before)


def _keep(session: CommandedSession, command: Plain) -> None:
    session.kept.keep(session.views, command.get("name"))


def _rename(session: CommandedSession, command: Plain) -> None:
    session.kept.rename(command.get("run"), command.get("name"))


def _forget(session: CommandedSession, command: Plain) -> None:
    session.kept.forget(command.get("run"))


def _restore(session: CommandedSession, command: Plain) -> None:
    """Start a kept run again and fast-forward to its epoch, or to its end if it had ended."""
    kept, before = session.kept.find(command.get("run")), session.experiment
    session.begin(kept.experiment, kept.manual_edits)
    session.before = [*session.before, before][-MOST_UNDONE:]
    session.run.catch_up(kept.epoch if kept.ending is None else math.inf)


COMMANDS: dict[str, Callable[[CommandedSession, Plain], None]] = {
    "play": _play,
    "pause": _pause,
    "step": _step,
    "pace": _pace,
    "open": _open,
    "reset": _reset,
    "set": _set,
    "rate": _rate,
    "seek": _seek,
    "watch": _watch,
    "edit": _edit,
    "undo": _undo,
    "keep": _keep,
    "rename": _rename,
    "forget": _forget,
    "restore": _restore,
}


def _whole(command: Plain, name: str, low: int, high: int, default: int | None = None) -> int:
    value = command.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ExperimentError(
            f"{name}={value!r} must be a whole number from {low} to {high:,}", name
        )
    return value


def _number(command: Plain, name: str, low: float, high: float) -> float:
    value = command.get(name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:  # type: ignore[operator]
        raise ExperimentError(f"{name}={value!r} must be a number from {low:g} to {high:g}", name)
    return float(value)  # type: ignore[arg-type]
