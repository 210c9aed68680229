"""Activations of the latest fit, because the objects in the parameters may change after it."""

from __future__ import annotations

from lamina.blocks import Dense
from lamina.choices import make_choice, name_of
from lamina.estimators.fitting.fitted_parts import Attributes
from lamina.estimators.settings.parametrized import Parametrized
from lamina.formulas import ACTIVATIONS
from lamina.formulas.activation import ActivationName
from lamina.network import NetworkSpec

# Only a fit with an activation that has hyperparameters sets it.
ATTRIBUTE = "_activations"


def activation_attributes(spec: NetworkSpec) -> Attributes:
    """Return the activation of each dense block, if one of them has hyperparameters.

    An activation is its name, or a dict of name and values if not all values are the defaults.
    """
    every = (spec.independent_member or spec).blocks
    blocks = [block for block in every if isinstance(block, Dense)]
    if not any(ACTIVATIONS[block.activation].hyperparameters for block in blocks):
        return {}
    return {ATTRIBUTE: [block.to_json()["activation"] for block in blocks]}


def fitted_activations(model: Parametrized) -> dict[str, object]:
    """Return the parameters of activations with the values of the fit, where they have any.

    The names are those of the parameters as they are now. An activation whose name has changed
    since the fit, and all of a model of an earlier version, have the values of now too.
    """
    if (fitted := model.__dict__.get(ATTRIBUTE)) is None:
        return {}
    *hidden, last = map(ACTIVATIONS.from_json, fitted)
    activation = model.activation
    several = isinstance(activation, (list, tuple))
    now = list(activation) if several else [activation] * len(hidden)
    then = {"output_activation": _with_values_of(model.output_activation, last)}
    if hidden and len(now) == len(hidden):
        each = [_with_values_of(*pair) for pair in zip(now, hidden, strict=True)]
        then["activation"] = each if several or len(set(hidden)) > 1 else each[0]
    return then


def _with_values_of(now: object, fitted: ActivationName) -> object:
    """Return an activation of a parameter, with the values of the fit if it has the same name."""
    name = fitted if isinstance(fitted, str) else fitted.name
    if name_of(now) != name:
        return now
    return name if isinstance(fitted, str) else make_choice("activation", name, dict(fitted.values))
