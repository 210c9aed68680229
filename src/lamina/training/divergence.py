"""Divergence: saying where a fit became infinite or NaN, when, and what to try."""

from __future__ import annotations

import numpy as np

from lamina.engines import EpochReport
from lamina.errors import NonFiniteError
from lamina.formulas.table import Array
from lamina.network import NetworkSpec, ParameterLayout
from lamina.training.plan import TrainingPlan
from lamina.training.validation import Validation

# scikit-learn's own words come first, so that programs which look for them still find them.
FAMILIAR = (
    "Solver produced non-finite parameter weights. "
    "The input data may contain large values and need to be preprocessed."
)


def non_finite_error(
    spec: NetworkSpec,
    block: int | None,
    moment: str,
    rate: float | None = None,
    loss: object = None,
    n_held_out: int = 0,
) -> NonFiniteError:
    """The error for a network that became infinite or NaN at that moment, first in that block.

    Parameters
    ----------
    spec : NetworkSpec
    block : int or None
        Its index in the spec; None where every layer stayed finite and only the loss did not.
    moment : str
        'in epoch 3', for instance.
    rate : float, optional
        The first learning rate, to be lowered.
    loss : object, optional
        The caller's own loss, which is named in place of an overflow.
    n_held_out : int
        The number of validation rows, where their predictions overflowed and nothing else did.
    """
    cures = [
        "scale the inputs with StandardScaler",
        "scale the target of a regression (scale_target=True)",
    ]
    if block is None:
        place = "the loss itself overflowed while every layer stayed finite"
        if n_held_out:
            place = f"predictions for the {n_held_out} validation rows overflowed, so that the "
            place += "scorers of monitor= cannot measure them, while every layer stayed finite"
        elif loss is not None and not isinstance(loss, str):
            name = f"{type(loss).__name__}.value_and_delta"
            place = f"{name} returned NaN or infinity while every layer stayed finite"
            cures.append(f"return finite numbers from {name}")
        cures.reverse()
    else:
        place = f"layer {spec.blocks[block].name!r} (coefs_[{block}]) was the first"
    if rate is not None:
        cures.append(f"choose a learning_rate_init below {rate:g}")
    cures[-1] = f"or {cures[-1]}"
    return NonFiniteError(f"{FAMILIAR} It happened {moment}; {place}. Try to {', '.join(cures)}.")


def epoch_error(
    spec: NetworkSpec,
    plan: TrainingPlan,
    epoch: int,
    report: EpochReport,
    validation: Validation | None,
) -> NonFiniteError:
    """Return the error for an epoch whose numbers, or predictions held out, left the finite."""
    n_held_out = validation.X.shape[0] if validation is not None and report.is_finite else 0
    moment, rate, loss = f"in epoch {epoch}", plan.initial_rate, plan.objective.loss
    return non_finite_error(spec, report.non_finite_block, moment, rate, loss, n_held_out)


def refuse_non_finite_weights(spec: NetworkSpec, plan: TrainingPlan, parameters: Array) -> None:
    """Raise the error for a fit that ends with infinite or NaN parameters.

    An epoch's report does not see all of them: it leaves out averaged weights, an epoch that was
    broken off, and the last epoch of a fit that had no best one to bring back.
    """
    if not np.isfinite(parameters).all():
        block = first_non_finite_block(spec, parameters)
        raise non_finite_error(spec, block, "by the end of the fit", plan.initial_rate)


def first_non_finite_block(spec: NetworkSpec, vector: Array) -> int | None:
    """The first block whose part of a flat vector (parameters or gradient) is infinite or NaN."""
    for i, parts in enumerate(zip(*ParameterLayout.of(spec).views(vector), strict=True)):
        if not all(np.isfinite(part).all() for part in parts):
            return i
    return None
