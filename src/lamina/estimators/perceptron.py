"""Base of the classifier and the regressor: validation, fit, and prediction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from os import PathLike
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import _fit_context

from lamina.encoding.batches import Source
from lamina.encoding.frames import ArrayOrTable
from lamina.encoding.spooling import SpooledSamples
from lamina.engines import Engine
from lamina.errors import NonFiniteError, UnsupportedBlockError
from lamina.estimators.fitting.candidate import name_candidate
from lamina.estimators.fitting.data import FLOATS, are_plain_rows, read_rows
from lamina.estimators.fitting.device_errors import device_errors
from lamina.estimators.fitting.engine_choice import (
    announce_engine,
    choose_prediction_engine,
    describe_engine,
)
from lamina.estimators.fitting.fitted_activations import ATTRIBUTE as ACTIVATIONS
from lamina.estimators.fitting.fitted_network import get_network, share_one_vector
from lamina.estimators.fitting.fitted_parts import OTHER_PARTS
from lamina.estimators.fitting.input_stage import CATEGORIES, STAGE
from lamina.estimators.fitting.inputs import Assignment
from lamina.estimators.fitting.other_arrays import answers_in_kind, take_other_arrays
from lamina.estimators.fitting.preparing import prepare_fit
from lamina.estimators.fitting.running import fit_full_batch, fit_in_epochs
from lamina.estimators.fitting.source_fits import (
    SourceArguments,
    refuse_arguments_of_sources,
    source_attributes,
    spool_of,
    with_codes,
)
from lamina.estimators.fitting.source_rows import ENCODING, forward_batches
from lamina.estimators.fitting.state import (
    EPOCH_ATTRIBUTES,
    SCALING_ATTRIBUTES,
)
from lamina.estimators.fitting.tasks import Task
from lamina.estimators.fitting.wrong_data import raise_with_negative_weights
from lamina.estimators.inspection.diagnosis import Diagnosis
from lamina.estimators.inspection.fit_reports import FitReports
from lamina.estimators.inspection.inspected import Inspection
from lamina.estimators.inspection.learning_rate_range import RangeTested
from lamina.estimators.inspection.member_networks import MemberNetworks
from lamina.estimators.settings.configured import Configured
from lamina.estimators.settings.fit_settings import FitSettings, resolve_settings
from lamina.estimators.settings.member_contradictions import are_shared
from lamina.estimators.settings.parametrized import Parametrized
from lamina.estimators.settings.refusals import shown
from lamina.formulas import OPTIMIZERS, is_minibatch
from lamina.formulas.table import AnyArray, Array, Matrix
from lamina.network import Network, NetworkSpec


class Perceptron(Inspection, MemberNetworks, RangeTested, FitReports, Configured, ABC):
    """Base of MLPClassifier and MLPRegressor; not for use on its own."""

    _numeric_targets = False

    coefs_: list[AnyArray]
    intercepts_: list[AnyArray]

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        take_other_arrays(cls)

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(
        self,
        X: ArrayOrTable,
        y: ArrayOrTable = None,
        sample_weight: ArrayLike | str | None = None,
        *,
        validation_data: Sequence[ArrayOrTable] | None = None,
        resume: str | PathLike[str] | None = None,
        target: str | Sequence[str] | None = None,
        spool: str | PathLike[str] | None = None,
    ) -> Self:
        """Fit the network to X and y, or to a source of batches.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), or Source
            A source is what `lamina.tables.open` returns: a table that may be larger than memory.
            Its columns are encoded by a TableEncoding into a spool, a folder of memory-mapped
            files, which is removed after the fit. The encoding is kept as `encoding_`: data frames
            and sources are encoded by it for predictions.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Left out for a source. With several targets, NaN and None mark missing ones, which are
            left out of the loss; a sample without any target is left out with a warning.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_targets), optional
            Weight of each sample, or of each target of each sample; all equal by default. Negative
            weights subtract. For a source, the name of a column.
        validation_data : tuple (X_val, y_val) or (X_val, y_val, weight_val), optional
            Validation set, measured after every epoch: `validation_loss_curve_`,
            `validation_scores_`, and a column of `history_` for each metric of `monitor`. It is not
            trained on. With early_stopping=True it replaces the held-out part of X.
        resume : str or path-like, optional
            Checkpoint of the same fit, written by `checkpoint=`, from which to resume with
            bit-identical results. `max_iter` may differ, unless the schedule depends on it.
        target : str or list of str, optional
            Column of a source to predict; a regressor takes several.
        spool : str or path-like, optional
            Folder for the spool of a source; by default that of temporary files.

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
        TableError, SpoolError
            For a source whose rows cannot be read or encoded, and a disk without space for them.
        """
        if resume is not None and not isinstance(resume, str | PathLike):
            raise TypeError(f"resume={shown(resume)} must be the path of a checkpoint, or None.")
        if isinstance(X, Source):
            arguments = SourceArguments(y, sample_weight, validation_data, target, spool)
            return self._fit_source(X, arguments, resume)
        if target is not None or spool is not None:
            refuse_arguments_of_sources(target, spool)
        try:
            return self._fit(
                X,
                y,
                sample_weight,
                incremental=False,
                validation_data=validation_data,
                resume=resume,
            )
        except Exception as error:
            name_candidate(error, self)
            raise

    @answers_in_kind
    def predict(self, X: ArrayOrTable) -> Any:
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
    def _filler(self, column: int) -> object:
        """Return a valid value for a column of y without any, after an earlier fit."""

    @abstractmethod
    def _task(
        self,
        settings: FitSettings,
        y: ArrayOrTable,
        continues: bool,
        classes: ArrayLike | None,
        weight: Array | None,
    ) -> Task:
        """Return the task of validated targets; `continues` keeps an earlier fit's task."""

    def _fit_source(
        self, source: Source, arguments: SourceArguments, resume: str | PathLike[str] | None
    ) -> Self:
        with spool_of(self, source, arguments) as samples:
            return self._fit_samples(samples, resume)

    def fit_samples(
        self, samples: SpooledSamples, resume: str | PathLike[str] | None = None
    ) -> Self:
        """Fit the network to samples that are in a spool already, as `fit` to their source."""
        self._validate_params()
        return self._fit_samples(samples, resume)

    def _fit_samples(self, samples: SpooledSamples, resume: str | PathLike[str] | None) -> Self:
        X, y, weight = samples.X, samples.y, samples.weight
        return self._fit(X, y, weight, incremental=False, resume=resume, samples=samples)

    def _fit(
        self,
        X: ArrayOrTable,
        y: ArrayOrTable,
        sample_weight: ArrayLike | str | None,
        *,
        incremental: bool,
        classes: ArrayLike | None = None,
        validation_data: Sequence[ArrayOrTable] | None = None,
        resume: str | PathLike[str] | None = None,
        engine_of: Callable[[Assignment], Engine] | None = None,
        samples: SpooledSamples | None = None,
    ) -> Self:
        """Fit the network.

        `engine_of` replaces the engine, to train on several machines; `samples` are those of a
        source in a spool, if X is theirs.
        """
        if isinstance(X, Source):
            raise TypeError("partial_fit takes arrays: pass a source to fit, with target='price'.")
        if incremental and hasattr(self, "coefs_"):
            # scikit-learn validates only before the first call.
            self._validate_params()
        settings = resolve_settings(self, incremental=incremental)
        if samples is not None:
            settings = with_codes(settings, samples.classes)
        fresh = not hasattr(self, "coefs_") or not (settings.warm_start or incremental)
        assignment = prepare_fit(
            self,
            settings,
            X,
            y,
            sample_weight,
            fresh=fresh,
            incremental=incremental,
            classes=classes,
            validation_data=validation_data,
            resume=resume,
            begins=False,
        )
        if engine_of is not None:
            assignment = replace(assignment, engine=engine_of(assignment))
        diagnosis = Diagnosis(assignment)
        # Three frames up is the caller of fit: this method, fit, and scikit-learn's wrapper.
        diagnosis.check_data(stacklevel=4)
        if settings.verbose:
            announce_engine(assignment.engine)
        run = fit_in_epochs if settings.is_minibatch else fit_full_batch
        try:
            outcome = run(assignment)
        except NonFiniteError as error:
            raise_with_negative_weights(error, assignment.weight)
        except RuntimeError:
            with device_errors(self, assignment.engine, settings.checkpoint):
                raise
        attributes = outcome.attributes | assignment.attributes()
        attributes |= diagnosis.check_outcome(outcome)
        attributes["engine_"] = describe_engine(assignment.engine)
        if samples is not None:
            attributes |= source_attributes(samples, attributes)
        # A single update, so that Ctrl-C leaves the model either unchanged or complete.
        self.__dict__.update(attributes)
        stale = {
            ACTIVATIONS,
            *SCALING_ATTRIBUTES,
            *((*EPOCH_ATTRIBUTES, *OTHER_PARTS, STAGE, CATEGORIES, ENCODING) if fresh else ()),
        }
        for name in stale - set(attributes):
            self.__dict__.pop(name, None)
        diagnosis.issue(outcome.warning, stacklevel=4)
        return self

    @abstractmethod
    def _task_like(self, settings: FitSettings, task: Task, y: ArrayOrTable) -> Task:
        """Return the task of other samples, whose targets must be of the training targets' kind."""

    def _forward(self, X: ArrayOrTable, inverse_link: str | None = None) -> Array:
        """Return the prediction for unvalidated X, (n_samples, n_outputs), by any inverse link."""
        is_plain = self._can_predict(X)
        if not is_plain and isinstance(X, Source):
            return forward_batches(self, X, lambda rows: self._forward(rows, inverse_link))
        rows = X if is_plain else read_rows(self, X)
        network, rows = self._in_one_dtype(rows)
        if inverse_link is not None:
            network = Network(_with_link(network.spec, inverse_link), network.parameters)
        engine = choose_prediction_engine(self)
        try:
            return engine.predict(network, rows)
        except RuntimeError:
            with device_errors(self, engine, fits=False):
                raise
        except UnsupportedBlockError:
            # Passing the spec at once would take a fraction of the time that one sample takes.
            engine = choose_prediction_engine(self, network.spec)
            return engine.predict(network, rows)
        except NonFiniteError:
            if is_plain:
                read_rows(self, X)
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
        if self.precision is not None or self.device == "mps":
            return np.dtype("float32")
        return fitted_dtype if self.dtype is not None or dtype == fitted_dtype else FLOATS[0]

    def _can_predict(self, X: ArrayOrTable) -> bool:
        """Return True if X is an array that needs neither conversion nor scikit-learn's validation.

        The engine checks for non-finite elements, because it reads them anyway.
        """
        fitted = self.__dict__
        return (
            are_plain_rows(X, FLOATS)
            and X.shape[1] == fitted.get("n_features_in_")
            and "feature_names_in_" not in fitted
            and "coefs_" in fitted
            and STAGE not in fitted
        )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "coefs_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self.inputs is None and not are_shared(self.members)
        return tags

    def __setstate__(self, state: dict[str, object]) -> None:
        super().__setstate__(state)
        if hasattr(self, "coefs_"):
            share_one_vector(self)


@lru_cache(maxsize=64)
def _with_link(spec: NetworkSpec, inverse_link: str) -> NetworkSpec:
    # Cached, because for a single sample checking the new specification takes longer than using it.
    return replace(spec, inverse_link=inverse_link)


def has_partial_fit(model: Parametrized) -> bool:
    """Return True for a minibatch solver; raise AttributeError for others."""
    if not is_minibatch(model.solver):
        raise AttributeError(
            f"partial_fit is only available for stochastic optimizers: solver={model.solver!r} "
            f"needs all samples at once. Choose one of {', '.join(map(repr, OPTIMIZERS))}."
        )
    return True
