"""Guided lesson: an initial state, and steps with a question, a task, a goal and an explanation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from lamina.workbench.data.plain import Message, Plain
from lamina.workbench.lessons.conditions import Condition
from lamina.workbench.runs.experiment import Experiment, first_experiment

Patch: TypeAlias = Plain


@dataclass(frozen=True)
class LessonStep:
    """One step: a question, a task and its goal, and an explanation.

    Attributes
    ----------
    question : str
        Question about the result of the task.
    choices : tuple of str
        Answers to choose from.
    answer : int
        Index of the right answer.
    task : str
        Instructions, using the page's names of controls.
    control : str
        Control needed for the task, by the name that the page marks it with.
    waits_for : tuple of Condition
        Conditions that complete the step; shown on the page with the progress.
    explanation : str
        Observation and its reason, shown after the task.
    change : mapping
        Merge patch of the experiment with which the page does the task for the user; empty if the
        task is only to train.
    holds : tuple of Condition
        Further conditions that hold at the end. Not shown, as they would reveal the answer; tests
        check them.
    """

    question: str
    choices: tuple[str, ...]
    answer: int
    task: str
    control: str
    waits_for: tuple[Condition, ...]
    explanation: str
    change: Patch
    holds: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Lesson:
    """One idea, and an experiment that shows it.

    Attributes
    ----------
    name, title : str
    subject : str
        Heading of its group in the list.
    about : str
        Introduction.
    equation : str
    paper : str
        Source.
    state : mapping
        Merge patch of the first experiment.
    opens : mapping of str to str
        View to show in each panel.
    pace : float or None
        Epochs per second; None is as fast as possible.
    steps : tuple of LessonStep
    """

    name: str
    title: str
    subject: str
    about: str
    equation: str
    paper: str
    state: Patch
    steps: tuple[LessonStep, ...]
    opens: Mapping[str, str]
    pace: float | None = 50.0

    def experiments(self) -> list[Experiment]:
        """Return the initial experiment of each step: the lesson's state plus earlier changes."""
        experiments = [first_experiment().merged(self.state)]
        for step in self.steps[:-1]:
            experiments.append(experiments[-1].merged(step.change))
        return experiments

    def to_json(self) -> Message:
        """Return the lesson as plain JSON for the page; the goals of its steps come with frames."""
        steps = zip(self.steps, self.experiments(), strict=True)
        return {
            **{name: getattr(self, name) for name in ("name", "title", "subject", "about")},
            **{name: getattr(self, name) for name in ("equation", "paper", "opens", "pace")},
            "steps": [
                {
                    "question": step.question,
                    "choices": list(step.choices),
                    "answer": step.answer,
                    "task": step.task,
                    "control": step.control,
                    "explanation": step.explanation,
                    "change": dict(step.change),
                    "experiment": experiment.to_json(),
                }
                for step, experiment in steps
            ],
        }
