"""Reject contradictory parameters, with a message that names the pair and the cure."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from itertools import pairwise
from os import fspath
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils._param_validation import InvalidParameterError

from lamina.choices import KINDS, Choice, name_of
from lamina.estimators.settings.device_choice import DEVICE_CONTRADICTIONS, tf32_of_another_unit
from lamina.estimators.settings.formula_choices import flat_beside_object, l1_ratio
from lamina.estimators.settings.hidden_layers import describe_layers, layer_widths, layers_set_twice
from lamina.estimators.settings.input_columns import unusable_inputs
from lamina.estimators.settings.loss_contradictions import (
    loss_that_is_a_class,
    quantiles_without_their_loss,
    scaled_target_behind_an_inverse_link,
    smoothing_of_ones_own_loss,
)
from lamina.estimators.settings.member_contradictions import MEMBER_CONTRADICTIONS
from lamina.estimators.settings.parametrized import Parametrized
from lamina.estimators.settings.rate_factors import rate_factors_of_no_group
from lamina.estimators.settings.refusals import shown
from lamina.estimators.settings.solver_contradictions import (
    amsgrad_of_another_solver,
    factor_of_infinite_patience,
    no_hidden_matrix_for_muon,
    schedule_of_nothing,
)
from lamina.formulas import (
    NORMALIZATIONS,
    OPTIMIZERS,
    PENALTIES,
    SCHEDULES,
    is_minibatch,
)
from lamina.training.callbacks.protocol import EVENTS, is_callback


class Contradiction(NamedTuple):
    """A check for parameters that contradict each other.

    Attributes
    ----------
    parameters : tuple of str
        With all of these at their defaults there is no contradiction, and no check.
    message : callable
        `message(model)` returns the message, or None.
    """

    parameters: tuple[str, ...]
    message: Callable[[Any], str | None]


def refuse_contradictions(model: Parametrized, *, incremental: bool) -> None:
    """Reject contradictory parameters before any other work of a fit.

    Parameters
    ----------
    model : estimator
    incremental : bool
        True for `partial_fit`.

    Raises
    ------
    InvalidParameterError
        For two parameters that contradict each other; it is a ValueError.
    ValueError
        For `partial_fit` with a parameter that only `fit` supports.
    """
    if incremental and model.early_stopping:
        raise ValueError(
            "partial_fit does not support early_stopping=True, because it runs one epoch. Set "
            "early_stopping=False, or call fit."
        )
    if incremental:
        _refuse_what_only_fit_heeds(model)
    several = OTHER_CONTRADICTIONS if is_minibatch(model.solver) else CONTRADICTIONS
    defaults = type(model)._defaults()
    changed = {name for name, value in defaults.items() if getattr(model, name) is not value}
    for parameters, message_of in several:
        if not changed.isdisjoint(parameters) and (message := message_of(model)) is not None:
            raise InvalidParameterError(message)


def _full_batch_in_float32(model: Parametrized) -> str | None:
    if model.dtype != "float32":
        return None
    return (
        f"solver={model.solver!r} computes in float64 only, which dtype='float32' forbids. Leave "
        f"dtype=None, or choose one of the solvers that support float32: {minibatch_solvers()}."
    )


def _full_batch_in_low_precision(model: Parametrized) -> str | None:
    if model.precision is None:
        return None
    return (
        f"solver={model.solver!r} computes in float64 only, and precision={model.precision!r} sums "
        "in float32. Set precision=None, or choose one of the solvers that support it: "
        f"{minibatch_solvers()}."
    )


def _low_precision_in_float64(model: Parametrized) -> str | None:
    if model.precision is None or model.dtype != "float64":
        return None
    return (
        f"precision={model.precision!r} sums in float32, which dtype='float64' forbids. Leave "
        "dtype=None, or set precision=None."
    )


def _refuse_what_only_fit_heeds(model: Parametrized) -> None:
    for name in ONLY_FOR_FIT:
        if getattr(model, name) is not None:
            raise ValueError(
                f"partial_fit does not support {name}={getattr(model, name)!r}: it runs one epoch. "
                f"Set {name}=None, or call fit."
            )


def _full_batch_without_epochs(model: Parametrized) -> str | None:
    for name, meaningless in ONLY_BY_EPOCHS.items():
        value = getattr(model, name, None)
        if meaningless(value):
            return (
                f"{name}={value!r} applies to epochs, and solver={model.solver!r} has none. Leave "
                f"{name} at its default, or choose one of the minibatch solvers: "
                f"{minibatch_solvers()}."
            )
    return None


def _options_that_the_schedule_has_not(model: Parametrized) -> str | None:
    options, schedule = model.learning_rate_options, model.learning_rate
    if not options or isinstance(schedule, Choice):
        return None
    if callable(schedule):
        return (
            f"learning_rate_options={options!r} apply to schedules chosen by name, and "
            f"learning_rate={schedule!r} is a function. Set learning_rate_options=None."
        )
    try:
        SCHEDULES[schedule].settings(options)
    except ValueError as error:
        return (
            f"learning_rate_options={options!r} do not match learning_rate={schedule!r}: {error} "
            "Set learning_rate_options=None for the schedule's defaults."
        )
    return None


def _checkpoints_of_nothing(model: Parametrized) -> str | None:
    for name in ("checkpoint_every", "checkpoint_seconds"):
        value = getattr(model, name)
        if value is not None and model.checkpoint is None:
            return (
                f"{name}={value!r} sets how often to write a checkpoint, and checkpoint=None names "
                f"no file for it. Set checkpoint to a path, or {name}=None."
            )
    return None


def _checkpoint_that_is_no_file(model: Parametrized) -> str | None:
    path = model.checkpoint
    if path is not None and NUL in fspath(path):
        return f"checkpoint={path!r} contains a null character, which no path may. Leave it out."
    if path is None or (fspath(path) and not Path(path).is_dir()):
        return None
    return f"checkpoint={path!r} is a folder, not a file. Set checkpoint to the path of a file."


def _schedule_of_other_arguments(model: Parametrized) -> str | None:
    schedule = model.learning_rate
    if not callable(schedule):
        return None
    try:
        inspect.signature(schedule).bind(0, 0)
    except TypeError as error:
        return (
            f"learning_rate={shown(schedule)} is called with two numbers, step and epoch: {error}. "
            "Set learning_rate to a function of both, such as lambda step, epoch: 0.001."
        )
    except ValueError:
        # Some functions written in C have no signature to inspect.
        return None
    return None


def _what_is_no_callback(model: Parametrized) -> str | None:
    callbacks = model.callbacks
    several = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]
    strangers = [each for each in several if callbacks is not None and not is_callback(each)]
    if not strangers:
        return None
    return (
        f"callbacks={shown(callbacks)} contains {shown(strangers[0])}, which has no method among "
        f"{', '.join(EVENTS)}. Choose one from lamina.training.callbacks, or write a class "
        "with one of these methods and pass an instance of it."
    )


def _noise_in_full_batch(model: Parametrized) -> str | None:
    for name in ("dropout", "input_dropout", "input_noise"):
        if np.any(getattr(model, name)):
            return (
                f"solver={model.solver!r} needs the same loss at every evaluation, and {name}="
                f"{getattr(model, name)!r} draws new noise. Set {name}=0, or choose one of the "
                f"minibatch solvers: {minibatch_solvers()}."
            )
    return None


def _running_statistics_in_full_batch(model: Parametrized) -> str | None:
    name = model.normalization
    if name is None or not NORMALIZATIONS[name].statistics:
        return None
    without = [repr(n) for n, record in NORMALIZATIONS.items() if not record.statistics]
    return (
        f"solver={model.solver!r} has no batches, and normalization={name!r} keeps running "
        f"statistics of batches. Choose normalization={' or '.join(without)}, or one of the "
        f"minibatch solvers: {minibatch_solvers()}."
    )


def _normalization_of_one_row(model: Parametrized) -> str | None:
    name = model.normalization
    if model.batch_size != 1 or name is None or not NORMALIZATIONS[name].statistics:
        return None
    return (
        f"normalization={name!r} takes mean and variance over the samples of a batch, and "
        "batch_size=1 leaves one sample. Choose a larger batch_size, or a normalization over units."
    )


def _residual_without_a_pair(model: Parametrized) -> str | None:
    if not model.residual:
        return None
    widths = layer_widths(model)
    if any(before == after for before, after in pairwise(widths)):
        return None
    return (
        f"residual=True adds a hidden layer to the next one of the same width, and "
        f"{describe_layers(model)} has no such pair. Choose two equal widths in a row, or set "
        "residual=False."
    )


def _l1_fraction(model: Parametrized) -> float:
    return PENALTIES[name_of(model.penalty)].l1_fraction(l1_ratio(model))


def _full_batch_with_a_kink(model: Parametrized) -> str | None:
    if not _l1_fraction(model):
        return None
    return (
        f"solver={model.solver!r} needs a loss with a derivative everywhere, but "
        f"penalty={model.penalty!r} has a kink where a weight is 0. Choose penalty='l2', or "
        f"one of the solvers that support it: {minibatch_solvers()}."
    )


def minibatch_solvers() -> str:
    """Return the minibatch solvers as a message lists them."""
    return ", ".join(map(repr, OPTIMIZERS))


def _is_set(value: object) -> bool:
    return value is not None


def _is_not_one(value: float) -> bool:
    return value != 1


def _is_no_old_schedule(value: object) -> bool:
    return callable(value) or SCHEDULES[name_of(value)].speaks_to_all


# Parameters of epochs, each with a test of the values that full-batch solvers must reject. They
# ignore those of scikit-learn's own parameters, as scikit-learn does.
ONLY_BY_EPOCHS: dict[str, Callable[[Any], bool]] = {
    "learning_rate": _is_no_old_schedule,
    "learning_rate_options": bool,
    "warmup": bool,
    "patience_factor": _is_not_one,
    "drop_last": bool,
    "weight_decay": bool,
    "dropout_schedule": _is_set,
    "weight_decay_schedule": _is_set,
    "label_smoothing_schedule": _is_set,
    "max_gradient_norm": _is_set,
    "average_decay": _is_set,
    "rate_factors": bool,
}
NUL = "\0"
ONLY_FOR_FIT = ("monitor", "restore_best", "checkpoint")

# Contradictions with a solver that uses all samples at once, which no other solver has to pass.
FULL_BATCH_CONTRADICTIONS = tuple(
    Contradiction(("solver",), message)
    for message in (
        _full_batch_in_float32,
        _full_batch_in_low_precision,
        _noise_in_full_batch,
        _running_statistics_in_full_batch,
        _full_batch_without_epochs,
        _full_batch_with_a_kink,
    )
)
OTHER_CONTRADICTIONS = (
    Contradiction(("width", "depth"), layers_set_twice),
    *(Contradiction(("members",), message) for message in MEMBER_CONTRADICTIONS),
    *(Contradiction(("device", "engine"), message) for message in DEVICE_CONTRADICTIONS),
    Contradiction(("precision",), _low_precision_in_float64),
    Contradiction(("precision",), tf32_of_another_unit),
    Contradiction(("normalization",), _normalization_of_one_row),
    Contradiction(("residual",), _residual_without_a_pair),
    Contradiction(("learning_rate", "learning_rate_options"), _options_that_the_schedule_has_not),
    Contradiction(("rate_factors",), rate_factors_of_no_group),
    Contradiction(
        ("checkpoint", "checkpoint_every", "checkpoint_seconds"), _checkpoints_of_nothing
    ),
    Contradiction(("checkpoint",), _checkpoint_that_is_no_file),
    Contradiction(("patience_factor",), factor_of_infinite_patience),
    Contradiction(("learning_rate",), _schedule_of_other_arguments),
    Contradiction(("callbacks",), _what_is_no_callback),
    Contradiction(("loss",), loss_that_is_a_class),
    Contradiction(("amsgrad",), amsgrad_of_another_solver),
    Contradiction(("solver",), no_hidden_matrix_for_muon),
    Contradiction(
        ("dropout_schedule", "weight_decay_schedule", "label_smoothing_schedule"),
        schedule_of_nothing,
    ),
    Contradiction(("quantile",), quantiles_without_their_loss),
    Contradiction(("label_smoothing",), smoothing_of_ones_own_loss),
    Contradiction(("scale_target",), scaled_target_behind_an_inverse_link),
    Contradiction((*KINDS,), flat_beside_object),
    Contradiction(("inputs",), unusable_inputs),
)
CONTRADICTIONS = (*FULL_BATCH_CONTRADICTIONS, *OTHER_CONTRADICTIONS)
