"""Base of the classifier and the regressor: validation, fit, and prediction."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from time import perf_counter
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.base import _fit_context
from sklearn.utils import column_or_1d
from sklearn.utils.validation import check_is_fitted, validate_data

from lamina.choices import Activation, Solver
from lamina.engines import choose_engine
from lamina.errors import NonFiniteError, UnsupportedBlockError
from lamina.estimators.fitting.assignment import Assignment, fit_full_batch, fit_minibatch
from lamina.estimators.fitting.fitted_network import (
    get_dtype,
    get_network,
    require_parts,
    share_one_vector,
)
from lamina.estimators.fitting.fitted_parts import OTHER_PARTS, fitted_parts, require_biases
from lamina.estimators.fitting.initializing import first_parameters, require_memory
from lamina.estimators.fitting.plain_arrays import are_plain_rows, are_plain_targets
from lamina.estimators.fitting.seeding import make_generator
from lamina.estimators.fitting.state import (
    EPOCH_ATTRIBUTES,
    SCALING_ATTRIBUTES,
    get_trained_parameters,
)
from lamina.estimators.fitting.tasks import Task
from lamina.estimators.fitting.validation_setup import HeldOut, split_validation_data
from lamina.estimators.fitting.wrong_data import (
    explained,
    negative_weights_explained,
    refuse_labels_without_order,
    sample_weights,
)
from lamina.estimators.inspection.diagnosis import Diagnosis
from lamina.estimators.inspection.fit_reports import FitReports
from lamina.estimators.inspection.inspected import Inspection
from lamina.estimators.inspection.learning_rate_range import RangeTested
from lamina.estimators.settings.architecture import build_network, read_architecture
from lamina.estimators.settings.configured import Configured
from lamina.estimators.settings.constraints import (
    hidden_widths,
)
from lamina.estimators.settings.contradictions import refuse_contradictions
from lamina.estimators.settings.refusals import shown
from lamina.formulas import OPTIMIZERS, is_minibatch
from lamina.formulas.table import Array, Matrix
from lamina.network import Network, NetworkSpec, ParameterLayout

FLOATS: list[np.dtype[Any]] = [np.dtype(np.float64), np.dtype(np.float32)]


class Perceptron(Inspection, RangeTested, FitReports, Configured, ABC):
    """Base of MLPClassifier and MLPRegressor; not for use on its own."""

    _numeric_targets = False

    hidden_layer_sizes: Any
    activation: str | Activation | Sequence[str | Activation]
    output_activation: str | Activation | None
    normalization: str | None
    residual: bool
    dropout: Any
    input_dropout: float
    input_noise: float
    solver: str | Solver
    warm_start: bool
    early_stopping: bool
    max_seconds: float | None
    random_state: int | np.random.RandomState | None
    dtype: str | None
    precision: str | None
    engine: str | None
    n_threads: int | None
    diagnostics: bool | str
    coefs_: list[NDArray[Any]]
    intercepts_: list[NDArray[Any]]

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        validation_data: Any = None,
        resume: Any = None,
    ) -> Self:
        """Fit the network to X and y.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each sample; all equal by default. Negative weights subtract.
        validation_data : tuple (X_val, y_val) or (X_val, y_val, weight_val), optional
            Validation set, measured after every epoch: `validation_loss_curve_`,
            `validation_scores_`, and a column of `history_` for each metric of `monitor`. It is not
            trained on. With early_stopping=True it replaces the held-out part of X.
        resume : str or path-like, optional
            Checkpoint of the same fit, written by `checkpoint=`, from which to resume with
            bit-identical results. `max_iter` may differ, unless the schedule depends on it.

        Returns
        -------
        self

        Raises
        ------
        NonFiniteError
            In the epoch in which the loss or a layer becomes infinite or NaN; it is a ValueError.
            The weights of an earlier fit are kept.
        ZeroDivisionError
            For a batch whose sample weights sum to zero.
        CheckpointError
            For a checkpoint of other data, parameters or versions; it is a ValueError.
        """
        if resume is not None and not isinstance(resume, str | PathLike):
            raise TypeError(f"resume={shown(resume)} must be the path of a checkpoint, or None.")
        ways = {"validation_data": validation_data, "resume": resume}
        return self._fit(X, y, sample_weight, incremental=False, **ways)

    def predict(self, X: Any) -> Any:
        """Return the prediction for each sample of X.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Labels from a classifier, numbers from a regressor; indicators are sparse if y was.
        """
        return self._answer(self._forward(X))

    @abstractmethod
    def _answer(self, prediction: Array) -> Any:
        """Return the result of `predict` for a prediction of shape (n_samples, n_outputs)."""

    @abstractmethod
    def _task(
        self, y: Any, continues: bool, classes: ArrayLike | None, weight: Array | None = None
    ) -> Task:
        """Return the task of validated targets; `continues` keeps an earlier fit's task."""

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, *, incremental: bool, **options: Any
    ) -> Self:
        if incremental and hasattr(self, "coefs_"):
            # scikit-learn validates only before the first call.
            self._validate_params()
        refuse_contradictions(self, incremental=incremental)
        fresh = not hasattr(self, "coefs_") or not (self.warm_start or incremental)
        assignment = self._assignment(X, y, sample_weight, fresh, incremental, **options)
        diagnosis = Diagnosis(assignment)
        # Three frames up is the caller of fit: this method, fit, and scikit-learn's wrapper.
        diagnosis.check_data(stacklevel=4)
        run = fit_minibatch if is_minibatch(self.solver) else fit_full_batch
        with negative_weights_explained(assignment.weight):
            outcome = run(assignment)
        diagnosis.check_outcome(outcome.attributes)
        attributes = outcome.attributes | assignment.task.attributes() | diagnosis.attributes()
        self._keep(attributes, fresh)
        diagnosis.issue(outcome.warning, stacklevel=4)
        return self

    def _assignment(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        fresh: bool,
        incremental: bool = False,
        classes: Any = None,
        validation_data: Any = None,
        resume: Any = None,
    ) -> Assignment:
        """Validate inputs, draw initial parameters, and return the fit ready to run."""
        seconds = math.inf if self.max_seconds is None else float(self.max_seconds)
        deadline = perf_counter() + seconds
        as_given = X, y, sample_weight
        widths = hidden_widths(self.hidden_layer_sizes)
        X, y = self._validated(X, y, fresh)
        weight = None if sample_weight is None else sample_weights(sample_weight, X)
        self._refuse_noise_on_sparse_rows(X)
        task = self._task(y, self.warm_start or incremental, classes, weight)
        widths = [X.shape[1], *widths, task.n_outputs]
        spec = build_network(tuple(widths), read_architecture(self), task.inverse_link, task.heads)
        require_memory(self, spec, X.dtype)
        # A checkpoint holds its generator's state, so NumPy's global one stays untouched.
        seed = 0 if resume is not None and self.random_state is None else self.random_state
        random_state = make_generator(seed)
        start = (
            first_parameters(self, spec, random_state, X.dtype)
            if fresh
            else self._continued_parameters(spec, task)
        )
        return Assignment(
            model=self,
            engine=choose_engine(self.engine, self.n_threads, self.precision, spec),
            spec=spec,
            task=task,
            X=X,
            weight=task.row_weights(weight),
            start=start if is_minibatch(self.solver) else start.astype(np.float64),
            random_state=random_state,
            held_out=self._held_out(validation_data, task, X.dtype),
            deadline=deadline,
            as_given=as_given,
            resume=resume,
            fresh=fresh,
            incremental=incremental,
        )

    def _held_out(self, validation_data: Any, task: Task, dtype: np.dtype[Any]) -> HeldOut | None:
        """Return the user's validation data, validated like the training data."""
        if validation_data is None:
            return None
        X, y, *weight = split_validation_data(self, validation_data)
        with explained(X, y, where="validation_data: "):
            X, y = self._validated(X, y, fresh=False, dtypes=[dtype])
        values = [sample_weights(each, X, "weight_val") for each in weight if each is not None]
        return HeldOut(X, self._task_like(task, y), values[0] if values else None)

    @abstractmethod
    def _task_like(self, task: Task, y: Any) -> Task:
        """Return the task of other samples, whose targets must be of the training targets' kind."""

    def _keep(self, attributes: dict[str, Any], fresh: bool) -> None:
        # A single update, so that Ctrl-C leaves the model either unchanged or complete.
        self.__dict__.update(attributes)
        stale = {*SCALING_ATTRIBUTES, *((*EPOCH_ATTRIBUTES, *OTHER_PARTS) if fresh else ())}
        for name in stale - set(attributes):
            self.__dict__.pop(name, None)

    def _refuse_noise_on_sparse_rows(self, X: Matrix) -> None:
        for name in ("input_dropout", "input_noise"):
            if sparse.issparse(X) and getattr(self, name):
                raise ValueError(
                    f"{name}={getattr(self, name)!r} changes single elements, and X is "
                    f"sparse. Pass X.toarray(), or set {name}=0."
                )

    @property
    def _chosen_dtype(self) -> str | None:
        """Dtype that the parameters choose; None if X does."""
        return self.dtype if self.precision is None else "float32"

    def _validated(
        self, X: Any, y: Any, fresh: bool, dtypes: list[np.dtype[Any]] | None = None
    ) -> tuple[Matrix, Any]:
        dtypes = self._float_dtypes(fresh) if dtypes is None else dtypes
        if are_plain_rows(X, dtypes) and are_plain_targets(y, len(X)) and np.isfinite(X).all():
            # Plain arrays only need their number and names of features checked.
            validate_data(self, X, y, reset=fresh, skip_check_array=True)
            return X, y
        if not self._numeric_targets:
            refuse_labels_without_order(y)
        with explained(X, y):
            X, y = validate_data(
                self,
                X,
                y,
                accept_sparse="csr",
                multi_output=True,
                y_numeric=self._numeric_targets,
                dtype=dtypes,
                order="C",
                reset=fresh,
            )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return _sorted(X), y

    def _float_dtypes(self, fresh: bool) -> list[np.dtype[Any]]:
        """Return the dtypes that X may keep; any other becomes the first of them."""
        if self._chosen_dtype is not None:
            return [np.dtype(self._chosen_dtype)]
        return FLOATS if fresh else [get_dtype(self)]

    def _continued_parameters(self, spec: NetworkSpec, task: Task) -> Array:
        """Return a copy of the fitted parameters, so that a failing fit leaves them unchanged."""
        weights, biases, *_ = fitted_parts(vars(self))
        present = [part.shape for part in weights]
        expected = ParameterLayout.from_spec(spec).weights
        if tuple(present) == expected:
            require_biases(weights, biases)
            require_parts(spec, [[p.shape for p in getattr(self, n, ())] for n in OTHER_PARTS])
        else:
            raise ValueError(
                f"the network has weights of shapes {present}, but "
                f"hidden_layer_sizes={self.hidden_layer_sizes!r} with {spec.n_features} features "
                f"and {spec.n_outputs} outputs needs {list(expected)}: a fit cannot continue with "
                "another architecture. Set warm_start=False and call fit, or clone the estimator."
            )
        return get_trained_parameters(self, spec, task.scaling, self._chosen_dtype)

    def _forward(self, X: Any, inverse_link: str | None = None) -> Array:
        """Return the prediction for unvalidated X, (n_samples, n_outputs), by any inverse link."""
        is_plain = self._can_predict(X)
        rows = X if is_plain else self._rows_to_predict(X)
        network, rows = self._in_one_dtype(rows)
        spec = network.spec
        spec = spec if inverse_link is None else replace(spec, inverse_link=inverse_link)
        engine = choose_engine(self.engine, self.n_threads, self.precision)
        try:
            return engine.predict(spec, network.parameters, rows)
        except UnsupportedBlockError:
            # Passing the spec at once would take a fraction of the time that one sample takes.
            engine = choose_engine(self.engine, self.n_threads, self.precision, spec)
            return engine.predict(spec, network.parameters, rows)
        except NonFiniteError:
            if is_plain:
                self._rows_to_predict(X)
            raise

    def _in_one_dtype(self, rows: Matrix) -> tuple[Network, Matrix]:
        """Return the network and the samples in the dtype of prediction."""
        network = get_network(self)
        fitted_dtype = network.parameters.dtype
        dtype = self._dtype_to_predict_in(rows.dtype, fitted_dtype)
        # Comparing dtypes takes less time than an astype without effect.
        return (
            network if fitted_dtype == dtype else network.in_dtype(dtype),
            rows if rows.dtype == dtype else rows.astype(dtype),
        )

    def _dtype_to_predict_in(
        self, dtype: np.dtype[Any], fitted_dtype: np.dtype[Any]
    ) -> np.dtype[Any]:
        if self.precision is not None:
            return np.dtype(self._chosen_dtype)
        return fitted_dtype if self.dtype is not None or dtype == fitted_dtype else FLOATS[0]

    def _can_predict(self, X: Any) -> bool:
        """Return True if X is an array that needs neither conversion nor scikit-learn's validation.

        The engine checks for non-finite elements, because it reads them anyway.
        """
        fitted = self.__dict__
        return (
            are_plain_rows(X, FLOATS)
            and X.shape[1] == fitted.get("n_features_in_")
            and "feature_names_in_" not in fitted
            and "coefs_" in fitted
        )

    def _rows_to_predict(self, X: Any) -> Matrix:
        """Validate X with scikit-learn, raising its errors and warnings."""
        check_is_fitted(self)
        with explained(X):
            X = validate_data(self, X, accept_sparse="csr", dtype=FLOATS, order="C", reset=False)
        return _sorted(X)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "coefs_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if hasattr(self, "coefs_"):
            share_one_vector(self)


def has_partial_fit(model: Any) -> bool:
    """Return True for a minibatch solver; raise AttributeError for others."""
    if not is_minibatch(model.solver):
        raise AttributeError(
            f"partial_fit is only available for stochastic optimizers: solver={model.solver!r} "
            f"needs all samples at once. Choose one of {', '.join(map(repr, OPTIMIZERS))}."
        )
    return True


def _sorted(X: Any) -> Matrix:
    """Return X with sorted csr indices, checked for range because the kernels do not check."""
    if not sparse.issparse(X):
        return X
    X.check_format(full_check=True)
    return X if X.has_sorted_indices else X.sorted_indices()
