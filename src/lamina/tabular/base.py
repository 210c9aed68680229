"""The part that both estimators for tables share: a table becomes inputs, networks, an average."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import Tags, check_random_state
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from lamina.encoding.table_report import ColumnRecord
from lamina.tabular.folds import assign_folds, splits_of
from lamina.tabular.inputs import TableInputs
from lamina.tabular.leaks import warn_of_leaks
from lamina.tabular.members import (
    Member,
    Sample,
    fit_members,
    plan_members,
    predict_validation,
)
from lamina.tabular.recipes import QUALITIES
from lamina.tabular.selection import select_weights
from lamina.tabular.targets import Target
from lamina.tabular.validation_scores import METRICS, ValidationScore, score_with_error

FEWEST_SAMPLES = 8


class TabularEstimator(BaseEstimator, ABC):  # type: ignore[misc]
    """An ensemble of networks over the folds of a table."""

    inputs_: TableInputs
    members_: list[Member]
    member_weights_: NDArray[np.float64]
    folds_: NDArray[np.int64]
    oof_predictions_: NDArray[np.float64]
    validation_score_: ValidationScore
    n_features_in_: int
    feature_names_in_: NDArray[Any]

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "quality": [StrOptions(set(QUALITIES))],
        "column_types": [dict, None],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    quality: str
    column_types: Mapping[str, str] | None
    n_jobs: int | None
    random_state: Any

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags

    @abstractmethod
    def _read_target(self, y: Any) -> Target:
        """Check the target."""

    @abstractmethod
    def _build(self, settings: Mapping[str, Any]) -> Any:
        """Return an unfitted network."""

    def _weigh(
        self, target: Target, weight: NDArray[np.float64] | None
    ) -> NDArray[np.float64] | None:
        """Return the weights that the networks learn with."""
        return weight

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Encode the table, and fit one network without each fold.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
            Numbers, dates, text, booleans and missing values, as they are.
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        self

        Raises
        ------
        lamina.errors.TableError
            For a column that cannot be read; names it.
        ValueError
            For a target with missing values, or fewer than 8 samples.

        Warns
        -----
        lamina.errors.LeakWarning
            For a column that alone predicts the target almost perfectly.
        """
        quality = QUALITIES[self.quality]
        inputs = TableInputs(self.column_types)
        encoded = inputs.fit_encode(X)
        target = self._read_target(y)
        self._check_lengths(len(encoded), target.learned)
        warn_of_leaks(inputs, encoded, target.learned)
        weight = None
        if sample_weight is not None:
            weight = _check_sample_weight(sample_weight, encoded.numbers)
        random_state = check_random_state(self.random_state)
        folds = assign_folds(quality.n_folds, target.learned, random_state)
        sizes = tuple(end - start + 1 for start, end in inputs.coded_)
        weight, splits = self._weigh(target, weight), splits_of(folds)
        sample = Sample(encoded, sizes, target, weight, splits)
        plans = plan_members(sample, quality.recipes, self._build, random_state)
        self._keep(inputs, sample, folds, fit_members(sample, plans, self.n_jobs))
        return self

    @property
    def report_(self) -> list[ColumnRecord]:
        """What each column was taken for, and what is done with it, in words."""
        check_is_fitted(self)
        return self.inputs_.report_

    def columns_of_inputs(self, member: Member) -> NDArray[Any]:
        """Return the table's column of each input of a member's network.

        Parameters
        ----------
        member : Member
            One of `members_`.

        Returns
        -------
        ndarray of str objects, shape (n_inputs,)
        """
        check_is_fitted(self)
        numbers, parts, categories = self.inputs_.columns_of_parts()
        bins = [max(len(edges) - 1, 0) for edges in member.numeric.edges]
        coded = self.inputs_.coded_columns_
        widths = [table.shape[1] for table in member.statistics.tables]
        statistics = np.repeat(np.array(coded, dtype=object), widths)
        return np.hstack([numbers, np.repeat(numbers, bins), parts, categories, statistics])

    def _average(self, X: Any) -> NDArray[np.float64]:
        """The weighted mean of the members' predictions."""
        check_is_fitted(self)
        encoded = self.inputs_.encode(X)
        pairs = zip(self.member_weights_, self.members_, strict=True)
        return np.asarray(
            sum(w * self._target.predict(m.network, m.matrix(encoded)) for w, m in pairs)
        )

    def _check_lengths(self, n_samples: int, learned: NDArray[Any]) -> None:
        if n_samples != len(learned):
            raise ValueError(
                "Found input variables with inconsistent numbers of samples: X has "
                f"{n_samples}, and y has {len(learned)}"
            )
        if len(learned) < FEWEST_SAMPLES:
            raise ValueError(
                f"Found array with {len(learned)} sample(s) while a minimum of {FEWEST_SAMPLES} is "
                f"required by {type(self).__name__}, which holds out a part of them for each "
                "network: bring more samples, or use MLPClassifier or MLPRegressor"
            )

    def _keep(
        self,
        inputs: TableInputs,
        sample: Sample,
        folds: NDArray[np.int64],
        members: list[Member],
    ) -> None:
        """Set the fitted attributes, at the end: a fit that fails leaves an earlier one whole."""
        target = sample.target
        weights, predictions, score = weigh_recipes(sample, members)
        used = [(member, weight) for member, weight in zip(members, weights, strict=True) if weight]
        names = getattr(inputs.encoding_, "feature_names_in_", None)
        if names is None:
            self.__dict__.pop("feature_names_in_", None)
        self.__dict__.update(
            target.attributes(),
            _target=target.without_samples(),
            inputs_=inputs,
            members_=[member for member, _ in used],
            member_weights_=np.array([weight for _, weight in used]),
            folds_=folds,
            oof_predictions_=predictions,
            validation_score_=score,
            n_features_in_=inputs.encoding_.n_features_in_,
            **({} if names is None else {"feature_names_in_": names}),
        )


def weigh_recipes(
    sample: Sample, members: list[Member]
) -> tuple[NDArray[np.float64], NDArray[np.float64], ValidationScore]:
    """Return the members' weights, the out-of-fold predictions under them, and their score."""
    names = list(dict.fromkeys(member.recipe for member in members))
    teams = [[member for member in members if member.recipe == name] for name in names]
    candidates = [predict_validation(sample, team) for team in teams]
    target = sample.target
    validated = np.isfinite(candidates[0].reshape(len(sample.encoded), -1)).all(axis=1)
    y, measure = target.learned[validated], METRICS[target.metric]
    weights = select_weights([each[validated] for each in candidates], lambda p: measure(y, p))
    predictions = sum(w * each for w, each in zip(weights, candidates, strict=True))
    shares = {
        name: weight / len(team) for name, weight, team in zip(names, weights, teams, strict=True)
    }
    score = score_with_error(target.metric, y, predictions[validated])
    return np.array([shares[member.recipe] for member in members]), predictions, score
