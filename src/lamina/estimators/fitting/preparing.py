"""Prepare a fit: validate its data, build its network, and draw its initial parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from os import PathLike
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from lamina.encoding.frames import ArrayOrTable
from lamina.engines import Rows, choose_engine
from lamina.engines.custom_loss import CustomLoss, require_rows_apart
from lamina.engines.independent import member_networks, write_members
from lamina.estimators.fitting.data import FLOATS, read_samples, refuse_noise_on_sparse_rows
from lamina.estimators.fitting.engine_choice import choose_fit_engine
from lamina.estimators.fitting.fitted_network import get_dtype, require_parts
from lamina.estimators.fitting.fitted_parts import fitted_parts, require_biases
from lamina.estimators.fitting.growing import grow_model
from lamina.estimators.fitting.initializing import (
    first_parameters,
    is_whole_vector,
    make_fit_generator,
    reads_rows,
    require_memory,
)
from lamina.estimators.fitting.input_stage import (
    ResolvedInputs,
    fitted_categories,
    fitted_stage,
    may_have_missing,
    refuse_sparse,
    resolve_inputs,
    write_edges,
)
from lamina.estimators.fitting.inputs import Assignment
from lamina.estimators.fitting.missing_targets import fill_missing, keep_samples
from lamina.estimators.fitting.other_arrays import adopted, as_numpy, is_of_another_library
from lamina.estimators.fitting.state import get_trained_parameters
from lamina.estimators.fitting.tasks import Task
from lamina.estimators.fitting.validation_setup import HeldOut, split_validation_data
from lamina.estimators.fitting.wrong_data import explained
from lamina.estimators.settings.architecture import build_network
from lamina.estimators.settings.fit_settings import FitSettings
from lamina.estimators.settings.parametrized import Parametrized
from lamina.estimators.settings.refusals import shown
from lamina.files.chunks import Workspace
from lamina.formulas.table import Array, Matrix
from lamina.network import NetworkSpec, ParameterLayout, fit_to_rows

ROWS_TO_TRY = 5


def prepare_fit(
    model: Parametrized,
    settings: FitSettings,
    X: ArrayOrTable,
    y: ArrayOrTable,
    sample_weight: ArrayLike | None = None,
    *,
    fresh: bool,
    incremental: bool = False,
    classes: ArrayLike | None = None,
    validation_data: Sequence[ArrayOrTable] | None = None,
    resume: str | PathLike[str] | None = None,
    begins: bool = True,
) -> Assignment:
    """Validate inputs, draw initial parameters, and return the fit ready to run.

    Parameters
    ----------
    model : estimator
        Its number and names of features are set if `fresh`; nothing else is written.
    settings : FitSettings
    X, y, sample_weight : array-like
        As for `fit`.
    fresh : bool
        True to ignore earlier fits.
    incremental : bool
        True for `partial_fit`.
    classes, validation_data, resume
        As for `partial_fit` and `fit`.
    begins : bool
        True to fit the initial parameters to all samples; False if `fit_minibatch` or
        `fit_full_batch` follows, which does so if it may train on fewer, or resume.
    """
    deadline = perf_counter() + float(settings.max_seconds or math.inf)
    dtypes = _dtypes(model, settings, fresh)
    if any(map(is_of_another_library, (X, y, sample_weight))):
        X, y, sample_weight = _read_arrays(settings, X, y, sample_weight)
    filled, present = fill_missing(y, filler=None if fresh or not incremental else model._filler)
    may_miss = bool(settings.inputs) and may_have_missing(settings.inputs)
    samples, targets = read_samples(model, X, filled, dtypes, reset=fresh, may_miss=may_miss)
    refuse_noise_on_sparse_rows(settings, samples)
    # Before samples are left out, so that errors name the rows of X as passed.
    inputs, weight = None, None
    if settings.inputs or not fresh:
        inputs, samples = _resolved_inputs(model, settings, samples, fresh)
    if sample_weight is not None or present is not None:
        samples, targets, weight, present = keep_samples(samples, targets, sample_weight, present)
    task: Task = model._task(settings, targets, settings.warm_start or incremental, classes, weight)
    task = task if present is None else task.with_missing(present)
    spec = _build_spec(settings, samples.shape[1], task, inputs)
    weight = task.row_weights(weight)
    require_memory(settings, spec, samples.dtype)
    begins_on_samples = fresh and (inputs is not None or reads_rows(settings))
    random_state = make_fit_generator(settings, resumes=resume is not None)
    earlier = model if fresh else grow_model(model, settings, task, spec, random_state)
    start = (
        first_parameters(settings, spec, random_state, samples.dtype)
        if fresh
        else _continued_parameters(earlier, settings, spec, task)
    )
    start = start if settings.is_minibatch else start.astype(np.float64)
    engine = choose_fit_engine(settings, spec)
    workspace = Workspace.of_samples(samples)
    rows = task.rows(samples, weight, start.dtype, workspace)
    fit = Assignment(
        settings=settings,
        model=model,
        earlier=earlier,
        engine=engine,
        spec=spec,
        task=task,
        inputs=inputs,
        scaling=task.scaling,
        objective=task.objective(settings),
        X=samples,
        weight=weight,
        rows=rows,
        start=start,
        random_state=random_state,
        held_out=_held_out(model, settings, validation_data, task, inputs, samples.dtype),
        deadline=deadline,
        as_given=(X, y, sample_weight),
        resume=resume,
        fresh=fresh,
        incremental=incremental,
        begins_on_samples=begins_on_samples,
        is_begun=begins or (resume is None and not settings.early_stopping),
        workspace=workspace,
    )
    _check_loss(settings, fit.objective.loss, rows, spec.n_outputs)
    if fit.is_begun:
        fit_first_parameters(fit)
    return fit


def _read_arrays(
    settings: FitSettings, X: ArrayOrTable, y: ArrayOrTable, sample_weight: ArrayLike | None
) -> tuple[Any, Any, Any]:
    """Return arrays of other libraries as NumPy's; X stays on the device of the fit if it can."""
    # Input stages, initializers of samples and scorers compute on X in NumPy.
    if settings.inputs or reads_rows(settings) or settings.monitoring.scorers:
        X = as_numpy(X)
    if is_of_another_library(X):
        engine = choose_engine(settings.engine, None, settings.precision, device=settings.device)
        X = adopted(engine, X)
    return X, as_numpy(y), as_numpy(sample_weight)


def fit_first_parameters(fit: Assignment, rows: NDArray[np.int64] | None = None) -> None:
    """Fit the initial parameters of a fresh fit to its samples, in place, as far as they read them.

    These are the bins of piecewise linear inputs, unless `initializer` is one vector of all
    parameters, which has bins already; and weights and biases by initializer='data'. After the
    fit's deadline the remaining columns and blocks keep what they have.

    Parameters
    ----------
    fit : Assignment
    rows : ndarray of int64, optional
        Samples that the fit trains on, all by default.
    """
    if not fit.begins_on_samples:
        return
    from_rows = reads_rows(fit.settings)
    has_bins = is_whole_vector(fit.settings.initializer)
    X, y, weight = fit.rows.X, fit.rows.y, fit.rows.weight
    if rows is not None:
        # Sorted, so that bins do not depend on the order of the samples.
        rows = np.sort(rows)
        X, y, weight = X[rows], y[rows], None if weight is None else weight[rows]
    member = fit.spec.independent_member
    if member is None:
        networks = [(fit.network(fit.start), fit.random_state)]
    else:
        generators = fit.random_state.members  # type: ignore[attr-defined]
        networks = list(zip(member_networks(fit.network(fit.start)), generators, strict=True))
    for network, random_state in networks:
        if fit.inputs is not None and not has_bins:
            write_edges(fit.inputs, network, X, y, weight, fit.deadline)
        if from_rows:
            fitted = fit_to_rows(network.spec, network.parameters, X, random_state, fit.deadline)
            network.parameters[...] = fitted
    if member is not None:
        write_members(fit.network(fit.start), [network for network, _ in networks])


def _build_spec(
    settings: FitSettings, n_features: int, task: Task, inputs: ResolvedInputs | None
) -> NetworkSpec:
    widths = (n_features, *settings.widths, task.n_outputs)
    stage = None if inputs is None else inputs.stage
    spec = build_network(widths, settings.architecture, task.inverse_link, task.heads, stage)
    n_members = settings.n_independent
    return spec if n_members is None else spec.with_independent_members(n_members)


def _resolved_inputs(
    model: Parametrized, settings: FitSettings, X: Matrix, fresh: bool
) -> tuple[ResolvedInputs | None, Matrix]:
    """Return the input stage of the fit, or None, and X with codes in place of categories.

    A fit that continues keeps the stage of the earlier one.
    """
    earlier = None if fresh else fitted_stage(vars(model))
    if not settings.inputs and earlier is None:
        return None, X
    if settings.inputs:
        refuse_sparse(model, X)
        categories = None if fresh else fitted_categories(model)
        resolved = resolve_inputs(settings.inputs, model, X, categories)
        if fresh or resolved.stage == earlier:
            return resolved, resolved.encode(X)
    raise ValueError(
        f"inputs={shown(model.inputs)} is not what the network was fitted with, and a fit cannot "
        "continue with another architecture. Set it back, or set warm_start=False and call fit."
    )


def _check_loss(settings: FitSettings, loss: str | CustomLoss, rows: Rows, n_outputs: int) -> None:
    """Check that a loss supports the weights, and a custom loss its contract."""
    if rows.weight is not None and rows.weight.ndim == 2:
        _refuse_weights_of_targets(settings, loss)
    if not isinstance(loss, str):
        _check_custom_loss(loss, rows, n_outputs)


def _refuse_weights_of_targets(settings: FitSettings, loss: str | CustomLoss) -> None:
    """Reject a loss and metrics that take a weight of each sample, not of each target."""
    weighted = "y has missing values or sample_weight a column for each target"
    if not isinstance(loss, str):
        raise ValueError(
            f"loss={shown(loss)} takes one weight for each sample, and {weighted}. Choose a loss "
            "by name, or fit an estimator for each target."
        )
    if scorers := settings.monitoring.scorers:
        raise ValueError(
            f"monitor={settings.monitoring.requested!r}: the scorer {next(iter(scorers))!r} takes "
            f"complete targets and one weight for each sample, and {weighted}. Set "
            "monitor='validation_loss', or None for the estimator's own score."
        )


def _check_custom_loss(loss: CustomLoss, rows: Rows, n_outputs: int) -> None:
    """Check on a few samples that a custom loss keeps its contract."""
    y, weight, dtype = rows.y[:ROWS_TO_TRY], rows.weight, rows.X.dtype
    if weight is not None:
        # The first samples may all have weight 1, which hides a loss that ignores weights.
        weight = np.linspace(0.5, 3, len(y), dtype=dtype)
    logits = np.linspace(-1, 1, len(y) * n_outputs, dtype=dtype)
    require_rows_apart(loss, logits.reshape(len(y), -1), y, weight)


def _dtypes(model: Parametrized, settings: FitSettings, fresh: bool) -> list[np.dtype[Any]]:
    """Return the dtypes that X may keep; any other becomes the first of them."""
    if settings.dtype is not None:
        return [np.dtype(settings.dtype)]
    return FLOATS if fresh else [get_dtype(model)]


def _continued_parameters(
    model: Parametrized, settings: FitSettings, spec: NetworkSpec, task: Task
) -> Array:
    """Return a copy of the fitted parameters, so that a failing fit leaves them unchanged."""
    weights, biases, *others = fitted_parts(vars(model))
    present = [part.shape for part in weights]
    expected = ParameterLayout.from_spec(spec).weights
    if tuple(present) != expected:
        raise ValueError(
            f"the network has weights of shapes {present}, but "
            f"hidden_layer_sizes={settings.widths!r} with {spec.n_features} features "
            f"and {spec.n_outputs} outputs needs {list(expected)}: a fit cannot continue with "
            "another architecture. Set warm_start=False and call fit, or clone the estimator."
        )
    require_biases(weights, biases, ParameterLayout.from_spec(spec).biases)
    require_parts(spec, [[part.shape for part in parts] for parts in others])
    return get_trained_parameters(model, spec, task.scaling, settings.dtype)


def _held_out(
    model: Parametrized,
    settings: FitSettings,
    validation_data: Sequence[ArrayOrTable] | None,
    task: Task,
    inputs: ResolvedInputs | None,
    dtype: DTypeLike,
) -> HeldOut | None:
    """Return the user's validation data, validated like the training data, or None."""
    if validation_data is None:
        return None
    X, y, *weight = map(as_numpy, split_validation_data(settings, validation_data))
    y, present = fill_missing(y, "y_val of validation_data", task.filler)
    with explained(X, y, where="validation_data: "):
        may_miss = may_have_missing(settings.inputs)
        X, y = read_samples(model, X, y, [dtype], reset=False, may_miss=may_miss)
        if inputs is not None:
            refuse_sparse(model, X)
            X = inputs.encode(X)
    names = "y_val of validation_data", "weight_val"
    kept = keep_samples(X, y, weight[0] if weight else None, present, names)
    if kept.weight is not None and kept.weight.ndim == 2:
        _refuse_weights_of_targets(settings, task.loss)
    held_out = model._task_like(settings, task, kept.y).with_missing(kept.present)
    return HeldOut(kept.X, held_out, kept.weight)
