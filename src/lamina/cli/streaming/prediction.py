"""Run `lamina predict` and `lamina evaluate` on a source: batch by batch, in flat memory."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lamina.cli.metrics import answers_of, constant_answers
from lamina.cli.predicted_columns import (
    known_columns,
    predicted,
    predicted_probabilities,
    true_values,
)
from lamina.cli.recipe import get_encoding
from lamina.cli.report import count, plain_console, show_figures
from lamina.cli.streaming.figures import StreamedFigures
from lamina.cli.streaming.progress import PassProgress, pass_progress
from lamina.cli.trained_rows import look_up
from lamina.encoding.batches import Batch, Source
from lamina.errors import TableError
from lamina.files.model_file import Json
from lamina.formulas.table import AnyArray
from lamina.tables.streamed_writing import table_writer

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


def predict_batches(
    model: BaseEstimator,
    source: Source,
    output: Path | None,
    ids: Sequence[str],
    targets: Sequence[str],
    *,
    probabilities: bool,
    interval: float | None,
) -> None:
    """Write the predictions for all rows of a source, in their order."""
    kept = [name for name in ids if name in source.columns]
    for name in ids:
        if name not in kept:
            _say(f"{source.label} has no column {name!r} to identify the rows")
    unfamiliar = _UnfamiliarRows()

    def rows_of(batch: Batch) -> pd.DataFrame:
        frame = batch.frame()
        unfamiliar.add(model, frame)
        X = known_columns(model, frame)
        parts = [frame[kept].reset_index(drop=True), predicted(model, X, targets)]
        if interval is not None:
            lower, upper = np.asarray(model.predict_interval(X, interval), dtype=np.float64).T
            parts.append(pd.DataFrame({"prediction_lower": lower, "prediction_upper": upper}))
        if probabilities:
            parts.append(predicted_probabilities(model, X, targets))
        return pd.concat(parts, axis=1)

    with table_writer(output) as write, pass_progress(plain_console(stderr=True)) as shown:
        for batch in _batches(source, columns_read(model, source, kept), "predicting", shown):
            with batch.naming_errors():
                rows = rows_of(batch)
            write(rows)
    unfamiliar.say()


def columns_read(
    model: BaseEstimator, source: Source, others: Sequence[str] = ()
) -> list[str] | None:
    """Return the columns that a prediction reads; None for all."""
    encoding = get_encoding(model)
    if encoding is None:
        return None
    needed = {*encoding.kinds_, *others}
    return [name for name in source.columns if name in needed]


def _batches(
    source: Source, columns: Sequence[str] | None, stage: str, shown: PassProgress
) -> Iterator[Batch]:
    """Yield the batches of a source, and show how many rows are done."""
    n_rows = 0
    for batch in source.batches(columns):
        yield batch
        n_rows += batch.n_rows
        shown.update(stage, n_rows, source.n_rows)


def evaluate_batches(
    model: BaseEstimator, notes: Mapping[str, Json], source: Source, names: Sequence[str]
) -> None:
    """Measure a model on all rows of a source that have targets, and print the metrics."""
    out, found = plain_console(), Evaluated(model, notes, names)
    source.check_names(names)
    with pass_progress(plain_console(stderr=True)) as shown:
        for batch in _batches(source, columns_read(model, source, names), "measuring", shown):
            with batch.naming_errors():
                found.add(batch.frame())
    found.show(source.label, out.print)


class Evaluated:
    """Metrics of a model on new rows and on those that it was trained on.

    Parameters
    ----------
    model : estimator
    notes : dict
    names : sequence of str
        Names of the targets.
    """

    def __init__(
        self, model: BaseEstimator, notes: Mapping[str, Json], names: Sequence[str]
    ) -> None:
        self.model, self.notes, self.names = model, notes, names
        self.parts = {heading: StreamedFigures(names) for heading in ("new rows", "trained on")}
        self.constant = StreamedFigures(names)
        self.n_rows, self.n_checked = 0, 0
        self.unfamiliar = _UnfamiliarRows()

    def add(self, frame: pd.DataFrame) -> None:
        """Measure the rows of a batch; rows without a target are left out.

        Equal rows in several batches are each found among the training rows, where a table that is
        read as a whole finds as many as there were.
        """
        frame = frame[frame[list(self.names)].notna().all(axis=1)]
        if frame.empty:
            return
        y = true_values(self.model, frame, self.names)
        features = frame.drop(columns=list(self.names))
        self.unfamiliar.add(self.model, features)
        X = known_columns(self.model, features)
        seen = look_up(self.notes, self.model, X, y)
        new = np.ones(len(y), dtype=bool) if seen is None else seen.new
        self.n_rows += len(y)
        self.n_checked += 0 if seen is None else int(seen.checked.sum())
        self._measure("new rows", X, y, new)
        if seen is not None:
            self._measure("trained on", X, y, seen.trained)
        if constants := self.notes.get("constants"):
            self.constant.add(constant_answers(self.model, constants, int(new.sum())), y[new])

    def _measure(self, heading: str, X: pd.DataFrame, y: AnyArray, rows: AnyArray) -> None:
        if rows.any():
            several = y.ndim == 2
            self.parts[heading].add(answers_of(self.model, X[rows], several=several), y[rows])

    def show(self, label: str, say: Callable[..., None]) -> None:
        """Print the metrics."""
        if not self.n_rows:
            raise TableError(f"the target {self.names[0]!r} has no value in any row")
        n_trained = self.parts["trained on"].n_rows
        trained = f"; {n_trained:,} of them were trained on" if n_trained else ""
        say(f"{label}: {count(self.n_rows, 'row')}{trained}", soft_wrap=True)
        measured = {heading: part for heading, part in self.parts.items() if part.n_rows}
        if not n_trained:
            measured = {"all rows": self.parts["new rows"]}
        columns = {heading: part.figures() for heading, part in measured.items()}
        constant = self.constant.figures() if self.constant.n_rows else None
        show_figures(plain_console(), columns, constant, self.names)
        self.unfamiliar.say()


class _UnfamiliarRows:
    """Columns with values that training lacked, and how many batches of rows have them."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str], tuple[int, str]] = {}

    def add(self, model: BaseEstimator, frame: pd.DataFrame) -> None:
        encoding = get_encoding(model)
        if encoding is None:
            return
        for found in encoding.find_unfamiliar(frame):
            n_rows, remark = self.counts.get((found.column, found.kind), (0, found.remark))
            self.counts[found.column, found.kind] = n_rows + found.n_rows, remark

    def say(self) -> None:
        """Print the first remark on each column, with the number of rows in all."""
        for n_rows, remark in self.counts.values():
            _say(f"{remark} (in the first such batch; {count(n_rows, 'row')} in all)")


def _say(remark: str) -> None:
    print(f"lamina: {remark}", file=sys.stderr)
