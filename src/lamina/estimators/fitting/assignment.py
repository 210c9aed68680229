"""Run a fit: from parameters and validated data to the fitted attributes."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import InvalidParameterError

from lamina.choices import name_of
from lamina.engines import Engine, Objective, OptimizerSettings, Rows
from lamina.engines.custom_loss import CustomLoss, require_rows_apart
from lamina.estimators.fitting.checkpoint_identity import (
    build_checkpoint,
    compute_identity,
    resumed,
)
from lamina.estimators.fitting.fitted_network import network_attributes
from lamina.estimators.fitting.scikit_learn_callbacks import ScikitLearnCallbacks, has_callbacks
from lamina.estimators.fitting.state import (
    build_memory,
    epoch_attributes,
    lbfgs_attributes,
)
from lamina.estimators.fitting.tasks import Task
from lamina.estimators.fitting.validation_setup import (
    HeldOut,
    Monitored,
    build_validation,
    monitored,
    part,
)
from lamina.estimators.settings.fit_parameters import BAR
from lamina.estimators.settings.formula_choices import (
    hyperparameters_of,
    l1_ratio,
    power_t,
    schedule_options,
)
from lamina.estimators.settings.optimizing import optimizer_settings
from lamina.formulas import OPTIMIZERS, SCHEDULES
from lamina.formulas.table import Array, Matrix
from lamina.network import Network, NetworkSpec
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
from lamina.training.rates import Rates

AUTOMATIC_BATCH = 200
ROWS_TO_TRY = 5
DIVERGED = (
    "Training was ended because the loss or a layer became infinite or NaN; the weights of the "
    "best epoch before that were restored. Scale the inputs with StandardScaler, set "
    "scale_target=True for a regression, or choose a smaller learning_rate_init."
)


@dataclass(frozen=True)
class Assignment:
    """Validated inputs of one fit.

    Attributes
    ----------
    model : estimator
        Its parameters and earlier state are read; nothing is written.
    engine : Engine
    spec : NetworkSpec
    task : Task
    X : ndarray or csr matrix of shape (n_samples, n_features)
    weight : ndarray of shape (n_samples,) or None
    start : ndarray of shape (n_parameters,)
        Initial parameters; the fit changes them in place.
    random_state : RandomState
    held_out : HeldOut or None
        Validation data passed by the user.
    deadline : float
        `perf_counter` value at which the fit ends.
    as_given : tuple
        X, y and sample_weight before validation.
    resume : str or path-like or None
        Checkpoint to resume from.
    fresh : bool
        True if earlier fits are ignored.
    incremental : bool
        True for `partial_fit`.
    """

    model: Any
    engine: Engine
    spec: NetworkSpec
    task: Task
    X: Matrix
    weight: Array | None
    start: Array
    random_state: np.random.RandomState
    held_out: HeldOut | None
    deadline: float
    as_given: tuple[Any, Any, Any]
    resume: Any
    fresh: bool
    incremental: bool

    @property
    def rows(self) -> Rows:
        """All samples, in the dtype of the parameters."""
        dtype = self.start.dtype
        weight = None if self.weight is None else self.weight.astype(dtype, copy=False)
        return Rows(self.X.astype(dtype, copy=False), self.task.targets(dtype), weight)

    def network(self, parameters: Array) -> Network:
        """Return the network that is fitted, with these parameters."""
        return Network(self.spec, parameters)

    @cached_property
    def objective(self) -> Objective:
        """Loss and penalty to minimise."""
        model, task = self.model, self.task
        if not isinstance(task.loss, str):
            self._check_custom_loss(task.loss)
        return Objective(
            task.loss,
            float(model.alpha),
            name_of(model.penalty),
            hyperparameters=task.hyperparameters,
            l1_ratio=l1_ratio(model),
        )

    def _check_custom_loss(self, loss: CustomLoss) -> None:
        """Check on a few samples that a custom loss keeps its contract."""
        _, y, weight = self.rows
        y = y[:ROWS_TO_TRY]
        if weight is not None:
            # The first samples may all have weight 1, which hides a loss that ignores weights.
            weight = np.linspace(0.5, 3, len(y), dtype=self.start.dtype)
        logits = np.linspace(-1, 1, len(y) * self.spec.n_outputs, dtype=self.start.dtype)
        require_rows_apart(loss, logits.reshape(len(y), -1), y, weight)


class FitResult(NamedTuple):
    """Result of a fit: the fitted attributes, and a warning to issue or None."""

    attributes: dict[str, Any]
    warning: Warning | None


def fit_full_batch(fit: Assignment) -> FitResult:
    """Minimise the loss over all samples at once."""
    model = fit.model
    if fit.resume is not None:
        raise InvalidParameterError(
            f"resume={fit.resume!r} continues epochs, and solver={model.solver!r} has none. "
            "Leave it out, or choose one of the minibatch solvers."
        )
    max_fun = hyperparameters_of(model, "solver")["max_fun"]
    plan = LbfgsPlan(
        fit.objective,
        model.max_iter,
        max_fun,
        float(model.tol),
        bool(model.verbose),
        fit.deadline,
    )
    scikit_learn = _scikit_learn_callbacks(fit)
    for callbacks in scikit_learn:
        callbacks.begin(0)
    result = minimise(fit.engine, fit.spec, plan, fit.rows, fit.start)
    fit.start[:] = result.parameters
    for callbacks in scikit_learn:
        callbacks.end()
    attributes = network_attributes(fit.network(result.parameters), fit.task.scaling)
    attributes |= lbfgs_attributes(model, result, fit.fresh)
    limits = (
        f"{name_of(model.solver)} failed to converge after {result.iterations} iteration(s): "
        f"{result.message}. Raise max_iter={model.max_iter} or max_fun={max_fun}, or "
        "scale the inputs with StandardScaler."
    )
    return FitResult(attributes, _warning_about(result.ending, limits))


def fit_minibatch(fit: Assignment) -> FitResult:
    """Train for epochs of minibatch steps, or for one epoch in `partial_fit`."""
    writes = fit.model.checkpoint is not None or fit.resume is not None
    identity = compute_identity(fit) if writes else {}
    begun = resumed(fit, identity, _batch_size(fit.model))
    order, held_out = _split(fit) if begun is None else (begun.order, begun.held_out)
    monitoring = monitored(fit.model.monitor, early_stopping=fit.model.early_stopping)
    plan = _training_plan(fit, len(order), monitoring)
    _warn_of_clipping(fit.model.batch_size, plan.batch_size)
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
        validation=_validation(fit, held_out, memory.predicting, monitoring),
        fallback=fallback,
        callbacks=[*list_callbacks(fit.model), *_scikit_learn_callbacks(fit)],
        model=fit.model,
        checkpoint=build_checkpoint(fit, identity, held_out, fallback),
        resumed=None if begun is None else begun.state,
    )
    # An average is a row of the optimizer's state, which a later fit may change.
    is_average = memory.predicting is not memory.parameters
    learned = memory.predicting.copy() if is_average else memory.parameters
    attributes = network_attributes(fit.network(learned), fit.task.scaling)
    attributes |= epoch_attributes(memory, plan.optimizer)
    # A schedule that spans max_iter epochs is meant to run to its end.
    meant = fit.incremental or plan.schedule_record.follows_length
    if meant and ending is Ending.EXHAUSTED:
        return FitResult(attributes, None)
    limits = (
        f"Stochastic Optimizer: Maximum iterations ({plan.max_epochs}) reached and the "
        "optimization hasn't converged yet. Raise max_iter, or scale the inputs."
    )
    return FitResult(attributes, _warning_about(ending, limits))


def prepare_memory(fit: Assignment) -> Memory:
    """Return the training state from which the fit starts."""
    memory = build_memory(fit.model, fit.start, fresh=fit.fresh, keep_optimizer=fit.incremental)
    if fit.spec.draws and not memory.optimizer.seed:
        drawn = _noise_seed(fit.random_state)
        # An int random_state gives the same draw again: without the earlier fit's seed, every warm
        # start would drop the same units.
        earlier = 0 if fit.fresh else getattr(fit.model, "_noise_seed", 0)
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
    """

    optimizer: OptimizerSettings
    memory: Memory
    learning_rate: float


def next_step(fit: Assignment) -> NextStep:
    """Return the next step of a minibatch fit if all samples were one batch."""
    n_samples = fit.X.shape[0]
    monitoring = monitored(fit.model.monitor, early_stopping=fit.model.early_stopping)
    plan, memory = _training_plan(fit, n_samples, monitoring), prepare_memory(fit)
    rate = Rates(plan, memory.rate, n_steps=1).get_rate(0)
    return NextStep(plan.optimizer, memory, rate)


def _noise_seed(random_state: np.random.RandomState) -> int:
    """Draw the seed of dropout and noise; never zero, which means no seed."""
    high, low = random_state.randint(1, 2**32, size=2, dtype=np.uint32)
    return int(high) << 32 | int(low)


def _split(fit: Assignment) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
    """Return the indices of the training samples, and of the held-out ones or None."""
    n_samples = fit.X.shape[0]
    if fit.held_out is not None or not fit.model.early_stopping:
        return np.arange(n_samples), None
    fraction = fit.model.validation_fraction
    return hold_out(n_samples, fraction, fit.random_state, fit.task.strata())


def _validation(
    fit: Assignment, held_out: NDArray[np.int64] | None, parameters: Array, monitoring: Monitored
) -> Validation | None:
    model, measured = fit.model, fit.held_out
    if held_out is not None:
        weight = None if fit.weight is None else fit.weight[held_out]
        measured = HeldOut(fit.X[held_out], part(fit.task, held_out), weight)
    if measured is not None:
        return build_validation(model, fit.spec, fit.objective, parameters, measured, monitoring)
    if monitoring.scorers or monitoring.decides is not Monitor.LOSS:
        raise InvalidParameterError(
            f"monitor={model.monitor!r} is measured on held-out samples, and there are none. Pass "
            "validation_data=(X_val, y_val) to fit, or set early_stopping=True."
        )
    return None


def _training_plan(fit: Assignment, n_samples: int, monitoring: Monitored) -> TrainingPlan:
    model = fit.model
    return TrainingPlan(
        objective=fit.objective,
        optimizer=optimizer_settings(model),
        batch_size=min(_batch_size(model), n_samples),
        max_epochs=1 if fit.incremental else model.max_iter,
        schedule=choose_schedule(model),
        given_options=schedule_options(model),
        schedule_length=model.max_iter,
        warmup=float(model.warmup),
        initial_rate=float(model.learning_rate_init),
        power_t=power_t(model),
        tol=float(model.tol),
        patience=float(model.n_iter_no_change),
        restore_best=model.restore_best,
        measures_gradient=monitoring.gradient,
        deadline=fit.deadline,
        shuffle=bool(model.shuffle),
        verbose=model.verbose != BAR and bool(model.verbose),
    )


def _batch_size(model: Any) -> int:
    return AUTOMATIC_BATCH if model.batch_size == "auto" else int(model.batch_size)


def choose_schedule(model: Any) -> str | Callable[[int, int], float]:
    """Return the schedule, or 'constant' if the solver ignores scikit-learn's schedules."""
    schedule: str | Callable[[int, int], float] = name_of(model.learning_rate)
    if callable(schedule) or OPTIMIZERS[name_of(model.solver)].follows_schedule:
        return schedule
    return schedule if SCHEDULES[schedule].speaks_to_all else "constant"


def _scikit_learn_callbacks(fit: Assignment) -> list[ScikitLearnCallbacks]:
    """Return the callbacks that forward the fit to scikit-learn's own callbacks, if any."""
    if not has_callbacks(fit.model):
        return []

    def attributes(parameters: Array) -> dict[str, Any]:
        network = network_attributes(fit.network(parameters), fit.task.scaling)
        return network | fit.task.attributes()

    return [ScikitLearnCallbacks(fit.model, *fit.as_given, fit.start, attributes)]


def list_callbacks(model: Any) -> list[Any]:
    """Return the callbacks of `callbacks=`, and the progress bar of verbose='bar'."""
    chosen = [] if model.callbacks is None else model.callbacks
    callbacks = list(chosen) if isinstance(chosen, (list, tuple)) else [chosen]
    return [*callbacks, ProgressBar()] if model.verbose == BAR else callbacks


def _warning_about(ending: Ending, limits: str) -> Warning | None:
    """Return the warning for an ending, if any; `limits` is the text for an exhausted limit."""
    warnings_by_ending = {
        Ending.EXHAUSTED: ConvergenceWarning(limits),
        Ending.INTERRUPTED: UserWarning("Training interrupted by user."),
        Ending.DIVERGED: ConvergenceWarning(DIVERGED),
    }
    return warnings_by_ending.get(ending)


def _warn_of_clipping(requested: int | str, batch_size: int) -> None:
    if not isinstance(requested, str) and requested > batch_size:
        warnings.warn(
            f"batch_size={requested} is larger than the number of training samples; it is clipped "
            f"to {batch_size}",
            stacklevel=6,
        )
