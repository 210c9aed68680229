"""TabularRegressor: values from a table as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from lamina.estimators import MLPRegressor
from lamina.tabular.base import TabularEstimator
from lamina.tabular.explanations import Explanation, value_directions
from lamina.tabular.intervals import ResidualIntervals, read_coverage, read_levels
from lamina.tabular.members import Sample
from lamina.tabular.targets import Values


class TabularRegressor(RegressorMixin, TabularEstimator):  # type: ignore[misc]
    """A regressor for tables: no preprocessing, no settings.

    Text, dates, missing values and categories are encoded (`report_` says how). Each number is
    robustly scaled, and spread over the bins between its quantiles. One network is fitted to the
    standardised target without each fold of the rows, which choose its best epoch by their squared
    error; the prediction is the mean of the networks', within the range that the target had.

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
        networks (epochs) and the root mean squared error (networks).
    categorical_features : {'from_dtype', 'auto'} or list of str, int or bool, default='from_dtype'
        The columns of categories: those of text, booleans and categorical types; with 'auto' whole
        numbers of 3 to 20 levels besides, each in three rows on average; with a list the named ones
        besides, by name or place, or a mask.
    column_types : dict of str to {'number', 'date', 'category', 'text'}, default=None
        What columns hold, where it is not what their values say.
    n_jobs : int or None, default=None
        The networks that are fitted side by side, by joblib: in threads, or as its
        `parallel_config` says. None is one for each core. The result does not depend on it.
    random_state : int, RandomState or None, default=None
        Draws folds and networks; an int gives the same model every time.
    verbose : int, default=0
        1 writes progress and the time left to standard error.

    Attributes
    ----------
    report_ : list of dict
        What each column was taken for, and what is done with it.
    members_ : list of Member
        Each with a network; `columns_of_inputs` names the columns that its inputs come from.
    member_weights_ : ndarray of shape (n_members,)
        How much each counts; they sum to 1.
    folds_ : ndarray of shape (n_samples,)
        The fold of each sample.
    oof_predictions_ : ndarray of shape (n_samples,)
        Each sample's prediction by the network that did not learn from it.
    validation_score_ : ValidationScore
        Minus their root mean squared error, and its standard error.
    target_range_ : tuple of float
        The smallest and the largest target; predictions are clipped to it.
    intervals_ : ResidualIntervals
        Quantiles of the out-of-fold residuals, and how their scale depends on the row.
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
    >>> from lamina.tabular import TabularRegressor
    >>> table = pd.DataFrame({"size": range(200), "colour": ["red", "blue"] * 100})
    >>> price = table["size"] * 10.0 + 400 * (table["colour"] == "red")
    >>> model = TabularRegressor(quality="fast", random_state=0).fit(table, price)
    >>> bool(abs(model.predict(table.iloc[[50]])[0] - 900) < 150)
    True
    """

    target_range_: tuple[float, float]
    intervals_: ResidualIntervals

    def __init__(
        self,
        *,
        quality: str = "balanced",
        time_limit: float | None = None,
        scoring: Any = None,
        categorical_features: Any = "from_dtype",
        column_types: Mapping[str, str] | None = None,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.quality = quality
        self.time_limit = time_limit
        self.scoring = scoring
        self.categorical_features = categorical_features
        self.column_types = column_types
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def predict(self, X: Any, *, quantiles: Any = None) -> NDArray[np.float64]:
        """Return the prediction for each sample, or quantiles of its target.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
            Columns are found by name where the training table had names.
        quantiles : sequence of float, optional
            Levels between 0 and 1. The quantiles come from out-of-fold residuals, and never cross.

        Returns
        -------
        ndarray of shape (n_samples,), or (n_samples, n_quantiles)
        """
        if quantiles is None:
            return self._average(X)
        levels = read_levels(quantiles)
        check_is_fitted(self)
        encoded = self.inputs_.encode(X)
        predictions = self._predict_encoded(encoded)
        values = self.intervals_.quantiles(encoded, predictions, levels)
        return np.clip(values, *self.target_range_)

    def predict_interval(self, X: Any, coverage: float = 0.9) -> NDArray[np.float64]:
        """Return the bounds of an interval that holds the target with some probability.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
        coverage : float, default=0.9
            The probability, over new rows like those of training.

        Returns
        -------
        ndarray of shape (n_samples, 2)
        """
        outside = (1 - read_coverage(coverage)) / 2
        return self.predict(X, quantiles=[outside, 1 - outside])

    def explain(self, X: Any, *, n_steps: int = 50) -> Explanation:
        """Return what each column adds to the prediction, row by row.

        Integrated gradients of the ensemble's prediction, from the mean of the networks' inputs
        over the training samples, summed over the inputs of each column. The contributions and the
        baseline's prediction sum up to the row's.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features), or one row
        n_steps : int, default=50
            Points of the Gauss-Legendre rule.

        Returns
        -------
        Explanation

        References
        ----------
        Sundararajan, Taly, Yan, "Axiomatic attribution for deep networks", 2017.
        """
        return self._explain(X, lambda values: np.zeros(len(values), dtype=np.int64), n_steps)[0]

    def _learn_from_residuals(
        self, sample: Sample, predictions: NDArray[np.float64], folds: NDArray[np.int64]
    ) -> dict[str, Any]:
        y = sample.target.learned
        return {"intervals_": ResidualIntervals.fit(sample.encoded, predictions, y, folds)}

    def _read_again(self, y: Any) -> NDArray[np.float64]:
        return Values.read(y).learned

    def _directions(
        self, predictions: Sequence[NDArray[np.float64]], outputs: NDArray[np.int64]
    ) -> list[NDArray[np.float64]]:
        return value_directions(predictions, self.member_weights_, self.target_range_)

    def _read_target(self, y: Any) -> Values:
        return Values.read(y)

    def _build(self, settings: Mapping[str, Any]) -> Any:
        return MLPRegressor(**settings, scale_target=True, n_iter_no_change=np.inf)
