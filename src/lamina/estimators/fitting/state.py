"""Read an estimator's fitted attributes to continue a fit, and write them when it ends.

Every fitted attribute is a number, a string, a bool, None, an array, or a list of these, all of
which pickle, joblib, skops and model files support.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy
from functools import lru_cache
from itertools import chain, pairwise
from operator import is_
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import DTypeLike

from lamina.choices import Choice
from lamina.encoding.target_scaling import TargetScaling, last_layer
from lamina.engines import OptimizerSettings, OptimizerState
from lamina.estimators.fitting.fitted_parts import OTHER_PARTS, fitted_parts
from lamina.estimators.settings.architecture import (
    OF_PREDICTIONS,
    Architecture,
    build_network,
    read_architecture,
)
from lamina.estimators.settings.configured import require_valid_now
from lamina.estimators.settings.optimizing import optimizer_settings
from lamina.formulas import OPTIMIZERS
from lamina.formulas.table import Array
from lamina.network import NetworkSpec, ParameterLayout, flatten_parameters
from lamina.training import History, LbfgsResult, Memory
from lamina.training.rates import RateState

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
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
)


def get_network(model: Any) -> NetworkSpec:
    """Return the network of a fitted estimator, from the shapes of its weights.

    Raises
    ------
    ValueError
        If weights, biases and the number of features do not form a network, because someone has
        set them by hand, and for parameters that no network has.
    """
    require_valid_now(model, Architecture._fields)
    shapes = tuple(tuple(part.shape for part in parts) for parts in fitted_parts(model))
    return _network(
        shapes,
        model.n_features_in_,
        read_architecture(model),
        model.out_activation_,
        tuple(vars(model).get("_heads", ())),
    )


@lru_cache(maxsize=64)
def _network(
    shapes: tuple[tuple[tuple[int, ...], ...], ...],
    n_features: int,
    architecture: Architecture,
    inverse_link: str,
    heads: tuple[int, ...],
) -> NetworkSpec:
    # Cached, because for a single sample building a spec takes longer than using it.
    weights, biases, *extra = shapes
    widths = (n_features, *(shape[-1] for shape in weights))
    if weights != tuple(pairwise(widths)) or biases != tuple((width,) for width in widths[1:]):
        raise ValueError(
            f"coefs_ of shapes {list(weights)} and intercepts_ of shapes {list(biases)} are not "
            f"those of one network with {n_features} features: every matrix has a row for each "
            "column of the one before, and an intercept for each of its columns. Set them to "
            "fit, or fit the estimator again."
        )
    spec = build_network(widths, architecture, inverse_link, heads)
    require_parts(spec, extra)
    return spec


def require_parts(spec: NetworkSpec, shapes: Sequence[Sequence[tuple[int, ...]]]) -> None:
    """Check the shapes of unit parameters and running statistics against the network.

    Raises
    ------
    ValueError
        If they differ, because parameters were changed after the fit.
    """
    layout = ParameterLayout.from_spec(spec)
    expected = layout.unit_parameters, layout.statistics
    for name, found, asked in zip(OTHER_PARTS, shapes, expected, strict=True):
        if tuple(found) != (asked if any(n for n, _ in asked) else ()):
            raise ValueError(
                f"{name} of shapes {list(found)} must have shapes {list(asked)} for this network: "
                "a parameter that defines the network was changed after the fit. Set it back, or "
                "fit the estimator again."
            )


def get_parameters(model: Any, dtype: DTypeLike | None = None) -> Array:
    """Return the flat parameters; a copy only if the attributes are not views of one vector.

    Raises
    ------
    ValueError
        For an attribute that does not hold real numbers.
    """
    dtype = get_dtype(model) if dtype is None else dtype
    weights, biases, unit_parameters, statistics = fitted_parts(model)
    return flatten_parameters(weights, biases, unit_parameters, statistics, dtype)


def get_dtype(model: Any) -> np.dtype[Any]:
    """Return the dtype of the parameters: float32 if all arrays are, else float64."""
    dtypes = {part.dtype for parts in fitted_parts(model) for part in parts}
    return FLOATS[0] if dtypes == {FLOATS[0]} else FLOATS[1]


def get_scaling(model: Any) -> TargetScaling | None:
    """Return the latest fit's standardisation of the target, or None."""
    fitted = vars(model)
    if "target_mean_" not in fitted:
        return None
    return TargetScaling(
        tuple(np.asarray(fitted["target_mean_"]).tolist()),
        tuple(np.asarray(fitted["target_scale_"]).tolist()),
    )


def get_standardised_parameters(
    model: Any, spec: NetworkSpec, scaling: TargetScaling | None
) -> Array:
    """Return a copy of the predicting parameters, for targets standardised by a scaling."""
    folded = np.array(get_parameters(model))
    if scaling is None:
        return folded
    unfolded = scaling.unfold(spec, folded)
    kept = vars(model).get("_standardised_layer")
    if kept is None or scaling != get_scaling(model):
        return unfolded
    exact = unfolded.copy()
    W, b = last_layer(spec, exact)
    if W.dtype != kept[0].dtype or W.shape != kept[0].shape:
        return unfolded
    W[...], b[...] = kept
    # If someone has written into coefs_ since, a fit must continue from the changed values.
    return exact if np.array_equal(scaling.fold(spec, exact), folded) else unfolded


def get_trained_parameters(
    model: Any, spec: NetworkSpec, scaling: TargetScaling | None, dtype: DTypeLike | None = None
) -> Array:
    """Return a copy of the parameters a fit continues from: those before averaging, if any."""
    trained = getattr(model, "_trained_parameters", None)
    if trained is None:
        trained = get_standardised_parameters(model, spec, scaling)
    elif scaling != (before := get_scaling(model)):
        trained = trained if before is None else before.fold(spec, trained)
        trained = trained if scaling is None else scaling.unfold(spec, trained)
    return np.array(trained, dtype=trained.dtype if dtype is None else dtype)


class _Known(NamedTuple):
    parts: tuple[Array, ...]
    surroundings: tuple[Any, ...]
    spec: NetworkSpec
    parameters: Array


_known: WeakKeyDictionary[Any, _Known] = WeakKeyDictionary()


def network_and_parameters(model: Any) -> tuple[NetworkSpec, Array]:
    """Return both, cached as long as weights and biases are the same views of the parameters.

    For a single sample, inspecting all attributes takes longer than predicting. Writing into a
    view writes into the vector; an array that replaces a view is another object, which is detected.
    """
    fitted = vars(model)
    if fitted["coefs_"] is None or fitted["intercepts_"] is None:
        fitted_parts(model)  # Raises.
    parts = (*fitted["coefs_"], *fitted["intercepts_"])
    if "unit_parameters_" in fitted:
        parts += (*fitted["unit_parameters_"], *fitted.get("running_statistics_", ()))
    surroundings = (
        _unchanging(model.activation),
        _unchanging(model.output_activation),
        model.normalization,
        model.residual,
        model.out_activation_,
        model.n_features_in_,
        fitted.get("_heads"),
        model.dtype,
        model.precision,
        model.engine,
        model.n_threads,
    )
    # A user's subclass may define __eq__, and is then not hashable.
    is_hashable = type(model).__hash__ is not None
    digest = _known.get(model) if is_hashable else None
    if (
        digest is not None
        and _are_equal(digest.surroundings, surroundings)
        and len(digest.parts) == len(parts)
        and all(map(is_, digest.parts, parts))
    ):
        return digest.spec, digest.parameters
    require_valid_now(model, OF_PREDICTIONS)
    spec, parameters = get_network(model), get_parameters(model)
    if is_hashable and all(part.base is parameters for part in parts if part.size):
        _known[model] = _Known(parts, surroundings, spec, parameters)
    return spec, parameters


def _unchanging(activation: Any) -> Any:
    """Return an activation without its objects and lists, which may be changed in place."""
    if isinstance(activation, Choice):
        return activation.name, tuple(activation.values.items())
    if isinstance(activation, (list, tuple)):
        return tuple(map(_unchanging, activation))
    return activation


def _are_equal(surroundings: tuple[Any, ...], others: tuple[Any, ...]) -> bool:
    try:
        return surroundings == others
    except ValueError:
        # An array has no truth value; no parameter that may be an array defines the network.
        return False


def share_one_vector(model: Any) -> None:
    """Make weights and biases views of one vector again, after unpickling has separated them."""
    parts = fitted_parts(model)
    if len({part.dtype for part in chain.from_iterable(parts)}) == 1:
        layout = ParameterLayout(*(tuple(part.shape for part in each) for each in parts))
        vars(model).update(_named_views(layout, get_parameters(model)))


def copy_at_epoch(model: Any, parameters: Array, epoch: int) -> Any:
    """Return a copy of a fitted model with these parameters, as it was after `epoch` epochs.

    The history is cut there. A fit of the copy starts from scratch, and calls no callback.
    """
    then = copy(model)
    then.callbacks = None
    fitted = vars(then)
    losses, scores, columns = model.loss_curve_, model.validation_scores_, model._history
    for name in EPOCH_ATTRIBUTES:
        fitted.pop(name, None)
    fitted |= network_attributes(get_network(model), parameters.copy(), get_scaling(model))
    then.loss_curve_, then.n_iter_ = losses[:epoch], epoch
    then.validation_scores_ = None if scores is None else scores[:epoch]
    then._history = {name: column[:epoch] for name, column in columns.items()}
    then.loss_ = then.loss_curve_[-1] if epoch else math.inf
    return then


def get_history(model: Any) -> History:
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


def build_memory(model: Any, parameters: Array, *, fresh: bool, keep_optimizer: bool) -> Memory:
    """Return the state from which a minibatch fit starts.

    Parameters
    ----------
    model : estimator
    parameters : ndarray of shape (n_parameters,)
        Initial parameters, which the fit changes in place.
    fresh : bool
        True if earlier fits are ignored.
    keep_optimizer : bool
        True to keep the optimizer's state and learning rate, as `partial_fit` does.
    """
    history = History() if fresh else get_history(model)
    optimizer = optimizer_settings(model)
    state = OptimizerState.fresh(optimizer, parameters)
    initial_rate = float(model.learning_rate_init)
    rate = RateState(initial_rate, initial_rate)
    slots = getattr(model, "_optimizer_slots", state.slots)
    optimizer_slots = [*OPTIMIZERS[optimizer.name].slots]
    same = getattr(model, "_optimizer_name", None) == optimizer.name
    same &= getattr(model, "_optimizer_slot_names", optimizer_slots) == [*optimizer.slots]
    if keep_optimizer and same and slots.shape == state.slots.shape:
        state.slots[...] = slots
        state.step = model._optimizer_step
        state.seed = getattr(model, "_noise_seed", 0)
        rate.learning_rate = model._learning_rate
        rate.scheduled_epochs = getattr(model, "_scheduled_epochs", 0)
        rate.slow_epochs = getattr(model, "_slow_epochs", 0)
    return Memory(parameters, state, rate, history)


def network_attributes(
    spec: NetworkSpec, parameters: Array, scaling: TargetScaling | None = None
) -> dict[str, Any]:
    """Return the network as scikit-learn's attributes; `coefs_` and `intercepts_` are views.

    With a scaling, the parameters are those trained on standardised targets, and the attributes
    predict in the units of y.
    """
    extra = {}
    if scaling is not None:
        layer = [part.copy() for part in last_layer(spec, parameters)]
        parameters, extra = scaling.fold(spec, parameters), {"_standardised_layer": layer}
    return {
        **_named_views(ParameterLayout.from_spec(spec), parameters),
        **extra,
        "n_layers_": len(spec.blocks) + 1,
        "n_outputs_": spec.n_outputs,
        "out_activation_": spec.inverse_link,
        "_heads": list(spec.heads),
    }


def _named_views(layout: ParameterLayout, parameters: Array) -> dict[str, Any]:
    views = layout.views(parameters)
    named = {"coefs_": views.weights, "intercepts_": views.biases}
    extra = zip(OTHER_PARTS, views[2:], strict=True)
    return named | {name: parts for name, parts in extra if any(part.size for part in parts)}


def epoch_attributes(memory: Memory, optimizer: OptimizerSettings) -> dict[str, Any]:
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


def lbfgs_attributes(model: Any, result: LbfgsResult, fresh: bool) -> dict[str, Any]:
    """Return the attributes that a fit by L-BFGS sets besides the network."""
    attributes = {
        "n_iter_": result.iterations,
        "t_": 0 if fresh else getattr(model, "t_", 0),
        "loss_": result.loss,
    }
    # The average of earlier epochs is no longer valid after L-BFGS.
    averaged = not fresh and hasattr(model, "_trained_parameters")
    return attributes | ({"_trained_parameters": None} if averaged else {})
