"""The axes that pictures are drawn on: new ones, a panel below another, a quiet frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def require_matplotlib(display: Any) -> Any:
    """pyplot, or an error that says what a display needs.

    Parameters
    ----------
    display : object or type
        Who asks.

    Raises
    ------
    ImportError
        Where matplotlib is missing.
    """
    try:
        from matplotlib import pyplot
    except ImportError as error:
        name = display.__name__ if isinstance(display, type) else type(display).__name__
        raise ImportError(f'{name} needs matplotlib: pip install "lamina[plots]"') from error
    return pyplot


def new_axes(display: Any, **options: Any) -> Axes:
    """The axes of a new figure; options go to `subplots`."""
    _, ax = require_matplotlib(display).subplots(**{"layout": "constrained"} | options)
    return ax  # type: ignore[no-any-return]


def panel_below(ax: Axes, heights: Sequence[float]) -> Axes:
    """A second Axes in the lower part of the room that the first one had, with one x axis."""
    figure: Any = ax.get_figure()
    place = ax.get_subplotspec()
    if place is None:
        left, bottom, width, height = ax.get_position().bounds
        lower = height * heights[1] / sum(heights)
        ax.set_position((left, bottom + lower, width, height - lower))
        below: Axes = figure.add_axes((left, bottom, width, 0.9 * lower), sharex=ax)
    else:
        panels = place.subgridspec(2, 1, height_ratios=heights, hspace=0.05)
        ax.set_subplotspec(panels[0])
        below = figure.add_subplot(panels[1], sharex=ax)
    ax.tick_params(axis="x", labelbottom=False)
    return below


def quiet(ax: Axes, grid: bool = True) -> None:
    """Two spines instead of four, and a grid that stays behind the data."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_axisbelow(True)
    if grid:
        ax.grid(alpha=0.3)
