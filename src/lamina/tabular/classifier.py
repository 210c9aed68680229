"""TabularClassifier: classes from a table as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import column_or_1d
from sklearn.utils.validation import check_is_fitted

from lamina.estimators import MLPClassifier
from lamina.tabular.base import TabularEstimator
from lamina.tabular.calibration import Calibration
from lamina.tabular.explanations import Explanation, class_directions
from lamina.tabular.members import Sample
from lamina.tabular.targets import Classes, Target, refuse_missing


class TabularClassifier(ClassifierMixin, TabularEstimator):  # type: ignore[misc]
    """A classifier for tables: no preprocessing, no settings.

    Text, dates, missing values and categories are encoded (`report_` says how). Each number is
    robustly scaled, and spread over the bins between its quantiles. One network is fitted without
    each fold of the rows, which choose its best epoch by their log loss; the prediction is the mean
    of their probabilities.

    Parameters
    ----------
    quality : {'fast', 'balanced', 'best'}, default='balanced'
        One kind of network on four folds; the best two of four kinds on eight folds (five beyond
        5,000 samples); the best four of six kinds on ten (eight).
    time_limit : float, default=None
        The seconds that `fit` may take: fewer networks are fitted, or fewer epochs made, and
        `remarks_` says what was left out. The result then depends on the speed of the machine.
    scoring : str or callable, default=None
        The scorer that chooses epochs and networks: a name of scikit-learn's, or
        `scorer(estimator, X, y)`, whose estimator has the predictions of the samples, and whose X
        only numbers them. None stands for the loss of the
        networks (epochs) and the area under the ROC curve, or the log loss for more
        than two classes (networks).
    categorical_features : {'from_dtype', 'auto'} or list of str, int or bool, default='from_dtype'
        The columns of categories: those of text, booleans and categorical types; with 'auto' whole
        numbers of 3 to 20 levels besides, each in three rows on average; with a list the named ones
        besides, by name or place, or a mask.
    column_types : dict of str to {'number', 'date', 'category', 'text'}, default=None
        What columns hold, where it is not what their values say.
    class_weight : dict, 'balanced' or None, default=None
        As MLPClassifier has it.
    n_jobs : int or None, default=None
        The networks that are fitted side by side, by joblib: in threads, or as its
        `parallel_config` says. None is one for each core. The result does not depend on it.
    random_state : int, RandomState or None, default=None
        Draws folds and networks; an int gives the same model every time.
    verbose : int, default=0
        1 writes progress and the time left to standard error.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    report_ : list of dict
        What each column was taken for, and what is done with it.
    members_ : list of Member
        Each with a network; `columns_of_inputs` names the columns that its inputs come from.
    member_weights_ : ndarray of shape (n_members,)
        How much each counts; they sum to 1.
    folds_ : ndarray of shape (n_samples,)
        The fold of each sample; -1 for the only sample of a class.
    oof_predictions_ : ndarray of shape (n_samples, n_classes)
        Each sample's probabilities by the network that did not learn from it; NaN for the only
        sample of a class.
    validation_score_ : ValidationScore
        Their area under the ROC curve for two classes, minus their log loss for more, and its
        standard error.
    calibration_ : Calibration
        The temperature of the probabilities, and how well they are calibrated out of fold. It is 1
        unless another lowers the log loss beyond noise; out-of-fold predictions are without it.
    input_means_ : list of ndarray of float32
        The mean of each member's inputs: the baseline of `explain`.
    remarks_ : list of str
        Sentences about the fit: parts that the time limit left out, and whether the model is no
        better than the trivial predictor.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only where the table had names.

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

    classes_: NDArray[Any]
    calibration_: Calibration
    class_weight: Any

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **TabularEstimator._parameter_constraints,
        "class_weight": MLPClassifier._parameter_constraints["class_weight"],
    }

    def __init__(
        self,
        *,
        quality: str = "balanced",
        time_limit: float | None = None,
        scoring: Any = None,
        categorical_features: Any = "from_dtype",
        column_types: Mapping[str, str] | None = None,
        class_weight: Any = None,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.quality = quality
        self.time_limit = time_limit
        self.scoring = scoring
        self.categorical_features = categorical_features
        self.column_types = column_types
        self.class_weight = class_weight
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each sample, shape (n_samples,)."""
        check_is_fitted(self)
        return np.asarray(self.classes_[np.argmax(self.predict_proba(X), axis=1)])

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each class, shape (n_samples, n_classes).

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
            Columns are found by name where the training table had names.
        """
        return self._average(X)

    def _read_target(self, y: Any) -> Classes:
        return Classes.read(y)

    def _weigh(
        self, target: Target, weight: NDArray[np.float64] | None
    ) -> NDArray[np.float64] | None:
        assert isinstance(target, Classes)
        return target.weigh(self.class_weight, weight)

    def _build(self, settings: Mapping[str, Any]) -> Any:
        return MLPClassifier(**settings, n_iter_no_change=np.inf)

    def explain(self, X: Any, *, class_label: Any = None, n_steps: int = 50) -> Explanation:
        """Return what each column adds to the probability of a class, row by row.

        Integrated gradients of the probability that `predict_proba` returns, from the mean of the
        networks' inputs over the training samples, summed over the inputs of each column. The
        contributions and the baseline's probability sum up to the row's.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features), or one row
        class_label : label, optional
            One of `classes_`; by default each row's most probable class.
        n_steps : int, default=50
            Points of the Gauss-Legendre rule.

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

    def _place(self, label: Any) -> int:
        places = np.flatnonzero(self.classes_ == label)
        if len(places) != 1:
            raise ValueError(
                f"class_label={label!r} is none of the classes {self.classes_.tolist()}"
            )
        return int(places[0])

    def _finish(self, predictions: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.calibration_.apply(predictions)

    def _learn_from_residuals(
        self, sample: Sample, predictions: NDArray[np.float64], folds: NDArray[np.int64]
    ) -> dict[str, Any]:
        return {"calibration_": Calibration.fit(predictions, sample.target.learned, folds)}

    def _read_again(self, y: Any) -> NDArray[np.int64]:
        labels = column_or_1d(y)
        refuse_missing(labels)
        known = set(self.classes_.tolist())
        unseen = {label: row for row, label in reversed([*enumerate(labels.tolist(), 1)])}
        unseen = {label: row for label, row in unseen.items() if label not in known}
        if unseen:
            label, row = min(unseen.items(), key=lambda pair: pair[1])
            further = f", and {len(unseen) - 1} more" if len(unseen) > 1 else ""
            raise ValueError(
                f"y has a class that training did not have: {label!r} in row {row}{further}. Leave "
                "these rows out, or fit again on rows of all classes, old and new"
            )
        return np.asarray(np.searchsorted(self.classes_, labels))

    def _directions(
        self, predictions: Sequence[NDArray[np.float64]], outputs: NDArray[np.int64]
    ) -> list[NDArray[np.float64]]:
        temperature = self.calibration_.temperature
        return class_directions(predictions, self.member_weights_, temperature, outputs)
