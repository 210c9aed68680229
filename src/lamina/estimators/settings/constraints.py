"""Allowed values of every parameter, derived from the tables of formulas."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from numbers import Integral, Real
from os import PathLike
from typing import Any

from sklearn.utils._param_validation import HasMethods, Interval, Options

from lamina.encoding.targets import CLASSIFICATION_LOSSES
from lamina.engines.choose import ENGINES
from lamina.errors import UnknownNameError, suggestion
from lamina.estimators.settings.refusals import Names, shown
from lamina.formulas import (
    ACTIVATIONS,
    INITIALIZERS,
    LOSSES,
    NORMALIZATIONS,
    OPTIMIZERS,
    PENALTIES,
    PRECISIONS,
    SCHEDULES,
    SOLVERS,
)

BAR = "bar"
DTYPES = ("float32", "float64")
REGRESSION_LOSSES = {name for name, loss in LOSSES.items() if loss.task == "regression"}

_at_least_one = Interval(Integral, 1, None, closed="left")
_not_negative = Interval(Real, 0, None, closed="left")
_positive = Interval(Real, 0, None, closed="neither")
_below_one = Interval(Real, 0, 1, closed="left")

HYPERPARAMETERS = {
    each.name: each
    for table in (OPTIMIZERS, LOSSES, PENALTIES, SCHEDULES)
    for record in table.values()
    for each in record.hyperparameters
    if each.is_estimator_parameter
}


def allowed(name: str) -> list[Any]:
    """Return the constraints on a parameter that is a hyperparameter of the formulas."""
    each = HYPERPARAMETERS[name]
    if each.kind == "boolean":
        return ["boolean"]
    lower, upper = max(each.above, each.at_least), min(each.below, each.at_most)
    has_lower, has_upper = lower == each.at_least, upper == each.at_most
    closed = {(1, 1): "both", (1, 0): "left", (0, 1): "right", (0, 0): "neither"}
    interval = Interval(
        Integral if each.kind == "integer" else Real,
        lower if math.isfinite(lower) else None,
        upper if math.isfinite(upper) else None,
        closed=closed[has_lower and math.isfinite(lower), has_upper and math.isfinite(upper)],
    )
    return [interval, "array-like"] if each.kind == "numbers" else [interval]


CONSTRAINTS: dict[str, list[Any]] = {
    "hidden_layer_sizes": ["array-like", _at_least_one],
    "activation": [Names(set(ACTIVATIONS)), list, tuple],
    "output_activation": [Names(set(ACTIVATIONS)), None],
    "normalization": [Names(set(NORMALIZATIONS)), None],
    "residual": ["boolean"],
    "dropout": [_below_one, list, tuple],
    "input_dropout": [_below_one],
    "input_noise": [_not_negative],
    "solver": [Names(set(SOLVERS))],
    "alpha": [_not_negative],
    "batch_size": [Names({"auto"}), _at_least_one],
    "learning_rate": [Names(set(SCHEDULES)), callable],
    "learning_rate_options": [dict, None],
    "warmup": [_not_negative],
    "learning_rate_init": [_positive],
    "power_t": allowed("power_t"),
    "max_iter": [_at_least_one],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [_not_negative],
    "verbose": ["verbose", Names({BAR})],
    "warm_start": ["boolean"],
    "momentum": allowed("momentum"),
    "nesterovs_momentum": allowed("nesterovs_momentum"),
    "early_stopping": ["boolean"],
    "validation_fraction": [_below_one],
    "beta_1": allowed("beta_1"),
    "beta_2": allowed("beta_2"),
    "epsilon": allowed("epsilon"),
    "n_iter_no_change": [_at_least_one, Options(Real, {math.inf})],
    "monitor": [str, callable, list, tuple, None],
    "restore_best": ["boolean", None],
    "max_seconds": [_positive, None],
    "callbacks": [object],
    "checkpoint": [str, PathLike, None],
    "checkpoint_every": [_at_least_one, None],
    "checkpoint_seconds": [_positive, None],
    "max_fun": [_at_least_one],
    "initializer": [Names(set(INITIALIZERS)), "array-like"],
    "decay_rate": allowed("decay_rate"),
    "amsgrad": ["boolean"],
    "penalty": [Names(set(PENALTIES))],
    "l1_ratio": allowed("l1_ratio"),
    "weight_decay": [_not_negative, None],
    "max_gradient_norm": [_positive, None],
    "average_decay": [_below_one, None],
    "dtype": [Names(set(DTYPES)), None],
    "precision": [Names(set(PRECISIONS)), None],
    "engine": [Names(set(ENGINES)), None],
    "n_threads": [_at_least_one, None],
    "diagnostics": [Names({"auto"}), "boolean"],
}

_own_loss = HasMethods("value_and_delta")
REGRESSION_CONSTRAINTS: dict[str, list[Any]] = {
    "loss": [Names(REGRESSION_LOSSES), _own_loss],
    "quantile": allowed("quantile"),
    "huber_threshold": allowed("huber_threshold"),
    "tweedie_power": allowed("tweedie_power"),
    "scale_target": ["boolean"],
}
CLASSIFICATION_CONSTRAINTS: dict[str, list[Any]] = {
    "loss": [Names(set(CLASSIFICATION_LOSSES)), _own_loss],
    "focal_gamma": allowed("focal_gamma"),
    "label_smoothing": allowed("label_smoothing"),
    "class_weight": [Names({"balanced"}), dict, list, None],
}


def nearest_parameter(parameters: Iterable[str], names: Iterable[str]) -> str:
    """Return a sentence with the nearest match of the first unknown parameter."""
    parameters = list(parameters)
    for name in names:
        if name.partition("__")[0] not in parameters:
            return suggestion(name, parameters)
    return ""


def hidden_widths(hidden_layer_sizes: Any) -> list[int]:
    """Return the number of units of each hidden layer; an int is one layer.

    Raises
    ------
    TypeError
        For a width that is not an integer.
    ValueError
        For a width below one.
    """
    several = hasattr(hidden_layer_sizes, "__iter__")
    widths = list(hidden_layer_sizes) if several else [hidden_layer_sizes]
    for width in widths:
        if not isinstance(width, Integral):
            raise TypeError(
                "hidden_layer_sizes takes an int or a sequence of ints, got "
                f"{shown(hidden_layer_sizes)}: {shown(width)} is a {type(width).__name__}"
            )
    if any(width < 1 for width in widths):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {widths}.")
    return [int(width) for width in widths]


def rising_quantiles(quantile: Any) -> float | tuple[float, ...]:
    """Return one quantile as a number, or several as a tuple.

    Raises
    ------
    TypeError, ValueError
        For a sequence that is not numbers between 0 and 1 in ascending order.
    """
    if isinstance(quantile, Real):
        return float(quantile)
    several = tuple(quantile)
    if not all(isinstance(each, Real) for each in several):
        raise TypeError(f"quantile takes a number or a sequence of numbers, got {shown(quantile)}")
    rises = all(before < after for before, after in pairwise(several))
    if not several or not rises or not (several[0] > 0 and several[-1] < 1):
        raise ValueError(
            f"quantile={shown(quantile)} must be in ascending order, above 0 and below 1: sort it, "
            "and remove duplicates"
        )
    return tuple(map(float, several))


def hidden_activations(activation: Any, n_hidden: int) -> tuple[str, ...]:
    """Return the activation of each hidden layer; a single name applies to all of them.

    Raises
    ------
    UnknownNameError
        For a name that is not an activation.
    ValueError
        If the number of names differs from the number of hidden layers.
    """
    each = _one_a_layer("activation", activation, str, n_hidden, ("names", "name"))
    try:
        return tuple(ACTIVATIONS[name].name for name in each)
    except UnknownNameError as error:
        raise UnknownNameError(f"activation={shown(activation)}: {error}") from None


def hidden_dropout(dropout: Any, n_hidden: int) -> tuple[float, ...]:
    """Return the dropout rate of each hidden layer; a single number applies to all of them.

    Raises
    ------
    TypeError, ValueError
        For rates that are not from 0 to below 1, or not one for each hidden layer.
    """
    each = _one_a_layer("dropout", dropout, Real, n_hidden, ("is of", "rate"))
    for rate in each:
        if not isinstance(rate, Real):
            raise TypeError(f"dropout={shown(dropout)} takes numbers, got {shown(rate)}")
        if not 0 <= float(rate) < 1:
            raise ValueError(
                f"dropout={shown(dropout)} takes fractions from 0 to below 1, got {rate!r}"
            )
    return tuple(float(rate) for rate in each)


def _one_a_layer(
    parameter: str, value: Any, single: type, n_hidden: int, words: tuple[str, str]
) -> tuple[Any, ...]:
    """Return a parameter's value for each hidden layer; a single value applies to all of them."""
    each = (value,) * n_hidden if isinstance(value, single) else tuple(value)
    if len(each) != n_hidden:
        verb, noun = words
        raise ValueError(
            f"{parameter}={shown(value)} {verb} {len(each)} layers, and hidden_layer_sizes has "
            f"{n_hidden}: give one {noun} for each hidden layer, or one for all"
        )
    return each
