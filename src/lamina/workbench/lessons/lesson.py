"""A guided lesson: a state to begin from, and steps to predict, to do, to see and to understand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from lamina.workbench.experiment import Experiment, first_experiment
from lamina.workbench.lessons.conditions import Condition

Patch: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """One thing to predict, to do, and to see.

    Attributes
    ----------
    question : str
        What to predict, with what is about to be done.
    choices : tuple of str
        Answers to choose from.
    answer : int
        Which of them is right.
    task : str
        What to do, by the names that the page has.
    control : str
        The one control that it needs, by the name that the page marks it with.
    waits_for : tuple of Condition
        What must be so for the step to be done: said to the person, with how it stands.
    explanation : str
        What has then been seen, and why.
    change : mapping
        A merge patch of the experiment, by which the page does it for the person; empty where the
        network has only to learn.
    holds : tuple of Condition
        What is true then too. Not said, as it would tell the answer; tests prove it.
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
        Under which heading it stands in the list.
    about : str
        Why it matters.
    equation : str
    paper : str
        Who found it, and where.
    state : mapping
        A merge patch of the first experiment.
    opens : mapping of str to str
        Which view each panel is to show.
    pace : float or None
        Epochs a second; None is as fast as it can.
    steps : tuple of Step
    """

    name: str
    title: str
    subject: str
    about: str
    equation: str
    paper: str
    state: Patch
    steps: tuple[Step, ...]
    opens: Mapping[str, str]
    pace: float | None = 50.0

    def experiments(self) -> list[Experiment]:
        """What each step begins from: the lesson's state, with the changes of the steps before."""
        experiments = [first_experiment().merged(self.state)]
        for step in self.steps[:-1]:
            experiments.append(experiments[-1].merged(step.change))
        return experiments

    def told(self) -> dict[str, Any]:
        """As plain JSON, for the page; what a step waits for comes with the frames."""
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
