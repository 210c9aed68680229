"""Guided lessons: each sets up an experiment, asks for a change, and checks the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from lamina.errors import ExperimentError, UnknownNameError
from lamina.formulas.table import RecordTable
from lamina.workbench.data.plain import Message
from lamina.workbench.lessons.conditions import measure_progress
from lamina.workbench.lessons.generalising import OF_GENERALISING
from lamina.workbench.lessons.lesson import Lesson, LessonStep
from lamina.workbench.lessons.networks import OF_NETWORKS
from lamina.workbench.lessons.rates import OF_RATES
from lamina.workbench.runs.run import Run

LESSONS = RecordTable("lesson", *OF_NETWORKS, *OF_RATES, *OF_GENERALISING)

__all__ = ["LESSONS", "Lesson", "LessonStep", "goals", "lessons", "step_from_json"]


def lessons() -> Message:
    """Return all lessons as plain JSON for the page."""
    return {"lessons": [lesson.to_json() for lesson in LESSONS.values()]}


def step_from_json(plain: object) -> tuple[str, int] | None:
    """Return the lesson and step that a page names by `{"name": …, "step": …}`; None for null.

    Raises
    ------
    ExperimentError
        For a lesson or a step that does not exist.
    """
    if plain is None:
        return None
    fields = plain if isinstance(plain, Mapping) else {}
    name, step = str(fields.get("name")), fields.get("step")
    try:
        most = len(LESSONS[name].steps) - 1
    except UnknownNameError as error:
        raise ExperimentError(str(error), "lesson") from None
    if isinstance(step, bool) or not isinstance(step, int) or not 0 <= step <= most:
        raise ExperimentError(
            f"step={step!r} of lesson {name!r} must be a whole number from 0 to {most}", "lesson"
        )
    return name, step


def goals(run: Run, place: tuple[str, int]) -> Message:
    """Return a run's progress towards the goals of a step, for a frame."""
    name, step = place
    waits_for = LESSONS[name].steps[step].waits_for
    entries = [asdict(progress) for progress in measure_progress(run, waits_for)]
    return {"name": name, "step": step, "goals": entries}
