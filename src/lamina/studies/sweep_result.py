"""The result of a sweep: all fits, and a table with a row for each value."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier

from lamina.encoding.frames import pandas_or
from lamina.significant import significant
from lamina.studies.variation import ParameterValue

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.base import BaseEstimator


class Outcome(Enum):
    """Outcome of a fit in a sweep."""

    FINISHED = "finished"
    UNFINISHED = "not converged"
    DIVERGED = "diverged"


@dataclass(frozen=True, eq=False)
class SweepRun:
    """One fit of a sweep.

    Attributes
    ----------
    index : int
        Position of its value among the values.
    value : object
    fold : int
    seconds : float
        Duration of the fit, which shares the cores with others.
    loss_curve : ndarray of shape (n_epochs,)
        Training loss of each epoch, or iteration of L-BFGS; up to the divergence of a diverged fit.
    outcome : Outcome
    message : str
        Warning or error of the fit; usually empty.
    train_score, test_score : float
        NaN for a diverged fit.
    """

    index: int
    value: ParameterValue
    fold: int
    seconds: float
    loss_curve: NDArray[np.float64] = field(repr=False)
    outcome: Outcome
    message: str = field(repr=False)
    train_score: float = np.nan
    test_score: float = np.nan

    @property
    def final_loss(self) -> float:
        """Loss of the last epoch; NaN if the fit diverged or recorded none."""
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
# Times and mean numbers of epochs are rounded more than scores and losses.
DIGITS: dict[str, int] = {"n_epochs": 3, "fit_seconds": 3}


@dataclass(frozen=True, eq=False, repr=False)
class Sweep:
    """Result of `sweep`; prints as a table with a row for each value.

    Attributes
    ----------
    parameter : str
    values : tuple
    runs : tuple of SweepRun
        All finished fits, by value and fold.
    n_folds : int
    score_name : str
        Name of the score: 'accuracy', 'R²', or that of `scoring`.
    seconds : float
        Duration of the whole sweep.
    is_whole : bool
        True if all fits finished; False after Ctrl-C.
    """

    parameter: str
    values: tuple[ParameterValue, ...]
    runs: tuple[SweepRun, ...]
    n_folds: int
    score_name: str
    seconds: float
    is_whole: bool

    def select_runs(self, index: int) -> list[SweepRun]:
        """Return the fits of the value with that index, by fold."""
        return [run for run in self.runs if run.index == index]

    @property
    def best_value(self) -> ParameterValue:
        """Value with the largest mean test score, among those without a diverged fit.

        Raises
        ------
        ValueError
            If no value has a score.
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

    def to_dict(self) -> dict[str, list[ParameterValue]]:
        """Return the columns of the table: means over the folds, without diverged fits."""
        by_value = [self.select_runs(i) for i in range(len(self.values))]
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
        """Return the table as a data frame.

        Parameters
        ----------
        every_fit : bool, default=False
            If True, return a row for each fit, with its loss curve, instead of one for each value.

        Raises
        ------
        ImportError
            If pandas is not installed.
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
        """Return the headings and rows of the table as text, without columns of zeros."""
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
        """One line that describes the sweep."""
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


def shown_value(value: ParameterValue) -> str:
    """Return a value of the parameter as short text.

    Examples
    --------
    >>> shown_value(0.1 + 0.2), shown_value((8, 4)), shown_value("relu")
    ('0.3', '(8, 4)', 'relu')
    """
    return significant(float(value)) if isinstance(value, float | np.floating) else str(value)


def score_name(estimator: BaseEstimator, scoring: object) -> str:
    """Return the name of a score."""
    if scoring is None:
        return "accuracy" if is_classifier(estimator) else "R²"
    return scoring if isinstance(scoring, str) else getattr(scoring, "__name__", "score")


def _shown(value: ParameterValue, name: str) -> str:
    if isinstance(value, float) and np.isnan(value):
        return "–"
    return significant(value, DIGITS.get(name, 6)) if isinstance(value, float) else str(value)


def _without_nan(numbers: list[float]) -> list[float]:
    return [number for number in numbers if not np.isnan(number)]


def _mean(numbers: list[float]) -> float:
    return float(np.mean(finite)) if (finite := _without_nan(numbers)) else np.nan


def _std(numbers: list[float]) -> float:
    return float(np.std(finite)) if (finite := _without_nan(numbers)) else np.nan


def _count(runs: list[SweepRun], outcome: Outcome) -> int:
    return sum(run.outcome is outcome for run in runs)
