"""Draw the distribution of activations by layer, with counts of dead and saturated units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike

from lamina.encoding.frames import ArrayOrTable
from lamina.estimators.inspection.idle_units import saturates
from lamina.plots.axes import new_axes, require_matplotlib
from lamina.plots.ridges import draw_ridges
from lamina.studies.inside import one_network_inside

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import StepPatch
    from matplotlib.text import Text
    from sklearn.base import BaseEstimator


class ActivationsDisplay:
    """The activations of each hidden layer, over all samples and units, as hills on one axis.

    Text on the right gives the number of dead or saturated units, and the fraction of all
    activations that are flat. An activation is flat if its derivative is below a hundredth of the
    activation function's largest. A unit is dead or saturated if it is flat for every sample, so
    that no gradient reaches it. A value that occurs very often, such as the zeros of ReLU, gives a
    peak that is cut off at the top of the hill.

    Use `from_estimator` to create one.

    Parameters
    ----------
    activations : sequence of array-like of shape (n_samples, n_units)
        Activations of each hidden layer.
    layers : sequence of str
        Names of the layers.
    idle : sequence of int
        Number of units in each layer that are flat for every sample.
    flat : sequence of float
        Fraction of each layer's activations that are flat.
    saturated : sequence of bool
        True if the activation function is flat at both ends, so that idle units are called
        saturated instead of dead.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
    hills_ : list of StepPatch
        One per layer, the first on top.
    remarks_ : list of Text

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from lamina import MLPClassifier
    >>> from lamina.plots import ActivationsDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier((8, 4), "tanh", tol=0.01, random_state=0).fit(X, y)
    >>> display = ActivationsDisplay.from_estimator(model, X)
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['hidden_2\\ntanh', 'hidden_1\\ntanh']
    """

    ax_: Axes
    figure_: Figure
    hills_: list[StepPatch]
    remarks_: list[Text]

    def __init__(
        self,
        *,
        activations: Sequence[ArrayLike],
        layers: Sequence[str],
        idle: Sequence[int],
        flat: Sequence[float],
        saturated: Sequence[bool],
    ) -> None:
        self.activations = [np.asarray(each, dtype=np.float64) for each in activations]
        self.layers, self.idle, self.flat = list(layers), list(idle), list(flat)
        self.saturated = list(saturated)

    @classmethod
    def from_estimator(
        cls, estimator: BaseEstimator, X: ArrayOrTable, *, ax: Axes | None = None
    ) -> Self:
        """Draw the activations of the hidden layers of a fitted perceptron of lamina or
        scikit-learn.

        Parameters
        ----------
        estimator : estimator
            A perceptron, or a pipeline, search or similar estimator that contains one.
        X : array-like of shape (n_samples, n_features)
            Samples as for the estimator's `predict`; a few hundred are enough.
        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        Returns
        -------
        ActivationsDisplay
            The drawn display.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator contains no perceptron.
        ValueError
            If the network has no hidden layer.
        ImportError
            If matplotlib is not installed.
        """
        require_matplotlib(cls)
        inside = one_network_inside(estimator)
        passes = inside.model._passes(inside.rows(X))
        hidden = passes.network.spec.layers[:-1]
        if not hidden:
            raise ValueError("hidden_layer_sizes=() has no hidden layer to show: add one")
        idleness = passes.idleness()
        display = cls(
            activations=passes.activations()[-len(hidden) - 1 : -1],
            layers=[f"{block.name}\n{block.output_function}" for block in hidden],
            idle=[each.n_idle for each in idleness],
            flat=[each.flat_fraction for each in idleness],
            saturated=[saturates(block.output_function) for block in hidden],
        )
        return display.plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the distributions; parameters as in `from_estimator`."""
        rows = len(self.layers)
        self.ax_ = new_axes(self, figsize=(7, max(3.0, 1.0 + 0.8 * rows))) if ax is None else ax
        self.figure_ = self.ax_.get_figure(root=True)  # type: ignore[assignment]
        remarks = [self._remark(i) for i in range(rows)]
        self.hills_, self.remarks_ = draw_ridges(self.ax_, self.activations, self.layers, remarks)
        self.ax_.set_xlabel("activation")
        return self

    def _remark(self, i: int) -> str:
        n_units = self.activations[i].shape[1]
        word = "saturated" if self.saturated[i] else "dead"
        return f"{self.idle[i]} of {n_units} units {word}\n{self.flat[i]:.0%} of all flat"
