"""The course of a fit: from parameters and validated data to the attributes that the fit leaves."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from lamina.engines import Engine, Objective, OptimizerSettings, Rows
from lamina.engines.engine import Matrix
from lamina.estimators.state import (
    epoch_attributes,
    lbfgs_attributes,
    memory_of,
    network_attributes,
)
from lamina.estimators.tasks import Task
from lamina.formulas import OPTIMIZERS
from lamina.formulas.table import Array
from lamina.network import NetworkSpec
from lamina.training import (
    Ending,
    LbfgsPlan,
    TrainingPlan,
    Validation,
    hold_out,
    minimise,
    train,
)

AUTOMATIC_BATCH = 200
DIVERGED = (
    "Training was ended because the loss or a layer became infinite or NaN; the weights of the "
    "best epoch before that were restored. Scale the inputs with StandardScaler, scale the target "
    "of a regression, or choose a smaller learning_rate_init."
)


@dataclass(frozen=True)
class Assignment:
    """One fit, ready to run.

    Attributes
    ----------
    model : estimator
        Its parameters and earlier state are read; nothing is written.
    engine : Engine
    spec : NetworkSpec
    task : Task
    X : ndarray or csr matrix of shape (n_rows, n_features)
    weight : ndarray of shape (n_rows,) or None
    start : ndarray of shape (n_parameters,)
        Its own to change.
    random_state : RandomState
    fresh : bool
        Whether nothing of earlier fits counts.
    incremental : bool
        Whether this is `partial_fit`.
    """

    model: Any
    engine: Engine
    spec: NetworkSpec
    task: Task
    X: Matrix
    weight: Array | None
    start: Array
    random_state: np.random.RandomState
    fresh: bool
    incremental: bool

    @property
    def rows(self) -> Rows:
        """All rows, in the dtype of the parameters."""
        dtype = self.start.dtype
        weight = None if self.weight is None else self.weight.astype(dtype, copy=False)
        return Rows(self.X.astype(dtype, copy=False), self.task.targets(dtype), weight)

    @property
    def objective(self) -> Objective:
        """What is minimised."""
        return Objective(self.task.loss, float(self.model.alpha))


class Outcome(NamedTuple):
    """What a fit leaves: attributes to keep, and then a warning to give, where one is due."""

    attributes: dict[str, Any]
    warning: Warning | None


def fit_by_lbfgs(fit: Assignment) -> Outcome:
    """Minimise the loss over all rows at once."""
    model = fit.model
    plan = LbfgsPlan(
        fit.objective, model.max_iter, model.max_fun, float(model.tol), bool(model.verbose)
    )
    result = minimise(fit.engine, fit.spec, plan, fit.rows, fit.start)
    attributes = network_attributes(fit.spec, result.parameters)
    attributes |= lbfgs_attributes(model, result, fit.fresh)
    limits = (
        f"lbfgs failed to converge after {result.iterations} iteration(s): {result.message}. "
        f"Raise max_iter={model.max_iter} or max_fun={model.max_fun}, or scale the inputs with "
        "StandardScaler."
    )
    return Outcome(attributes, _warning_about(result.ending, limits))


def fit_by_epochs(fit: Assignment) -> Outcome:
    """Run epochs of minibatch steps, one in `partial_fit`."""
    order, validation = _split(fit)
    plan = _training_plan(fit, len(order))
    _warn_of_clipping(fit.model.batch_size, plan.batch_size)
    memory = memory_of(fit.model, fit.start, fresh=fit.fresh, keep_optimizer=fit.incremental)
    # A warm start that never beats its earlier best keeps the last epoch's weights, because
    # scikit-learn's best weights are then the very arrays that it trains on.
    fallback = fit.start.copy() if fit.fresh else None
    ending = train(
        fit.engine,
        fit.spec,
        plan,
        fit.rows,
        memory,
        fit.random_state,
        order=order,
        validation=validation,
        fallback=fallback,
    )
    attributes = network_attributes(fit.spec, memory.parameters)
    attributes |= epoch_attributes(memory, fit.model.solver)
    if fit.incremental and ending is Ending.EXHAUSTED:
        return Outcome(attributes, None)
    limits = (
        f"Stochastic Optimizer: Maximum iterations ({plan.max_epochs}) reached and the "
        "optimization hasn't converged yet. Raise max_iter, or scale the inputs."
    )
    return Outcome(attributes, _warning_about(ending, limits))


def _split(fit: Assignment) -> tuple[NDArray[np.int64], Validation | None]:
    n_rows = fit.X.shape[0]
    if not fit.model.early_stopping:
        return np.arange(n_rows), None
    fraction = fit.model.validation_fraction
    order, held_out = hold_out(n_rows, fraction, fit.random_state, fit.task.strata())
    weight = None if fit.weight is None else fit.weight[held_out]
    X = fit.X[held_out].astype(fit.start.dtype, copy=False)
    return order, Validation(X, fit.task.score_on(held_out, weight))


def _training_plan(fit: Assignment, n_rows: int) -> TrainingPlan:
    model = fit.model
    optimizer = OPTIMIZERS[model.solver]
    settings = {name: float(getattr(model, name)) for name in optimizer.hyperparameters}
    wanted = AUTOMATIC_BATCH if model.batch_size == "auto" else model.batch_size
    return TrainingPlan(
        objective=fit.objective,
        optimizer=OptimizerSettings(model.solver, settings),
        batch_size=int(min(wanted, n_rows)),
        max_epochs=1 if fit.incremental else model.max_iter,
        schedule=model.learning_rate if optimizer.follows_schedule else "constant",
        initial_rate=float(model.learning_rate_init),
        power_t=float(model.power_t),
        tol=float(model.tol),
        patience=float(model.n_iter_no_change),
        shuffle=bool(model.shuffle),
        verbose=bool(model.verbose),
    )


def _warning_about(ending: Ending, limits: str) -> Warning | None:
    """The warning that an ending deserves; `limits` is what to say of one that came too soon."""
    warnings_by_ending = {
        Ending.EXHAUSTED: ConvergenceWarning(limits),
        Ending.INTERRUPTED: UserWarning("Training interrupted by user."),
        Ending.DIVERGED: ConvergenceWarning(DIVERGED),
    }
    return warnings_by_ending.get(ending)


def _warn_of_clipping(wanted: int | str, batch_size: int) -> None:
    if not isinstance(wanted, str) and wanted > batch_size:
        warnings.warn(
            f"batch_size={wanted} is larger than the number of rows to learn from; it is going "
            f"to be clipped to {batch_size}",
            stacklevel=6,
        )
