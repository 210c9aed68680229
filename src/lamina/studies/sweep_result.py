"""What a sweep came to: every fit, and a table with a line for each value."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier

from lamina.estimators.data_frames import pandas_or
from lamina.significant import significant

if TYPE_CHECKING:
    import pandas as pd


class Outcome(Enum):
    """How a fit of a sweep ended."""

    FINISHED = "finished"
    UNFINISHED = "not converged"
    DIVERGED = "diverged"


@dataclass(frozen=True, eq=False)
class SweepRun:
    """One fit.

    Attributes
    ----------
    index : int
        Of its value among the values.
    value : object
    fold : int
    seconds : float
        Of the fit, among others at the same time.
    loss_curve : ndarray of shape (n_epochs,)
        The training loss of each epoch, or iteration of L-BFGS; those before it diverged.
    outcome : Outcome
    message : str
        What the fit said of its ending; mostly nothing.
    train_score, test_score : float
        NaN where it diverged.
    """

    index: int
    value: Any
    fold: int
    seconds: float
    loss_curve: NDArray[np.float64] = field(repr=False)
    outcome: Outcome
    message: str = field(repr=False)
    train_score: float = np.nan
    test_score: float = np.nan

    @property
    def final_loss(self) -> float:
        """The last epoch's loss; NaN where the fit diverged, or keeps none."""
        is_known = self.outcome is not Outcome.DIVERGED and len(self.loss_curve)
        return float(self.loss_curve[-1]) if is_known else np.nan


COLUMNS = {
    "train_score": "train",
    "train_std": "± std",
    "test_score": "test",
    "test_std": "± std",
    "final_loss": "final loss",
    "n_epochs": "epochs",
    "fit_seconds": "seconds",
    "n_fits": "fits",
    "n_diverged": "diverged",
    "n_unfinished": "not converged",
}
ALWAYS_SHOWN = {
    *("train_score", "train_std", "test_score", "test_std"),
    *("final_loss", "n_epochs", "fit_seconds"),
}
# Times and mean numbers of epochs are rough; scores and losses have all digits.
DIGITS: dict[str, int] = {"n_epochs": 3, "fit_seconds": 3}


@dataclass(frozen=True, eq=False, repr=False)
class Sweep:
    """What `sweep` gives; it prints as a table with a line for each value.

    Attributes
    ----------
    parameter : str
    values : tuple
    runs : tuple of SweepRun
        Every fit that was finished, value by value and fold by fold.
    n_folds : int
    score_name : str
        What the scores are: 'accuracy', 'R²', or what `scoring` names.
    seconds : float
        The whole sweep's.
    is_whole : bool
        Whether all fits were finished; False after Ctrl-C.
    """

    parameter: str
    values: tuple[Any, ...]
    runs: tuple[SweepRun, ...]
    n_folds: int
    score_name: str
    seconds: float
    is_whole: bool

    def runs_of(self, index: int) -> list[SweepRun]:
        """The fits of the value with that index, fold by fold."""
        return [run for run in self.runs if run.index == index]

    @property
    def best_value(self) -> Any:
        """The value with the largest mean test score, of those without a fit that diverged.

        Raises
        ------
        ValueError
            Where no value has a score.
        """
        table = self.to_dict()
        whole = [
            np.nan if diverged else score
            for score, diverged in zip(table["test_score"], table["n_diverged"], strict=True)
        ]
        scores = table["test_score"] if np.isnan(whole).all() else whole
        if np.isnan(scores).all():
            raise ValueError(f"no fit of this sweep of {self.parameter} has a score")
        return self.values[int(np.nanargmax(scores))]

    def to_dict(self) -> dict[str, list[Any]]:
        """The table column by column: means over the folds, diverged fits left out."""
        by_value = [self.runs_of(i) for i in range(len(self.values))]
        measures: dict[str, Callable[[list[SweepRun]], float]] = {
            "train_score": lambda runs: _mean([run.train_score for run in runs]),
            "train_std": lambda runs: _std([run.train_score for run in runs]),
            "test_score": lambda runs: _mean([run.test_score for run in runs]),
            "test_std": lambda runs: _std([run.test_score for run in runs]),
            "final_loss": lambda runs: _mean([run.final_loss for run in runs]),
            "n_epochs": lambda runs: _mean([float(len(run.loss_curve)) for run in runs]),
            "fit_seconds": lambda runs: _mean([run.seconds for run in runs]),
            "n_fits": len,
            "n_diverged": lambda runs: _count(runs, Outcome.DIVERGED),
            "n_unfinished": lambda runs: _count(runs, Outcome.UNFINISHED),
        }
        columns = {name: [measure(runs) for runs in by_value] for name, measure in measures.items()}
        return {self.parameter: list(self.values), **columns}

    def to_frame(self, *, every_fit: bool = False) -> pd.DataFrame:
        """The table as a data frame.

        Parameters
        ----------
        every_fit : bool, default=False
            Whether it has a row for each fit, with its loss curve, instead of one for each value.

        Raises
        ------
        ImportError
            Where pandas is missing.
        """
        pandas = pandas_or("to_dict()")
        if not every_fit:
            return pandas.DataFrame(self.to_dict()).set_index(self.parameter)
        rows = [
            {
                self.parameter: run.value,
                "fold": run.fold,
                "train_score": run.train_score,
                "test_score": run.test_score,
                "final_loss": run.final_loss,
                "n_epochs": len(run.loss_curve),
                "fit_seconds": run.seconds,
                "outcome": run.outcome.value,
                "loss_curve": run.loss_curve,
            }
            for run in self.runs
        ]
        return pandas.DataFrame(rows)

    def cells(self) -> tuple[list[str], list[list[str]]]:
        """The table as text: headings, and a list for each value; columns of zeros left out."""
        table = self.to_dict()
        names = [name for name in COLUMNS if name in ALWAYS_SHOWN or any(table[name])]
        if self.is_whole:
            names.remove("n_fits")
        headings = [self.parameter, *(COLUMNS[name] for name in names)]
        rows = [
            [shown_value(value), *(_shown(table[name][i], name) for name in names)]
            for i, value in enumerate(self.values)
        ]
        return headings, rows

    @property
    def title(self) -> str:
        """What was swept, in a line."""
        folds = "fold" if self.n_folds == 1 else "folds"
        done = f"{len(self.runs)} of {len(self.values) * self.n_folds} fits, broken off"
        extent = f"{len(self.runs)} fits" if self.is_whole else done
        return (
            f"Sweep of {self.parameter}, {self.n_folds} {folds}, scores in {self.score_name}: "
            f"{extent} in {self.seconds:.3g} s"
        )

    def __repr__(self) -> str:
        headings, rows = self.cells()
        widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
        lines = [
            "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
            for row in (headings, *rows)
        ]
        return "\n".join([self.title, *lines])

    def _repr_html_(self) -> str:
        headings, rows = self.cells()
        head = "".join(f"<th>{html.escape(heading)}</th>" for heading in headings)
        body = "".join(
            f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows
        )
        return f"<p>{html.escape(self.title)}</p><table><tr>{head}</tr>{body}</table>"


def shown_value(value: Any) -> str:
    """A value of the parameter, in a few letters.

    Examples
    --------
    >>> shown_value(0.1 + 0.2), shown_value((8, 4)), shown_value("relu")
    ('0.3', '(8, 4)', 'relu')
    """
    return significant(float(value)) if isinstance(value, float | np.floating) else str(value)


def score_name(estimator: Any, scoring: Any) -> str:
    """What a score is called."""
    if scoring is None:
        return "accuracy" if is_classifier(estimator) else "R²"
    return scoring if isinstance(scoring, str) else getattr(scoring, "__name__", "score")


def _shown(value: Any, name: str) -> str:
    if isinstance(value, float) and np.isnan(value):
        return "–"
    return significant(value, DIGITS.get(name, 6)) if isinstance(value, float) else str(value)


def _known(numbers: list[float]) -> list[float]:
    return [number for number in numbers if not np.isnan(number)]


def _mean(numbers: list[float]) -> float:
    return float(np.mean(known)) if (known := _known(numbers)) else np.nan


def _std(numbers: list[float]) -> float:
    return float(np.std(known)) if (known := _known(numbers)) else np.nan


def _count(runs: list[SweepRun], outcome: Outcome) -> int:
    return sum(run.outcome is outcome for run in runs)
