"""Draw the weights of a network as images, as a heat map, or as distributions by layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lamina.estimators.fitting.fitted_network import get_network
from lamina.plots.axes import Style, StyleValue, new_axes, require_matplotlib
from lamina.plots.choices import chosen
from lamina.plots.colours import background, readable_on, signed_colormap
from lamina.plots.names import first_layer_names, output_names
from lamina.plots.ridges import draw_ridges
from lamina.significant import significant
from lamina.studies.checks import integer
from lamina.studies.inside import one_network_inside

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.colorbar import Colorbar
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage
    from matplotlib.patches import StepPatch
    from matplotlib.text import Text
    from sklearn.base import BaseEstimator

KINDS = ("heat map", "images", "histograms")
MOST_COLUMNS, MOST_ROWS = 16, 40
MOST_NUMBERS = 120
MOST_NUMBERED_IMAGES = 36
# Quantile of the weights at the end of the colour scale, so that an outlier does not dominate it.
STRONGEST = 0.998


class WeightsDisplay:
    """The weights of one layer as images or a heat map, or of all layers as distributions.

    Use `from_estimator` to create one.

    Parameters
    ----------
    weights : sequence of array-like of shape (fan_in, fan_out)
        Weights of each layer.
    layers : sequence of str
        Names of the layers.
    input_names, output_names : sequence of str
        Names of the network's inputs and outputs.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
    image_ : AxesImage or None
        The heat map, or all images as one; None for distributions.
    colorbar_ : Colorbar or None
    units_ : list of int
        Numbers of the units that are shown; with many images, only some of the layer's.
    labels_ : list of Text
        Numbers on images, or in the cells of a small heat map.
    hills_ : list of StepPatch
        The distributions, the first layer on top.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from lamina import MLPClassifier
    >>> from lamina.plots import WeightsDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> model = MLPClassifier((16,), tol=0.1, random_state=0).fit(X / 16, y)
    >>> display = WeightsDisplay.from_estimator(model, image_shape=(8, 8))
    >>> len(display.units_), display.ax_.get_title()
    (16, 'hidden_1: the weights into each unit')
    """

    ax_: Axes
    figure_: Figure
    image_: AxesImage | None
    colorbar_: Colorbar | None
    units_: list[int]
    labels_: list[Text]
    hills_: list[StepPatch]

    def __init__(
        self,
        *,
        weights: Sequence[ArrayLike],
        layers: Sequence[str],
        input_names: Sequence[str],
        output_names: Sequence[str],
    ) -> None:
        self.weights = [np.asarray(each, dtype=np.float64) for each in weights]
        self.layers = list(layers)
        self.input_names, self.output_names = list(input_names), list(output_names)

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        *,
        ax: Axes | None = None,
        kind: str | None = None,
        layer: int | str = 0,
        image_shape: tuple[int, int] | None = None,
        max_units: int = 64,
        feature_names: Sequence[str] | None = None,
    ) -> Self:
        """Draw the weights of a fitted perceptron of lamina or scikit-learn.

        Parameters
        ----------
        estimator : estimator
            A perceptron, or a pipeline, search or similar estimator that contains one.
        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.
        kind : {'heat map', 'images', 'histograms'}, default=None
            - 'heat map': a cell for each weight, with inputs as rows and units as columns;
            - 'images': the weights into each unit, arranged like the pixels of the input;
            - 'histograms': the distribution of the weights of each layer.

            By default images if `image_shape` is given, else a heat map.
        layer : int or str, default=0
            Layer to show as a heat map or images: by number, where -1 is the output layer, or by
            name.
        image_shape : tuple of (int, int), default=None
            Rows and columns of an image of the layer's inputs.
        max_units : int, default=64
            Maximum number of images; of more units, those with the largest weights are shown.
        feature_names : sequence of str, default=None
            Names of the inputs; by default those seen in fit.

        Returns
        -------
        WeightsDisplay
            The drawn display.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator contains no perceptron.
        ValueError
            For an unknown kind or layer, and for an image shape that does not match the inputs.
        ImportError
            If matplotlib is not installed.
        """
        require_matplotlib(cls)
        inside = one_network_inside(estimator)
        network = get_network(inside.model)
        display = cls(
            weights=network.weights,
            layers=[block.name for block in network.spec.weighted_blocks],
            input_names=first_layer_names(inside, feature_names),
            output_names=output_names(inside.model),
        )
        return display.plot(
            ax, kind=kind, layer=layer, image_shape=image_shape, max_units=max_units
        )

    def plot(
        self,
        ax: Axes | None = None,
        *,
        kind: str | None = None,
        layer: int | str = 0,
        image_shape: tuple[int, int] | None = None,
        max_units: int = 64,
    ) -> Self:
        """Draw the weights; parameters as in `from_estimator`."""
        kind = chosen("kind", kind or KINDS[image_shape is not None], KINDS)
        place = self._place(layer)
        shape = None if kind != "images" else self._image_shape(place, image_shape)
        max_units = integer("max_units", max_units)
        self.ax_ = new_axes(self) if ax is None else ax
        self.figure_ = self.ax_.get_figure(root=True)  # type: ignore[assignment]
        self.image_ = self.colorbar_ = None
        self.labels_, self.hills_, self.units_ = [], [], [*range(self.weights[place].shape[1])]
        if shape is not None:
            self._plot_images(place, shape, max_units)
        elif kind == "heat map":
            self._plot_heat_map(place)
        else:
            self._plot_histograms()
        return self

    def _plot_images(self, place: int, shape: tuple[int, int], max_units: int) -> None:
        W = self.weights[place]
        title = f"{self.layers[place]}: the weights into each unit"
        if W.shape[1] > max_units:
            largest = np.argsort(-np.linalg.norm(W, axis=0), kind="stable")[:max_units]
            self.units_ = sorted(largest.tolist())
            title = f"{self.layers[place]}: the {max_units} of {W.shape[1]} units with most weight"
        columns = _columns(len(self.units_), shape)
        tiles = mosaic(W[:, self.units_].T.reshape(-1, *shape), columns)
        self._show(tiles, W, interpolation="nearest")
        self.ax_.set_title(title)
        self.ax_.set_axis_off()
        if len(self.units_) <= MOST_NUMBERED_IMAGES:
            for i, unit in enumerate(self.units_):
                row, column = divmod(i, columns)
                corner = column * (shape[1] + 1) - 0.5, row * (shape[0] + 1) - 0.5
                self._number(str(unit + 1), corner)

    def _number(self, text: str, corner: tuple[float, float]) -> None:
        box: Style = {
            "boxstyle": "square,pad=0.1",
            "facecolor": background(),
            "edgecolor": "none",
        }
        look: Style = {"ha": "left", "va": "top", "fontsize": "small", "bbox": box}
        self.labels_.append(self.ax_.text(*corner, text, **look))

    def _plot_heat_map(self, place: int) -> None:
        W, ax = self.weights[place], self.ax_
        self._show(W, W, aspect="auto", interpolation="nearest")
        ax.set_title(self.layers[place])
        ax.set_xlabel("output" if place == len(self.weights) - 1 else "unit")
        ax.set_ylabel("input" if place == 0 else f"unit of {self.layers[place - 1]}")
        outputs = self.output_names if place == len(self.weights) - 1 else None
        _label_units(ax.xaxis, W.shape[1], outputs, MOST_COLUMNS)
        _label_units(ax.yaxis, W.shape[0], self.input_names if place == 0 else None, MOST_ROWS)
        if W.size <= MOST_NUMBERS:
            self._write_weights(W)

    def _write_weights(self, W: NDArray[np.float64]) -> None:
        assert self.image_ is not None
        for (row, column), weight in np.ndenumerate(W):
            ink = readable_on(self.image_.cmap(self.image_.norm(np.array(weight))))
            look: Style = {
                "ha": "center",
                "va": "center",
                "fontsize": "small",
                "color": ink,
            }
            self.labels_.append(self.ax_.text(column, row, significant(weight, digits=2), **look))

    def _plot_histograms(self) -> None:
        remarks = [f"{W.size:,} weights\nstd {W.std():.2g}" for W in self.weights]
        self.hills_, _ = draw_ridges(self.ax_, self.weights, self.layers, remarks)
        self.ax_.set_xlabel("weight")

    def _show(
        self, image: NDArray[np.float64], W: NDArray[np.float64], **options: StyleValue
    ) -> None:
        """Draw an image of signed numbers on a scale that is symmetric about zero."""
        strongest = float(np.quantile(np.abs(W), STRONGEST)) or 1.0
        scale: Style = {"vmin": -strongest, "vmax": strongest, "cmap": signed_colormap()}
        self.image_ = self.ax_.imshow(image, **scale, **options)
        self.colorbar_ = self.figure_.colorbar(self.image_, ax=self.ax_, label="weight")

    def _place(self, layer: int | str) -> int:
        if isinstance(layer, str):
            return self.layers.index(chosen("layer", layer, self.layers))
        n = len(self.layers)
        if not -n <= layer < n:
            raise ValueError(
                f"layer={layer!r} is not among the {n}: the first is 0, the last {n - 1} or -1, "
                f"their names are {', '.join(map(repr, self.layers))}"
            )
        return layer % n

    def _image_shape(self, place: int, shape: tuple[int, int] | None) -> tuple[int, int]:
        n_inputs = self.weights[place].shape[0]
        if shape is None:
            raise ValueError(
                f"kind='images' needs image_shape=(rows, columns) of the {n_inputs} inputs of "
                f"{self.layers[place]!r}"
            )
        rows, columns = (integer("image_shape", each) for each in shape)
        if rows * columns != n_inputs:
            raise ValueError(
                f"image_shape={shape!r} has {rows * columns} pixels, but {self.layers[place]!r} "
                f"has {n_inputs} inputs"
            )
        return rows, columns


def mosaic(tiles: NDArray[np.float64], columns: int) -> NDArray[np.float64]:
    """Return images of one shape arranged in rows, separated by pixels of NaN.

    Examples
    --------
    >>> mosaic(np.ones((3, 1, 1)), columns=2)
    array([[ 1., nan,  1.],
           [nan, nan, nan],
           [ 1., nan, nan]])
    """
    n, height, width = tiles.shape
    rows = -(-n // columns)
    whole = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1), np.nan)
    for i, tile in enumerate(tiles):
        row, column = divmod(i, columns)
        top, left = row * (height + 1), column * (width + 1)
        whole[top : top + height, left : left + width] = tile
    return whole


def _columns(n: int, shape: tuple[int, int]) -> int:
    """Return the number of images per row, for a 4:3 grid with few gaps at the end."""
    height, width = shape
    best = min(n, max(1, round(math.sqrt(n * height / width * 4 / 3))))
    near = range(max(1, best - 2), min(n, best + 2) + 1)
    return min(near, key=lambda columns: (-n % columns, abs(columns - best)))


def _label_units(axis: Axis, n: int, names: Sequence[str] | None, most: int) -> None:
    """Label the rows or columns of a heat map with names, or with numbers from 1."""
    if n <= most:
        axis.set_ticks(range(n), names or [str(i + 1) for i in range(n)])
    else:
        axis.set_major_formatter(lambda place, _: f"{place + 1:.0f}")
