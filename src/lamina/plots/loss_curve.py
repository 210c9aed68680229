"""How a fit went: the training loss of each epoch, and the validation score in a panel below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline

from lamina.plots.axes import new_axes, panel_below, quiet
from lamina.plots.colours import CYCLE, LINE_STYLES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

PANEL_HEIGHTS = (3, 2)


class LossCurveDisplay:
    """The training loss by epoch, of one model or of several to compare.

    Use `from_estimator` to make one.

    Parameters
    ----------
    losses : sequence of array-like of shape (n_epochs,)
        One curve a model.
    scores : sequence of array-like or None, default=None
        Likewise the validation scores; None for a model that has none.
    names : sequence of str, default=None
        What the legend calls each model; without names there is no legend.
    score_name : str, default='validation score'
        The label of the score's axis.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
    lines_ : list of Line2D
        One loss curve a model.
    score_ax_ : Axes or None
        The panel of the validation scores, where any model has some.
    score_lines_ : list of Line2D

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from lamina import MLPClassifier
    >>> from lamina.plots import LossCurveDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier(max_iter=300, early_stopping=True, random_state=0).fit(X, y)
    >>> display = LossCurveDisplay.from_estimator(model, log_scale=True)
    >>> display.ax_.get_ylabel()
    'training loss'
    """

    ax_: Axes
    figure_: Figure
    lines_: list[Line2D]
    score_ax_: Axes | None
    score_lines_: list[Line2D]

    def __init__(
        self,
        *,
        losses: Sequence[ArrayLike],
        scores: Sequence[ArrayLike | None] | None = None,
        names: Sequence[str] | None = None,
        score_name: str = "validation score",
    ) -> None:
        self.losses = [np.asarray(curve, dtype=np.float64) for curve in losses]
        self.scores = list(scores) if scores is not None else [None] * len(losses)
        self.names = None if names is None else list(names)
        self.score_name = score_name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        ax: Axes | None = None,
        names: Sequence[str] | None = None,
        log_scale: bool = False,
    ) -> Self:
        """The loss curve of a fitted multi-layer perceptron, lamina's or scikit-learn's.

        Parameters
        ----------
        estimator : estimator, or list of estimators
            Pipelines, TransformedTargetRegressor and searches are looked into.
        ax : matplotlib Axes, default=None
            Where to draw; the score's panel takes its room from it. By default a new figure.
        names : sequence of str, default=None
            What the legend calls each estimator; by default a list's are numbered.
        log_scale : bool, default=False
            Whether the loss axis is logarithmic.

        Returns
        -------
        LossCurveDisplay
            Drawn.

        Raises
        ------
        NotFittedError
            For an estimator that has not been fitted.
        ValueError
            For one that keeps no loss curve, or names that are not one an estimator.
        ImportError
            Where matplotlib is missing.
        """
        several = isinstance(estimator, list | tuple)
        networks = [_network(each) for each in (estimator if several else [estimator])]
        if not networks:
            raise ValueError("estimator is an empty list: give at least one fitted model")
        if names is None and several:
            names = [f"model {i + 1}" for i in range(len(networks))]
        if names is not None and len(names) != len(networks):
            raise ValueError(f"{len(names)} names for {len(networks)} estimators: give one each")
        display = cls(
            losses=[_loss_curve(network) for network in networks],
            scores=[getattr(network, "validation_scores_", None) for network in networks],
            names=names,
            score_name=_score_name(networks),
        )
        return display.plot(ax, log_scale=log_scale)

    def plot(self, ax: Axes | None = None, *, log_scale: bool = False) -> Self:
        """Draw the curves; parameters as in `from_estimator`."""
        self.ax_ = new_axes(self) if ax is None else ax
        self.figure_ = self.ax_.get_figure(root=True)  # type: ignore[assignment]
        self.lines_ = [_draw(self.ax_, i, curve) for i, curve in enumerate(self.losses)]
        self.ax_.set_ylabel("training loss")
        if log_scale:
            self.ax_.set_yscale("log")
        self.score_ax_, self.score_lines_ = None, []
        if any(curve is not None for curve in self.scores):
            self._plot_scores()
        _label_epochs(self.score_ax_ or self.ax_)
        if self.names is not None:
            self.ax_.legend(self.lines_, self.names, frameon=False)
        return self

    def _plot_scores(self) -> None:
        self.score_ax_ = panel_below(self.ax_, PANEL_HEIGHTS)
        self.score_lines_ = [
            _draw(self.score_ax_, i, np.asarray(curve, dtype=np.float64))
            for i, curve in enumerate(self.scores)
            if curve is not None
        ]
        self.score_ax_.set_ylabel(self.score_name)
        self.figure_.align_ylabels([self.ax_, self.score_ax_])


def _network(estimator: Any) -> Any:
    """The perceptron inside pipelines, target transformers and searches."""
    if isinstance(estimator, Pipeline):
        return _network(estimator[-1])
    for inside in ("regressor_", "best_estimator_"):
        if hasattr(estimator, inside):
            return _network(getattr(estimator, inside))
    return estimator


def _loss_curve(network: Any) -> list[float]:
    kind = type(network).__name__
    if not hasattr(network, "hidden_layer_sizes"):
        raise ValueError(f"a {kind} has no loss curve; MLPClassifier and MLPRegressor have one")
    curve: list[float] | None = getattr(network, "loss_curve_", None)
    if curve:
        return curve
    if network.solver == "lbfgs":
        raise ValueError(
            f"this {kind} was made with solver='lbfgs', which keeps no loss curve: "
            "use solver='adam' or solver='sgd' to see one"
        )
    raise NotFittedError(f"this {kind} has no loss curve yet: call fit first")


def _score_name(networks: Sequence[Any]) -> str:
    names = {"accuracy" if is_classifier(network) else "R²" for network in networks}
    return f"validation\n{names.pop()}" if len(names) == 1 else "validation\nscore"


def _draw(ax: Axes, i: int, curve: NDArray[np.float64]) -> Line2D:
    quiet(ax)
    (line,) = ax.plot(
        np.arange(1, len(curve) + 1),
        curve,
        color=CYCLE[i % len(CYCLE)],
        linestyle=LINE_STYLES[i % len(LINE_STYLES)],
        marker="o" if len(curve) == 1 else None,
        linewidth=1.8,
    )
    return line


def _label_epochs(ax: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    ax.set_xlabel("epoch")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
