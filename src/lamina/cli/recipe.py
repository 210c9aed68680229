"""The recipe: how a model is put together, how rows are held out, and what is inside."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from lamina.cli.settings import check_names
from lamina.datasets.dataset import Task
from lamina.encoding import TableEncoding
from lamina.errors import TableError
from lamina.estimators import MLPClassifier, MLPRegressor
from lamina.estimators.tasks import quantiles_in
from lamina.formulas import LINKS, LOSSES
from lamina.tables.problem import Problem


def build_model(task: Task, settings: dict[str, Any], seed: int) -> Any:
    """An unfitted model that takes a table: an encoding, then a network.

    A regression's target is standardised, unless its loss predicts positive numbers only.

    Raises
    ------
    UnknownNameError
        For a setting that is no parameter of the network.
    """
    network = (MLPClassifier if task == "classification" else MLPRegressor)(random_state=seed)
    check_names(settings, type(network).__name__, network.get_params())
    network.set_params(**settings)
    model = Pipeline([("encoding", TableEncoding()), ("model", network)])
    if task == "classification" or not _reaches_every_number(network.loss):
        return model
    return TransformedTargetRegressor(regressor=model, transformer=StandardScaler())


def _reaches_every_number(loss: str) -> bool:
    """Whether a loss's link gives negative numbers too: a standardised target has them."""
    # A name that is none is left for the network's own validation to refuse.
    return loss not in LOSSES or bool(
        (LINKS[LOSSES[loss].link].value(np.array([[-1.0]])) < 0).all()
    )


def network_of(model: Any) -> Any:
    """The perceptron inside a pipeline or a TransformedTargetRegressor, fitted where these are."""
    if isinstance(model, TransformedTargetRegressor):
        return network_of(getattr(model, "regressor_", model.regressor))
    return model[-1] if isinstance(model, Pipeline) else model


def encoding_of(model: Any) -> TableEncoding | None:
    """The table's encoding inside a model; None for a model that takes a matrix."""
    if isinstance(model, TransformedTargetRegressor):
        return encoding_of(getattr(model, "regressor_", model.regressor))
    first = model[0] if isinstance(model, Pipeline) else None
    return first if isinstance(first, TableEncoding) else None


def quantiles_of(network: Any) -> list[float] | None:
    """The quantiles that a fitted network predicts; None for one that predicts none."""
    return quantiles_in(vars(network).get("_loss_hyperparameters", {}))


class Split(NamedTuple):
    """Rows to learn from, and rows held out."""

    X_train: pd.DataFrame
    X_test: pd.DataFrame
    y_train: NDArray[Any]
    y_test: NDArray[Any]


def split(problem: Problem, test_size: float, seed: int) -> Split:
    """Hold out a part of the rows, for classification with each class's share kept.

    Raises
    ------
    TableError
        Where the rows, or those of a class, are too few for both parts.
    """
    if not 0 < test_size < 1:
        raise ValueError(f"--test-size must lie between 0 and 1, got {test_size:g}: try 0.2")
    classified = problem.task == "classification"
    counts = Counter(problem.target.tolist()) if classified else {}
    alone = [label for label, count in counts.items() if count < 2]
    if alone:
        raise TableError(
            f"class {alone[0]!s} of {problem.target_name!r} has only one row, which cannot be in "
            "both parts of the split: leave that row out, or add rows"
        )
    n_rows, needed = len(problem.target), max(2, len(counts))
    n_test = math.ceil(test_size * n_rows)
    if min(n_test, n_rows - n_test) < needed:
        raise TableError(
            f"--test-size {test_size:g} of {n_rows} rows holds out {n_test} and trains on "
            f"{n_rows - n_test}, but each part needs {needed} or more: "
            "change --test-size, or add rows"
        )
    parts = train_test_split(
        problem.features,
        problem.target,
        test_size=test_size,
        random_state=seed,
        stratify=problem.target if classified else None,
    )
    return Split(*parts)
