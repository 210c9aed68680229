"""`lamina predict` and `lamina evaluate`: a saved model meets a table."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.compose import TransformedTargetRegressor

from lamina import persistence
from lamina.cli.metrics import measure
from lamina.cli.recipe import encoding_of, network_of, quantiles_of
from lamina.cli.report import plain_console, show_figures
from lamina.encoding import TableEncoding
from lamina.encoding.column_form import ColumnForm
from lamina.encoding.columns import numbers
from lamina.encoding.missing_marks import ANYWHERE
from lamina.errors import TableError
from lamina.formulas import LOSSES
from lamina.tables.options import ReadingOptions
from lamina.tables.problem import as_classes, column, values
from lamina.tables.reading import read_table


def predict(
    model_file: Path, data: Path, output: Path | None, *, probabilities: bool, overwrite: bool
) -> int:
    """Run `lamina predict`; returns the exit code."""
    if output is not None and output.exists() and not overwrite:
        raise FileExistsError(
            f"{output} is there already: give --overwrite to replace it, or another --output"
        )
    model = load_model(model_file)
    if probabilities and not is_classifier(model):
        raise ValueError(f"--probabilities: {model_file} is a regression model and has none")
    X = known_columns(model, read_for(model, data))
    table = predicted(model, X)
    if probabilities:
        names = [f"probability_{label}" for label in model.classes_]
        table = pd.concat([table, pd.DataFrame(model.predict_proba(X), columns=names)], axis=1)
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(sys.stdout if output is None else output, index=False)
    return 0


def predicted(model: Any, X: Any) -> pd.DataFrame:
    """The prediction for each row, with what else a model's loss tells of it.

    Returns
    -------
    DataFrame
        'prediction'; with 'std' beside it after loss='gaussian_nll'; after a loss of several
        quantiles a column for each instead, such as 'quantile_0.9'.
    """
    prediction = model.predict(X)
    if prediction.ndim == 2:
        names = [f"quantile_{q:g}" for q in quantiles_of(network_of(model)) or ()]
        return pd.DataFrame(prediction, columns=names)
    table = pd.DataFrame({"prediction": prediction})
    spread = predicted_spread(model, X)
    return table if spread is None else table.assign(std=spread)


def predicted_spread(model: Any, X: Any) -> NDArray[Any] | None:
    """The standard deviation of each row in units of the target; None where none is predicted."""
    if isinstance(model, TransformedTargetRegressor):
        spread = predicted_spread(model.regressor_, X)
        return None if spread is None else spread * model.transformer_.scale_[0]
    name = getattr(network_of(model), "_loss_name", None)
    if name is None or LOSSES[name].spread is None:
        return None
    return np.asarray(model.predict(X, return_std=True)[1])


def evaluate(model_file: Path, data: Path, target: str | None) -> int:
    """Run `lamina evaluate`; returns the exit code."""
    model = load_model(model_file)
    target = target or persistence.read_notes(model_file).get("target")
    if target is None:
        raise ValueError(f"{model_file} does not say what its target is called: give --target")
    table = read_for(model, data)
    table = table[column(table, target).notna()]
    if table.empty:
        raise TableError(f"the target {target!r} has no value in any row")
    X = known_columns(model, table.drop(columns=target))
    if is_classifier(model):
        y = as_classes(values(table[target], "classification"), model.classes_, target)
    else:
        y = values(table[target], "regression")
    show_figures(plain_console(), measure(model, X, y), data.name)
    return 0


def load_model(path: Path) -> Any:
    """The model in a file; refuses a folder as clearly as a missing file."""
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: name a file that `lamina train` wrote")
    return persistence.load(path)


def read_for(model: Any, data: Path) -> pd.DataFrame:
    """A table, its columns read by the forms of training, so that '007' stays '007'."""
    encoding = encoding_of(model)
    forms = {} if encoding is None else forms_needed(encoding)
    table: pd.DataFrame = read_table(data, ReadingOptions(forms=forms))
    return table


def forms_needed(encoding: TableEncoding) -> dict[str, ColumnForm]:
    """The forms of the columns that an encoding uses; files of earlier versions have none."""
    text = ColumnForm("category", missing=tuple(sorted(ANYWHERE)))
    forms = dict.fromkeys(encoding.categories_, text) | encoding.forms_
    return {name: form for name, form in forms.items() if name not in encoding.left_out_}


def known_columns(model: Any, table: pd.DataFrame) -> Any:
    """What a model takes of a table; a network without an encoding gets numbers."""
    if encoding_of(model) is not None:
        return table
    names = getattr(model, "feature_names_in_", None)
    if names is not None:
        for name in names:
            column(table, name)
        return table[list(names)]
    return np.column_stack([numbers(str(name), table[name]) for name in table.columns])
