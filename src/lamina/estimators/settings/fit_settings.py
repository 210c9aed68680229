"""Settings of a fit: an estimator's parameters, checked and converted once, before any other work.

Everything below reads these settings and no parameter of the estimator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lamina.choices import Input, name_of
from lamina.engines import OptimizerSettings
from lamina.engines.choose import adapt_loss
from lamina.engines.custom_loss import CustomLoss
from lamina.estimators.settings.architecture import (
    Architecture,
    layer_activations_and_dropout,
    read_architecture,
)
from lamina.estimators.settings.contradictions import refuse_contradictions
from lamina.estimators.settings.device_choice import implied_dtype, resolve_place
from lamina.estimators.settings.fit_parameters import BAR, LAST_OF_TIES
from lamina.estimators.settings.formula_choices import (
    choose_schedule,
    hyperparameter_schedules,
    hyperparameters_of,
    l1_ratio,
    loss_hyperparameters,
    optimizer_settings,
    power_t,
    schedule_options,
)
from lamina.estimators.settings.hidden_layers import layer_widths
from lamina.estimators.settings.input_columns import read_inputs
from lamina.estimators.settings.member_contradictions import have_own_rows, n_independent
from lamina.estimators.settings.monitoring import Monitored, monitored
from lamina.estimators.settings.parametrized import Parametrized
from lamina.formulas import is_minibatch
from lamina.formulas.hyperparameters import Hyperparameters
from lamina.formulas.schedule import Options

AUTOMATIC = "auto"
AUTOMATIC_BATCH = 200
DEFAULT_INITIALIZER, DEFAULT_OF_NTK = "glorot_uniform", "lecun_normal"


@dataclass(frozen=True)
class FitSettings:
    """Parameters of an estimator in the form in which a fit reads them.

    Attributes
    ----------
    widths : tuple of int
        Number of units of each hidden layer.
    n_independent : int or None
        Number of independent members; None for one network.
    own_rows : bool
        True if each shared member has an order of samples of its own.
    architecture : Architecture
    inputs : tuple of Input
        Empty if all columns enter as they are.
    initializer : str or sequence of arrays
    solver : str
    is_minibatch : bool
        True for a solver that takes steps from minibatches.
    optimizer : OptimizerSettings or None
        None for a solver that uses all samples at once.
    alpha, l1_ratio : float
    penalty : str
    loss : str or CustomLoss
    loss_hyperparameters : mapping of str to float or sequence of float
    class_weight : dict, list of dict, 'balanced' or None
        None for a regressor.
    scale_target : bool
        False for a classifier.
    batch_size : int
    is_automatic_batch : bool
        True if no number was passed, so that a smaller number of samples needs no warning.
    schedule : str or callable
        'constant' if the solver ignores scikit-learn's schedules.
    schedule_options : mapping of str to float
    schedules : mapping of str to tuple
        Schedules of other hyperparameters than the learning rate: name and options.
    warmup, initial_rate, power_t, tol, patience, patience_factor : float
    max_iter, max_fun : int
    shuffle, drop_last, early_stopping, warm_start : bool
    validation_fraction : float
    monitoring : Monitored
    restore_best : bool or None
    restores_last : bool
        True if the last of several equally good epochs is the best.
    max_seconds : float or None
    verbose, shows_bar : bool
        True for a line each epoch; True for a progress bar.
    callbacks : tuple
    diagnostics : bool or 'auto'
    checkpoint : str, path-like or None
    checkpoint_every : int or None
    checkpoint_seconds : float or None
    dtype : str or None
        None takes the dtype of X.
    precision, engine : str or None
    n_threads : int or None
    device : str
        Full name of a device that is present, such as 'cuda:0'.
    random_state : int, RandomState or None
    """

    widths: tuple[int, ...]
    n_independent: int | None
    own_rows: bool
    architecture: Architecture
    inputs: tuple[Input, ...]
    initializer: Any
    solver: str
    is_minibatch: bool
    optimizer: OptimizerSettings | None
    alpha: float
    penalty: str
    l1_ratio: float
    loss: str | CustomLoss
    loss_hyperparameters: Hyperparameters
    class_weight: Any
    scale_target: bool
    batch_size: int
    is_automatic_batch: bool
    schedule: str | Callable[[int, int], float]
    schedule_options: Mapping[str, float]
    schedules: Mapping[str, tuple[str, Options]]
    warmup: float
    initial_rate: float
    power_t: float
    max_iter: int
    max_fun: int
    tol: float
    patience: float
    patience_factor: float
    shuffle: bool
    drop_last: bool
    early_stopping: bool
    validation_fraction: float
    monitoring: Monitored
    restore_best: bool | None
    restores_last: bool
    max_seconds: float | None
    verbose: bool
    shows_bar: bool
    callbacks: tuple[object, ...]
    diagnostics: bool | str
    checkpoint: Any
    checkpoint_every: int | None
    checkpoint_seconds: float | None
    warm_start: bool
    dtype: str | None
    precision: str | None
    engine: str | None
    n_threads: int | None
    device: str
    random_state: int | np.random.RandomState | None


def resolve_settings(model: Parametrized, *, incremental: bool = False) -> FitSettings:
    """Return the settings of a fit, from parameters that satisfy their constraints.

    Parameters
    ----------
    model : estimator
    incremental : bool
        True for `partial_fit`.

    Raises
    ------
    InvalidParameterError
        For two parameters that contradict each other; it is a ValueError.
    DeviceError, TorchMissingError
        For a device that is absent, and for PyTorch if it is needed and not installed.
    ValueError, TypeError
        For sequences that do not match the hidden layers, and for `partial_fit` with a parameter
        that only `fit` supports.
    """
    refuse_contradictions(model, incremental=incremental)
    engine, device = resolve_place(model)
    dtype = implied_dtype(model, device)
    widths, architecture = layer_widths(model), read_architecture(model)
    layer_activations_and_dropout(architecture, len(widths))
    takes_steps = is_minibatch(model.solver)
    early_stopping = bool(model.early_stopping) and takes_steps  # as in scikit-learn
    return FitSettings(
        widths=tuple(widths),
        n_independent=None if model.members is None else n_independent(model),
        own_rows=model.members is not None and have_own_rows(model.members),
        architecture=architecture,
        inputs=() if model.inputs is None else read_inputs(model.inputs),
        initializer=_initializer(model),
        solver=name_of(model.solver),
        is_minibatch=takes_steps,
        optimizer=optimizer_settings(model) if takes_steps else None,
        schedule=choose_schedule(model) if takes_steps else "constant",
        alpha=float(model.alpha),
        penalty=name_of(model.penalty),
        l1_ratio=l1_ratio(model),
        loss=adapt_loss(name_of(model.loss)),
        loss_hyperparameters=loss_hyperparameters(model),
        class_weight=getattr(model, "class_weight", None),
        scale_target=bool(getattr(model, "scale_target", False)),
        batch_size=AUTOMATIC_BATCH if model.batch_size == AUTOMATIC else int(model.batch_size),
        is_automatic_batch=model.batch_size == AUTOMATIC,
        schedule_options=schedule_options(model),
        schedules=hyperparameter_schedules(model),
        warmup=float(model.warmup),
        initial_rate=float(model.learning_rate_init),
        power_t=power_t(model),
        max_iter=model.max_iter,
        max_fun=(model.max_fun if takes_steps else hyperparameters_of(model, "solver")["max_fun"]),
        tol=float(model.tol),
        patience=float(model.n_iter_no_change),
        patience_factor=float(model.patience_factor),
        shuffle=bool(model.shuffle),
        drop_last=bool(model.drop_last),
        early_stopping=early_stopping,
        validation_fraction=model.validation_fraction,
        monitoring=monitored(model.monitor, early_stopping=early_stopping),
        restore_best=None if model.restore_best is None else bool(model.restore_best),
        restores_last=model.restore_best == LAST_OF_TIES,
        max_seconds=model.max_seconds,
        verbose=model.verbose != BAR and bool(model.verbose),
        shows_bar=model.verbose == BAR,
        callbacks=_callbacks(model),
        diagnostics=model.diagnostics,
        checkpoint=model.checkpoint,
        checkpoint_every=model.checkpoint_every,
        checkpoint_seconds=model.checkpoint_seconds,
        warm_start=bool(model.warm_start),
        dtype=dtype,
        precision=model.precision,
        engine=engine,
        n_threads=model.n_threads,
        device=device,
        random_state=model.random_state,
    )


def _callbacks(model: Parametrized) -> tuple[object, ...]:
    callbacks = model.callbacks
    if isinstance(callbacks, list | tuple):
        return tuple(callbacks)
    return () if callbacks is None else (callbacks,)


def _initializer(model: Parametrized) -> Any:
    """Return the initializer; in NTK parametrisation the default is that of W ~ N(0, 1)."""
    chosen = model.initializer
    is_default = isinstance(chosen, str) and chosen == DEFAULT_INITIALIZER
    return DEFAULT_OF_NTK if is_default and model.parametrization == "ntk" else chosen
