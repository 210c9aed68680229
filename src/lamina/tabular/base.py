"""Common part of both estimators for tables: encoding, fitting members, averaging predictions."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from numbers import Integral, Real
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import Tags, check_random_state
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from lamina.encoding.frames import ArrayOrTable
from lamina.encoding.table_columns import ColumnRecord
from lamina.errors import NoBetterThanTrivialWarning
from lamina.estimators.settings.configured import require_valid, with_advice
from lamina.estimators.settings.device_choice import DeviceNames
from lamina.estimators.settings.refusals import Names
from lamina.files.model_file import Json
from lamina.formulas.table import AnyArray
from lamina.tabular.categorical_columns import types_with_categories
from lamina.tabular.column_report import report_inputs
from lamina.tabular.description import EnsembleDescription, describe_ensemble
from lamina.tabular.ensembling import Ensemble, fit_ensemble
from lamina.tabular.fit_progress import ProgressLine, Show
from lamina.tabular.folds import NO_FOLD, assign_folds, number_folds
from lamina.tabular.inputs import TableInputs
from lamina.tabular.inspected import Inspected
from lamina.tabular.leaks import warn_of_leaks
from lamina.tabular.members import Member, Sample
from lamina.tabular.recipes import QUALITIES
from lamina.tabular.refitting import NewSample, compare, refit_members
from lamina.tabular.scoring import Scoring
from lamina.tabular.side_by_side import MemberFitter
from lamina.tabular.source_rows import read_rows
from lamina.tabular.split_choice import SplitChoice, Splitting
from lamina.tabular.targets import Target, require_as_many
from lamina.tabular.time_limits import TimeLimit
from lamina.tabular.trivial import remark_on_trivial
from lamina.tabular.used_rows import FEWEST_SAMPLES, UsedRows
from lamina.tabular.validation_scores import ValidationScore


class TabularEstimator(Inspected, BaseEstimator, ABC):  # type: ignore[misc]
    """Ensemble of networks fitted on the folds of a table."""

    inputs_: TableInputs
    members_: list[Member]
    member_weights_: NDArray[np.float64]
    folds_: NDArray[np.int64]
    oof_predictions_: NDArray[np.float64]
    validation_score_: ValidationScore
    remarks_: list[str]
    n_features_in_: int
    feature_names_in_: AnyArray

    _parameter_constraints: ClassVar[dict[str, Json]] = {
        "quality": [Names(set(QUALITIES))],
        "time_limit": [Interval(Real, 0, None, closed="neither"), None],
        "scoring": [str, callable, None],
        "categorical_features": [Names({"from_dtype", "auto"}), "array-like"],
        "column_types": [dict, None],
        "n_jobs": [Integral, None],
        "device": [DeviceNames(), None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    quality: str
    time_limit: float | None
    scoring: str | Callable[..., float] | None
    categorical_features: ArrayOrTable
    column_types: Mapping[str, str] | None
    n_jobs: int | None
    device: str | None
    random_state: int | np.random.RandomState | None
    verbose: int
    # Used by the command line: called with epochs done, their total, and the seconds left.
    _progress: Show | None = None

    def __init_subclass__(cls, **kwargs: Json) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls):
            cls.__init__ = with_advice(cls.__init__)  # type: ignore[method-assign]

    def _validate_params(self) -> None:
        # As for networks: errors suggest the nearest name, and True is no number.
        require_valid(self, self.get_params(deep=False))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.input_tags.sparse = True
        return tags

    @abstractmethod
    def _read_target(self, y: ArrayOrTable) -> Target:
        """Check the target."""

    @abstractmethod
    def _build(self, settings: Mapping[str, Json]) -> BaseEstimator:
        """Return an unfitted network."""

    @abstractmethod
    def _learn_from_residuals(
        self, sample: Sample, predictions: NDArray[np.float64], folds: NDArray[np.int64]
    ) -> dict[str, Json]:
        """Return the fitted attributes computed from out-of-fold predictions."""

    def _learn_out_of_fold(self, sample: Sample, ensemble: Ensemble) -> dict[str, Json]:
        """Return the fitted attributes for explanation and calibration."""
        rows = ensemble.validated
        folds = number_folds(sample.splits, len(sample.encoded))[rows]
        chosen = replace(
            sample,
            encoded=sample.encoded.rows(rows),
            target=sample.target.rows(rows),
        )
        return {
            **self._learn_means(sample.encoded, ensemble.members),
            **self._learn_from_residuals(chosen, ensemble.predictions[rows], folds),
        }

    def _weigh(
        self, target: Target, weight: NDArray[np.float64] | None
    ) -> NDArray[np.float64] | None:
        """Return the sample weights used to train the networks."""
        return weight

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(
        self,
        X: ArrayOrTable,
        y: ArrayOrTable = None,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayOrTable = None,
        time: ArrayOrTable = None,
        cv: Splitting = None,
        target: str | None = None,
    ) -> Self:
        """Encode the table, and fit one network for each fold, on the other folds.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
            Numbers, dates, text, booleans, missing values. Of a source, rows that fit into memory.
        y : array-like of shape (n_samples,), or None for a source
        sample_weight : array-like of shape (n_samples,), optional
            Weighs the networks' losses. Samples of weight 0 are left out: the model is that of a
            table without them. A weight of 2 is not two copies: folds, batches, encoding, scores
            and calibration count each row once.
        groups : array-like of shape (n_samples,) or str, optional
            Group of each sample: all samples of a group are in training or all in validation. A
            str names a column of X, which is then not used as an input. The standard error of the
            score is that for new groups.
        time : array-like of shape (n_samples,) or str, optional
            Time of each sample, as dates or numbers: networks are validated on samples later than
            their training samples, and then fitted again on all samples for the number of epochs
            chosen by validation. The standard error of the score is that of one further period.
            A str names a column of X, which remains an input.
        cv : int, splitter of scikit-learn, or iterable of (train, validation), optional
            Splits that replace the folds of `quality`.
        target : str, optional
            Column of a source to predict.

        Returns
        -------
        self

        Raises
        ------
        lamina.errors.TableError
            For a column that cannot be read; the message names it.
        ValueError
            For missing targets, fewer than 8 samples, or arguments that allow no split.

        Warns
        -----
        lamina.errors.LeakWarning
            For a column that predicts the target almost perfectly on its own.
        lamina.errors.NoBetterThanTrivialWarning
            If the validation score does not exceed that of the class frequencies, or the mean, by
            its standard error.
        """
        limit = TimeLimit(self.time_limit)
        fitter = MemberFitter(self.n_jobs, self._show(), limit, self.device)
        X, y = read_rows(X, y, target, self.random_state)
        choice, X = SplitChoice.read(X, groups, time, cv)
        used = UsedRows.read(sample_weight, X)
        table = used.of_table(X)
        types = types_with_categories(table, self.categorical_features, self.column_types)
        inputs = TableInputs(types)
        encoded = inputs.fit_encode(table)
        all_targets = self._read_target(y)
        self._check_lengths(used.n_rows or len(encoded), all_targets.learned)
        used_target = used.of_target(all_targets)
        choice = choice.of_rows(used, all_targets.learned)
        warn_of_leaks(inputs, encoded, used_target.learned)
        scoring = Scoring.read(self.scoring, used_target)
        random_state = check_random_state(self.random_state)
        quality = QUALITIES[self.quality]
        splits = choice.splits(used_target.learned, quality.folds(len(encoded)), random_state)
        sizes = tuple(end - start + 1 for start, end in inputs.coded_)
        weight = self._weigh(used_target, used.weight)
        refits, groups = choice.time is not None, choice.groups
        sample = Sample(encoded, sizes, used_target, weight, splits, scoring, refits, groups)
        ensemble = fit_ensemble(sample, quality, self._build, random_state, fitter)
        sample = replace(sample, target=ensemble.target)
        trivial = remark_on_trivial(sample, ensemble.score, ensemble.validated)
        remarks = [*limit.remarks, *used_target.remarks(), *used.remarks(all_targets)]
        remarks += [*choice.remarks(inputs.encoding_.report_), *([trivial] if trivial else [])]
        learned = self._learn_out_of_fold(sample, ensemble)
        self._keep(inputs, sample, ensemble, remarks, used)
        self.__dict__.update(learned)
        if trivial is not None:
            warnings.warn(trivial, NoBetterThanTrivialWarning, stacklevel=3)
        return self

    def refit(
        self, X: ArrayOrTable, y: ArrayOrTable, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Train the fitted networks further on new rows; keep the result only if it is better.

        Each network is copied, and the copy is trained on the new rows without one fold of them,
        for 20 epochs at three tenths of its learning rate. The held-out folds then compare the
        ensemble before and after: if its loss (log loss, or squared error) is lower, and the mean
        difference exceeds its standard error, the new networks replace the old ones; else the
        model does not change. `remarks_` states the outcome.

        Everything else remains that of `fit`: the encoding (columns, categories, bins, means of
        the target by category), the networks' weights in the ensemble, the calibration or the
        quantiles, `folds_`, `oof_predictions_`, `validation_score_` and the baseline of `explain`.
        A regressor's `target_range_` grows to hold the new values. The networks are not trained on
        the rows of `fit` again unless X contains them: if the new rows differ much from these, and
        X contains only new rows, predictions for rows like those of `fit` become worse.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
            The columns of the training table; 8 rows or more.
        y : array-like of shape (n_samples,)
            Classes that training had, or values.
        sample_weight : array-like of shape (n_samples,), optional
            Weighs the training and the comparison; samples of weight 0 are left out of both.

        Returns
        -------
        self

        Raises
        ------
        lamina.errors.TableError
            For a column that is missing or cannot be read, as `predict` does.
        ValueError
            For a class that training did not have, a target with missing values, or fewer than 8
            samples with a weight above zero. An error or Ctrl-C leaves the model as it was.

        Examples
        --------
        >>> import numpy as np
        >>> from lamina import TabularRegressor
        >>> X = np.random.RandomState(0).normal(size=(200, 2))
        >>> y = X[:, 0] + X[:, 1]
        >>> model = TabularRegressor(quality="fast", random_state=0).fit(X, y)
        >>> print(model.refit(X[:100], y[:100] + 5).remarks_[-1].split(":")[0])
        refit on 100 new rows was taken
        """
        check_is_fitted(self)
        self._validate_params()
        limit = TimeLimit(self.time_limit)
        sample = self._read_new_sample(X, y, sample_weight)
        fitter = MemberFitter(self.n_jobs, self._show(), limit, self.device)
        members = refit_members(sample, self.members_, self.input_means_, fitter)
        loss = compare(sample, self.members_, members, self.member_weights_, self._finish)
        fitted: dict[str, Json] = {
            "remarks_": [*self.remarks_, *limit.remarks, loss.remark(len(sample.encoded))]
        }
        if loss.is_better:
            target = sample.target
            fitted |= {"members_": members, "_target": target.without_samples()}
            fitted |= target.attributes()
        # One call, so that Ctrl-C finds the model either as it was or whole.
        self.__dict__.update(fitted)
        return self

    def _read_new_sample(
        self, X: ArrayOrTable, y: ArrayOrTable, sample_weight: ArrayLike | None
    ) -> NewSample:
        encoded, learned = self.inputs_.encode(X), self._read_again(y)
        require_as_many(len(encoded), learned)
        weight = None
        if sample_weight is not None:
            weight = _check_sample_weight(sample_weight, encoded.numbers, ensure_non_negative=True)
            used = weight > 0
            encoded, learned, weight = encoded.rows(used), learned[used], weight[used]
        if len(learned) < FEWEST_SAMPLES:
            raise ValueError(
                f"refit found {len(learned)} samples with a weight above zero, and a minimum of "
                f"{FEWEST_SAMPLES} is required, because a part of them is held out: collect more "
                "samples, or fit again on all samples, old and new"
            )
        target = self._target.with_samples(learned)
        n_folds = len({member.split for member in self.members_})
        folds = assign_folds(n_folds, learned, check_random_state(self.random_state))
        return NewSample(encoded, target, self._weigh(target, weight), folds)

    def _show(self) -> Show | None:
        """Return the function that displays the progress, if any."""
        if self._progress is not None:
            return self._progress
        return ProgressLine() if self.verbose else None

    @property
    def report_(self) -> list[ColumnRecord]:
        """Interpretation and processing of each column, in words."""
        check_is_fitted(self)
        return report_inputs(self.inputs_.encoding_)

    def describe(self) -> EnsembleDescription:
        """Describe the networks: recipes, weights, inputs of each column, parameters.

        Returns
        -------
        EnsembleDescription
            It prints as text and shows as tables in a notebook; `to_frame()` has a row for each
            network. Before `fit` it names the recipes that `quality` tries.
        """
        return describe_ensemble(self)

    def columns_of_inputs(self, member: Member) -> AnyArray:
        """Return the table's column for each input of a member's network.

        Parameters
        ----------
        member : Member
            One of `members_`.

        Returns
        -------
        ndarray of str objects, shape (n_inputs,)
        """
        check_is_fitted(self)
        columns = self.inputs_.columns_of_parts()
        bins = [max(len(edges) - 1, 0) for edges in member.numeric.edges]
        coded = self.inputs_.coded_columns_
        widths = [table.shape[1] for table in member.statistics.tables]
        statistics = np.repeat(np.array(coded, dtype=object), widths)
        texts = columns.texts if member.uses_texts else columns.texts[:0]
        numbers = np.hstack([columns.numbers, np.repeat(columns.numbers, bins)])
        return np.hstack([numbers, columns.parts, texts, columns.categories, statistics])

    def _average(self, X: ArrayOrTable) -> NDArray[np.float64]:
        """Return the weighted mean of the members' predictions, calibrated."""
        check_is_fitted(self)
        return self._predict_any(X)

    def _check_lengths(self, n_samples: int, learned: AnyArray) -> None:
        require_as_many(n_samples, learned)
        if len(learned) < FEWEST_SAMPLES:
            raise ValueError(
                f"Found array with {len(learned)} sample(s) while a minimum of {FEWEST_SAMPLES} is "
                f"required by {type(self).__name__}, which holds out a part of them for each "
                "network: add samples, or use MLPClassifier or MLPRegressor"
            )

    def _keep(
        self,
        inputs: TableInputs,
        sample: Sample,
        ensemble: Ensemble,
        remarks: list[str],
        used: UsedRows,
    ) -> None:
        """Set the fitted attributes last, so that a failing fit leaves an earlier one unchanged."""
        target = sample.target
        names = getattr(inputs.encoding_, "feature_names_in_", None)
        if names is None:
            self.__dict__.pop("feature_names_in_", None)
        self.__dict__.update(
            target.attributes(),
            _target=target.without_samples(),
            inputs_=inputs,
            members_=ensemble.members,
            member_weights_=ensemble.weights,
            folds_=used.spread(number_folds(sample.splits, len(sample.encoded)), NO_FOLD),
            oof_predictions_=used.spread(ensemble.predictions, np.nan),
            validation_score_=ensemble.score,
            remarks_=remarks,
            n_features_in_=inputs.encoding_.n_features_in_,
            **({} if names is None else {"feature_names_in_": names}),
        )
