"""Read an estimator's fitted attributes to continue a fit, and write them when it ends.

Every fitted attribute is a number, a string, a bool, None, an array, or a list of these, all of
which pickle, joblib, skops and model files support.
"""

from __future__ import annotations

import math
from copy import copy
from typing import TypeVar

import numpy as np
from numpy.typing import DTypeLike

from lamina.encoding.target_scaling import TargetScaling
from lamina.engines import OptimizerSettings, OptimizerState
from lamina.engines.lbfgs import LbfgsSettings, latest_loss
from lamina.estimators.fitting.fitted_network import (
    get_parameters,
    get_spec,
    network_attributes,
)
from lamina.estimators.fitting.fitted_parts import Attributes
from lamina.estimators.settings.fit_settings import FitSettings
from lamina.estimators.settings.parametrized import Parametrized
from lamina.formulas import OPTIMIZERS
from lamina.formulas.table import Array
from lamina.network import Network, NetworkSpec
from lamina.training import History, LbfgsResult, Memory
from lamina.training.rates import RateState

Model = TypeVar("Model", bound=Parametrized)

# Only a fit with scale_target=True sets these.
SCALING_ATTRIBUTES = ("target_mean_", "target_scale_", "_standardised_layer")
# Only minibatch solvers set these; a fresh fit with L-BFGS removes them.
EPOCH_ATTRIBUTES = (
    "loss_curve_",
    "best_loss_",
    "validation_scores_",
    "best_validation_score_",
    "_no_improvement_count",
    "_trained_parameters",
    "_optimizer_name",
    "_optimizer_slot_names",
    "_optimizer_slots",
    "_optimizer_step",
    "_learning_rate",
    "_scheduled_epochs",
    "_slow_epochs",
    "_best_validation_loss",
    "_history",
    "_noise_seed",
    "_member_losses",
)


def get_scaling(model: Parametrized) -> TargetScaling | None:
    """Return the latest fit's standardisation of the target, or None."""
    fitted = model.__dict__
    if "target_mean_" not in fitted:
        return None
    return TargetScaling(
        tuple(np.asarray(fitted["target_mean_"]).tolist()),
        tuple(np.asarray(fitted["target_scale_"]).tolist()),
    )


def get_standardised_parameters(
    model: Parametrized, spec: NetworkSpec, scaling: TargetScaling | None
) -> Array:
    """Return a copy of the predicting parameters, for targets standardised by a scaling."""
    folded = Network(spec, np.array(get_parameters(model)))
    if scaling is None:
        return folded.parameters
    unfolded = scaling.unfold(folded)
    kept = model.__dict__.get("_standardised_layer")
    if kept is None or scaling != get_scaling(model):
        return unfolded.parameters
    exact = unfolded.copy()
    W, b = exact.weights[-1], exact.biases[-1]
    if W.dtype != kept[0].dtype or W.shape != kept[0].shape:
        return unfolded.parameters
    W[...], b[...] = kept
    # If someone has written into coefs_ since, a fit must continue from the changed values.
    is_exact = np.array_equal(scaling.fold(exact).parameters, folded.parameters)
    return exact.parameters if is_exact else unfolded.parameters


def get_trained_parameters(
    model: Parametrized,
    spec: NetworkSpec,
    scaling: TargetScaling | None,
    dtype: DTypeLike | None = None,
) -> Array:
    """Return a copy of the parameters a fit continues from: those before averaging, if any."""
    trained = getattr(model, "_trained_parameters", None)
    if trained is None:
        trained = get_standardised_parameters(model, spec, scaling)
    elif scaling != (before := get_scaling(model)):
        network = Network(spec, trained)
        network = network if before is None else before.fold(network)
        trained = (network if scaling is None else scaling.unfold(network)).parameters
    return np.array(trained, dtype=trained.dtype if dtype is None else dtype)


def copy_at_epoch(model: Model, parameters: Array, epoch: int) -> Model:
    """Return a copy of a fitted model with these parameters, as it was after `epoch` epochs.

    The history is cut there. A fit of the copy starts from scratch, and calls no callback.
    """
    then = copy(model)
    then.callbacks = None
    fitted = then.__dict__
    losses, scores, columns = model.loss_curve_, model.validation_scores_, model._history
    for name in EPOCH_ATTRIBUTES:
        fitted.pop(name, None)
    fitted |= network_attributes(Network(get_spec(model), parameters.copy()), get_scaling(model))
    then.loss_curve_, then.n_iter_ = losses[:epoch], epoch
    then.validation_scores_ = None if scores is None else scores[:epoch]
    then._history = {name: column[:epoch] for name, column in columns.items()}
    then.loss_ = then.loss_curve_[-1] if epoch else math.inf
    return then


def get_history(model: Parametrized) -> History:
    """Return the history of the fits so far; empty without a minibatch fit."""
    return History(
        losses=getattr(model, "loss_curve_", []),
        scores=getattr(model, "validation_scores_", None),
        best_loss=getattr(model, "best_loss_", None),
        best_score=getattr(model, "best_validation_score_", None),
        stalled=getattr(model, "_no_improvement_count", 0),
        rows_seen=getattr(model, "t_", 0),
        best_validation_loss=getattr(model, "_best_validation_loss", None),
        columns=getattr(model, "_history", {}),
    )


def build_memory(
    settings: FitSettings,
    model: Parametrized,
    parameters: Array,
    *,
    fresh: bool,
    keep_optimizer: bool,
) -> Memory:
    """Return the state from which a minibatch fit starts.

    Parameters
    ----------
    settings : FitSettings
    model : estimator
        Read for the state of earlier fits.
    parameters : ndarray of shape (n_parameters,)
        Initial parameters, which the fit changes in place.
    fresh : bool
        True if earlier fits are ignored.
    keep_optimizer : bool
        True to keep the optimizer's state and learning rate, as `partial_fit` does.
    """
    history = History() if fresh else get_history(model)
    optimizer, initial_rate = optimizer_of(settings), settings.initial_rate
    state = OptimizerState.fresh(optimizer, parameters)
    rate = RateState(initial_rate, initial_rate)
    if not keep_optimizer:
        return Memory(parameters, state, rate, history)
    slots = getattr(model, "_optimizer_slots", state.slots)
    optimizer_slots = [*OPTIMIZERS[optimizer.name].slots]
    same = getattr(model, "_optimizer_name", None) == optimizer.name
    same &= getattr(model, "_optimizer_slot_names", optimizer_slots) == [*optimizer.slots]
    if same and slots.shape == state.slots.shape:
        state.slots[...] = slots
        state.step = model._optimizer_step
        state.seed = getattr(model, "_noise_seed", 0)
        rate.learning_rate = model._learning_rate
        rate.scheduled_epochs = getattr(model, "_scheduled_epochs", 0)
        rate.slow_epochs = getattr(model, "_slow_epochs", 0)
    return Memory(parameters, state, rate, history)


def optimizer_of(settings: FitSettings) -> OptimizerSettings:
    """Return the settings of the optimizer, or of L-BFGS in its place."""
    if settings.optimizer is not None:
        return settings.optimizer
    return LbfgsSettings(tol=settings.tol, max_evaluations=settings.max_fun)


def epoch_attributes(memory: Memory, optimizer: OptimizerSettings) -> Attributes:
    """Return the attributes that a minibatch fit sets besides the network."""
    history = memory.history
    return {
        "n_iter_": history.epochs,
        "t_": history.rows_seen,
        # Infinite only if Ctrl-C came before the end of the first epoch.
        "loss_": history.losses[-1] if history.losses else math.inf,
        "loss_curve_": history.losses,
        "best_loss_": history.best_loss,
        "validation_scores_": history.scores,
        "best_validation_score_": history.best_score,
        "_no_improvement_count": history.stalled,
        "_trained_parameters": memory.parameters if memory.optimizer.keeps_average else None,
        "_optimizer_name": optimizer.name,
        "_optimizer_slot_names": [*optimizer.slots],
        "_optimizer_slots": memory.optimizer.slots,
        "_optimizer_step": memory.optimizer.step,
        "_learning_rate": memory.rate.learning_rate,
        "_scheduled_epochs": memory.rate.scheduled_epochs,
        "_slow_epochs": memory.rate.slow_epochs,
        "_best_validation_loss": history.best_validation_loss,
        "_history": history.columns,
        "_noise_seed": memory.optimizer.seed,
    }


def iteration_attributes(model: Parametrized, memory: Memory, fresh: bool) -> Attributes:
    """Return the attributes that a fit by L-BFGS with a history sets besides the network."""
    history = memory.history
    attributes = {
        "n_iter_": history.epochs,
        # scikit-learn counts the samples of minibatches alone.
        "t_": 0 if fresh else getattr(model, "t_", 0),
        "loss_": history.losses[-1] if history.epochs else latest_loss(memory.optimizer),
        "loss_curve_": history.losses,
        "best_loss_": history.best_loss,
        "validation_scores_": history.scores,
        "best_validation_score_": history.best_score,
        # A fit that continues from this one begins to count anew, as in scikit-learn.
        "_no_improvement_count": 0,
        "_best_validation_loss": history.best_validation_loss,
        "_history": history.columns,
    }
    # The average of earlier epochs is no longer valid after L-BFGS.
    averaged = not fresh and hasattr(model, "_trained_parameters")
    return attributes | ({"_trained_parameters": None} if averaged else {})


def lbfgs_attributes(model: Parametrized, result: LbfgsResult, fresh: bool) -> Attributes:
    """Return the attributes that a fit by L-BFGS sets besides the network."""
    attributes = {
        "n_iter_": result.iterations,
        "t_": 0 if fresh else getattr(model, "t_", 0),
        "loss_": result.loss,
    }
    # The average of earlier epochs is no longer valid after L-BFGS.
    averaged = not fresh and hasattr(model, "_trained_parameters")
    return attributes | ({"_trained_parameters": None} if averaged else {})
