"""Draw the norm of the loss gradient at each layer over the epochs of a fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from lamina.encoding.frames import ArrayOrTable
from lamina.plots.axes import Style, new_axes, quiet, require_matplotlib
from lamina.plots.colours import CYCLE, LINE_STYLES, shades
from lamina.studies import GradientFlow, gradient_flow
from lamina.training.callbacks import Snapshots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.text import Text
    from sklearn.base import BaseEstimator

# Height of one line of small text, in points.
LINE_HEIGHT = 11.0


class GradientFlowDisplay:
    """The gradient norm at each layer; where gradients vanish, early layers do not learn.

    Use `from_estimator` to create one.

    Parameters
    ----------
    flow : GradientFlow
        Result of `lamina.studies.gradient_flow`.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
    lines_ : list of Line2D
        One line per layer over the epochs; a single line over the layers if there is only one
        epoch.
    labels_ : list of Text
        Names of the layers at the ends of their lines; empty for one epoch.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from lamina import MLPClassifier
    >>> from lamina.plots import GradientFlowDisplay
    >>> from lamina.training.callbacks import Snapshots
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier((8,) * 4, "logistic", tol=1, random_state=0, callbacks=Snapshots())
    >>> display = GradientFlowDisplay.from_estimator(model.fit(X, y), X, y)
    >>> [label.get_text() for label in display.labels_]
    ['hidden_1', 'hidden_2', 'hidden_3', 'hidden_4', 'output']
    """

    ax_: Axes
    figure_: Figure
    lines_: list[Line2D]
    labels_: list[Text]

    def __init__(self, *, flow: GradientFlow) -> None:
        self.flow = flow

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: ArrayOrTable,
        y: ArrayOrTable,
        *,
        sample_weight: ArrayOrTable = None,
        snapshots: Snapshots | None = None,
        ax: Axes | None = None,
        relative: bool = False,
    ) -> Self:
        """Draw the gradient norms in a fitted perceptron of lamina or scikit-learn.

        Parameters
        ----------
        estimator : estimator
            A perceptron, or a pipeline, search or similar estimator that contains one.
        X, y : array-like
            Samples and targets as for the estimator's `fit`; a few hundred are enough.
        sample_weight : array-like of shape (n_samples,), optional
        snapshots : Snapshots, optional
            Epochs to show; by default those stored by `callbacks=Snapshots()` of the model, or else
            only the fitted model.
        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.
        relative : bool, default=False
            If True, divide by the norm of the layer's weights.

        Returns
        -------
        GradientFlowDisplay
            The drawn display.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator contains no perceptron.
        ImportError
            If matplotlib is not installed.
        """
        require_matplotlib(cls)
        flow = gradient_flow(estimator, X, y, sample_weight, snapshots=snapshots)
        return cls(flow=flow).plot(ax, relative=relative)

    def plot(self, ax: Axes | None = None, *, relative: bool = False) -> Self:
        """Draw the norms; parameters as in `from_estimator`."""
        self.ax_ = new_axes(self) if ax is None else ax
        self.figure_ = self.ax_.get_figure(root=True)  # type: ignore[assignment]
        self.labels_ = []
        quiet(self.ax_)
        values = self.flow.relative if relative else self.flow.norms
        # Draw zero, which has no logarithm, as a gap; the label marks it.
        values = np.where(values > 0, values, np.nan)
        self.ax_.set_yscale("log")
        if len(self.flow.epochs) > 1:
            self._plot_epochs(values)
        else:
            self._plot_layers(values[0])
        self.ax_.set_ylabel("‖∂L/∂W‖ / ‖W‖" if relative else "gradient norm ‖∂L/∂W‖")
        return self

    def _plot_layers(self, norms: NDArray[np.float64]) -> None:
        places = np.arange(len(norms))
        self.lines_ = self.ax_.plot(places, norms, marker="o", linewidth=1.8, color=CYCLE[0])
        crowded = len(places) > 5
        names: Style = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if crowded else {}
        self.ax_.set_xticks(places, self.flow.layers, **names)
        self.ax_.set_xlabel("layer")

    def _plot_epochs(self, norms: NDArray[np.float64]) -> None:
        n_layers = len(self.flow.layers)
        self.lines_ = [
            self.ax_.plot(
                self.flow.epochs,
                norms[:, layer],
                color=colour,
                linestyle=LINE_STYLES[layer % len(LINE_STYLES)],
                linewidth=1.6,
            )[0]
            for layer, colour in enumerate(shades(n_layers))
        ]
        self.ax_.set_xlabel("epoch")
        self._label_ends(norms)

    def _label_ends(self, norms: NDArray[np.float64]) -> None:
        """Write each layer's name to the right of its line, without overlaps."""
        last, layers = self.flow.epochs[-1], self.flow.layers
        finite = [column[np.isfinite(column)] for column in norms.T]
        ends = [column[-1] if len(column) else np.nanmin(norms, initial=1.0) for column in finite]
        # Positions are only known after a layout pass.
        self.figure_.draw_without_rendering()
        in_points = 72 / self.figure_.dpi
        at = self.ax_.transData.transform([(last, end) for end in ends])[:, 1] * in_points
        for layer, offset in enumerate(space_out(at, LINE_HEIGHT) - at):
            is_zero = np.isnan(norms[-1, layer])
            self.labels_.append(
                self.ax_.annotate(
                    f"{layers[layer]}{' (0)' if is_zero else ''}",
                    (last, ends[layer]),
                    xytext=(6, offset),
                    textcoords="offset points",
                    va="center",
                    fontsize="small",
                    annotation_clip=False,
                )
            )


def space_out(places: NDArray[np.float64], gap: float) -> NDArray[np.float64]:
    """Return positions at least a gap apart, in the same order and moved as little as possible.

    Examples
    --------
    >>> space_out(np.array([0.0, 1.0, 100.0]), gap=11.0)
    array([ -5.,   6., 100.])
    """
    order = np.argsort(places, kind="stable")
    # A group of neighbours is centred on the mean of their original positions.
    groups: list[list[float]] = []
    for place in places[order]:
        groups.append([place])
        while len(groups) > 1 and _top(groups[-2], gap) + gap > _bottom(groups[-1], gap):
            groups[-2:] = [groups[-2] + groups[-1]]
    spaced = [_bottom(group, gap) + gap * i for group in groups for i in range(len(group))]
    result = np.empty(len(places))
    result[order] = spaced
    return result


def _bottom(group: list[float], gap: float) -> float:
    return sum(group) / len(group) - gap * (len(group) - 1) / 2


def _top(group: list[float], gap: float) -> float:
    return _bottom(group, gap) + gap * (len(group) - 1)
