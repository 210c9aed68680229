"""The axes of pictures: new ones, panels below others, and a plain frame."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


# Keyword arguments of matplotlib's functions.
StyleValue: TypeAlias = Any
Style: TypeAlias = dict[str, StyleValue]


def require_matplotlib(display: object) -> ModuleType:
    """Return pyplot, or raise an error that names the missing package.

    Parameters
    ----------
    display : object or type
        The display that needs matplotlib.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        from matplotlib import pyplot
    except ImportError as error:
        name = display.__name__ if isinstance(display, type) else type(display).__name__
        raise ImportError(f'{name} needs matplotlib: pip install "lamina[plots]"') from error
    return pyplot


def new_axes(display: object, **options: StyleValue) -> Axes:
    """Return the axes of a new figure; options are passed to `subplots`."""
    _, ax = require_matplotlib(display).subplots(**{"layout": "constrained"} | options)
    return ax  # type: ignore[no-any-return]


def panels_below(ax: Axes, heights: Sequence[float]) -> list[Axes]:
    """Add Axes in the lower part of an Axes' area, which share its x axis.

    Parameters
    ----------
    ax : matplotlib Axes
    heights : sequence of float
        Relative heights: first of `ax`, then of each panel from the top.
    """
    figure = ax.get_figure()
    assert figure is not None, "an Axes without a figure"
    place = ax.get_subplotspec()
    if place is None:
        below = _panels_by_hand(ax, figure, heights)
    else:
        grid = place.subgridspec(len(heights), 1, height_ratios=heights, hspace=0.05)
        rooms = [grid[i] for i in range(len(heights))]
        ax.set_subplotspec(rooms[0])
        below = [figure.add_subplot(room, sharex=ax) for room in rooms[1:]]
    for each in (ax, *below[:-1]):
        each.tick_params(axis="x", labelbottom=False)
    return below


def _panels_by_hand(ax: Axes, figure: Figure | SubFigure, heights: Sequence[float]) -> list[Axes]:
    left, bottom, width, height = ax.get_position().bounds
    fractions = [height * each / sum(heights) for each in heights]
    ax.set_position((left, bottom + height - fractions[0], width, fractions[0]))
    top, below = bottom + height - fractions[0], []
    for fraction in fractions[1:]:
        top -= fraction
        below.append(figure.add_axes((left, top, width, 0.9 * fraction), sharex=ax))
    return below


def quiet(ax: Axes, grid: bool = True) -> None:
    """Hide two of the four spines, and draw a grid behind the data."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_axisbelow(True)
    if grid:
        ax.grid(alpha=0.3)
