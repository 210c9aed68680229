"""Draw the prediction of a regressor along one feature, with the data and its uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_classifier

from lamina.encoding.frames import ArrayOrTable
from lamina.estimators.fitting.tasks import quantiles_in
from lamina.formulas import LOSSES
from lamina.formulas.table import AnyArray
from lamina.plots.axes import Style, new_axes, quiet, require_matplotlib
from lamina.plots.colours import CYCLE, LINE_STYLES, foreground
from lamina.plots.names import subscripted
from lamina.plots.slices import Slice, slice_through
from lamina.studies import perceptron_inside

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import FillBetweenPolyCollection, PathCollection
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend
    from matplotlib.lines import Line2D
    from sklearn.base import BaseEstimator

    Bands = list[tuple[str, NDArray[np.float64], NDArray[np.float64]]]

FAINTEST_BAND, FULLEST_BAND = 0.25, 0.45
STD_BANDS = {2: "± 2 standard deviations", 1: "± 1 standard deviation"}


class FitDisplay:
    """The prediction of a regressor along one feature, with the data.

    If the model predicts its uncertainty, bands show it: between its quantiles (loss='quantile'
    with several), or within one and two standard deviations (loss='gaussian_nll').

    Use `from_estimator` to create one, or `from_predictions` for existing predictions.

    Parameters
    ----------
    x : array-like of shape (n_points,)
        Positions of the predictions, in ascending order.
    predictions : array-like of shape (n_points,) or (n_points, n_curves)
        One curve per column.
    bands : sequence of (str, array-like, array-like), default=()
        Name for the legend, lower edge and upper edge of each band, wide ones first.
    names : sequence of str, optional
        Name of each curve for the legend.
    data : tuple of two array-like, optional
        x and y of the samples: (n_samples,), and (n_samples,) or (n_samples, n_targets).
    axis_name, target_name : str

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
    lines_ : list of Line2D
        One line for each curve.
    bands_ : list of FillBetweenPolyCollection
    points_ : list of PathCollection
        The data, one collection for each target.
    legend_ : Legend

    Examples
    --------
    >>> import numpy as np
    >>> from lamina import MLPRegressor
    >>> from lamina.plots import FitDisplay
    >>> X = np.linspace(-2, 2, 200).reshape(-1, 1)
    >>> y = np.sin(2 * X[:, 0]) + np.random.RandomState(0).normal(scale=0.2, size=200)
    >>> model = MLPRegressor("quantile", (20,), quantile=[0.1, 0.5, 0.9], random_state=0, tol=0.01)
    >>> display = FitDisplay.from_estimator(model.fit(X, y), X, y)
    >>> [text.get_text() for text in display.legend_.get_texts()]
    ['data', '80 % between quantiles', 'quantile 0.5']
    """

    ax_: Axes
    figure_: Figure
    lines_: list[Line2D]
    bands_: list[FillBetweenPolyCollection]
    points_: list[PathCollection]
    legend_: Legend

    def __init__(
        self,
        *,
        x: ArrayLike,
        predictions: ArrayLike,
        bands: Sequence[tuple[str, ArrayLike, ArrayLike]] = (),
        names: Sequence[str] | None = None,
        data: tuple[ArrayLike, ArrayLike] | None = None,
        axis_name: str = "x",
        target_name: str = "y",
    ) -> None:
        self.x = np.asarray(x, dtype=np.float64)
        self.predictions = _columns(predictions)
        self.bands = [(name, np.asarray(low), np.asarray(high)) for name, low, high in bands]
        self.names = _curve_names(self.predictions) if names is None else list(names)
        self.data = None if data is None else (np.asarray(data[0]), _columns(data[1]))
        self.axis_name, self.target_name = axis_name, target_name

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: ArrayOrTable,
        y: ArrayOrTable = None,
        *,
        features: int | str | None = None,
        grid_resolution: int = 400,
        feature_names: Sequence[str] | None = None,
        target_name: str = "y",
        ax: Axes | None = None,
    ) -> Self:
        """Draw the predictions of a regressor of lamina or scikit-learn along one feature.

        Parameters
        ----------
        estimator : estimator
            Pipelines, searches and TransformedTargetRegressor predict as a whole.
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            Samples that define the range of the curve.
        y : array-like of shape (n_samples,) or (n_samples, n_targets), optional
            Targets of the samples; without them the samples are not drawn.
        features : int or str, optional
            Feature that varies, by number or by name; the others stay at their median. Not needed
            for a single feature.
        grid_resolution : int, default=400
            Number of points of the curve.
        feature_names : sequence of str, optional
        target_name : str, default='y'
            Name of the vertical axis.
        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        Returns
        -------
        FitDisplay
            The drawn display.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator contains no perceptron.
        ValueError
            If the estimator is a classifier, or if there are several features and none is chosen.
        ImportError
            If matplotlib is not installed.
        """
        require_matplotlib(cls)
        model = perceptron_inside(estimator).model
        if is_classifier(model):
            raise ValueError(
                "estimator is a classifier, but FitDisplay needs a regressor: use "
                "DecisionRegionDisplay to draw its probabilities"
            )
        line = slice_through(X, 1, features, feature_names=feature_names)
        curve = _Curve(estimator, model, line, grid_resolution)
        display = cls(
            x=curve.x,
            **curve.predicted(),
            data=None if y is None else (line.positions[:, 0], y),
            axis_name=line.names[0],
            target_name=target_name,
        )
        return display.plot(ax)

    @classmethod
    def from_predictions(
        cls,
        x: ArrayLike,
        y_pred: ArrayLike,
        *,
        y_true: ArrayLike | None = None,
        std: ArrayLike | None = None,
        axis_name: str = "x",
        target_name: str = "y",
        ax: Axes | None = None,
    ) -> Self:
        """Draw existing predictions for samples with one feature.

        Parameters
        ----------
        x : array-like of shape (n_samples,)
            Positions in any order.
        y_pred : array-like of shape (n_samples,) or (n_samples, n_curves)
        y_true : array-like of shape (n_samples,) or (n_samples, n_targets), optional
        std : array-like of shape (n_samples,), optional
            Standard deviations for bands around a single curve.
        axis_name, target_name : str
        ax : matplotlib Axes, default=None

        Returns
        -------
        FitDisplay
            The drawn display.
        """
        x = np.ravel(np.asarray(x, dtype=np.float64))
        order = np.argsort(x, kind="stable")
        curves = _columns(y_pred)[order]
        std = None if std is None else np.asarray(std, dtype=np.float64)[order]
        display = cls(
            x=x[order],
            predictions=curves,
            bands=() if std is None else _std_bands(curves[:, 0], std),
            data=None if y_true is None else (x, y_true),
            axis_name=axis_name,
            target_name=target_name,
        )
        return display.plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the data, the bands and the curves; parameters as in `from_estimator`."""
        self.ax_ = new_axes(self) if ax is None else ax
        self.figure_ = self.ax_.get_figure(root=True)  # type: ignore[assignment]
        quiet(self.ax_)
        self.points_ = self._points()
        self.bands_ = self._bands()
        self.lines_ = [
            self.ax_.plot(
                self.x,
                curve,
                color=CYCLE[k % len(CYCLE)],
                linestyle=LINE_STYLES[k % len(LINE_STYLES)],
                linewidth=2.2,
                label=name,
                zorder=3,
            )[0]
            for k, (curve, name) in enumerate(zip(self.predictions.T, self.names, strict=True))
        ]
        self.ax_.set(xlabel=self.axis_name, ylabel=self.target_name)
        self.legend_ = self.ax_.legend(frameon=False)
        return self

    def _points(self) -> list[PathCollection]:
        if self.data is None:
            return []
        x, targets = self.data
        several = targets.shape[1] > 1
        return [
            self.ax_.scatter(
                x,
                of_target,
                s=14 if len(x) <= 500 else 6,
                color=CYCLE[k % len(CYCLE)] if several else foreground(),
                alpha=0.6,
                linewidths=0,
                label=None if k else "data",
                zorder=1,
            )
            for k, of_target in enumerate(targets.T)
        ]

    def _bands(self) -> list[FillBetweenPolyCollection]:
        fullness = np.linspace(FAINTEST_BAND, FULLEST_BAND, max(2, len(self.bands)))
        return [
            self.ax_.fill_between(
                self.x, low, high, color=CYCLE[0], alpha=alpha, linewidth=0, label=name, zorder=2
            )
            for (name, low, high), alpha in zip(self.bands, fullness, strict=False)
        ]


class _Curve:
    """The prediction along a line, with the uncertainty that the model predicts."""

    def __init__(
        self, estimator: BaseEstimator, model: BaseEstimator, line: Slice, resolution: int
    ) -> None:
        [self.x], points = line.grid(resolution)
        self.estimator, self.model, self.rows = estimator, model, line.rows(points)

    def predicted(self) -> Style:
        """Return the curves, their names and the bands."""
        fitted = vars(self.model)
        quantiles = quantiles_in(fitted.get("_loss_hyperparameters", {}))
        name = fitted.get("_loss_name")
        if quantiles is not None:
            return self._by_quantiles(quantiles)
        if name in LOSSES and LOSSES[name].std is not None:
            return self._by_std()
        return {"predictions": self.estimator.predict(self.rows)}

    def _by_quantiles(self, quantiles: Sequence[float]) -> Style:
        """Return the middle quantile as a curve, and bands between symmetric quantiles."""
        curves = _columns(self.estimator.predict(self.rows))
        if curves.ndim > 2 or curves.shape[1] != len(quantiles):
            raise ValueError(
                f"the model predicts {len(quantiles)} quantiles of several targets, but "
                "FitDisplay shows one target: fit a model for one target"
            )
        n_bands = len(quantiles) // 2
        pairs = [(k, len(quantiles) - 1 - k) for k in range(n_bands)]
        bands = [
            (
                f"{_percent(quantiles[j] - quantiles[i])} between quantiles",
                curves[:, i],
                curves[:, j],
            )
            for i, j in pairs
        ]
        alone = [n_bands] if len(quantiles) % 2 else [n_bands - 1, n_bands]
        return {
            "predictions": curves[:, alone],
            "names": [f"quantile {quantiles[k]:g}" for k in alone],
            "bands": bands if len(quantiles) % 2 else bands[:-1],
        }

    def _by_std(self) -> Style:
        """Return the mean as a curve, and bands of one and two standard deviations."""
        estimator = self.estimator
        while hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        # Transform the edges of the bands back if the target was scaled for the fit.
        scale = getattr(estimator, "transformer_", None)
        predictor = estimator if scale is None else estimator.regressor_
        mean, std = predictor.predict(self.rows, return_std=True)
        if np.ndim(mean) > 1:
            return {"predictions": self.estimator.predict(self.rows)}

        def back(values: AnyArray) -> AnyArray:
            if scale is None:
                return values
            return np.asarray(scale.inverse_transform(values.reshape(-1, 1))).ravel()

        bands = [(name, back(low), back(high)) for name, low, high in _std_bands(mean, std)]
        return {"predictions": back(mean), "names": ["mean"], "bands": bands}


def _std_bands(mean: AnyArray, std: AnyArray) -> Bands:
    return [(name, mean - n * std, mean + n * std) for n, name in STD_BANDS.items()]


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.3g} %"


def _columns(values: ArrayLike) -> NDArray[np.float64]:
    """Return the values with one column for each curve."""
    array = np.asarray(values, dtype=np.float64)
    return array[:, np.newaxis] if array.ndim == 1 else array


def _curve_names(curves: AnyArray) -> list[str]:
    n = curves.shape[1]
    return ["prediction"] if n == 1 else [f"prediction {subscripted('y', k + 1)}" for k in range(n)]
