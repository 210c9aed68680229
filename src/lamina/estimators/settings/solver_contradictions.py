"""Contradictions of a solver's hyperparameters, and of the rule that ends a fit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lamina.choices import name_of
from lamina.estimators.settings.formula_choices import hyperparameters_of
from lamina.estimators.settings.hidden_layers import describe_layers, layer_widths
from lamina.estimators.settings.parametrized import Parametrized
from lamina.estimators.settings.refusals import shown
from lamina.formulas import OPTIMIZERS
from lamina.formulas.optimizers import HIDDEN_ONLY


def amsgrad_of_another_solver(model: Parametrized) -> str | None:
    takers = [name for name, optimizer in OPTIMIZERS.items() if optimizer.amsgrad]
    if not model.amsgrad or model.solver in takers:
        return None
    return (
        f"amsgrad=True is a variant that solver={model.solver!r} does not have. Set amsgrad=False, "
        f"or choose one of the solvers that have it: {', '.join(map(repr, takers))}."
    )


def factor_of_infinite_patience(model: Parametrized) -> str | None:
    if model.patience_factor == 1 or model.n_iter_no_change < math.inf:
        return None
    return (
        f"patience_factor={model.patience_factor!r} delays the end of a fit without progress, and "
        "n_iter_no_change=inf never ends it. Set n_iter_no_change to a number of epochs, or "
        "patience_factor=1."
    )


def no_hidden_matrix_for_muon(model: Parametrized) -> str | None:
    """Refuse hidden_only=True for a network without weights between two hidden layers."""
    chosen = hyperparameters_of(model, "solver")
    if not chosen.get(HIDDEN_ONLY.name, False) or len(layer_widths(model)) > 1:
        return None
    return (
        f"solver={model.solver!r} updates the weights between hidden layers as matrices, and "
        f"{describe_layers(model)} has none. Choose two or more hidden layers, "
        f"{HIDDEN_ONLY.name}=False, or solver='adamw'."
    )


def schedule_of_nothing(model: Parametrized) -> str | None:
    """Refuse a schedule whose parameter is 0, because a multiple of 0 is 0."""
    decay, solver = model.weight_decay, name_of(model.solver)
    if decay is None and solver in OPTIMIZERS:
        decay = OPTIMIZERS[solver].weight_decay
    followed: dict[str, dict[str, object]] = {
        "dropout": {"dropout": model.dropout, "input_dropout": model.input_dropout},
        "weight_decay": {"weight_decay": decay},
        "label_smoothing": {"label_smoothing": getattr(model, "label_smoothing", 0.0)},
    }
    for name, parameters in followed.items():
        schedule = getattr(model, f"{name}_schedule", None)
        if schedule is None or any(map(_is_any_set, parameters.values())):
            continue
        zeros = " and ".join(f"{parameter}={value!r}" for parameter, value in parameters.items())
        return (
            f"{name}_schedule={shown(schedule)} multiplies {zeros}, so it changes nothing. Set "
            f"{' or '.join(parameters)} above 0, or {name}_schedule=None."
        )
    return None


def _is_any_set(value: Any) -> bool:
    """Return True if a number, or one of several, is not 0."""
    return bool(np.any(value))
