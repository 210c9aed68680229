"""Constraints on every parameter, and the conversion of those that have several forms."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

from lamina.choices import Choice
from lamina.errors import UnknownNameError, suggestion
from lamina.estimators.settings.fit_parameters import FIT_PARAMETERS
from lamina.estimators.settings.formula_choices import as_activation
from lamina.estimators.settings.loss_parameters import CLASSIFIER_PARAMETERS, REGRESSOR_PARAMETERS
from lamina.estimators.settings.network_parameters import NETWORK_PARAMETERS
from lamina.estimators.settings.parameter import Parameter
from lamina.estimators.settings.refusals import shown
from lamina.estimators.settings.solver_parameters import SOLVER_PARAMETERS
from lamina.formulas import ActivationChoice
from lamina.formulas.activation import ActivationName

# Parameters of both estimators.
PARAMETERS: dict[str, Parameter] = {**NETWORK_PARAMETERS, **SOLVER_PARAMETERS, **FIT_PARAMETERS}


def constraints_of(parameters: dict[str, Parameter]) -> dict[str, list[Any]]:
    """Return the constraints on parameters by name, in scikit-learn's form."""
    return {name: parameter.constraints for name, parameter in parameters.items()}


CONSTRAINTS = constraints_of(PARAMETERS)
REGRESSION_CONSTRAINTS = constraints_of(REGRESSOR_PARAMETERS)
CLASSIFICATION_CONSTRAINTS = constraints_of(CLASSIFIER_PARAMETERS)


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
        if isinstance(width, bool) or not isinstance(width, Integral):
            raise TypeError(
                "hidden_layer_sizes takes an int or a sequence of ints, got "
                f"{shown(hidden_layer_sizes)}: {shown(width)} is a {type(width).__name__}"
            )
    if any(width < 1 for width in widths):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {widths}.")
    return [int(width) for width in widths]


def hidden_activations(activation: Any, n_hidden: int) -> tuple[ActivationName, ...]:
    """Return the activation of each hidden layer; a single name applies to all of them.

    Raises
    ------
    UnknownNameError
        For a name that is not an activation.
    ValueError
        If the number of names differs from the number of hidden layers.
    """
    single = (str, Choice, ActivationChoice)
    each = _one_a_layer("activation", activation, single, n_hidden, ("names", "name"))
    try:
        return tuple(map(as_activation, each))
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
        if isinstance(rate, bool) or not isinstance(rate, Real):
            raise TypeError(f"dropout={shown(dropout)} takes numbers, got {shown(rate)}")
        if not 0 <= float(rate) < 1:
            raise ValueError(
                f"dropout={shown(dropout)} takes fractions from 0 to below 1, got {rate!r}"
            )
    return tuple(float(rate) for rate in each)


def _one_a_layer(
    parameter: str,
    value: Any,
    single: type | tuple[type, ...],
    n_hidden: int,
    words: tuple[str, str],
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
