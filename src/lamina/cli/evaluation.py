"""Show the results of `lamina evaluate`: training rows separately from new rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from lamina.cli.metrics import measure, measure_constants
from lamina.cli.report import count, show_figures
from lamina.cli.trained_rows import Seen, look_up
from lamina.encoding.frames import ArrayOrTable
from lamina.files.model_file import Json
from lamina.formulas.table import AnyArray

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

# With a larger fraction of duplicate training rows, a new row may equal one of them by chance.
MANY_REPEATED = 0.05


@dataclass(frozen=True)
class Evaluation:
    """A model, its notes, and the rows to measure it on.

    Attributes
    ----------
    model : estimator
    notes : dict
    X : DataFrame of shape (n_samples, n_columns)
    y : ndarray of shape (n_samples,) or (n_samples, n_targets)
    targets : sequence of str
    source : str
        Name of the table.
    """

    model: BaseEstimator
    notes: Mapping[str, Json]
    X: ArrayOrTable
    y: AnyArray
    targets: Sequence[str]
    source: str

    def figures(self, rows: NDArray[np.bool_]) -> dict[str, Json]:
        """Return the model's metrics on the rows of a mask."""
        return measure(self.model, self.X[rows], self.y[rows], self.targets)

    def constant(self, rows: NDArray[np.bool_]) -> dict[str, Json] | None:
        """Return the metrics of the training rows' best constant; None if the notes lack it."""
        constants = self.notes.get("constants")
        if not constants:
            return None
        return measure_constants(self.model, constants, self.y[rows], self.targets)


def show_evaluation(console: Console, evaluation: Evaluation) -> None:
    """Print the metrics of new rows and of training rows side by side."""
    n_samples = len(evaluation.y)
    seen = look_up(evaluation.notes, evaluation.model, evaluation.X, evaluation.y)
    every = np.ones(n_samples, dtype=bool)
    if seen is None:
        parts = {"all rows": every}
    else:
        console.print(" ".join(sentences(evaluation.source, seen)), soft_wrap=True)
        parts = {"new rows": seen.new, "trained on": seen.trained}
        if not seen.trained.any():
            parts = {"all rows": every}
    parts = {heading: rows for heading, rows in parts.items() if rows.any()}
    if seen is None:
        console.print(f"{evaluation.source}: {count(n_samples, 'row')}", soft_wrap=True)
    show_figures(
        console,
        {heading: evaluation.figures(rows) for heading, rows in parts.items()},
        evaluation.constant(next(iter(parts.values()))),
        evaluation.targets,
    )


def sentences(source: str, seen: Seen) -> Iterator[str]:
    """Yield sentences that count the new rows and the training rows of a table."""
    n_samples, n_trained, n_new = len(seen.trained), int(seen.trained.sum()), int(seen.new.sum())
    if not seen.checked.all():
        n_checked = int(seen.checked.sum())
        yield (
            f"{source}: {count(n_samples, 'row')}. {n_checked:,} of them can be compared with the "
            f"training rows, and {n_trained:,} of these were trained on."
        )
    elif not n_trained:
        yield f"{source}: {count(n_samples, 'row')}, none of which was trained on."
        return
    else:
        yield f"{source}: {n_trained:,} of {count(n_samples, 'row')} were trained on."
    if n_trained and n_new:
        yield "The column 'new rows' shows how well the model predicts rows it was not trained on."
    elif n_trained:
        yield (
            "The figures show how well the model fits these rows, not how well it predicts: "
            "measure it on rows it was not trained on."
        )
    if n_trained and seen.repeated > MANY_REPEATED:
        yield (
            f"{100 * seen.repeated:.0f} % of the training rows are duplicates, so a new row may "
            "count as trained on by chance."
        )
