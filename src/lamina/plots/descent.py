"""Compare descents: draw their paths over the contours of a function, or its value at each step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np

from lamina.formulas.table import AnyArray
from lamina.plots.axes import Style, StyleValue, new_axes, quiet
from lamina.plots.choices import chosen
from lamina.plots.colours import CYCLE, LINE_STYLES, MARKERS, background, foreground
from lamina.studies import DescentPath

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.contour import QuadContourSet
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

KINDS = ("contours", "values")
MARKS_A_PATH = 40
POINTS_A_SIDE = 201
N_LEVELS = 16
MARGIN = 0.15
LEGEND_LINE = 0.22


class DescentDisplay:
    """The paths of several descents on one function of two variables.

    The contour levels are denser near the lowest value, to show the shape of valleys: of n levels,
    the k-th lies at the fraction (k / n)³ of the range.

    Use `from_paths` to create one.

    Parameters
    ----------
    paths : sequence of DescentPath
        Results of `gradient_descent_path`, all for the same function.
    names : sequence of str, optional
        Names for the legend; by default each path's own name.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
    lines_ : list of Line2D
        One line for each path.
    contours_ : QuadContourSet or None
        None if values are drawn.
    minima_ : Line2D or None
        Stars at the known minima.

    Examples
    --------
    >>> from lamina.plots import DescentDisplay
    >>> from lamina.studies import gradient_descent_path
    >>> paths = [gradient_descent_path("ravine", learning_rate=0.03, momentum=m) for m in (0, 0.7)]
    >>> display = DescentDisplay.from_paths(paths)
    >>> display.ax_.get_title()
    'ravine: ½ (x² + 25 y²)'
    """

    ax_: Axes
    figure_: Figure
    lines_: list[Line2D]
    contours_: QuadContourSet | None
    minima_: Line2D | None

    def __init__(self, *, paths: Sequence[DescentPath], names: Sequence[str] | None = None) -> None:
        self.paths = list(paths)
        self.names = [path.name for path in self.paths] if names is None else list(names)

    @classmethod
    def from_paths(
        cls,
        paths: DescentPath | Sequence[DescentPath],
        *,
        ax: Axes | None = None,
        names: Sequence[str] | None = None,
        kind: str = "contours",
        window: tuple[float, float, float, float] | None = None,
    ) -> Self:
        """Draw descents on one function.

        Parameters
        ----------
        paths : DescentPath, or sequence of them
        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.
        names : sequence of str, default=None
            Name of each path in the legend; by default its optimizer and its parameters.
        kind : {'contours', 'values'}, default='contours'
            'contours' draws the paths over the function's contours; 'values' draws the difference
            between the function and its lowest known minimum after each step.
        window : tuple of float, default=None
            (left, right, bottom, top) of the contours; by default that of the function's record,
            or, for your own function, one that contains all paths.

        Returns
        -------
        DescentDisplay
            The drawn display.

        Raises
        ------
        ValueError
            If there are no paths, if they belong to several functions, if there is not one name for
            each path, or for an unknown kind.
        ImportError
            If matplotlib is not installed.
        """
        paths = [paths] if isinstance(paths, DescentPath) else list(paths)
        if not paths:
            raise ValueError("paths is empty: give at least one result of gradient_descent_path")
        functions = {id(path.surface.value): path.surface.name for path in paths}
        if len(functions) > 1:
            raise ValueError(
                f"paths belong to {len(functions)} functions, {', '.join(functions.values())}: "
                "draw each function separately"
            )
        if names is not None and len(names) != len(paths):
            raise ValueError(f"{len(names)} names for {len(paths)} paths: give one for each")
        return cls(paths=paths, names=names).plot(ax, kind=kind, window=window)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        kind: str = "contours",
        window: tuple[float, float, float, float] | None = None,
    ) -> Self:
        """Draw the descents; parameters as in `from_paths`."""
        kind = chosen("kind", kind, KINDS)
        size = (6.4, 4.8 + LEGEND_LINE * len(self.paths)) if kind == KINDS[0] else (6.4, 4.8)
        self.ax_ = new_axes(self, figsize=size) if ax is None else ax
        self.figure_ = self.ax_.get_figure(root=True)  # type: ignore[assignment]
        self.contours_ = self.minima_ = None
        surface = self.paths[0].surface
        if kind == KINDS[0]:
            self._plot_contours(window or surface.window or window_around(self.paths))
        else:
            self._plot_values()
        self.ax_.set_title(": ".join(filter(None, (surface.name, surface.equation))))
        # Contours fill their axes, so put their legend below them.
        below = {"loc": "upper left", "bbox_to_anchor": (-0.02, -0.11), "borderaxespad": 0}
        place: Style = below if kind == KINDS[0] else {}
        self.ax_.legend(facecolor=background(), edgecolor="none", **place)
        return self

    def _plot_contours(self, window: tuple[float, float, float, float]) -> None:
        ax, surface = self.ax_, self.paths[0].surface
        left, right, bottom, top = window
        x, y = np.linspace(left, right, POINTS_A_SIDE), np.linspace(bottom, top, POINTS_A_SIDE)
        values = surface.values(*np.meshgrid(x, y))
        lowest, highest = np.nanmin(values), np.nanmax(values[np.isfinite(values)])
        levels = lowest + (highest - lowest) * np.linspace(0, 1, N_LEVELS + 1)[1:] ** 3
        self.contours_ = ax.contour(
            x,
            y,
            values,
            levels=levels,
            colors=[foreground()],
            linewidths=0.7,
            linestyles="solid",
            alpha=0.4,
        )
        self.lines_ = [self._draw(i, *path.points.T, zorder=3) for i, path in enumerate(self.paths)]
        if surface.minima:
            (self.minima_,) = ax.plot(
                *np.transpose(surface.minima),
                linestyle="none",
                marker="*",
                markersize=13,
                color=foreground(),
                markeredgecolor=background(),
                zorder=2.5,
                label="minimum" if len(surface.minima) == 1 else "minima",
            )
        ax.set(xlim=(left, right), ylim=(bottom, top), xlabel="x", ylabel="y")

    def _plot_values(self) -> None:
        surface = self.paths[0].surface
        lowest = surface.value(*surface.minima[0]) if surface.minima else 0.0
        self.lines_ = [
            self._draw(i, np.arange(len(path.values)), path.values - lowest)
            for i, path in enumerate(self.paths)
        ]
        quiet(self.ax_)
        if all((path.values > lowest).any() for path in self.paths):
            self.ax_.set_yscale("log")
        self.ax_.set(xlabel="step", ylabel="f above its minimum" if surface.minima else "f")

    def _draw(self, i: int, x: AnyArray, y: AnyArray, **look: StyleValue) -> Line2D:
        path = self.paths[i]
        ending = "diverged" if path.diverged else f"f = {path.values[-1]:.2g}"
        (line,) = self.ax_.plot(
            x,
            y,
            color=CYCLE[i % len(CYCLE)],
            linestyle=LINE_STYLES[i % len(LINE_STYLES)],
            marker=MARKERS[i % len(MARKERS)],
            markersize=4,
            markevery=max(1, len(x) // MARKS_A_PATH),
            linewidth=1.5,
            label=f"{self.names[i]}: {ending}",
            **look,
        )
        return line


def window_around(paths: Sequence[DescentPath]) -> tuple[float, float, float, float]:
    """Return the bounds of all finite points with a margin."""
    points = np.concatenate([path.points for path in paths])
    points = points[np.isfinite(points).all(axis=1)]
    low, high = points.min(axis=0), points.max(axis=0)
    margin = MARGIN * np.maximum(high - low, 1e-3 + 0.1 * np.abs(high))
    (left, bottom), (right, top) = low - margin, high + margin
    return float(left), float(right), float(bottom), float(top)
