"""What `lamina evaluate` shows: rows that were trained on apart from those that were not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from lamina.cli.metrics import measure, measure_constants
from lamina.cli.report import count, show_figures
from lamina.cli.trained_rows import Seen, look_up

# From this fraction of equal training rows on, a new row may well be equal to one by chance.
MANY_REPEATED = 0.05


@dataclass(frozen=True)
class Evaluation:
    """A model, what its notes say, and the rows that it is measured on.

    Attributes
    ----------
    model : estimator
    notes : dict
    X : DataFrame of shape (n_samples, n_columns)
    y : ndarray of shape (n_samples,) or (n_samples, n_targets)
    targets : sequence of str
    source : str
        The table's name.
    """

    model: Any
    notes: Mapping[str, Any]
    X: Any
    y: NDArray[Any]
    targets: Sequence[str]
    source: str

    def figures(self, rows: NDArray[np.bool_]) -> dict[str, Any]:
        """Measure the model on some of the rows."""
        return measure(self.model, self.X[rows], self.y[rows], self.targets)

    def constant(self, rows: NDArray[np.bool_]) -> dict[str, Any] | None:
        """Measure the best constant of the training rows; None where the notes do not hold it."""
        constants = self.notes.get("constants")
        if not constants:
            return None
        return measure_constants(self.model, constants, self.y[rows], self.targets)


def show_evaluation(console: Console, evaluation: Evaluation) -> None:
    """Print the figures of new rows and of those that were trained on, side by side."""
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
    """Yield what is known of the rows of a table in sentences."""
    n_samples, n_trained, n_new = len(seen.trained), int(seen.trained.sum()), int(seen.new.sum())
    if not seen.checked.all():
        n_checked = int(seen.checked.sum())
        yield (
            f"{source}: {count(n_samples, 'row')}, of which {n_checked:,} can be looked up among "
            f"the training rows; {n_trained:,} of these were trained on."
        )
    elif not n_trained:
        yield f"{source}: {count(n_samples, 'row')}, none of which was trained on."
        return
    else:
        yield f"{source}: {n_trained:,} of {count(n_samples, 'row')} were trained on."
    if n_trained and n_new:
        yield "What the model is worth on rows that it has not seen stands under 'new rows'."
    elif n_trained:
        yield (
            "The figures say how well the model fits them, not how well it predicts: that takes "
            "rows that it has not seen."
        )
    if n_trained and seen.repeated > MANY_REPEATED:
        yield (
            f"{100 * seen.repeated:.0f} % of the training rows are equal to another one, so that a "
            "new row may count as trained on by chance."
        )
