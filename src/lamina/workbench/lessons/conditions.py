"""What a lesson waits for, as plain data, and how far a run is from it.

A condition is of a closed set of kinds, looks at what the engine has, and evaluates nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from lamina.workbench.curves import Snapshot
from lamina.workbench.experiment import PARTS
from lamina.workbench.lessons.measures import MEASURES
from lamina.workbench.runs import Run


@dataclass(frozen=True)
class Progress:
    """How far a run is from one condition.

    Attributes
    ----------
    goal : str
        What is waited for.
    now : str
        How it stands.
    met : bool
    is_late : bool
        Whether it can no longer come true in this run.
    """

    goal: str
    now: str
    met: bool
    is_late: bool = False


class Condition(Protocol):
    """What a step waits for."""

    def progress(self, run: Run, snapshot: Snapshot) -> Progress:
        """How far the run is from it at that snapshot."""
        ...


@dataclass(frozen=True)
class Setting:
    """A setting must be within bounds, or among values, or none of them.

    Attributes
    ----------
    name : str
        A parameter of the estimator, a part of the experiment, or 'data.' and an option of it.
    label : str
        What it is called on the page.
    at_least, at_most : float or None
    one_of, none_of : tuple
        Of a parameter that is given layer by layer, one layer suffices for the second.
    """

    name: str
    label: str
    at_least: float | None = None
    at_most: float | None = None
    one_of: tuple[Any, ...] = ()
    none_of: tuple[Any, ...] = ()

    def progress(self, run: Run, snapshot: Snapshot) -> Progress:
        """Whether the run has been given such a value."""
        value = setting_of(run, self.name)
        return Progress(self.goal, _said(value), self.is_met_by(value))

    def is_met_by(self, value: Any) -> bool:
        """Whether a value is such a one."""
        each = value if isinstance(value, tuple) else (value,)
        if self.one_of and not all(part in self.one_of for part in each):
            return False
        if self.none_of and all(part in self.none_of for part in each):
            return False
        return all(_is_within(part, self.at_least, self.at_most) for part in each)

    @property
    def goal(self) -> str:
        """What is waited for, in words."""
        words = [self.label]
        if self.one_of:
            words.append(" or ".join(map(_said, self.one_of)))
        if self.none_of:
            words.append(f"not {' or '.join(map(_said, self.none_of))}")
        return " ".join([*words, *_bounds(self.at_least, self.at_most, "{:g}".format)])


@dataclass(frozen=True)
class Result:
    """A measure of the run must be within bounds.

    Attributes
    ----------
    measure : str
        A name in MEASURES.
    at_least, at_most : float or None
    within : int or None
        After some epoch up to this one; None asks for it now.
    """

    measure: str
    at_least: float | None = None
    at_most: float | None = None
    within: int | None = None

    def progress(self, run: Run, snapshot: Snapshot) -> Progress:
        """How the measure stands."""
        measure = MEASURES[self.measure]
        value = measure.now(run, snapshot) if self.within is None else self._best(run, self.within)
        met = _is_within(value, self.at_least, self.at_most)
        is_late = self.within is not None and not met and snapshot.epoch >= self.within
        return Progress(self.goal, measure.said(value), met, is_late)

    def _best(self, run: Run, within: int) -> float:
        """The value nearest to what is waited for, of the epochs that count."""
        columns, name = run.controller.curves.columns(), MEASURES[self.measure].curve
        if name not in columns:
            return math.nan
        values = columns[name][columns["epoch"] <= within]
        if not len(values):
            return math.nan
        return float(values.max() if self.at_most is None else values.min())

    @property
    def goal(self) -> str:
        """What is waited for, in words."""
        measure = MEASURES[self.measure]
        if measure.kind == "truth":
            return measure.label
        until = () if self.within is None else (f"within {self.within} epochs",)
        return " ".join(
            [measure.label, *_bounds(self.at_least, self.at_most, measure.said), *until]
        )


def progress_of(run: Run, conditions: tuple[Condition, ...]) -> list[Progress]:
    """How far a run is from each of them, all at one snapshot."""
    snapshot = run.controller.latest
    return [condition.progress(run, snapshot) for condition in conditions]


def setting_of(run: Run, name: str) -> Any:
    """A setting of the run by its name."""
    plain = run.problem.experiment.to_json()
    if name.startswith("data."):
        return plain["data"].get(name.removeprefix("data."))
    return plain[name] if name in PARTS else getattr(run.model, name)


def _is_within(value: Any, low: float | None, high: float | None) -> bool:
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


def _said(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return ", ".join(map(_said, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
