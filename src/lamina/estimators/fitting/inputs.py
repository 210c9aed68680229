"""Validated inputs of one fit, from which it runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from os import PathLike

import numpy as np
from numpy.typing import ArrayLike

from lamina.encoding.frames import ArrayOrTable
from lamina.encoding.target_scaling import TargetScaling
from lamina.engines import Engine, Objective, Rows
from lamina.estimators.fitting.fitted_parts import Attributes
from lamina.estimators.fitting.input_stage import ResolvedInputs
from lamina.estimators.fitting.tasks import Task
from lamina.estimators.fitting.validation_setup import HeldOut
from lamina.estimators.settings.fit_settings import FitSettings
from lamina.estimators.settings.parametrized import Parametrized
from lamina.files.chunks import Workspace
from lamina.formulas.table import Array, Matrix
from lamina.network import Network, NetworkSpec


@dataclass(frozen=True)
class Assignment:
    """Validated inputs of one fit.

    Attributes
    ----------
    settings : FitSettings
    model : estimator
        Passed to callbacks and scorers.
    earlier : estimator
        Read for the state of earlier fits: the model, or a copy with outputs for more classes.
    engine : Engine
    spec : NetworkSpec
    task : Task
    inputs : ResolvedInputs or None
        Input stage, and the categories that it has codes for.
    scaling : TargetScaling or None
        Standardisation of the targets for training.
    objective : Objective
        Loss and penalty to minimise.
    X : ndarray or csr matrix of shape (n_samples, n_features)
    weight : ndarray of shape (n_samples,) or None
    rows : Rows
        All samples, in the dtype of the parameters.
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
    begins_on_samples : bool
        True if initial parameters are fitted to samples: bins, or by initializer='data'.
    is_begun : bool
        True if the initial parameters are fitted to all samples; else the fit does so, once it has
        split them.
    workspace : Workspace
        Place of the arrays that the fit makes.
    """

    settings: FitSettings
    model: Parametrized
    earlier: Parametrized
    engine: Engine
    spec: NetworkSpec
    task: Task
    inputs: ResolvedInputs | None
    scaling: TargetScaling | None
    objective: Objective
    X: Matrix
    weight: Array | None
    rows: Rows
    start: Array
    random_state: np.random.RandomState
    held_out: HeldOut | None
    deadline: float
    as_given: tuple[ArrayOrTable, ArrayOrTable, ArrayLike | None]
    resume: str | PathLike[str] | None
    fresh: bool
    incremental: bool
    begins_on_samples: bool
    is_begun: bool
    workspace: Workspace

    def network(self, parameters: Array) -> Network:
        """Return the network that is fitted, with these parameters."""
        return Network(self.spec, parameters)

    def attributes(self) -> Attributes:
        """Return the fitted attributes of the targets and the inputs, known before the fit."""
        of_inputs = {} if self.inputs is None else self.inputs.attributes()
        return self.task.attributes() | of_inputs

    def starting_from(self, start: Array) -> Assignment:
        """Return the same fit from other parameters, with the samples in their dtype."""
        rows = self.task.rows(self.X, self.weight, start.dtype, self.workspace)
        return replace(self, start=start, rows=rows)
