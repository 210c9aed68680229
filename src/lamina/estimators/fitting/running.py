"""Run a fit: from parameters and validated data to the fitted attributes."""

from __future__ import annotations

import math
import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import InvalidParameterError

from lamina.engines import OptimizerSettings
from lamina.engines.independent import IndependentEngine
from lamina.engines.lbfgs import LbfgsSettings
from lamina.engines.multipliers import Multipliers
from lamina.errors import UnsupportedBlockError
from lamina.estimators.fitting.checkpoint_identity import (
    build_checkpoint,
    compute_identity,
    resumed,
)
from lamina.estimators.fitting.fitted_network import network_attributes
from lamina.estimators.fitting.fitted_parts import Attributes
from lamina.estimators.fitting.inputs import Assignment
from lamina.estimators.fitting.iterations import refuse_iterations
from lamina.estimators.fitting.preparing import fit_first_parameters
from lamina.estimators.fitting.scikit_learn_callbacks import ScikitLearnCallbacks, has_callbacks
from lamina.estimators.fitting.state import (
    build_memory,
    epoch_attributes,
    iteration_attributes,
    lbfgs_attributes,
    optimizer_of,
)
from lamina.estimators.fitting.validation_setup import (
    HeldOut,
    build_validation,
)
from lamina.estimators.settings.fit_settings import FitSettings
from lamina.formulas.table import Array
from lamina.network import Network
from lamina.training import (
    Ending,
    LbfgsPlan,
    Memory,
    Monitor,
    TrainingPlan,
    Validation,
    hold_out,
    minimise,
    train,
)
from lamina.training.callbacks.bars import ProgressBar
from lamina.training.lbfgs import reason_of_end
from lamina.training.member_descents import minimise_members
from lamina.training.rates import Rates

DIVERGED = (
    "Training was ended because the loss or a layer became infinite or NaN; the weights of the "
    "best epoch before that were restored. Scale the inputs with StandardScaler, set "
    "scale_target=True for a regression, or choose a smaller learning_rate_init."
)


class FitResult(NamedTuple):
    """Result of a fit.

    Attributes
    ----------
    attributes : dict
        Fitted attributes.
    network : Network
        Network for predictions, of targets standardised as in training.
    warning : Warning or None
        To be issued.
    """

    attributes: Attributes
    network: Network
    warning: Warning | None


def fit_full_batch(fit: Assignment) -> FitResult:
    """Minimise the loss over all samples at once."""
    if fit.engine.minimises:
        return fit_in_epochs(fit)
    return _fit_at_once(fit)


def _fit_at_once(fit: Assignment) -> FitResult:
    """Minimise the loss in one call, for SciPy or for independent members."""
    settings = fit.settings
    refuse_iterations(fit)
    if not fit.is_begun:
        fit_first_parameters(fit)
    plan = LbfgsPlan(
        fit.objective,
        settings.max_iter,
        settings.max_fun,
        settings.tol,
        settings.verbose,
        fit.deadline,
    )
    scikit_learn = _scikit_learn_callbacks(fit)
    for callbacks in scikit_learn:
        callbacks.begin(0)
    if isinstance(fit.engine, IndependentEngine):
        result = minimise_members(fit.engine, fit.spec, plan, fit.rows, fit.start)
    else:
        result = minimise(fit.engine, fit.spec, plan, fit.rows, fit.start)
    fit.start[:] = result.parameters
    for callbacks in scikit_learn:
        callbacks.end()
    network = Network(fit.spec, result.parameters)
    attributes = network_attributes(network, fit.scaling)
    attributes |= lbfgs_attributes(fit.model, result, fit.fresh)
    limits = _limits_of_lbfgs(settings, result.iterations, result.message)
    return FitResult(attributes, network, _warning_about(result.ending, limits))


def _limits_of_lbfgs(settings: FitSettings, n_iterations: int, reason: str) -> str:
    """Return the text of the warning for a minimisation that ended before it converged."""
    return (
        f"{settings.solver} failed to converge after {n_iterations} iteration(s): {reason}. "
        f"Raise max_iter={settings.max_iter} or max_fun={settings.max_fun}, or scale the inputs "
        "with StandardScaler."
    )


def fit_in_epochs(fit: Assignment) -> FitResult:
    """Train for epochs of minibatch steps or iterations of L-BFGS; one epoch in `partial_fit`."""
    settings = fit.settings
    _refuse_own_rows(fit)
    writes = settings.checkpoint is not None or fit.resume is not None
    identity = compute_identity(fit) if writes else {}
    begun = None if fit.resume is None else resumed(fit, identity)
    order, held_out = _split(fit) if begun is None else (begun.order, begun.held_out)
    if begun is None and not (fit.is_begun and held_out is None):
        fit_first_parameters(fit, None if held_out is None else order)
    plan = _training_plan(fit, len(order))
    is_clipped = plan.batch_size < settings.batch_size and not settings.is_automatic_batch
    if is_clipped and settings.is_minibatch:
        _warn_of_clipping(settings.batch_size, plan.batch_size)
    memory = prepare_memory(fit) if begun is None else begun.memory
    # A warm start that never improves on its earlier best keeps the last epoch's weights, because
    # scikit-learn's best weights are then the same arrays that it trains.
    fallback = fit.start.copy() if fit.fresh else None
    if begun is not None:
        fallback = begun.fallback
    ending = train(
        fit.engine,
        fit.spec,
        plan,
        fit.rows,
        memory,
        fit.random_state,
        order=order,
        validation=_validation(fit, held_out, memory.predicting),
        fallback=fallback,
        callbacks=[*list_callbacks(settings), *_scikit_learn_callbacks(fit)],
        model=fit.model,
        checkpoint=(
            None
            if settings.checkpoint is None
            else build_checkpoint(settings, identity, held_out, fallback)
        ),
        resumed=None if begun is None else begun.state,
    )
    # An average is a row of the optimizer's state, which a later fit may change.
    is_average = memory.predicting is not memory.parameters
    network = Network(fit.spec, memory.predicting.copy() if is_average else memory.parameters)
    attributes = network_attributes(network, fit.scaling)
    if isinstance(plan.optimizer, LbfgsSettings):
        attributes |= iteration_attributes(fit.model, memory, fit.fresh)
        reason = reason_of_end(memory, plan)
        limits = _limits_of_lbfgs(settings, memory.history.epochs, reason)
        return FitResult(attributes, network, _warning_about(ending, limits))
    attributes |= epoch_attributes(memory, plan.optimizer)
    if isinstance(fit.engine, IndependentEngine):
        attributes["_member_losses"] = _member_losses(fit, fit.engine)
    # A schedule that spans max_iter epochs is meant to run to its end.
    meant = fit.incremental or plan.schedule_record.follows_length
    if meant and ending is Ending.EXHAUSTED:
        return FitResult(attributes, network, None)
    limits = (
        f"Stochastic Optimizer: Maximum iterations ({plan.max_epochs}) reached and the "
        "optimization hasn't converged yet. Raise max_iter, or scale the inputs."
    )
    return FitResult(attributes, network, _warning_about(ending, limits))


def _refuse_own_rows(fit: Assignment) -> None:
    """Reject members with orders of their own for an engine with one order for all."""
    if fit.settings.own_rows and not fit.engine.own_rows:
        raise UnsupportedBlockError(
            f"engine={fit.engine.name!r} trains all members on one order of samples: leave out "
            "own_rows=True of members=Shared(…), or choose engine='native'"
        )


def _member_losses(fit: Assignment, engine: IndependentEngine) -> list[list[float]]:
    """Return the losses of each member in every epoch of this fit and those that it continues."""
    assert engine.latest is not None
    new = engine.latest.losses
    before = [] if fit.fresh else vars(fit.model).get("_member_losses", [])
    return [old + added for old, added in zip(before, new, strict=True)] if before else new


def prepare_memory(fit: Assignment) -> Memory:
    """Return the training state from which the fit starts."""
    memory = build_memory(
        fit.settings, fit.earlier, fit.start, fresh=fit.fresh, keep_optimizer=fit.incremental
    )
    if fit.spec.draws and not memory.optimizer.seed:
        drawn = _noise_seed(fit.random_state)
        # An int random_state gives the same draw again: without the earlier fit's seed, every warm
        # start would drop the same units.
        earlier = 0 if fit.fresh else getattr(fit.earlier, "_noise_seed", 0)
        memory.optimizer.seed = (drawn + earlier) % 2**64 or drawn
    return memory


class NextStep(NamedTuple):
    """Settings and state of the next step of a fit.

    Attributes
    ----------
    optimizer : OptimizerSettings
    memory : Memory
        A copy that the caller may change.
    learning_rate : float
    multipliers : Multipliers
        Of the hyperparameters that follow a schedule.
    """

    optimizer: OptimizerSettings
    memory: Memory
    learning_rate: float
    multipliers: Multipliers


def next_step(fit: Assignment) -> NextStep:
    """Return the next step of a minibatch fit if all samples were one batch."""
    assert fit.settings.optimizer is not None
    n_samples = fit.X.shape[0]
    plan, memory = _training_plan(fit, n_samples), prepare_memory(fit)
    rates = Rates(plan, memory.rate, n_steps=1)
    multipliers = rates.multipliers.of_step(memory.rate.scheduled_epochs, 0)
    return NextStep(plan.optimizer, memory, rates.get_rate(0), multipliers)


def _noise_seed(random_state: np.random.RandomState) -> int:
    """Draw the seed of dropout and noise; never zero, which means no seed."""
    high, low = random_state.randint(1, 2**32, size=2, dtype=np.uint32)
    return int(high) << 32 | int(low)


def _split(fit: Assignment) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
    """Return the indices of the training samples, and of the held-out ones or None."""
    n_samples, workspace = fit.X.shape[0], fit.workspace
    if fit.held_out is not None or not fit.settings.early_stopping:
        return workspace.arange(n_samples), None
    fraction, strata = fit.settings.validation_fraction, fit.task.strata(workspace)
    return hold_out(n_samples, fraction, fit.random_state, strata, workspace)


def _validation(
    fit: Assignment, held_out: NDArray[np.int64] | None, parameters: Array
) -> Validation | None:
    monitoring, measured = fit.settings.monitoring, fit.held_out
    if held_out is not None:
        take = fit.workspace.take
        weight = None if fit.weight is None else take(fit.weight, held_out)
        measured = HeldOut(take(fit.X, held_out), fit.task.part(held_out, take), weight)
    if measured is not None:
        model, spec, objective = fit.model, fit.spec, fit.objective
        return build_validation(
            model, spec, objective, parameters, measured, monitoring, fit.workspace
        )
    if monitoring.scorers or monitoring.decides is not Monitor.LOSS:
        other_way = ", or set early_stopping=True." if fit.settings.is_minibatch else "."
        raise InvalidParameterError(
            f"monitor={monitoring.requested!r} is measured on held-out samples, and there are "
            f"none. Pass validation_data=(X_val, y_val) to fit{other_way}"
        )
    return None


def _training_plan(fit: Assignment, n_samples: int) -> TrainingPlan:
    settings = fit.settings
    is_minibatch = settings.is_minibatch
    # Held-out samples that `monitor` names end a minimisation; its own loss always falls.
    is_patient = not is_minibatch and settings.monitoring.decides is Monitor.LOSS
    return TrainingPlan(
        objective=fit.objective,
        optimizer=optimizer_of(settings),
        batch_size=min(settings.batch_size, n_samples) if is_minibatch else n_samples,
        max_epochs=1 if fit.incremental else settings.max_iter,
        schedule=settings.schedule,
        given_options=settings.schedule_options,
        schedule_length=settings.max_iter,
        schedules=settings.schedules,
        warmup=settings.warmup,
        initial_rate=settings.initial_rate,
        power_t=settings.power_t,
        tol=settings.tol,
        patience=math.inf if is_patient else settings.patience,
        patience_factor=settings.patience_factor,
        drop_last=settings.drop_last,
        restore_best=settings.restore_best,
        restores_last=settings.restores_last,
        measures_gradient=settings.monitoring.gradient,
        deadline=fit.deadline,
        shuffle=settings.shuffle and is_minibatch,
        own_rows=settings.own_rows,
        verbose=settings.verbose,
    )


def _scikit_learn_callbacks(fit: Assignment) -> list[ScikitLearnCallbacks]:
    """Return the callbacks that forward the fit to scikit-learn's own callbacks, if any."""
    if not has_callbacks(fit.model):
        return []

    def attributes(parameters: Array) -> Attributes:
        network = network_attributes(Network(fit.spec, parameters), fit.scaling)
        return network | fit.attributes()

    return [ScikitLearnCallbacks(fit.model, *fit.as_given, fit.start, attributes)]


def list_callbacks(settings: FitSettings) -> list[object]:
    """Return the callbacks of `callbacks=`, and the progress bar of verbose='bar'."""
    return [*settings.callbacks, *([ProgressBar()] if settings.shows_bar else ())]


def _warning_about(ending: Ending, limits: str) -> Warning | None:
    """Return the warning for an ending, if any; `limits` is the text for an exhausted limit."""
    warnings_by_ending = {
        Ending.EXHAUSTED: ConvergenceWarning(limits),
        Ending.INTERRUPTED: UserWarning("Training interrupted by user."),
        Ending.DIVERGED: ConvergenceWarning(DIVERGED),
    }
    return warnings_by_ending.get(ending)


def _warn_of_clipping(requested: int, batch_size: int) -> None:
    warnings.warn(
        f"batch_size={requested} is larger than the number of training samples; it is clipped "
        f"to {batch_size}",
        stacklevel=6,
    )
