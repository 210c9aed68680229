"""Errors for a fit that became infinite or NaN: where, when, and what to try."""

from __future__ import annotations

import numpy as np

from lamina.engines import EpochReport
from lamina.engines.lbfgs import LbfgsSettings
from lamina.errors import NonFiniteError
from lamina.formulas.table import Array
from lamina.network import NetworkSpec, first_non_finite_block
from lamina.training.plan import TrainingPlan
from lamina.training.validation import Validation

# scikit-learn's own words come first, so that programs that look for them still find them.
FAMILIAR = (
    "Solver produced non-finite parameter weights. "
    "The input data may contain large values and need to be preprocessed."
)


def non_finite_error(
    spec: NetworkSpec,
    block: int | None,
    when: str,
    rate: float | None = None,
    loss: object = None,
    n_held_out: int = 0,
) -> NonFiniteError:
    """Return the error for a network whose numbers became infinite or NaN.

    Parameters
    ----------
    spec : NetworkSpec
    block : int or None
        Index of the first such block; None if every layer stayed finite and only the loss did not.
    when : str
        Time in words, such as 'in epoch 3'.
    rate : float, optional
        Initial learning rate, which the message advises to lower.
    loss : object, optional
        Custom loss, which is named in place of an overflow.
    n_held_out : int
        Number of validation samples, if only their predictions overflowed.
    """
    cures = [
        "scale the inputs with StandardScaler",
        "scale the target of a regression (scale_target=True)",
    ]
    if block is None:
        place = "the loss itself overflowed while every layer stayed finite"
        if n_held_out:
            place = f"predictions for the {n_held_out} validation samples overflowed, so that the "
            place += "scorers of monitor= cannot measure them, while every layer stayed finite"
        elif loss is not None and not isinstance(loss, str):
            name = f"{type(loss).__name__}.value_and_delta"
            place = f"{name} returned NaN or infinity while every layer stayed finite"
            cures.append(f"return finite numbers from {name}")
        cures.reverse()
    else:
        place = f"layer {spec.blocks[block].name!r} ({_attribute(spec, block)}) was the first"
    if rate is not None:
        cures.append(f"choose a learning_rate_init below {rate:g}")
    cures[-1] = f"or {cures[-1]}"
    return NonFiniteError(f"{FAMILIAR} It happened {when}; {place}. Try to {', '.join(cures)}.")


def _attribute(spec: NetworkSpec, block: int) -> str:
    """Return the fitted attribute that holds a block's weights."""
    if spec.input_stage is None:
        return f"coefs_[{block}]"
    return "input_parameters_" if block == 0 else f"coefs_[{block - 1}]"


def epoch_error(
    spec: NetworkSpec,
    plan: TrainingPlan,
    epoch: int,
    report: EpochReport,
    validation: Validation | None,
) -> NonFiniteError:
    """Return the error for an epoch whose loss, layers or validation predictions overflowed."""
    n_held_out = validation.X.shape[0] if validation is not None and report.is_finite else 0
    when, block, loss = f"in epoch {epoch}", report.non_finite_block, plan.objective.loss
    if isinstance(plan.optimizer, LbfgsSettings):
        when = f"in iteration {epoch} of L-BFGS" if report.steps else "at the first weights"
    return non_finite_error(spec, block, when, _changeable_rate(plan), loss, n_held_out)


def _changeable_rate(plan: TrainingPlan) -> float | None:
    """Return the initial learning rate; None for L-BFGS, which does not read it."""
    return None if isinstance(plan.optimizer, LbfgsSettings) else plan.initial_rate


def refuse_non_finite_weights(spec: NetworkSpec, plan: TrainingPlan, parameters: Array) -> None:
    """Raise the error for a fit that ends with infinite or NaN parameters.

    An epoch's report does not cover all of them: it omits averaged weights, an interrupted epoch,
    and the last epoch of a fit without a best epoch to restore.
    """
    if not np.isfinite(parameters).all():
        block = first_non_finite_block(spec, parameters)
        raise non_finite_error(spec, block, "by the end of the fit", _changeable_rate(plan))
