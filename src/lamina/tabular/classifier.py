"""TabularClassifier: classification of tables with mixed columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from lamina.encoding.frames import ArrayOrTable
from lamina.estimators import MLPClassifier
from lamina.files.model_file import Json
from lamina.formulas.table import AnyArray
from lamina.tabular.base import TabularEstimator
from lamina.tabular.calibration import Calibration
from lamina.tabular.explanations import Explanation, class_directions, explained_probability
from lamina.tabular.members import Sample
from lamina.tabular.target_reading import read_labels
from lamina.tabular.targets import Classes, Target

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


class TabularClassifier(ClassifierMixin, TabularEstimator):  # type: ignore[misc]
    """Classifier for tables that needs no preprocessing and no tuning.

    Text, dates, missing values and categories are encoded (`report_` describes how). Each number
    is robustly scaled, and also encoded by the bins between its quantiles. For each fold of the
    samples, a network is fitted on the other folds, and the fold's log loss chooses its best epoch;
    the prediction is the weighted mean of the networks' probabilities.

    Parameters
    ----------
    quality : {'fast', 'balanced', 'best'}, default='balanced'
        'fast': one kind of network on four folds. 'balanced': the best three of six kinds on eight
        folds (five for more than 5,000 samples). 'best': the best five of ten kinds on ten folds
        (eight for more than 5,000 samples), several times as slow. Tables with short texts add two
        kinds.
    time_limit : float, default=None
        Maximum number of seconds for `fit`: to keep it, fewer networks are fitted, or for fewer
        epochs, and `remarks_` lists what was omitted. The result then depends on the speed of the
        machine.
    scoring : str or callable, default=None
        Scorer that chooses epochs and networks: the name of one of scikit-learn's, or
        `scorer(estimator, X, y)`, where `estimator` returns the predictions and X only numbers the
        samples. By default, the loss chooses epochs, and the area under the ROC curve chooses
        networks, or the log loss for more than two classes.
    categorical_features : {'from_dtype', 'auto'} or list of str, int or bool, default='from_dtype'
        Categorical columns: always those of text, boolean and categorical dtype. 'auto' adds
        whole numbers with 3 to 20 levels that occur in three rows each on average; a list adds
        columns by name or index, or by a mask.
    column_types : dict of str to {'number', 'date', 'category', 'text'}, default=None
        Types of columns, where they differ from the detected ones.
    class_weight : dict, 'balanced' or None, default=None
        As in MLPClassifier.
    n_jobs : int or None, default=None
        Number of networks fitted in parallel by joblib, in threads unless its `parallel_config`
        sets another backend. None is one per core, and one on a GPU. The result does not depend on
        it.
    device : {'auto', 'cpu', 'cuda', 'mps'} or None, default=None
        Device on which the networks are fitted and predict, as in MLPClassifier; None is the CPU.
    random_state : int, RandomState or None, default=None
        Seed of the folds and networks; an int makes the result reproducible.
    verbose : int, default=0
        1 writes progress and the remaining time to standard error.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    report_ : list of dict
        Interpretation and processing of each column.
    members_ : list of Member
        Each has a network; `columns_of_inputs` returns the columns of its inputs.
    member_weights_ : ndarray of shape (n_members,)
        Weight of each member; they sum to 1.
    folds_ : ndarray of shape (n_samples,)
        Fold of each sample; -1 for the only sample of a class.
    oof_predictions_ : ndarray of shape (n_samples, n_classes)
        Out-of-fold probabilities: each sample is predicted by networks not trained on it. NaN for
        the only sample of a class.
    validation_score_ : ValidationScore
        Score of the out-of-fold probabilities with its standard error: area under the ROC curve
        for two classes, minus the log loss for more. The kinds of networks are weighted anew for
        each fold, by the other folds, so that no sample is scored with weights that it chose. The
        standard error is that of the bootstrap over n samples times √(1 + n/n₁), with n₁ training
        samples of each network, which allows for overlapping training sets (Nadeau, Bengio 2003).
    calibration_ : Calibration
        Temperature of the probabilities, and their out-of-fold calibration. The temperature is 1
        unless another one lowers the log loss significantly; it is not applied to
        `oof_predictions_`.
    input_means_ : list of ndarray of float32
        Mean of each member's inputs: the baseline of `explain`.
    remarks_ : list of str
        Sentences about the fit: parts omitted because of the time limit, and a remark if the model
        is no better than the trivial predictor.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only if the table had column names.

    References
    ----------
    Holzmüller, Grinsztajn, Steinwart, "Better by default", 2024 (the scaling of numbers);
    Gorishniy, Rubachev, Babenko, "On embeddings for numerical features", 2022 (the bins).

    Examples
    --------
    >>> import pandas as pd
    >>> from lamina.tabular import TabularClassifier
    >>> table = pd.DataFrame({"size": range(40), "colour": ["red", "blue"] * 20})
    >>> labels = ["large" if size > 19 else "small" for size in range(40)]
    >>> model = TabularClassifier(quality="fast", random_state=0).fit(table, labels)
    >>> model.predict(pd.DataFrame({"size": [3, 36], "colour": ["blue", "green"]})).tolist()
    ['small', 'large']
    """

    classes_: AnyArray
    calibration_: Calibration
    class_weight: dict[object, float] | str | None

    _parameter_constraints: ClassVar[dict[str, Json]] = {
        **TabularEstimator._parameter_constraints,
        "class_weight": MLPClassifier._parameter_constraints["class_weight"],
    }

    def __init__(
        self,
        *,
        quality: str = "balanced",
        time_limit: float | None = None,
        scoring: str | Callable[..., float] | None = None,
        categorical_features: ArrayOrTable = "from_dtype",
        column_types: Mapping[str, str] | None = None,
        class_weight: dict[object, float] | str | None = None,
        n_jobs: int | None = None,
        device: str | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.quality = quality
        self.time_limit = time_limit
        self.scoring = scoring
        self.categorical_features = categorical_features
        self.column_types = column_types
        self.class_weight = class_weight
        self.n_jobs = n_jobs
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def predict(self, X: ArrayOrTable) -> AnyArray:
        """Return the most probable class of each sample, shape (n_samples,)."""
        check_is_fitted(self)
        return np.asarray(self.classes_[np.argmax(self.predict_proba(X), axis=1)])

    def predict_proba(self, X: ArrayOrTable) -> NDArray[np.float64]:
        """Return the probability of each class, shape (n_samples, n_classes).

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
            Columns are matched by name if the training table had column names.
        """
        return self._average(X)

    def _read_target(self, y: ArrayOrTable) -> Classes:
        return Classes.read(y)

    def _weigh(
        self, target: Target, weight: NDArray[np.float64] | None
    ) -> NDArray[np.float64] | None:
        assert isinstance(target, Classes)
        return target.weigh(self.class_weight, weight)

    def _build(self, settings: Mapping[str, Json]) -> BaseEstimator:
        return MLPClassifier(**settings, n_iter_no_change=np.inf, device=self.device)

    def explain(
        self, X: ArrayOrTable, *, class_label: object = None, n_steps: int = 50
    ) -> Explanation:
        """Return the contribution of each column to the probability of a class, for each row.

        Integrated gradients of the probability that `predict_proba` returns, from the mean of the
        networks' inputs over the training samples, summed over the inputs of each column. The
        contributions and the baseline's probability sum up to the row's.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features), or one row
        class_label : label, optional
            One of `classes_`; by default each row's most probable class.
        n_steps : int, default=50
            Fewest points of the quadrature on the way to a row. It is split at the edges of bins,
            and of fewer than 200 points also where a part's sum deviates from its predictions.

        Returns
        -------
        Explanation

        References
        ----------
        Sundararajan, Taly, Yan, "Axiomatic attribution for deep networks", 2017.
        """
        check_is_fitted(self)
        place = None if class_label is None else self._place(class_label)

        def outputs(probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
            if place is None:
                return np.asarray(probabilities.argmax(axis=1))
            return np.full(len(probabilities), place)

        explanation, chosen = self._explain(X, outputs, n_steps)
        return replace(explanation, classes=self.classes_[chosen])

    def _place(self, label: object) -> int:
        places = np.flatnonzero(self.classes_ == label)
        if len(places) != 1:
            raise ValueError(
                f"class_label={label!r} must be one of the classes {self.classes_.tolist()}"
            )
        return int(places[0])

    def _finish(self, predictions: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.calibration_.apply(predictions)

    def _learn_from_residuals(
        self, sample: Sample, predictions: NDArray[np.float64], folds: NDArray[np.int64]
    ) -> dict[str, Json]:
        return {"calibration_": Calibration.fit(predictions, sample.target.learned, folds)}

    def _read_again(self, y: ArrayOrTable) -> NDArray[np.int64]:
        labels = read_labels(y)
        classes = set(self.classes_.tolist())
        unseen = {label: row for row, label in reversed([*enumerate(labels.tolist(), 1)])}
        unseen = {label: row for label, row in unseen.items() if label not in classes}
        if unseen:
            label, row = min(unseen.items(), key=lambda pair: pair[1])
            further = f", and {len(unseen) - 1} more" if len(unseen) > 1 else ""
            raise ValueError(
                f"y has a class that training did not have: {label!r} in row {row}{further}. Leave "
                "these rows out, or fit again on rows of all classes, old and new"
            )
        return np.asarray(np.searchsorted(self.classes_, labels))

    @property
    def _is_sum(self) -> bool:
        return self.calibration_.temperature == 1

    def _explained(
        self,
        predictions: Sequence[NDArray[np.float64]],
        weights: NDArray[np.float64],
        outputs: NDArray[np.int64],
    ) -> NDArray[np.float64]:
        return explained_probability(predictions, weights, self.calibration_.temperature, outputs)

    def _directions(
        self,
        predictions: Sequence[NDArray[np.float64]],
        weights: NDArray[np.float64],
        outputs: NDArray[np.int64],
    ) -> list[NDArray[np.float64]]:
        return class_directions(predictions, weights, self.calibration_.temperature, outputs)
