"""The default pipeline of `lamina train --model mlp`: its steps and its settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from lamina.choices import name_of
from lamina.cli.settings import check_names, with_objects
from lamina.datasets.dataset import Task
from lamina.encoding import TableEncoding
from lamina.encoding.frames import ArrayOrTable
from lamina.estimators import MLPClassifier, MLPRegressor
from lamina.estimators.fitting.tasks import quantiles_in
from lamina.files.model_file import Json
from lamina.formulas import INVERSE_LINKS, LOSSES, is_minibatch
from lamina.tabular.base import TabularEstimator

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

# Stop when the validation loss on a tenth of the rows no longer falls. Accuracy, the estimators'
# default monitor, may stay constant from the first epoch when classes are unbalanced.
WATCHED: Mapping[str, object] = {
    "early_stopping": True,
    "monitor": "validation_loss",
    "max_iter": 1000,
}
# With few rows, a tenth is too small to decide when to stop, and training lacks those rows. On
# samples of 60 to 400 rows from ten tables, this penalty raises the skill (1 - loss / loss of a
# constant) by .06 to .3 over early stopping.
PENALISED: Mapping[str, object] = {"alpha": 3.0, "max_iter": 1000}
FEWEST_WATCHED = 50


def build_model(
    task: Task, settings: dict[str, object], seed: int, y: ArrayOrTable = None
) -> BaseEstimator:
    """Return an unfitted model that takes a table: an encoding, then a network.

    The target of a regression is standardised, unless its loss predicts only positive numbers.

    Parameters
    ----------
    task : {'classification', 'regression'}
    settings : dict
        Parameters of the network; they override the defaults.
    seed : int
    y : ndarray of shape (n_samples,) or (n_samples, n_targets), optional
        Targets of the training rows; their number decides whether early stopping is used.

    Raises
    ------
    UnknownNameError
        If a setting is not a parameter of the network.
    """
    network = (MLPClassifier if task == "classification" else MLPRegressor)(random_state=seed)
    parameters = network.get_params()
    check_names(settings, type(network).__name__, parameters)
    settings = with_objects(settings, parameters)
    network.set_params(**defaults(task, settings, y), **settings)
    model = Pipeline([("encoding", TableEncoding()), ("model", network)])
    if task == "classification" or not _reaches_every_number(name_of(network.loss)):
        return model
    # The check would warn about a target with one huge value, whose inverse loses some digits.
    return TransformedTargetRegressor(
        regressor=model, transformer=StandardScaler(), check_inverse=False
    )


def defaults(task: Task, settings: Mapping[str, object], y: ArrayOrTable = None) -> dict[str, Json]:
    """Return the default settings, without those that the user chose or that do not apply.

    Examples
    --------
    >>> import numpy as np
    >>> defaults("regression", {"max_iter": 50}, np.arange(600.0))
    {'early_stopping': True, 'monitor': 'validation_loss'}
    >>> defaults("regression", {}, np.arange(60.0))
    {'alpha': 3.0, 'max_iter': 1000}
    >>> defaults("regression", {"early_stopping": False}, np.arange(600.0))
    {}
    """
    chosen = settings.get("early_stopping")
    if chosen is False or not is_minibatch(settings.get("solver", "")):
        return {}
    is_watched = chosen is True or _can_hold_out(task, settings, y)
    recipe = WATCHED if is_watched else PENALISED
    return {name: value for name, value in recipe.items() if name not in settings}


def _can_hold_out(task: Task, settings: Mapping[str, object], y: ArrayOrTable) -> bool:
    """Return True if enough rows can be held out for early stopping."""
    if y is None:
        return True
    fraction = settings.get("validation_fraction", 0.1)
    if not isinstance(fraction, float) or fraction * len(y) < FEWEST_WATCHED:
        return False
    # The split is stratified for two classes, which requires two rows of each.
    if task == "classification" and y.ndim == 1:
        counts = np.unique(y, return_counts=True)[1]
        return len(counts) > 2 or bool(counts.min() >= 2)
    return True


def _reaches_every_number(loss: str) -> bool:
    """Return True if a loss allows negative predictions, as a standardised target needs."""
    # The network itself rejects an unknown name.
    return loss not in LOSSES or bool(
        (INVERSE_LINKS[LOSSES[loss].inverse_link].value(np.array([[-1.0]])) < 0).all()
    )


def get_network(model: BaseEstimator) -> BaseEstimator:
    """Return the network inside a pipeline or a TransformedTargetRegressor.

    The network is fitted if they are. An ensemble for tables is returned unchanged.
    """
    if isinstance(model, TransformedTargetRegressor):
        return get_network(getattr(model, "regressor_", model.regressor))
    return model[-1] if isinstance(model, Pipeline) else model


def get_encoding(model: BaseEstimator) -> TableEncoding | None:
    """Return the table encoding inside a fitted model; None if the model takes a matrix."""
    if isinstance(model, TabularEstimator):
        return model.inputs_.encoding_
    if isinstance(model, TransformedTargetRegressor):
        return get_encoding(getattr(model, "regressor_", model.regressor))
    first = model[0] if isinstance(model, Pipeline) else None
    return first if isinstance(first, TableEncoding) else None


def get_quantiles(network: BaseEstimator) -> list[float] | None:
    """Return the quantiles that a fitted network predicts, or None."""
    return quantiles_in(vars(network).get("_loss_hyperparameters", {}))
