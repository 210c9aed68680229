"""Small multiples: panels in rows, in the room that one Axes had."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lamina.plots.axes import require_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure
    from matplotlib.gridspec import GridSpec

# A new figure's inches for a panel with its title, around all of them, and at most.
PANEL_WIDTH, PANEL_HEIGHT, MARGIN, LARGEST = 1.05, 1.2, 0.7, (14.0, 24.0)


def axes_for_panels(display: Any, n_rows: int, n_columns: float) -> Axes:
    """The axes of a new figure, of a size that suits so many panels."""
    width = min(LARGEST[0], PANEL_WIDTH * n_columns + MARGIN)
    height = min(LARGEST[1], PANEL_HEIGHT * n_rows + MARGIN)
    _, ax = require_matplotlib(display).subplots(figsize=(width, height), layout="constrained")
    return ax  # type: ignore[no-any-return]


def room_of(ax: Axes) -> SubFigure:
    """A figure within the figure, in the room of an Axes, which shows nothing any more."""
    ax.set_axis_off()
    figure: Any = ax.get_figure()
    place = ax.get_subplotspec()
    if place is None:
        box = ax.get_position()
        edges = {"left": box.x0, "right": box.x1, "bottom": box.y0, "top": box.y1}
        place = figure.add_gridspec(1, 1, **edges)[0]
    room: SubFigure = figure.add_subfigure(place)
    # It would take the margins of the Axes' grid as well, where no layout engine places it.
    room.bbox_relative.set_points(ax.get_position().get_points())
    return room


def panels_in(room: SubFigure, grid: GridSpec, counts: Sequence[int]) -> list[list[Axes]]:
    """A row of square panels for each count, from the left of the grid."""
    return [
        [_panel(room, grid, row, column) for column in range(count)]
        for row, count in enumerate(counts)
    ]


def _panel(room: SubFigure, grid: GridSpec, row: int, column: int) -> Axes:
    panel = room.add_subplot(grid[row, column])
    panel.set_xticks([])
    panel.set_yticks([])
    panel.set_box_aspect(1)
    return panel
