"""Widths of the hidden layers, from `hidden_layer_sizes`, or from `width` and `depth`."""

from __future__ import annotations

from lamina.estimators.settings.constraints import hidden_widths
from lamina.estimators.settings.parametrized import Parametrized
from lamina.estimators.settings.refusals import shown

DEFAULT_WIDTHS = [100]


def layer_widths(model: Parametrized) -> list[int]:
    """Return the number of units of each hidden layer.

    Raises
    ------
    TypeError, ValueError
        For `hidden_layer_sizes` that are not positive integers.

    Examples
    --------
    >>> from lamina import MLPRegressor
    >>> layer_widths(MLPRegressor(hidden_layer_sizes=(30, 20)))
    [30, 20]
    >>> layer_widths(MLPRegressor(width=50, depth=3)), layer_widths(MLPRegressor(depth=0))
    ([50, 50, 50], [])
    """
    if model.width is None and model.depth is None:
        return hidden_widths(model.hidden_layer_sizes)
    width = DEFAULT_WIDTHS[0] if model.width is None else int(model.width)
    return [width] * (len(DEFAULT_WIDTHS) if model.depth is None else int(model.depth))


def describe_layers(model: Parametrized) -> str:
    """Return the parameters that set the hidden layers as code."""
    if model.width is None and model.depth is None:
        return f"hidden_layer_sizes={model.hidden_layer_sizes!r}"
    names = [name for name in ("width", "depth") if getattr(model, name) is not None]
    return ", ".join(f"{name}={getattr(model, name)!r}" for name in names)


def layers_set_twice(model: Parametrized) -> str | None:
    """Return the message for `width` or `depth` together with other `hidden_layer_sizes`."""
    if model.width is None and model.depth is None:
        return None
    if hidden_widths(model.hidden_layer_sizes) == DEFAULT_WIDTHS:
        return None
    return (
        f"{describe_layers(model)} gives every hidden layer one width, and "
        f"hidden_layer_sizes={shown(model.hidden_layer_sizes)} sets them one by one. Leave "
        "hidden_layer_sizes at its default, or set width=None and depth=None."
    )
