"""Base of the estimators that declares their parameters, as the settings read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator

from lamina.choices import Activation, Input, Loss, Members, Penalty, Schedule, Solver
from lamina.engines.custom_loss import CustomLoss
from lamina.estimators.settings.parameter import Parameter


class Parametrized(BaseEstimator):  # type: ignore[misc]
    """Parameters of both estimators; fitted attributes are not declared here."""

    _parameters: ClassVar[dict[str, Parameter]]

    hidden_layer_sizes: int | Sequence[int]
    members: str | Members | None
    width: int | None
    depth: int | None
    inputs: str | Input | Sequence[Input] | None
    activation: str | Activation | Sequence[str | Activation]
    output_activation: str | Activation | None
    normalization: str | None
    residual: bool
    parametrization: str
    blended_activation: bool
    dropout: float | Sequence[float]
    input_dropout: float
    input_noise: float
    solver: str | Solver
    alpha: float
    penalty: str | Penalty
    l1_ratio: float
    loss: str | Loss | CustomLoss
    batch_size: int | str
    learning_rate: str | Schedule | Callable[[int, int], float]
    learning_rate_options: Mapping[str, float] | None
    learning_rate_init: float
    power_t: float
    warmup: float
    weight_decay: float | None
    dropout_schedule: str | Schedule | None
    weight_decay_schedule: str | Schedule | None
    max_gradient_norm: float | None
    average_decay: float | None
    rate_factors: Mapping[str, float] | None
    amsgrad: bool
    max_iter: int
    max_fun: int
    max_seconds: float | None
    tol: float
    n_iter_no_change: float
    patience_factor: float
    shuffle: bool
    drop_last: bool
    random_state: int | np.random.RandomState | None
    warm_start: bool
    early_stopping: bool
    validation_fraction: float
    restore_best: bool | str | None
    verbose: bool | int | str
    diagnostics: bool | str
    checkpoint: str | PathLike[str] | None
    checkpoint_every: int | None
    checkpoint_seconds: float | None
    dtype: str | None
    precision: str | None
    engine: str | None
    n_threads: int | None
    device: str | None
