"""The estimator of an experiment: which parameters a page may set, and how it is made from them.

What a page sends is plain JSON. No path, no callable and no class comes through here: the
parameters that take one are not among those that it may set.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from sklearn.utils._param_validation import InvalidParameterError

from lamina.datasets.dataset import Task
from lamina.errors import ExperimentError, suggestion
from lamina.estimators import MLPClassifier, MLPRegressor
from lamina.estimators.constraints import hidden_activations, hidden_dropout, hidden_widths
from lamina.estimators.contradictions import refuse_contradictions
from lamina.estimators.validating import monitored

ESTIMATORS: dict[Task, type] = {"classification": MLPClassifier, "regression": MLPRegressor}
# Paths, Python objects, what prints, and what makes a fit depend on the clock or on an earlier one.
NOT_FOR_PAGES = frozenset(
    {
        "callbacks",
        "checkpoint",
        "checkpoint_every",
        "checkpoint_seconds",
        "max_seconds",
        "verbose",
        "warm_start",
    }
)
# A run must come out the same again, also where no seed was chosen.
DEFAULTS = {"random_state": 0}
MOST_LAYERS, WIDEST_LAYER, MOST_PARAMETERS = 32, 1024, 2_000_000
MOST_EPOCHS = 100_000
# A thread takes room and time to begin, whether there is a core for it or not.
MOST_THREADS = 64


def parameters_of_pages(task: Task) -> list[str]:
    """The names of the parameters that an experiment may set, in the signature's order."""
    names = vars(ESTIMATORS[task]())
    return [name for name in names if name not in NOT_FOR_PAGES]


def parameters_kept(given: Mapping[str, Any], task: Task) -> dict[str, Any]:
    """What is left of a model's parameters for a task: those that its estimator has too.

    A loss belongs to one task, and goes with it.
    """
    here = parameters_of_pages(task)
    other: Task = "regression" if task == "classification" else "classification"
    both = set(parameters_of_pages(other)) & set(here) - {"loss"}
    foreign = {name for name in parameters_of_pages(other) if name not in here}
    losses = {"loss"} if not _takes_loss(given.get("loss"), task) else set()
    return {k: v for k, v in given.items() if k in both or k not in foreign | losses}


def model_from(given: Mapping[str, Any], task: Task) -> Any:
    """The unfitted estimator with those parameters.

    Parameters
    ----------
    given : mapping
        Plain JSON; what is left out is as in DEFAULTS, or as the estimator has it.
    task : {'classification', 'regression'}

    Raises
    ------
    ExperimentError
        For an unknown parameter, a value that it does not take, parameters that clash, and sizes
        beyond what a page can show.

    Examples
    --------
    >>> model_from({"hidden_layer_sizes": [4, 2], "activation": "tanh"}, "classification")
    MLPClassifier(activation='tanh', hidden_layer_sizes=(4, 2), random_state=0)
    """
    allowed = parameters_of_pages(task)
    for name in given:
        if name not in allowed:
            raise ExperimentError(_unknown(name, task, allowed), name)
    plain = {name: _in_python(value) for name, value in given.items()}
    _refuse_what_is_not_plain(plain)
    model = ESTIMATORS[task](**{**DEFAULTS, **plain})
    _refuse_what_comes_out_different(model)
    try:
        model._validate_params()
        refuse_contradictions(model, incremental=False)
        widths = hidden_widths(model.hidden_layer_sizes)
        hidden_activations(model.activation, len(widths))
        hidden_dropout(model.dropout, len(widths))
        monitored(model.monitor, early_stopping=bool(model.early_stopping))
    except (InvalidParameterError, ValueError, TypeError) as error:
        raise ExperimentError(str(error), _named_in(str(error), allowed)) from None
    _refuse_sizes(widths, model)
    _refuse_threads(model)
    return model


def _in_python(value: Any) -> Any:
    """A value of JSON's as Python's: lists are tuples, and keys may be codes of classes."""
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, dict):
        return {int(key) if key.isdecimal() else key: each for key, each in value.items()}
    return value


def _unknown(name: str, task: Task, allowed: list[str]) -> str:
    estimator = ESTIMATORS[task].__name__
    if name in NOT_FOR_PAGES:
        return f"{name} of {estimator} cannot be set in the workbench; it is for Python"
    return f"{estimator} has no parameter {name!r}.{suggestion(name, allowed)}"


def _refuse_what_is_not_plain(plain: Mapping[str, Any]) -> None:
    """Only names start values here, and sequences are of plain numbers or names."""
    for name, value in plain.items():
        parts = value if isinstance(value, tuple) else (value,)
        if name == "initializer" and not isinstance(value, str):
            raise ExperimentError("initializer takes a name in the workbench", name)
        for part in parts:
            if isinstance(part, list | tuple) or (isinstance(part, dict) and part is not value):
                raise ExperimentError(f"{name} takes no lists of lists: {value!r}", name)
            if isinstance(part, float) and not math.isfinite(part):
                raise ExperimentError(f"{name}={value!r} must be finite", name)


def _refuse_what_comes_out_different(model: Any) -> None:
    if not isinstance(model.random_state, int) or isinstance(model.random_state, bool):
        raise ExperimentError(
            f"random_state={model.random_state!r} must be a whole number, so that a run can be "
            "made again",
            "random_state",
        )
    too_many = isinstance(model.max_iter, int) and model.max_iter > MOST_EPOCHS
    if too_many:
        raise ExperimentError(
            f"max_iter={model.max_iter:,} is more than the workbench remembers: {MOST_EPOCHS:,} "
            "at most",
            "max_iter",
        )


def _refuse_threads(model: Any) -> None:
    if model.n_threads is not None and model.n_threads > MOST_THREADS:
        raise ExperimentError(
            f"n_threads={model.n_threads!r} is more than the workbench begins: {MOST_THREADS} at "
            "most, or null for as many as there are cores",
            "n_threads",
        )


def _refuse_sizes(widths: list[int], model: Any) -> None:
    fits = len(widths) <= MOST_LAYERS and max(widths, default=0) <= WIDEST_LAYER
    if not fits or sum(a * b for a, b in pairwise(widths)) > MOST_PARAMETERS:
        raise ExperimentError(
            f"hidden_layer_sizes={model.hidden_layer_sizes!r} is more than the workbench draws: "
            f"{MOST_LAYERS} layers of {WIDEST_LAYER} units, {MOST_PARAMETERS:,} weights in all",
            "hidden_layer_sizes",
        )


def _takes_loss(loss: Any, task: Task) -> bool:
    from lamina.estimators.constraints import CLASSIFICATION_CONSTRAINTS, REGRESSION_CONSTRAINTS

    of = CLASSIFICATION_CONSTRAINTS if task == "classification" else REGRESSION_CONSTRAINTS
    # What is no name goes on, and is refused with the parameters.
    return not isinstance(loss, str) or loss in of["loss"][0].options


def _named_in(message: str, allowed: list[str]) -> str | None:
    """The parameter that a message speaks of first."""
    places = {name: message.find(name) for name in allowed if name in message}
    return min(places, key=lambda name: (places[name], -len(name))) if places else None
