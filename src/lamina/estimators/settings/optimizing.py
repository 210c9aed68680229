"""Collect the optimizer's settings from an estimator's parameters."""

from __future__ import annotations

from typing import Any

from lamina.engines import OptimizerSettings
from lamina.formulas import OPTIMIZERS
from lamina.formulas.hyperparameters import Hyperparameter


def optimizer_settings(model: Any) -> OptimizerSettings:
    """Return the settings of a minibatch solver, including clipping, decay and averaging."""
    optimizer = OPTIMIZERS[model.solver]
    decay = optimizer.weight_decay if model.weight_decay is None else model.weight_decay
    most, average = model.max_gradient_norm, model.average_decay
    return OptimizerSettings(
        model.solver,
        {each.name: float(chosen(model, each)) for each in optimizer.hyperparameters},
        amsgrad=bool(model.amsgrad),
        weight_decay=float(decay),
        max_gradient_norm=None if most is None else float(most),
        average_decay=None if average is None else float(average),
    )


def chosen(model: Any, hyperparameter: Hyperparameter) -> Any:
    """Return the parameter of the estimator that sets it, else its default."""
    if hyperparameter.is_estimator_parameter:
        return getattr(model, hyperparameter.name)
    return hyperparameter.default
