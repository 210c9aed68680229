"""Run `lamina predict` and `lamina evaluate`: apply a saved model to a table."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sklearn.base import is_classifier

from lamina import persistence
from lamina.cli.evaluation import Evaluation, show_evaluation
from lamina.cli.placing import check_device, place
from lamina.cli.predicted_columns import (
    known_columns,
    predicted,
    predicted_probabilities,
    true_values,
)
from lamina.cli.progress import working
from lamina.cli.recipe import get_encoding
from lamina.cli.report import count, plain_console
from lamina.cli.streaming.choice import open_data
from lamina.cli.streaming.prediction import evaluate_batches, predict_batches
from lamina.encoding import TableEncoding
from lamina.encoding.column_form import ColumnForm
from lamina.encoding.frames import ArrayOrTable
from lamina.encoding.missing_marks import ANYWHERE
from lamina.encoding.understanding import understand
from lamina.errors import TableError
from lamina.files.model_file import Json
from lamina.tables.options import DEFAULTS, ReadingOptions
from lamina.tables.problem import column
from lamina.tables.reading import read_table
from lamina.tables.writing import check_output, write_table
from lamina.tabular.base import TabularEstimator

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


def predict(
    model_file: Path,
    data: Path,
    output: Path | None,
    *,
    probabilities: bool,
    overwrite: bool,
    interval: float | None = None,
    reading: ReadingOptions = DEFAULTS,
    device: str | None = None,
) -> int:
    """Run `lamina predict` and return the exit code."""
    check_device(device)
    if interval is not None and not 0 < interval < 1:
        raise ValueError(f"--interval must lie between 0 and 1, got {interval:g}: try 0.9")
    if output is not None:
        check_output(output, overwrite=overwrite)
    model = load_model(model_file)
    place(model, device)
    if probabilities and not is_classifier(model):
        raise ValueError(f"--probabilities: {model_file} is a regression model and has none")
    if interval is not None:
        check_interval(model, model_file)
    notes = persistence.read_notes(model_file)
    ids = read_ids(notes)
    if (source := open_data(data, reading)) is not None:
        names = ids, read_targets(notes)
        predict_batches(
            model, source, output, *names, probabilities=probabilities, interval=interval
        )
        return 0
    # Copy ids as written, including leading zeros and 'NA'.
    as_written = dict.fromkeys(ids, ColumnForm("category", is_chosen=True))
    read = read_for(model, data, reading, as_written)
    X = known_columns(model, read)
    missing = [name for name in ids if name not in read.columns]
    remarks = [f"{data.name} has no column {name!r} to identify the rows" for name in missing]
    for remark in (*remarks_on_new(model, X), *remarks):
        print(f"lamina: {remark}", file=sys.stderr)
    targets = read_targets(notes)
    kept = read[[name for name in ids if name not in missing]].reset_index(drop=True)
    table = pd.concat([kept, predicted(model, X, targets)], axis=1)
    if interval is not None:
        lower, upper = np.asarray(model.predict_interval(X, interval), dtype=np.float64).T
        table = table.assign(prediction_lower=lower, prediction_upper=upper)
    if probabilities:
        table = pd.concat([table, predicted_probabilities(model, X, targets)], axis=1)
    write_table(table, output)
    return 0


def check_interval(model: BaseEstimator, model_file: Path) -> None:
    """Raise ValueError if a model cannot predict intervals."""
    if is_classifier(model):
        raise ValueError(
            f"--interval: {model_file} predicts classes. Use --probabilities for their certainty"
        )
    if isinstance(model, TabularEstimator) and not hasattr(model, "predict_interval"):
        raise ValueError(
            f"--interval: {model_file} holds an ensemble, which cannot predict intervals: train "
            "one network with --model mlp --set loss=quantile --set quantile=0.05,0.95"
        )
    if not hasattr(model, "predict_interval"):
        raise ValueError(
            f"--interval: {model_file} holds one network, which cannot predict intervals: train "
            "with --model mlp --set loss=quantile --set quantile=0.05,0.95"
        )


def read_targets(notes: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the names of a model's targets from its notes; empty if they are missing."""
    targets = notes.get("targets") or notes.get("target") or ()
    return (targets,) if isinstance(targets, str) else tuple(map(str, targets))


def read_ids(notes: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the columns that identify the rows, noted by `lamina train --id`."""
    ids = notes.get("ids")
    return tuple(map(str, ids)) if isinstance(ids, list) else ()


def evaluate(
    model_file: Path,
    data: Path,
    targets: tuple[str, ...],
    reading: ReadingOptions = DEFAULTS,
    device: str | None = None,
) -> int:
    """Run `lamina evaluate` and return the exit code."""
    check_device(device)
    out, err = plain_console(), plain_console(stderr=True)
    model, notes = load_model(model_file), persistence.read_notes(model_file)
    place(model, device)
    names = targets or read_targets(notes)
    if not names:
        raise ValueError(f"{model_file} does not record the name of its target: give --target")
    n_learned = len(read_targets(notes)) or 1
    if len(names) != n_learned:
        raise ValueError(
            f"{model_file} predicts {count(n_learned, 'target')}: give --target as many times"
        )
    if (source := open_data(data, reading)) is not None:
        evaluate_batches(model, notes, source, names)
        return 0
    with working(err, f"reading {data.name}"):
        forms = class_texts(model, names) | number_forms(notes, names)
        table = read_for(model, data, reading, forms)
    for name in names:
        table = table[column(table, name).notna()]
        if table.empty:
            raise TableError(f"the target {name!r} has no value in any row")
    X, y = known_columns(model, table.drop(columns=list(names))), true_values(model, table, names)
    for remark in remarks_on_new(model, X):
        print(f"lamina: {remark}", file=sys.stderr)
    with working(err, f"measuring {data.name}"):
        show_evaluation(out, Evaluation(model, notes, X, y, names, data.name))
    return 0


def load_model(path: Path) -> BaseEstimator:
    """Load a model from a file; raise IsADirectoryError for a folder."""
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: name a file that `lamina train` wrote")
    return persistence.load(path)


def read_for(
    model: BaseEstimator,
    data: Path,
    reading: ReadingOptions = DEFAULTS,
    targets: Mapping[str, ColumnForm] | None = None,
) -> pd.DataFrame:
    """Read a table with the column forms of training, so that '007' stays '007'."""
    encoding = get_encoding(model)
    forms = ({} if encoding is None else forms_needed(encoding)) | dict(targets or {})
    forms = {name: reading.adapt(form) for name, form in forms.items()}
    table: pd.DataFrame = read_table(data, replace(reading, forms=forms))
    return table


def class_texts(model: BaseEstimator, names: Sequence[str]) -> dict[str, ColumnForm]:
    """Return the forms of targets with text classes, where 'NA' may be a class."""
    if not is_classifier(model):
        return {}
    classes = model.classes_ if len(names) > 1 else [model.classes_]
    return {
        name: ColumnForm("category", missing=tuple(sorted(ANYWHERE - set(labels.tolist()))))
        for name, labels in zip(names, classes, strict=True)
        if labels.dtype.kind == "U"
    }


def number_forms(notes: Mapping[str, Json], names: Sequence[str]) -> dict[str, ColumnForm]:
    """Return the forms of a regression's targets in training, by the current column names.

    Raises
    ------
    ValueError
        If the notes are damaged.
    """
    noted = notes.get("target_forms", {})
    try:
        # Notes without targets have no forms either; `evaluate` has compared the counts already.
        pairs = zip(read_targets(notes), names, strict=False)
        return {name: ColumnForm.from_plain(noted[old]) for old, name in pairs if old in noted}
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"the model's notes are damaged: target_forms is {noted!r}") from error


def remarks_on_new(model: BaseEstimator, X: ArrayOrTable) -> list[str]:
    """Return remarks on a new file, and on values that the training rows lacked."""
    encoding = get_encoding(model)
    if encoding is None:
        return list(understand(X).file_remarks)
    return [
        *understand(X).file_remarks,
        *(found.remark for found in encoding.find_unfamiliar(X)),
    ]


def forms_needed(encoding: TableEncoding) -> dict[str, ColumnForm]:
    """Return the forms of the columns that an encoding uses; old files have none."""
    text = ColumnForm("category", missing=tuple(sorted(ANYWHERE)))
    forms = dict.fromkeys(encoding.categories_, text) | encoding.forms_
    return {name: form for name, form in forms.items() if name not in encoding.left_out_}
