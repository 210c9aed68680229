"""Draw the activation of each unit of a network over a plane of inputs, layer by layer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain, pairwise
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lamina.encoding.frames import ArrayOrTable
from lamina.estimators.fitting.fitted_network import get_network
from lamina.plots.axes import Style, require_matplotlib
from lamina.plots.colours import foreground, readable_on, signed_colormap
from lamina.plots.deepest_point import deepest_point
from lamina.plots.names import output_names
from lamina.plots.panels import axes_for_panels, panels_in, subfigure_in
from lamina.plots.slices import slice_through
from lamina.studies import Inside
from lamina.studies.inside import one_network_inside

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage
    from sklearn.base import BaseEstimator

MOST_COLUMNS = 8
# Width of layer names and colour bars, in panels.
ASIDE = 1.3


class UnitsDisplay:
    """The activation of every unit over a plane of inputs: small panels, one row per layer.

    The colour shows the sign of the activation, more saturated for larger values relative to the
    layer. A line marks a change of sign, and both signs are written in a panel that has both. The
    last row shows the outputs.

    Use `from_estimator` to create one.

    Parameters
    ----------
    activations : sequence of array-like of shape (n_vertical, n_horizontal, n_units)
        Activations of each layer at the points of a grid.
    horizontal, vertical : array-like of shape (n_horizontal,) and (n_vertical,)
        Grid points along each axis.
    axis_names : tuple of two str
    layer_names : sequence of str
    unit_names : sequence of sequence of str
        Names of the units of each layer.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        The Axes whose area contains the panels.
    axes_ : list of list of Axes
        Panels of each layer.
    images_ : list of list of AxesImage

    Examples
    --------
    >>> from sklearn.datasets import make_circles
    >>> from lamina import MLPClassifier
    >>> from lamina.plots import UnitsDisplay
    >>> X, y = make_circles(100, noise=0.1, factor=0.5, random_state=0)
    >>> model = MLPClassifier((4,), "tanh", solver="lbfgs", max_iter=500, random_state=0)
    >>> display = UnitsDisplay.from_estimator(model.fit(X, y), X, grid_resolution=20)
    >>> [len(layer) for layer in display.axes_]
    [4, 1]
    """

    ax_: Axes
    figure_: Figure
    axes_: list[list[Axes]]
    images_: list[list[AxesImage]]

    def __init__(
        self,
        *,
        activations: Sequence[ArrayLike],
        horizontal: ArrayLike,
        vertical: ArrayLike,
        axis_names: Sequence[str],
        layer_names: Sequence[str],
        unit_names: Sequence[Sequence[str]],
    ) -> None:
        self.activations = [np.asarray(each, dtype=np.float64) for each in activations]
        self.horizontal, self.vertical = np.asarray(horizontal), np.asarray(vertical)
        self.axis_names = tuple(axis_names)
        self.layer_names = list(layer_names)
        self.unit_names = [list(each) for each in unit_names]

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: ArrayOrTable,
        *,
        features: Sequence[int | str] | None = None,
        along: str = "features",
        grid_resolution: int = 60,
        max_units: int = 16,
        feature_names: Sequence[str] | None = None,
        class_names: Sequence[str] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the activations of the units of a fitted perceptron of lamina or scikit-learn.

        Parameters
        ----------
        estimator : estimator
            Pipelines, TransformedTargetRegressor and searches are unwrapped; the plane lies in the
            input space of a pipeline.
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            Samples that define the range of the plane.
        features : two of int or str, optional
            Features that span the plane, by number or by name; the others stay at their median. Not
            needed for two features.
        along : {'features', 'principal components'}, default='features'
            'principal components' works for any number of features: the plane is spanned by the
            first two principal components of the standardised samples.
        grid_resolution : int, default=60
            Number of points along each axis.
        max_units : int, default=16
            Maximum number of units drawn per layer; the layer's name states how many it has.
        feature_names, class_names : sequence of str, optional
        ax : matplotlib Axes, default=None
            Axes whose area contains the panels; by default those of a new figure.

        Returns
        -------
        UnitsDisplay
            The drawn display.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator contains no perceptron.
        ValueError
            If there are more than two features and no two are chosen.
        ImportError
            If matplotlib is not installed.
        """
        require_matplotlib(cls)
        inside = one_network_inside(estimator)
        plane = slice_through(X, 2, features, along, feature_names)
        axes, points = plane.grid(grid_resolution)
        layers = inside.model.activations(inside.rows(plane.rows(points)))[1:]
        shape = (grid_resolution, grid_resolution)
        display = cls(
            activations=[a[:, :max_units].reshape(*shape, -1) for a in layers],
            horizontal=axes[0],
            vertical=axes[1],
            axis_names=plane.names,
            layer_names=_layer_names(inside, max_units),
            unit_names=_unit_names(inside, max_units, class_names),
        )
        return display.plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the panels; parameters as in `from_estimator`."""
        counts = [list(_in_rows(a.shape[-1])) for a in self.activations]
        rows = [*chain.from_iterable(counts)]
        self.ax_ = axes_for_panels(self, len(rows), max(rows) + ASIDE) if ax is None else ax
        self.figure_ = self.ax_.get_figure(root=True)  # type: ignore[assignment]
        room = subfigure_in(self.ax_)
        grid = room.add_gridspec(len(rows), max(rows) + 1, width_ratios=[1] * max(rows) + [0.1])
        panels = iter(panels_in(room, grid, rows))
        self.axes_ = [[panel for _ in layer for panel in next(panels)] for layer in counts]
        self.images_ = [self._layer(layer) for layer in range(len(self.activations))]
        ends = [0, *accumulate(map(len, counts))]
        for layer, (first, end) in enumerate(pairwise(ends)):
            self._scale(layer, room.add_subplot(grid[first:end, -1]))
        for name, axis, write in (
            (self.axis_names[0], self.horizontal, room.supxlabel),
            (self.axis_names[1], self.vertical, room.supylabel),
        ):
            label = f"{name}, {axis[0]:.3g} to {axis[-1]:.3g}".replace("-", "−")
            write(label, fontsize="medium")
        return self

    def _layer(self, layer: int) -> list[AxesImage]:
        """Draw the panels of one layer."""
        activations, panels = self.activations[layer], self.axes_[layer]
        largest = float(np.abs(activations).max()) or 1.0
        span: Style = {"cmap": signed_colormap(), "vmin": -largest, "vmax": largest}
        images = []
        for k, (panel, name) in enumerate(zip(panels, self.unit_names[layer], strict=True)):
            images.append(self._unit(panel, activations[..., k], span))
            panel.set_title(name, fontsize="small", pad=3)
        stand: Style = {"rotation": 0, "ha": "right", "va": "center", "fontsize": "small"}
        panels[0].set_ylabel(self.layer_names[layer], labelpad=8, **stand)
        return images

    def _scale(self, layer: int, ax: Axes) -> None:
        """Draw the colour bar of a layer over the range of its activations."""
        activations = self.activations[layer]
        is_last = layer + 1 == len(self.activations)
        self.figure_.colorbar(self.images_[layer][0], cax=ax)
        ax.set_ylabel("output" if is_last else "activation", fontsize="small")
        ax.set_ylim(min(0.0, activations.min()), max(0.0, activations.max()) or 1.0)
        ax.tick_params(labelsize="small")

    def _unit(self, panel: Axes, seen: NDArray[np.float64], span: Style) -> AxesImage:
        x, y = self.horizontal, self.vertical
        edges = (float(x[0]), float(x[-1]), float(y[0]), float(y[-1]))
        image = panel.imshow(
            seen, origin="lower", extent=edges, aspect="auto", interpolation="bilinear", **span
        )
        if seen.min() < 0 < seen.max():
            panel.contour(x, y, seen, levels=[0], colors=[foreground()], linewidths=0.8)
        if seen.min() < 0:
            self._signs(panel, image)
        return image

    def _signs(self, panel: Axes, image: AxesImage) -> None:
        """Write a sign in each of both regions, as print may lose the colours."""
        seen = np.asarray(image.get_array())
        for sign, region in (("−", seen < 0), ("+", seen > 0)):
            if (place := deepest_point(region)) is not None:
                ink = readable_on(image.cmap(image.norm(seen[place])))
                x, y = float(self.horizontal[place[1]]), float(self.vertical[place[0]])
                panel.text(x, y, sign, ha="center", va="center", color=ink)


def _in_rows(n_units: int) -> Iterable[int]:
    """Return the number of panels in each row of a layer, as even as possible."""
    n_rows = math.ceil(n_units / MOST_COLUMNS)
    return map(len, np.array_split(np.arange(n_units), n_rows))


def _layer_names(inside: Inside, max_units: int) -> list[str]:
    spec = get_network(inside.model).spec
    names = [
        f"hidden {number}\n{block.output_function}"
        for number, block in enumerate(spec.layers[:-1], 1)
    ]
    names.append(f"output\n{spec.inverse_link}")
    return [
        name if block.fan_out <= max_units else f"{name}\n{max_units} of {block.fan_out:,}"
        for name, block in zip(names, spec.layers, strict=True)
    ]


def _unit_names(
    inside: Inside, max_units: int, class_names: Sequence[str] | None
) -> list[list[str]]:
    spec = get_network(inside.model).spec
    hidden = [
        [str(k + 1) for k in range(min(block.fan_out, max_units))] for block in spec.layers[:-1]
    ]
    return [*hidden, output_names(inside.model, class_names)[:max_units]]
