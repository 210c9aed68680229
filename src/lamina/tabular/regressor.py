"""TabularRegressor: regression on tables with mixed columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from lamina.encoding.frames import ArrayOrTable
from lamina.estimators import MLPRegressor
from lamina.files.model_file import Json
from lamina.tabular.base import TabularEstimator
from lamina.tabular.explanations import Explanation, value_directions
from lamina.tabular.intervals import ResidualIntervals, read_coverage, read_levels
from lamina.tabular.members import Sample
from lamina.tabular.targets import Values

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


class TabularRegressor(RegressorMixin, TabularEstimator):  # type: ignore[misc]
    """Regressor for tables that needs no preprocessing and no tuning.

    Text, dates, missing values and categories are encoded (`report_` describes how). Each number
    is robustly scaled, and also encoded by the bins between its quantiles. For each fold of the
    samples, a network is fitted to the standardised target of the other folds, and the fold's
    squared error chooses its best epoch; the prediction is the weighted mean of the networks',
    clipped to the range of the training targets.

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
        samples. By default, the loss chooses epochs, and the root mean squared error networks.
    categorical_features : {'from_dtype', 'auto'} or list of str, int or bool, default='from_dtype'
        Categorical columns: always those of text, boolean and categorical dtype. 'auto' adds
        whole numbers with 3 to 20 levels that occur in three rows each on average; a list adds
        columns by name or index, or by a mask.
    column_types : dict of str to {'number', 'date', 'category', 'text'}, default=None
        Types of columns, where they differ from the detected ones.
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
    report_ : list of dict
        Interpretation and processing of each column.
    members_ : list of Member
        Each has a network; `columns_of_inputs` returns the columns of its inputs.
    member_weights_ : ndarray of shape (n_members,)
        Weight of each member; they sum to 1.
    folds_ : ndarray of shape (n_samples,)
        Fold of each sample.
    oof_predictions_ : ndarray of shape (n_samples,)
        Out-of-fold predictions: each sample is predicted by networks not trained on it.
    validation_score_ : ValidationScore
        Minus the root mean squared error of the out-of-fold predictions, with its standard error.
        The kinds of networks are weighted anew for each fold, by the other folds, so that no sample
        is scored with weights that it chose. The standard error is that of the bootstrap over n
        samples times √(1 + n/n₁), with n₁ training samples of each network, which allows for
        overlapping training sets (Nadeau, Bengio 2003).
    target_range_ : tuple of float
        Smallest and largest target; predictions are clipped to this range.
    intervals_ : ResidualIntervals
        Quantiles of the out-of-fold residuals, and a model of their scale.
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
    >>> from lamina.tabular import TabularRegressor
    >>> table = pd.DataFrame({"size": range(200), "colour": ["red", "blue"] * 100})
    >>> price = table["size"] * 10.0 + 400 * (table["colour"] == "red")
    >>> model = TabularRegressor(quality="fast", random_state=0).fit(table, price)
    >>> bool(abs(model.predict(table.iloc[[50]])[0] - 900) < 150)
    True
    """

    target_range_: tuple[float, float]
    _target: Values
    intervals_: ResidualIntervals

    def __init__(
        self,
        *,
        quality: str = "balanced",
        time_limit: float | None = None,
        scoring: str | Callable[..., float] | None = None,
        categorical_features: ArrayOrTable = "from_dtype",
        column_types: Mapping[str, str] | None = None,
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
        self.n_jobs = n_jobs
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def predict(self, X: ArrayOrTable, *, quantiles: object = None) -> NDArray[np.float64]:
        """Return the prediction for each sample, or quantiles of its target.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
            Columns are matched by name if the training table had column names.
        quantiles : sequence of float, optional
            Levels between 0 and 1. Quantiles are based on out-of-fold residuals and never cross.

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

    def predict_interval(self, X: ArrayOrTable, coverage: float = 0.9) -> NDArray[np.float64]:
        """Return the bounds of an interval that contains the target with a given probability.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
        coverage : float, default=0.9
            Probability over new rows from the same distribution as the training rows.

        Returns
        -------
        ndarray of shape (n_samples, 2)
        """
        outside = (1 - read_coverage(coverage)) / 2
        return self.predict(X, quantiles=[outside, 1 - outside])

    def explain(self, X: ArrayOrTable, *, n_steps: int = 50) -> Explanation:
        """Return the contribution of each column to the prediction, for each row.

        Integrated gradients of the ensemble's prediction, from the mean of the networks' inputs
        over the training samples, summed over the inputs of each column. The contributions and the
        baseline's prediction sum up to the row's.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features), or one row
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
        return self._explain(X, lambda values: np.zeros(len(values), dtype=np.int64), n_steps)[0]

    def _learn_from_residuals(
        self, sample: Sample, predictions: NDArray[np.float64], folds: NDArray[np.int64]
    ) -> dict[str, Json]:
        y = sample.target.learned
        return {"intervals_": ResidualIntervals.fit(sample.encoded, predictions, y, folds)}

    def _read_again(self, y: ArrayOrTable) -> NDArray[np.float64]:
        return Values.read(y).learned

    def _explained(
        self,
        predictions: Sequence[NDArray[np.float64]],
        weights: NDArray[np.float64],
        outputs: NDArray[np.int64],
    ) -> NDArray[np.float64]:
        pairs = zip(weights, predictions, strict=True)
        return np.asarray(sum(weight * each for weight, each in pairs))

    def _directions(
        self,
        predictions: Sequence[NDArray[np.float64]],
        weights: NDArray[np.float64],
        outputs: NDArray[np.int64],
    ) -> list[NDArray[np.float64]]:
        return value_directions(predictions, weights, self._target)

    def _read_target(self, y: ArrayOrTable) -> Values:
        return Values.read(y)

    def _build(self, settings: Mapping[str, Json]) -> BaseEstimator:
        return MLPRegressor(
            **settings, scale_target=True, n_iter_no_change=np.inf, device=self.device
        )
