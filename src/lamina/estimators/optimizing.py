"""From an estimator's parameters to the optimizer that they ask for."""

from __future__ import annotations

from typing import Any

from lamina.engines import OptimizerSettings
from lamina.formulas import OPTIMIZERS


def optimizer_settings(model: Any) -> OptimizerSettings:
    """The optimizer of a solver by epochs, with all that surrounds its steps."""
    optimizer = OPTIMIZERS[model.solver]
    decay = optimizer.weight_decay if model.weight_decay is None else model.weight_decay
    most, average = model.max_gradient_norm, model.average_decay
    return OptimizerSettings(
        model.solver,
        {name: float(getattr(model, name)) for name in optimizer.hyperparameters},
        amsgrad=bool(model.amsgrad),
        weight_decay=float(decay),
        max_gradient_norm=None if most is None else float(most),
        average_decay=None if average is None else float(average),
    )
