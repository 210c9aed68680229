"""Description of a network as a table of its layers: as text, as HTML, as a data frame."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lamina.blocks import AnyBlock
from lamina.encoding.frames import pandas_or
from lamina.estimators.fitting.fitted_network import get_network
from lamina.estimators.inspection.passes import Passes
from lamina.estimators.settings.architecture import build_network, read_architecture
from lamina.estimators.settings.hidden_layers import layer_widths
from lamina.estimators.settings.input_columns import read_inputs
from lamina.estimators.settings.parametrized import Parametrized
from lamina.formulas import INVERSE_LINKS
from lamina.formulas.table import Array
from lamina.network import NetworkSpec
from lamina.significant import significant

if TYPE_CHECKING:
    import pandas as pd

UNKNOWN = "?"
# Widths that no network has; they stand for the numbers of features and outputs before a fit.
NOT_YET = (1 << 40, (1 << 40) + 1)
HEADINGS = {
    "layer": "layer",
    "activation": "activation",
    "extra": "extra",
    "fan_in": "fan_in",
    "fan_out": "fan_out",
    "n_parameters": "parameters",
    "weight_mean": "mean weight",
    "weight_std": "std",
    "largest_weight": "largest",
    "n_dead": "dead units",
}
# scikit-learn's class of table rows; its text is always black, so it suits only that page.
ROW = "default"
WORDS = ("layer", "activation", "extra")


@dataclass(frozen=True)
class LayerDescription:
    """Description of one layer; None marks a value that is unavailable or was not requested.

    Attributes
    ----------
    layer : str
        'hidden_1', 'hidden_2', …, 'output'.
    activation : str
        Activation function; for the output layer also the inverse link, unless it is the identity.
    extra : str
        Other parts of the layer: normalization, dropout, a residual connection.
    fan_in, fan_out : int or None
        Number of inputs and outputs.
    n_parameters : int or None
        Number of trained parameters.
    weight_mean, weight_std, largest_weight : float or None
        Statistics of the weights; the largest is the one of largest magnitude.
    n_dead : int or None
        Number of hidden units whose activation is flat for every sample passed, so that their
        output is constant or they no longer learn: dead ReLUs, saturated sigmoids.
    """

    layer: str
    activation: str
    extra: str
    fan_in: int | None
    fan_out: int | None
    n_parameters: int | None
    weight_mean: float | None = None
    weight_std: float | None = None
    largest_weight: float | None = None
    n_dead: int | None = None


@dataclass(frozen=True)
class NetworkDescription:
    """Result of `describe`, which prints as a table and renders as one in a notebook.

    Attributes
    ----------
    title : str
    layers : tuple of LayerDescription
    n_parameters : int or None
        Total over all layers.
    dtype : str or None
        Data type of the parameters.
    diagnoses : tuple of str
        Problems found in the latest fit.
    """

    title: str
    layers: tuple[LayerDescription, ...]
    n_parameters: int | None
    dtype: str | None
    diagnoses: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, list[Any]]:
        """Return the columns of the table, with None for unavailable values."""
        rows = [asdict(layer) for layer in self.layers]
        return {name: [row[name] for row in rows] for name in HEADINGS}

    def to_frame(self) -> pd.DataFrame:
        """Return the table as a data frame, one row per layer.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        pandas = pandas_or("to_dict()")
        return pandas.DataFrame(self.to_dict()).set_index("layer")

    @property
    def summary(self) -> str:
        """Total number of parameters, in one line."""
        if self.n_parameters is None:
            return "Features and outputs are not known before fit."
        return f"{self.n_parameters:,} parameters in {self.dtype}"

    def __repr__(self) -> str:
        columns = [(name in WORDS, [HEADINGS[name], *cells]) for name, cells in self._columns()]
        widths = [max(map(len, cells)) for _, cells in columns]
        lines = []
        for row in range(len(self.layers) + 1):
            aligned = (
                cells[row].ljust(width) if is_word else cells[row].rjust(width)
                for (is_word, cells), width in zip(columns, widths, strict=True)
            )
            lines.append("  ".join(aligned).rstrip())
        return "\n".join([self.title, *lines, *self._remarks()])

    def _repr_html_(self) -> str:
        return (
            f"<p>{html.escape(self.title)}</p>"
            f'<table style="border-spacing: 1em 0.2em">{self._rows_as_html()}</table>'
            f"{self._remarks_as_html()}"
        )

    def as_fold(self) -> str:
        """Return the table as a collapsed section, in the style of scikit-learn's HTML."""
        return (
            '<div class="estimator-table"><details><summary>Layers</summary>'
            f'<table class="parameters-table"><tbody>{self._rows_as_html(ROW)}</tbody></table>'
            f"{self._remarks_as_html()}</details></div>"
        )

    def _columns(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the name and cells of each column that is not empty, as text."""
        for name, values in self.to_dict().items():
            if any(value not in (None, "") for value in values):
                yield name, [_as_text(name, value) for value in values]

    def _remarks(self) -> tuple[str, ...]:
        return (self.summary, *self.diagnoses)

    def _rows_as_html(self, row_class: str = "") -> str:
        of_class = f' class="{row_class}"' if row_class else ""
        names, columns = zip(*self._columns(), strict=True)
        rows = [[f"<th>{HEADINGS[name]}</th>" for name in names]]
        for cells in zip(*columns, strict=True):
            sides = ("left" if name in WORDS else "right" for name in names)
            rows.append(
                [
                    f'<td style="text-align: {side}">{html.escape(cell)}</td>'
                    for side, cell in zip(sides, cells, strict=True)
                ]
            )
        return "".join(f"<tr{of_class}>{''.join(row)}</tr>" for row in rows)

    def _remarks_as_html(self) -> str:
        return "".join(f"<p>{html.escape(remark)}</p>" for remark in self._remarks())


def describe(model: Parametrized, passes: Passes | None = None) -> NetworkDescription:
    """Describe the network of an estimator, fitted or not; count dead units if given samples."""
    title = type(model).__name__
    if "coefs_" not in vars(model):
        layers = (*_inputs_to_come(model), *_layers(model, _network_to_come(model), UNKNOWN))
        return NetworkDescription(f"{title}, not fitted", layers, None, None)
    network = get_network(model)
    spec = network.spec
    weights = dict(zip(spec.weighted_blocks, network.weights, strict=True))
    n_dead = (
        [None] * len(spec.blocks)
        if passes is None
        else [
            *([None] if spec.input_stage else []),
            *(each.n_idle for each in passes.idleness()),
            None,
        ]
    )
    layers = tuple(
        _with_weights(layer, weights.get(block), dead)
        for layer, block, dead in zip(
            _layers(model, spec, spec.inverse_link), spec.blocks, n_dead, strict=True
        )
    )
    diagnoses = tuple(vars(model).get("diagnoses_") or ())
    return NetworkDescription(
        title, layers, network.layout.n_trained, str(network.dtype), diagnoses
    )


def _network_to_come(model: Parametrized) -> NetworkSpec:
    """Return the network that the parameters define, as far as it is determined before a fit."""
    n_features, n_outputs = NOT_YET
    widths = [n_features, *layer_widths(model), n_outputs]
    return build_network(tuple(widths), read_architecture(model), next(iter(INVERSE_LINKS)))


def _inputs_to_come(model: Parametrized) -> Iterator[LayerDescription]:
    """Yield the input stage of a model that is not fitted, if it has one."""
    if inputs := read_inputs(model.inputs):
        kinds = ", ".join(each.name for each in inputs)
        yield LayerDescription("inputs", "identity", kinds, None, None, None)


def _layers(
    model: Parametrized, spec: NetworkSpec, inverse_link: str
) -> Iterator[LayerDescription]:
    for block in spec.blocks[:-1]:
        yield _layer(block, str(block.output_function))
    last = spec.blocks[-1]
    functions = [] if model.output_activation is None else [str(last.output_function)]
    yield _layer(last, ", ".join([*functions, inverse_link]))


def _layer(block: AnyBlock, activation: str) -> LayerDescription:
    fan_in, fan_out = (None if n in NOT_YET else n for n in (block.fan_in, block.fan_out))
    is_built = fan_in is not None and fan_out is not None
    return LayerDescription(
        layer=block.name,
        activation=activation,
        extra=", ".join(block.remarks()),
        fan_in=fan_in,
        fan_out=fan_out,
        n_parameters=block.n_trained if is_built else None,
    )


def _with_weights(
    layer: LayerDescription, weights: Array | None, n_dead: int | None
) -> LayerDescription:
    if weights is None:
        return layer
    return replace(
        layer,
        weight_mean=float(weights.mean()),
        weight_std=float(weights.std()),
        largest_weight=float(np.abs(weights).max()),
        n_dead=n_dead,
    )


def _as_text(name: str, value: object) -> str:
    if value is None:
        return "" if name == "n_dead" else UNKNOWN
    if isinstance(value, float):
        return significant(value, digits=3)
    return f"{value:,}" if isinstance(value, int) else str(value)
