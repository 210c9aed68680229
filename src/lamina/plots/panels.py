"""Small multiples: rows of panels in the area of one Axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lamina.plots.axes import require_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure
    from matplotlib.gridspec import GridSpec

# Inches of a new figure: for a panel with its title, for the margin, and the maximum.
PANEL_WIDTH, PANEL_HEIGHT, MARGIN, LARGEST = 1.05, 1.2, 0.7, (14.0, 24.0)


def axes_for_panels(display: object, n_rows: int, n_columns: float) -> Axes:
    """Return the axes of a new figure whose size suits the panels."""
    width = min(LARGEST[0], PANEL_WIDTH * n_columns + MARGIN)
    height = min(LARGEST[1], PANEL_HEIGHT * n_rows + MARGIN)
    _, ax = require_matplotlib(display).subplots(figsize=(width, height), layout="constrained")
    return ax  # type: ignore[no-any-return]


def subfigure_in(ax: Axes) -> SubFigure:
    """Return a subfigure in the area of an Axes, which is then hidden."""
    ax.set_axis_off()
    figure = ax.get_figure()
    assert figure is not None, "an Axes without a figure"
    place = ax.get_subplotspec()
    if place is None:
        box = ax.get_position()
        edges = {"left": box.x0, "right": box.x1, "bottom": box.y0, "top": box.y1}
        place = figure.add_gridspec(1, 1, **edges)[0]
    room: SubFigure = figure.add_subfigure(place)
    # Without a layout engine, the subfigure would also cover the margins of the Axes' grid.
    room.bbox_relative.set_points(ax.get_position().get_points())
    return room


def panels_in(room: SubFigure, grid: GridSpec, counts: Sequence[int]) -> list[list[Axes]]:
    """Return a row of square panels for each count, from the left of the grid."""
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
