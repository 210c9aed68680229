"""Goals of a lesson's step as plain data, and a run's progress towards them.

Each condition is one of a fixed set of kinds and reads values of the engine; it evaluates no code.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from lamina.workbench.lessons.measures import MEASURES
from lamina.workbench.runs.curves import Snapshot
from lamina.workbench.runs.experiment import PARTS
from lamina.workbench.runs.run import Run


@dataclass(frozen=True)
class Progress:
    """Progress of a run towards one condition.

    Attributes
    ----------
    goal : str
        Condition in words.
    now : str
        Present value in words.
    met : bool
    is_late : bool
        True if the condition can no longer be met in this run.
    """

    goal: str
    now: str
    met: bool
    is_late: bool = False


class Condition(Protocol):
    """Condition that completes a step."""

    def progress(self, run: Run, snapshot: Snapshot) -> Progress:
        """Return the run's progress at that snapshot."""
        ...


@dataclass(frozen=True)
class Setting:
    """Condition on a setting: it must be within bounds, or must or must not have certain values.

    Attributes
    ----------
    name : str
        Parameter of the estimator, part of the experiment, or 'data.' followed by an option.
    label : str
        Name on the page.
    at_least, at_most : float or None
    one_of, none_of : tuple
        For a setting per layer, every layer must be in `one_of`, and not all in `none_of`.
    """

    name: str
    label: str
    at_least: float | None = None
    at_most: float | None = None
    one_of: tuple[object, ...] = ()
    none_of: tuple[object, ...] = ()

    def progress(self, run: Run, snapshot: Snapshot) -> Progress:
        """Return the setting's present value and if it meets the condition."""
        value = get_setting(run, self.name)
        return Progress(self.goal, _as_text(value), self.is_met_by(value))

    def is_met_by(self, value: object) -> bool:
        """Return True if a value meets the condition."""
        each = value if isinstance(value, tuple) else (value,)
        if self.one_of and not all(part in self.one_of for part in each):
            return False
        if self.none_of and all(part in self.none_of for part in each):
            return False
        return all(_is_within(part, self.at_least, self.at_most) for part in each)

    @property
    def goal(self) -> str:
        """Condition in words."""
        words = [self.label]
        if self.one_of:
            words.append(" or ".join(map(_as_text, self.one_of)))
        if self.none_of:
            words.append(f"not {' or '.join(map(_as_text, self.none_of))}")
        return " ".join([*words, *_bounds(self.at_least, self.at_most, "{:g}".format)])


@dataclass(frozen=True)
class Result:
    """Condition on a measured value: it must be within bounds.

    Attributes
    ----------
    measure : str
        A name in MEASURES.
    at_least, at_most : float or None
    within : int or None
        If set, the condition may hold after any epoch up to this one; else it must hold now.
    """

    measure: str
    at_least: float | None = None
    at_most: float | None = None
    within: int | None = None

    def progress(self, run: Run, snapshot: Snapshot) -> Progress:
        """Return the measured value and if it meets the condition."""
        measure = MEASURES[self.measure]
        value = measure.now(run, snapshot) if self.within is None else self._best(run, self.within)
        met = _is_within(value, self.at_least, self.at_most)
        is_late = self.within is not None and not met and snapshot.epoch >= self.within
        return Progress(self.goal, measure.said(value), met, is_late)

    def _best(self, run: Run, within: int) -> float:
        """Return the best value over the epochs up to `within`."""
        columns, name = run.controller.curves.columns(), MEASURES[self.measure].curve
        if name not in columns:
            return math.nan
        values = columns[name][columns["epoch"] <= within]
        if not len(values):
            return math.nan
        return float(values.max() if self.at_most is None else values.min())

    @property
    def goal(self) -> str:
        """Condition in words."""
        measure = MEASURES[self.measure]
        if measure.kind == "truth":
            return measure.label
        until = () if self.within is None else (f"within {self.within} epochs",)
        return " ".join(
            [measure.label, *_bounds(self.at_least, self.at_most, measure.said), *until]
        )


def measure_progress(run: Run, conditions: tuple[Condition, ...]) -> list[Progress]:
    """Return a run's progress towards each condition, all at the same snapshot."""
    snapshot = run.controller.latest
    return [condition.progress(run, snapshot) for condition in conditions]


def get_setting(run: Run, name: str) -> object:
    """Return a setting of the run by its name."""
    experiment = run.prepared.experiment
    if name.startswith("data."):
        return experiment.data.to_json().get(name.removeprefix("data."))
    if name in PARTS:
        return experiment.to_json()[name]
    value: object = getattr(run.model, name)
    return value


def _is_within(value: object, low: float | None, high: float | None) -> bool:
    if low is None and high is None:
        return True
    if not isinstance(value, int | float) or math.isnan(value):
        return False
    return (low is None or value >= low) and (high is None or value <= high)


def _bounds(low: float | None, high: float | None, say: Callable[[float], str]) -> list[str]:
    words = []
    if low is not None:
        words.append(f"at least {say(low)}")
    if high is not None:
        words.append(f"at most {say(high)}")
    return words


def _as_text(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return ", ".join(map(_as_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
