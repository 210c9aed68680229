"""Identify the fit that a checkpoint belongs to, and resume an estimator from one."""

from __future__ import annotations

import inspect
from os import fspath
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lamina.engines.choose import PYTORCH
from lamina.engines.device_matrix import on_host
from lamina.errors import CheckpointError
from lamina.estimators.fitting.inputs import Assignment
from lamina.estimators.fitting.state import optimizer_of
from lamina.estimators.fitting.validation_setup import metric_names
from lamina.estimators.settings.fit_settings import FitSettings
from lamina.estimators.settings.formula_choices import flat_parameters
from lamina.formulas import SCHEDULES
from lamina.formulas.table import Array
from lamina.training import Memory
from lamina.training.checkpoint import (
    Checkpoint,
    digest,
    plain_value,
    read_checkpoint,
    refusals_that_name,
)
from lamina.training.fit_state import column_names
from lamina.training.generators import name_generator, set_generator_state
from lamina.training.resuming import Limits, SavedState, check_state, resumed_memory

# Parameters that report on a fit or limit its time, and change none of its numbers.
WITHOUT_EFFECT_ON_NUMBERS = {
    "callbacks",
    "checkpoint",
    "checkpoint_every",
    "checkpoint_seconds",
    "device",
    "engine",
    "max_seconds",
    "n_threads",
    "verbose",
}
ENGINE = "engine"
LABELS = "rows labels of y"
CATEGORIES = "rows categories of X"


class Resumed(NamedTuple):
    """State of a fit restored from a checkpoint.

    Attributes
    ----------
    state : SavedState
        State from which the epoch loop resumes.
    memory : Memory
    order, held_out : ndarray of int64
        Training samples, in the order of the latest epoch; samples held out by early stopping.
    fallback : ndarray of shape (n_parameters,) or None
    """

    state: SavedState
    memory: Memory
    order: NDArray[np.int64]
    held_out: NDArray[np.int64] | None
    fallback: Array | None


def compute_identity(fit: Assignment) -> dict[str, object]:
    """Return the parameters and data digests that a fit must share to resume from a checkpoint."""
    model, rows = fit.model, fit.rows
    parameters = {
        name: plain_value(value)
        for name, value in flat_parameters(model).items()
        if name not in WITHOUT_EFFECT_ON_NUMBERS
    }
    validation = fit.held_out
    measured = (
        ()
        if validation is None
        else (validation.X, validation.task.targets(np.float64), validation.weight)
    )
    inputs = {} if fit.inputs is None else {CATEGORIES: digest(*fit.inputs.categories)}
    engine = {} if fit.engine.name == PYTORCH else {ENGINE: fit.engine.name}
    return {
        "class": type(model).__name__,
        **engine,
        "dtype": fit.start.dtype.name,
        **parameters,
        "rows X": digest(on_host(rows.X)),
        "rows y": digest(rows.y),
        LABELS: digest(_labels_of(fit)),
        "rows sample_weight": digest(rows.weight),
        "rows validation_data": digest(*measured),
        **inputs,
    }


def _labels_of(fit: Assignment) -> NDArray[np.uint8] | None:
    """Return a classifier's labels as bytes, because the encoded y no longer contains them."""
    encoding = getattr(fit.task, "encoding", None)
    if encoding is None:
        return None
    several = encoding.classes if isinstance(encoding.classes, list) else [encoding.classes]
    text = repr([np.asarray(classes).tolist() for classes in several])
    return np.frombuffer(text.encode(errors="surrogatepass"), np.uint8)


def parameter_defaults(cls: type) -> dict[str, object]:
    """Return the defaults of parameters that a checkpoint of an earlier version may lack."""
    parameters = inspect.signature(cls).parameters.values()
    return {
        each.name: plain_value(each.default)
        for each in parameters
        if each.name not in WITHOUT_EFFECT_ON_NUMBERS and each.default is not each.empty
    }


def build_checkpoint(
    settings: FitSettings,
    identity: dict[str, object],
    held_out: NDArray[np.int64] | None,
    fallback: Array | None,
) -> Checkpoint:
    """Return the checkpoint settings of a fit."""
    every, seconds = settings.checkpoint_every, settings.checkpoint_seconds
    epochs = 1 if every is None and seconds is None else every
    keeps = {"held_out": held_out, "fallback": fallback}
    return Checkpoint(settings.checkpoint, identity, keeps, epochs, seconds)


def resumed(fit: Assignment, identity: dict[str, object]) -> Resumed:
    """Return the state in the checkpoint given as `resume=`.

    The whole file is checked before any of it is used.

    Raises
    ------
    FileNotFoundError
        If there is no checkpoint.
    CheckpointError
        For a checkpoint of another fit, or one whose content is out of range.
    """
    assert fit.resume is not None
    settings = fit.settings
    names = {settings.schedule, *(name for name, _ in settings.schedules.values())}
    spans = any(isinstance(name, str) and SCHEDULES[name].follows_length for name in names)
    free = () if spans else ("max_iter",)
    # A checkpoint goes from device to device; every other engine goes on bit for bit.
    free = (*free, ENGINE) if fit.engine.name == PYTORCH else free
    # Checkpoints of earlier versions do not hold the labels, and those of PyTorch no engine.
    ours = {LABELS: identity[LABELS], ENGINE: identity.get(ENGINE)}
    defaults = {**parameter_defaults(type(fit.model)), **ours}
    content = read_checkpoint(fit.resume, identity, free, defaults)
    with refusals_that_name(fit.resume):
        state = check_state(content, read_limits(fit))
    if (n_epochs := len(state["losses"])) > fit.settings.max_iter:
        raise CheckpointError(
            f"{fspath(fit.resume)} was written after epoch {n_epochs}, and max_iter="
            f"{fit.settings.max_iter} allows fewer. Set max_iter to {n_epochs} or more."
        )
    set_generator_state(fit.random_state, state["generator"])
    return Resumed(
        state, resumed_memory(state), state["order"].copy(), state["held_out"], state["fallback"]
    )


def read_limits(fit: Assignment) -> Limits:
    """Return the limits against which a checkpoint of this fit is checked."""
    settings, optimizer = fit.settings, optimizer_of(fit.settings)
    holds_out = fit.held_out is None and settings.early_stopping
    measured = fit.held_out is not None or holds_out
    names = metric_names(fit.task, settings.monitoring)
    return Limits(
        parameters=fit.start,
        n_slots=len(optimizer.slots),
        n_numbers=optimizer.n_numbers,
        keeps_average=optimizer.average_decay is not None,
        draws=fit.spec.draws,
        n_samples=fit.X.shape[0],
        holds_out=holds_out,
        batch_size=settings.batch_size if settings.is_minibatch else fit.X.shape[0],
        n_orders=fit.spec.n_members if settings.own_rows else None,
        drop_last=settings.drop_last,
        columns=column_names(names if measured else None),
        bit_generator=name_generator(fit.random_state),
    )
