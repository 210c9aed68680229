"""Collect the optimizer's settings from an estimator's parameters."""

from __future__ import annotations

from typing import Any

from lamina.choices import name_of
from lamina.engines import OptimizerSettings
from lamina.estimators.settings.formula_choices import hyperparameters_of
from lamina.formulas import OPTIMIZERS


def optimizer_settings(model: Any) -> OptimizerSettings:
    """Return the settings of a minibatch solver, including clipping, decay and averaging."""
    name, values = name_of(model.solver), hyperparameters_of(model, "solver")
    optimizer = OPTIMIZERS[name]
    decay = optimizer.weight_decay if model.weight_decay is None else model.weight_decay
    most, average = model.max_gradient_norm, model.average_decay
    return OptimizerSettings(
        name,
        {each.name: float(values[each.name]) for each in optimizer.hyperparameters},
        amsgrad=bool(values.get("amsgrad", False)),
        weight_decay=float(decay),
        max_gradient_norm=None if most is None else float(most),
        average_decay=None if average is None else float(average),
    )
