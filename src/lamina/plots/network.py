"""Draw the diagram of a network: layers as columns, weights as lines, units as circles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lamina.encoding.frames import ArrayOrTable
from lamina.estimators.fitting.fitted_network import get_network
from lamina.formulas.table import AnyArray
from lamina.plots.axes import require_matplotlib
from lamina.plots.choices import chosen
from lamina.plots.names import first_layer_names, output_names
from lamina.plots.network_drawing import Diagram, number
from lamina.plots.network_layout import DrawnLayer, lay_out
from lamina.plots.network_lettering import Lettering, write_legend
from lamina.studies import Inside
from lamina.studies.inside import one_network_inside

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend
    from matplotlib.patches import Circle
    from matplotlib.text import Text
    from sklearn.base import BaseEstimator

ORIENTATIONS = ("horizontal", "vertical")
FILLS = ("activation", "bias")
WIDTH_SCALES = ("network", "layer")


class NetworkDisplay:
    """The diagram of a fitted network.

    Each line is a weight, wider for a larger magnitude and dashed for a negative one. Circles are
    filled by the units' activations for one sample, or by their biases. With activations, biases
    are drawn as lines from bias units, which always give 1. If a layer is large, only its first and
    last units are drawn, with the number of the others.

    Use `from_estimator` to create one.

    Parameters
    ----------
    weights : sequence of array-like of shape (fan_in, fan_out)
        Weights of each layer.
    biases : sequence of array-like of shape (fan_out,)
    activations : sequence of array-like of shape (n_units,), optional
        Activations of each layer for one sample, the inputs first.
    input_names, output_names : sequence of str, optional
    captions : sequence of str, optional
        Text below each layer, the inputs first.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
    columns_ : list of DrawnLayer
        Positions of the units of each layer that are drawn.
    units_ : list of list of Circle
        The drawn units of each layer, inputs first.
    positive_, negative_ : list of LineCollection
        Weights and biases between adjacent layers; a weight of 0 has no line.
    weight_labels_ : list of Text
    legend_ : Legend or None

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from lamina import MLPClassifier
    >>> from lamina.plots import NetworkDisplay
    >>> iris = load_iris(as_frame=True)
    >>> model = MLPClassifier((3, 2), "tanh", solver="lbfgs", max_iter=1000, random_state=0)
    >>> model = model.fit(iris.data, iris.target_names[iris.target])
    >>> display = NetworkDisplay.from_estimator(model, row=iris.data[:1])
    >>> [len(layer) for layer in display.units_]
    [4, 3, 2, 3]
    """

    ax_: Axes
    figure_: Figure
    columns_: list[DrawnLayer]
    units_: list[list[Circle]]
    positive_: list[LineCollection]
    negative_: list[LineCollection]
    weight_labels_: list[Text]
    legend_: Legend | None

    def __init__(
        self,
        *,
        weights: Sequence[ArrayLike],
        biases: Sequence[ArrayLike],
        activations: Sequence[ArrayLike] | None = None,
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
        captions: Sequence[str] | None = None,
    ) -> None:
        self.weights = [np.asarray(each, dtype=np.float64) for each in weights]
        self.biases = [np.asarray(each, dtype=np.float64) for each in biases]
        self.activations = None
        if activations is not None:
            self.activations = [np.asarray(each, dtype=np.float64) for each in activations]
        self.input_names = None if input_names is None else list(input_names)
        self.output_names = None if output_names is None else list(output_names)
        self.captions = None if captions is None else list(captions)

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        row: ArrayOrTable = None,
        *,
        ax: Axes | None = None,
        feature_names: Sequence[str] | None = None,
        class_names: Sequence[str] | None = None,
        orientation: str = "horizontal",
        fill: str | None = None,
        max_units: int = 10,
        weight_labels: bool | None = None,
        width_scale: str = "network",
        legend: bool = True,
    ) -> Self:
        """Draw the diagram of a fitted perceptron of lamina or scikit-learn.

        Parameters
        ----------
        estimator : estimator
            Pipelines, TransformedTargetRegressor and searches are unwrapped.
        row : array-like of shape (n_features,) or (1, n_features), optional
            A sample, whose activations fill the units; it passes through a pipeline's earlier
            steps. Without it, biases fill the units.
        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure whose size suits the network.
        feature_names : sequence of str, optional
            Name of each input; by default those of the data frame, or x₁, x₂, …
        class_names : sequence of str, optional
            Name of each class, or of each output of a regressor.
        orientation : {'horizontal', 'vertical'}, default='horizontal'
            'horizontal' puts the inputs on the left, 'vertical' at the bottom.
        fill : {'activation', 'bias'} or None, default=None
            Values that colour the units; None means activations if `row` is given, else biases.
        max_units : int, default=10
            Maximum number of units drawn per layer.
        weight_labels : bool or None, default=None
            If True, write each weight on its line; None does so if there is room.
        width_scale : {'network', 'layer'}, default='network'
            With 'network', the widest line is the largest weight of the network, so layers are
            comparable; with 'layer', it is the largest of its layer.
        legend : bool, default=True
            If True, add a legend of lines and colours.

        Returns
        -------
        NetworkDisplay
            The drawn display.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator contains no perceptron.
        ValueError
            For more than one sample, for a wrong number of names, and for an invalid option.
        ImportError
            If matplotlib is not installed.
        """
        require_matplotlib(cls)
        inside = one_network_inside(estimator)
        display = cls(
            weights=inside.model.coefs_,
            biases=inside.model.intercepts_,
            activations=None if row is None else _activations(inside, row),
            input_names=first_layer_names(inside, feature_names),
            output_names=output_names(inside.model, class_names),
            captions=_captions(inside.model),
        )
        return display.plot(
            ax,
            orientation=orientation,
            fill=fill,
            max_units=max_units,
            weight_labels=weight_labels,
            width_scale=width_scale,
            legend=legend,
        )

    def plot(
        self,
        ax: Axes | None = None,
        *,
        orientation: str = "horizontal",
        fill: str | None = None,
        max_units: int = 10,
        weight_labels: bool | None = None,
        width_scale: str = "network",
        legend: bool = True,
    ) -> Self:
        """Draw the diagram; parameters as in `from_estimator`."""
        is_horizontal = chosen("orientation", orientation, ORIENTATIONS) == ORIENTATIONS[0]
        by_layer = chosen("width_scale", width_scale, WIDTH_SCALES) == WIDTH_SCALES[1]
        fills_by_bias = self._fill(fill) == "bias"
        if max_units < 2:
            raise ValueError(f"max_units={max_units!r} must be at least 2: a first and a last unit")
        widths = [self.weights[0].shape[0], *(each.shape[1] for each in self.weights)]
        self.columns_ = lay_out(widths, max_units, not fills_by_bias, is_horizontal)
        names = self.input_names, self.output_names
        lettering = Lettering(*names, self.captions, legend, is_horizontal)
        diagram = Diagram.on(ax, self, self.columns_, lettering)
        self.ax_ = diagram.ax
        self.figure_ = self.ax_.get_figure(root=True)  # type: ignore[assignment]
        edges = diagram.edges(self.weights, None if fills_by_bias else self.biases, by_layer)
        self.positive_ = [positive for positive, _ in edges]
        self.negative_ = [negative for _, negative in edges]
        self.weight_labels_ = []
        if diagram.has_room_for_labels if weight_labels is None else weight_labels:
            self.weight_labels_ = diagram.weight_labels()
        self.units_ = diagram.units(self._values(fills_by_bias), is_bias=fills_by_bias)
        lettering.write(self.ax_, self.columns_, diagram.unit)
        self.legend_ = None
        if legend:
            widest = diagram.largest_weight
            text = None if widest is None else number(widest)
            what = "bias" if fills_by_bias else "activation"
            self.legend_ = write_legend(self.ax_, diagram.unit, what, text)
        return self

    def _fill(self, fill: str | None) -> str:
        if fill is None:
            return "bias" if self.activations is None else "activation"
        if chosen("fill", fill, FILLS) == "activation" and self.activations is None:
            raise ValueError("fill='activation' needs row=, the row whose activations are shown")
        return fill

    def _values(self, is_bias: bool) -> list[NDArray[np.float64] | None]:
        """Return the values that fill each layer's units; inputs have no bias."""
        if is_bias:
            return [None, *self.biases]
        return list(self.activations or ())


def _activations(inside: Inside, row: ArrayOrTable) -> list[AnyArray]:
    """Return the activations of every layer for the sample, the inputs first."""
    shape = np.shape(row)
    if len(shape) == 1:
        # A row of a data frame is a Series, which to_frame makes a column.
        row = row.to_frame().T if hasattr(row, "to_frame") else np.reshape(row, (1, -1))
    elif shape[0] != 1:
        raise ValueError(f"row of shape {shape} is more than one row: give one, such as X[:1]")
    layers = inside.model.activations(inside.rows(row))
    first = layers[0].toarray() if hasattr(layers[0], "toarray") else layers[0]
    return [first[0], *(layer[0] for layer in layers[1:])]


def _captions(model: BaseEstimator) -> list[str]:
    """Return the caption of each layer, with line breaks."""
    spec = get_network(model).spec
    stage = spec.input_stage
    of_columns = "" if stage is None else f" of {spec.n_features:,} columns"
    captions = [f"inputs\n{spec.layers[0].fan_in:,}{of_columns}"]
    for place, block in enumerate(spec.layers[:-1], start=1):
        what = "\n".join([str(block.output_function), *block.remarks(training=False)])
        captions.append(f"hidden {place}\n{block.fan_out:,} × {what}")
    ends = (
        [spec.inverse_link]
        if model.output_activation is None
        else [str(spec.blocks[-1].output_function), spec.inverse_link]
    )
    captions.append(f"output\n{spec.n_outputs:,} × {chr(10).join(ends)}")
    return captions
