"""Evaluate a network before its first step, so that curves begin at epoch 0."""

from __future__ import annotations

import numpy as np

from lamina.engines import choose_engine
from lamina.estimators.fitting.inputs import Assignment
from lamina.estimators.fitting.validation_setup import build_validation


def before_first_step(fit: Assignment) -> dict[str, float]:
    """Return the row of epoch 0: losses and scores of the initial parameters.

    Parameters
    ----------
    fit : Assignment
        Initial state of `fit`, including the held-out rows if there are any.

    Returns
    -------
    row : dict of str to float
        'epoch' and 'loss', which includes the penalty as in every later epoch; with held-out rows
        also 'validation_loss' and each metric.
    """
    settings, parameters = fit.settings, fit.start
    # One thread: another run may be training at the same time.
    engine = choose_engine(
        settings.engine, 1, settings.precision, device=settings.device, spec=fit.spec
    )
    with np.errstate(all="ignore"):
        loss, _ = engine.loss_and_gradient(fit.spec, fit.objective, fit.rows, parameters)
        row = {"epoch": 0.0, "loss": float(loss)}
        if fit.held_out is None:
            return row
        held_out = build_validation(
            fit.model, fit.spec, fit.objective, parameters, fit.held_out, settings.monitoring
        )
        prediction = engine.predict(fit.network(parameters), held_out.X)
        measured = held_out.measured(prediction, parameters)
        return row | {name: float(value) for name, value in measured.items()}
