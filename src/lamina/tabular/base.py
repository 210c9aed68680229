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
from lamina.tabular.folds import NO_FOLD, assign_folds
from lamina.tabular.inputs import TableInputs
from lamina.tabular.members import Sample, fit_members, predict_out_of_fold
from lamina.tabular.recipes import RECIPES, Recipe
from lamina.tabular.targets import Target
from lamina.tabular.validation_scores import ValidationScore, score_with_error

LARGEST_SEED = 2**31 - 1
FEWEST_SAMPLES = 8


class TabularEstimator(BaseEstimator, ABC):  # type: ignore[misc]
    """An ensemble of networks over the folds of a table."""

    inputs_: TableInputs
    members_: list[Any]
    folds_: NDArray[np.int64]
    oof_predictions_: NDArray[np.float64]
    validation_score_: ValidationScore
    n_features_in_: int
    feature_names_in_: NDArray[Any]

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "quality": [StrOptions(set(RECIPES))],
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
        """
        recipe = RECIPES[self.quality]
        inputs = TableInputs(recipe.n_bins, self.column_types)
        matrix = inputs.fit(X).transform(X)
        target = self._read_target(y)
        self._check_lengths(matrix, target.learned)
        weight = None if sample_weight is None else _check_sample_weight(sample_weight, matrix)
        random_state = check_random_state(self.random_state)
        folds = assign_folds(recipe.n_folds, target.learned, random_state)
        sample = Sample(matrix, target.learned, self._weigh(target, weight), folds)
        networks = self._networks(recipe, sample, random_state)
        self._keep(inputs, target, sample, fit_members(sample, networks, self.n_jobs))
        return self

    def _networks(
        self, recipe: Recipe, sample: Sample, random_state: np.random.RandomState
    ) -> list[Any]:
        """Return an unfitted network for each fold."""
        fewest = min(np.count_nonzero(sample.folds != fold) for fold in range(sample.n_folds))
        settings = {**recipe.network, "batch_size": min(recipe.network["batch_size"], int(fewest))}
        seeds = random_state.randint(LARGEST_SEED, size=sample.n_folds)
        return [self._build({**settings, "random_state": int(seed)}) for seed in seeds]

    @property
    def report_(self) -> list[ColumnRecord]:
        """What each column was taken for, and what is done with it, in words."""
        check_is_fitted(self)
        return self.inputs_.report_

    def _average(self, X: Any) -> NDArray[np.float64]:
        """The mean of the networks' predictions."""
        check_is_fitted(self)
        inputs = self.inputs_.transform(X)
        total = sum(self._target.predict(member, inputs) for member in self.members_)
        return np.asarray(total / len(self.members_))

    def _check_lengths(self, matrix: NDArray[np.float32], learned: NDArray[Any]) -> None:
        if len(matrix) != len(learned):
            raise ValueError(
                "Found input variables with inconsistent numbers of samples: X has "
                f"{len(matrix)}, and y has {len(learned)}"
            )
        if len(learned) < FEWEST_SAMPLES:
            raise ValueError(
                f"Found array with {len(learned)} sample(s) while a minimum of {FEWEST_SAMPLES} is "
                f"required by {type(self).__name__}, which holds out a part of them for each "
                "network: bring more samples, or use MLPClassifier or MLPRegressor"
            )

    def _keep(
        self, inputs: TableInputs, target: Target, sample: Sample, members: list[Any]
    ) -> None:
        """Set the fitted attributes, at the end: a fit that fails leaves an earlier one whole."""
        predictions = predict_out_of_fold(sample, members, target)
        validated = sample.folds != NO_FOLD
        score = score_with_error(target.metric, target.learned[validated], predictions[validated])
        names = getattr(inputs.encoding_, "feature_names_in_", None)
        if names is None:
            self.__dict__.pop("feature_names_in_", None)
        self.__dict__.update(
            target.attributes(),
            _target=target.without_samples(),
            inputs_=inputs,
            members_=members,
            folds_=sample.folds,
            oof_predictions_=predictions,
            validation_score_=score,
            n_features_in_=inputs.encoding_.n_features_in_,
            **({} if names is None else {"feature_names_in_": names}),
        )
