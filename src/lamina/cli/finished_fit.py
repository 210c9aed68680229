"""A finished fit of `lamina train`, and the steps that follow it, none of which may lose it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from lamina.cli.keeping import Fit
from lamina.cli.messages import one_line
from lamina.cli.request import ModelKind, TrainingRequest
from lamina.cli.splitting import TrainTestSplit
from lamina.cli.terminal import Terminal
from lamina.encoding.table_columns import ColumnRecord
from lamina.tables.problem import Problem

T = TypeVar("T")


@dataclass
class FinishedFit:
    """A finished fit with its inputs, and the errors that followed it.

    Attributes
    ----------
    request : TrainingRequest
    kind : {'tabular', 'mlp'}
    problem : Problem
    parts : TrainTestSplit
    records : sequence of ColumnRecord
    fit : Fit
    terminal : Terminal
    troubles : list of str
        Errors after the fit, printed at the end of the command.
    verdicts : list of str
        Sentences about the quality of the model.
    ended : bool
        True after Ctrl-C has ended the work that follows the fit.
    """

    request: TrainingRequest
    kind: ModelKind
    problem: Problem
    parts: TrainTestSplit
    records: Sequence[ColumnRecord]
    fit: Fit
    terminal: Terminal
    troubles: list[str] = field(default_factory=list)
    verdicts: list[str] = field(default_factory=list)
    ended: bool = False

    def attempt(self, what: str, step: Callable[[], T]) -> T | None:
        """Run a step and return its result; None if it fails or Ctrl-C ends it."""
        if self.ended:
            return None
        try:
            return step()
        except KeyboardInterrupt:
            self.ended = True
            self.troubles.append(f"{what} was interrupted")
        # Catch every error: none may lose the trained model.
        except Exception as error:
            self.troubles.append(f"{what} failed: {one_line(error)}")
        return None

    def attempt_shown(self, what: str, step: Callable[[], T]) -> T | None:
        """Run a step and show its progress; None if it fails or Ctrl-C ends it."""

        def shown() -> T:
            with self.terminal.working(what):
                return step()

        return self.attempt(what, shown)
