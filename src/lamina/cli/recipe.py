"""The recipe: how a model is put together, its defaults, and what is inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from lamina.cli.settings import check_names
from lamina.datasets.dataset import Task
from lamina.encoding import TableEncoding
from lamina.estimators import MLPClassifier, MLPRegressor
from lamina.estimators.tasks import quantiles_in
from lamina.formulas import INVERSE_LINKS, LOSSES
from lamina.tabular.base import TabularEstimator

# Training ends where the loss on a tenth of its rows stops falling. Accuracy, which the estimators
# watch by default, stands still from the first epoch where classes are unbalanced.
WATCHED: Mapping[str, Any] = {
    "early_stopping": True,
    "monitor": "validation_loss",
    "max_iter": 1000,
}
# A tenth of few rows says too little of when to stop, and is missed in training. On parts of ten
# tables with 60 to 400 rows this penalty explains .06 to .3 more of the loss than watching does.
PENALISED: Mapping[str, Any] = {"alpha": 3.0, "max_iter": 1000}
FEWEST_WATCHED = 50


def build_model(task: Task, settings: dict[str, Any], seed: int, y: Any = None) -> Any:
    """Return an unfitted model that takes a table: an encoding, then a network.

    A regression's target is standardised, unless its loss predicts positive numbers only.

    Parameters
    ----------
    task : {'classification', 'regression'}
    settings : dict
        Parameters of the network, which replace the recipe's own.
    seed : int
    y : ndarray of shape (n_samples,) or (n_samples, n_targets), optional
        The targets to be learned from; they decide whether rows can be held out of them.

    Raises
    ------
    UnknownNameError
        For a setting that is no parameter of the network.
    """
    network = (MLPClassifier if task == "classification" else MLPRegressor)(random_state=seed)
    check_names(settings, type(network).__name__, network.get_params())
    network.set_params(**defaults(task, settings, y), **settings)
    model = Pipeline([("encoding", TableEncoding()), ("model", network)])
    if task == "classification" or not _reaches_every_number(network.loss):
        return model
    # A target with one huge value loses digits on the way back, which is no fault of the scaler.
    return TransformedTargetRegressor(
        regressor=model, transformer=StandardScaler(), check_inverse=False
    )


def defaults(task: Task, settings: Mapping[str, Any], y: Any = None) -> dict[str, Any]:
    """Return the recipe's own settings, without those that were chosen or that do not apply.

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
    if settings.get("solver") == "lbfgs" or chosen is False:
        return {}
    is_watched = chosen is True or _can_be_watched(task, settings, y)
    recipe = WATCHED if is_watched else PENALISED
    return {name: value for name, value in recipe.items() if name not in settings}


def _can_be_watched(task: Task, settings: Mapping[str, Any], y: Any) -> bool:
    """Whether enough rows can be held out of the training to say when it should end."""
    if y is None:
        return True
    fraction = settings.get("validation_fraction", 0.1)
    if not isinstance(fraction, float) or fraction * len(y) < FEWEST_WATCHED:
        return False
    # Two classes are divided evenly between both parts, for which each needs two rows.
    if task == "classification" and y.ndim == 1:
        counts = np.unique(y, return_counts=True)[1]
        return len(counts) > 2 or bool(counts.min() >= 2)
    return True


def _reaches_every_number(loss: str) -> bool:
    """Whether a loss's inverse link gives negative numbers too: a standardised target has them."""
    # A name that is none is left for the network's own validation to refuse.
    return loss not in LOSSES or bool(
        (INVERSE_LINKS[LOSSES[loss].inverse_link].value(np.array([[-1.0]])) < 0).all()
    )


def network_of(model: Any) -> Any:
    """The network inside a pipeline or a TransformedTargetRegressor, fitted where these are.

    An ensemble for tables is returned as it is.
    """
    if isinstance(model, TransformedTargetRegressor):
        return network_of(getattr(model, "regressor_", model.regressor))
    return model[-1] if isinstance(model, Pipeline) else model


def encoding_of(model: Any) -> TableEncoding | None:
    """The table's encoding inside a fitted model; None for a model that takes a matrix."""
    if isinstance(model, TabularEstimator):
        return model.inputs_.encoding_
    if isinstance(model, TransformedTargetRegressor):
        return encoding_of(getattr(model, "regressor_", model.regressor))
    first = model[0] if isinstance(model, Pipeline) else None
    return first if isinstance(first, TableEncoding) else None


def quantiles_of(network: Any) -> list[float] | None:
    """The quantiles that a fitted network predicts; None for one that predicts none."""
    return quantiles_in(vars(network).get("_loss_hyperparameters", {}))
