"""Conversion of any fitted model to a program."""

from __future__ import annotations

from numpy.typing import DTypeLike

from lamina.export.lowering.fitted_network import ENSEMBLES, FittedModel
from lamina.export.lowering.models import lower_model
from lamina.export.lowering.program import ModelProgram


def lower_any(model: FittedModel, dtype: DTypeLike | None = None) -> ModelProgram:
    """Return the program of a fitted model; see `lower_model` and `lower_ensemble`."""
    if type(model).__name__ not in ENSEMBLES:
        return lower_model(model, dtype)
    # Imported here because networks alone do not need the estimators for tables.
    from lamina.export.lowering.ensembles import lower_ensemble

    return lower_ensemble(model, dtype)
