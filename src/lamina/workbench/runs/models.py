"""Estimator of an experiment: the parameters that a page may set, and how the estimator is built.

A page sends plain JSON. Paths, callables and classes never pass: parameters that accept them are
not among those a page may set.
"""

from __future__ import annotations

import math
from itertools import pairwise

from sklearn.utils._param_validation import InvalidParameterError

from lamina.choices import PARAMETERS, make_choice
from lamina.datasets.dataset import Task
from lamina.errors import ExperimentError, TorchMissingError, UnknownNameError, suggestion
from lamina.estimators import MLPClassifier, MLPRegressor
from lamina.estimators.perceptron import Perceptron
from lamina.estimators.settings.fit_settings import resolve_settings
from lamina.estimators.settings.hidden_layers import describe_layers
from lamina.workbench.data.plain import Message, Plain

ESTIMATORS: dict[Task, type[MLPClassifier | MLPRegressor]] = {
    "classification": MLPClassifier,
    "regression": MLPRegressor,
}
# Parameters that are paths or Python objects, that print, or that make a fit depend on the clock or
# on an earlier fit.
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
# A run must be reproducible even if no seed was chosen.
DEFAULTS = {"random_state": 0}
MOST_LAYERS, WIDEST_LAYER, MOST_PARAMETERS = 32, 1024, 2_000_000
MOST_EPOCHS = 100_000
# Starting a thread costs memory and time, whether or not there is a core for it.
MOST_THREADS = 64


def parameters_of_pages(task: Task) -> list[str]:
    """Return the names of the parameters that an experiment may set, in the signature's order."""
    names = vars(ESTIMATORS[task]())
    return [name for name in names if name not in NOT_FOR_PAGES]


def parameters_kept(parameters: Plain, task: Task) -> Message:
    """Return the parameters that remain when an experiment switches to a task.

    These are the ones that the task's estimator has. A loss belongs to one task and is dropped.
    """
    here = parameters_of_pages(task)
    other: Task = "regression" if task == "classification" else "classification"
    both = set(parameters_of_pages(other)) & set(here) - {"loss"}
    foreign = {name for name in parameters_of_pages(other) if name not in here}
    losses = {"loss"} if not _takes_loss(parameters.get("loss"), task) else set()
    return {k: v for k, v in parameters.items() if k in both or k not in foreign | losses}


def model_from(parameters: Plain, task: Task) -> Perceptron:
    """Return the unfitted estimator with those parameters.

    Parameters
    ----------
    parameters : mapping
        Plain JSON; parameters left out are as in DEFAULTS or have the estimator's defaults.
    task : {'classification', 'regression'}

    Raises
    ------
    ExperimentError
        For an unknown parameter, a value that is not valid, contradictory parameters, and a network
        larger than a page can show.

    Examples
    --------
    >>> model_from({"hidden_layer_sizes": [4, 2], "activation": "tanh"}, "classification")
    MLPClassifier(activation='tanh', hidden_layer_sizes=(4, 2), random_state=0)
    >>> model_from({"solver": {"name": "adamw", "beta_2": 0.95}}, "classification")
    MLPClassifier(random_state=0, solver=AdamW(beta_2=0.95))
    """
    allowed = parameters_of_pages(task)
    for name in parameters:
        if name not in allowed:
            raise ExperimentError(_unknown(name, task, allowed), name)
    plain = {name: _in_python(name, value) for name, value in parameters.items()}
    _refuse_what_is_not_plain(plain)
    model = ESTIMATORS[task]()
    model.set_params(**{**DEFAULTS, **plain})
    _refuse_what_comes_out_different(model)
    try:
        model._validate_params()
        settings = resolve_settings(model)
    except (InvalidParameterError, ValueError, TypeError, TorchMissingError) as error:
        raise ExperimentError(str(error), _named_in(str(error), allowed)) from None
    _refuse_sizes(list(settings.widths), model)
    _refuse_threads(model)
    return model


def _in_python(name: str, value: object) -> object:
    """Convert a JSON value.

    Lists become tuples, keys that are digits class codes, and the name of a formula with its
    hyperparameters an object of lamina.choices.
    """
    if isinstance(value, list):
        return tuple(_as_choice(name, each) for each in value)
    if name in PARAMETERS:
        return _as_choice(name, value)
    if isinstance(value, dict):
        return {int(key) if key.isdecimal() else key: each for key, each in value.items()}
    return value


def _as_choice(parameter: str, value: object) -> object:
    """Convert {"name": …, hyperparameter: …} to an object, and return any other value unchanged."""
    if parameter not in PARAMETERS or not isinstance(value, dict):
        return value
    values = dict(value)
    name = values.pop("name", None)
    if not isinstance(name, str):
        raise ExperimentError(
            f"{parameter}={value!r} must be a name, or an object with a formula's name as 'name'",
            parameter,
        )
    try:
        return make_choice(parameter, name, values)
    except UnknownNameError as error:
        raise ExperimentError(str(error), parameter) from None


def _unknown(name: str, task: Task, allowed: list[str]) -> str:
    estimator = ESTIMATORS[task].__name__
    if name in NOT_FOR_PAGES:
        return f"{name} of {estimator} cannot be set in the workbench, only in Python"
    return f"{estimator} has no parameter {name!r}.{suggestion(name, allowed)}"


def _refuse_what_is_not_plain(plain: Plain) -> None:
    """Raise ExperimentError for nested lists, numbers that are not finite and initial arrays."""
    for name, value in plain.items():
        parts = value if isinstance(value, tuple) else (value,)
        if name == "initializer" and not isinstance(value, str):
            raise ExperimentError(f"{name}={value!r} must be a name in the workbench", name)
        for part in parts:
            if isinstance(part, list | tuple) or (isinstance(part, dict) and part is not value):
                raise ExperimentError(f"{name}={value!r} must not contain nested lists", name)
            if isinstance(part, float) and not math.isfinite(part):
                raise ExperimentError(f"{name}={value!r} must be finite", name)


def _refuse_what_comes_out_different(model: Perceptron) -> None:
    if not isinstance(model.random_state, int) or isinstance(model.random_state, bool):
        raise ExperimentError(
            f"random_state={model.random_state!r} must be a whole number, so that the run can be "
            "reproduced",
            "random_state",
        )
    too_many = isinstance(model.max_iter, int) and model.max_iter > MOST_EPOCHS
    if too_many:
        raise ExperimentError(
            f"max_iter={model.max_iter:,} must be at most {MOST_EPOCHS:,} in the workbench",
            "max_iter",
        )


def _refuse_threads(model: Perceptron) -> None:
    if model.n_threads is not None and model.n_threads > MOST_THREADS:
        raise ExperimentError(
            f"n_threads={model.n_threads!r} must be at most {MOST_THREADS} in the workbench, or "
            "null for the default",
            "n_threads",
        )


def _refuse_sizes(widths: list[int], model: Perceptron) -> None:
    fits = len(widths) <= MOST_LAYERS and max(widths, default=0) <= WIDEST_LAYER
    if not fits or sum(a * b for a, b in pairwise(widths)) > MOST_PARAMETERS:
        layers = describe_layers(model)
        raise ExperimentError(
            f"{layers} is too large for the workbench: at most {MOST_LAYERS} layers of "
            f"{WIDEST_LAYER} units and {MOST_PARAMETERS:,} weights",
            layers.partition("=")[0],
        )


def _takes_loss(loss: object, task: Task) -> bool:
    from lamina.estimators.settings.constraints import (
        CLASSIFICATION_CONSTRAINTS,
        REGRESSION_CONSTRAINTS,
    )

    constraints = CLASSIFICATION_CONSTRAINTS if task == "classification" else REGRESSION_CONSTRAINTS
    loss = loss.get("name") if isinstance(loss, dict) else loss
    # A value that is not a name is kept here and rejected with the other parameters.
    return not isinstance(loss, str) or loss in constraints["loss"][0].options


def _named_in(message: str, allowed: list[str]) -> str | None:
    """Return the first parameter that a message mentions, or None."""
    places = {name: message.find(name) for name in allowed if name in message}
    return min(places, key=lambda name: (places[name], -len(name))) if places else None
