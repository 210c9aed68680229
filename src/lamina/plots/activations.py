"""What hidden layers give for some rows: the distribution by layer, dead and saturated units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from lamina.estimators.idle_units import saturates
from lamina.plots.axes import new_axes, require_matplotlib
from lamina.plots.ridges import draw_ridges
from lamina.studies import perceptron_inside

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import StepPatch
    from matplotlib.text import Text


class ActivationsDisplay:
    """The activations of each hidden layer, for all rows and units, as hills on one axis.

    To the right of each stands how many units are dead or saturated: flat for every row, so that no
    gradient reaches them; and what fraction of all activations is flat. Flat is a derivative below
    a hundredth of the activation's largest. A value that very many have, as the zeros of ReLUs,
    makes a peak that ends at the hill's top.

    Use `from_estimator` to make one.

    Parameters
    ----------
    activations : sequence of array-like of shape (n_samples, units)
        Of each hidden layer.
    layers : sequence of str
        Their names.
    idle : sequence of int
        How many units of each are flat for every row.
    flat : sequence of float
        The fraction of each layer's activations that are flat.
    saturated : sequence of bool
        Whether the layer's activation is flat at both ends, so that idle units are saturated rather
        than dead.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
    hills_ : list of StepPatch
        One a layer, the first on top.
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
    def from_estimator(cls, estimator: Any, X: Any, *, ax: Axes | None = None) -> Self:
        """What the hidden layers of a fitted perceptron, lamina's or scikit-learn's, make of rows.

        Parameters
        ----------
        estimator : estimator
            A perceptron, or a pipeline, search or the like that holds one.
        X : array-like of shape (n_samples, n_features)
            Rows as the estimator takes them; a few hundred are enough.
        ax : matplotlib Axes, default=None
            Where to draw; by default a new figure.

        Returns
        -------
        ActivationsDisplay
            Drawn.

        Raises
        ------
        NotFittedError
            For an estimator that has not been fitted.
        TypeError
            For one without a perceptron in it.
        ValueError
            For a network without a hidden layer.
        ImportError
            Where matplotlib is missing.
        """
        require_matplotlib(cls)
        inside = perceptron_inside(estimator)
        passes = inside.model._passes(inside.rows(X))
        hidden = passes.spec.blocks[:-1]
        if not hidden:
            raise ValueError("hidden_layer_sizes=() has no hidden layer to show: give it one")
        idleness = passes.idleness()
        display = cls(
            activations=passes.activations()[:-1],
            layers=[f"{block.name}\n{block.activation}" for block in hidden],
            idle=[each.n_idle for each in idleness],
            flat=[each.flat_fraction for each in idleness],
            saturated=[saturates(block.activation) for block in hidden],
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
