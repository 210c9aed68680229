"""Draw a sweep over one parameter: loss curves of every value, scores, and a table."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import TYPE_CHECKING, Self

import numpy as np

from lamina.encoding.frames import ArrayOrTable
from lamina.plots.axes import Style, StyleValue, quiet, require_matplotlib
from lamina.plots.colours import CYCLE, LINE_STYLES, MARKERS, NEGATIVE, background, foreground
from lamina.studies import Sweep, sweep
from lamina.studies.sweep_result import Outcome, shown_value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.lines import Line2D
    from matplotlib.table import Table
    from sklearn.base import BaseEstimator

    from lamina.studies.variation import ParameterValue

# Ratio of the largest to the smallest number from which an axis is logarithmic.
WIDE_RANGE, WIDE_LOSSES = 50.0, 30.0
MOST_COLUMNS, MOST_LETTERS, MOST_TICKS = 5, 20, 12
# Upper limit of loss axes above the median first loss, as a multiple of the total decrease.
HEADROOM = 3.0
FONT_SIZE = 8.5
# Sizes in inches.
WIDTH, PANEL_HEIGHT, SCORES_HEIGHT, LINE_HEIGHT = 9.0, 1.7, 2.8, 0.26


class SweepDisplay:
    """Loss curves as small multiples, train and test scores, and a table of a sweep.

    Use `from_estimator` to run a sweep and draw it, or pass a result of `lamina.sweep`.

    Parameters
    ----------
    sweep : Sweep

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        The axes of the scores.
    loss_axes_ : list of Axes
        One for each value; empty if only the scores are drawn.
    loss_lines_ : list of list of Line2D
        For each value, one line per fold.
    score_lines_ : list of Line2D
        Mean train scores and mean test scores.
    table_ : matplotlib Table or None

    Examples
    --------
    >>> import lamina
    >>> from lamina.plots import SweepDisplay
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = lamina.MLPClassifier((10,), max_iter=50)
    >>> found = lamina.sweep(model, X, y, "learning_rate_init", [0.001, 0.01, 0.1], cv=3)
    >>> display = SweepDisplay(sweep=found).plot()
    >>> display.ax_.get_xlabel(), display.ax_.get_xscale()
    ('learning_rate_init', 'log')
    """

    ax_: Axes
    figure_: Figure
    loss_axes_: list[Axes]
    loss_lines_: list[list[Line2D]]
    score_lines_: list[Line2D]
    table_: Table | None

    def __init__(self, *, sweep: Sweep) -> None:
        self.sweep = sweep

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: ArrayOrTable,
        y: ArrayOrTable,
        parameter: str,
        values: Iterable[ParameterValue],
        *,
        ax: Axes | None = None,
        table: bool = True,
        **options: StyleValue,
    ) -> Self:
        """Run a sweep with `lamina.sweep` and draw it.

        Parameters
        ----------
        estimator : estimator
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        parameter : str
        values : iterable
        ax : matplotlib Axes, default=None
            Axes for the scores alone; by default a new figure shows everything.
        table : bool, default=True
            If True, the figure has the table.
        **options
            `cv`, `scoring` and further arguments of `lamina.sweep`.

        Returns
        -------
        SweepDisplay
            The drawn display.

        Raises
        ------
        ValueError
            As in `lamina.sweep`.
        ImportError
            If matplotlib is not installed.
        """
        require_matplotlib(cls)
        found = sweep(estimator, X, y, parameter, values, **options)
        return cls(sweep=found).plot(ax, table=table)

    def plot(self, ax: Axes | None = None, *, table: bool = True) -> Self:
        """Draw the sweep; parameters as in `from_estimator`."""
        self.loss_axes_, self.loss_lines_, self.table_ = [], [], None
        if ax is None:
            top, middle, bottom = self._new_figure(table)
            self._plot_losses(top)
            ax = middle.subplots()
            if bottom is not None:
                self._plot_table(bottom)
        self.ax_, self.figure_ = ax, ax.get_figure(root=True)  # type: ignore[assignment]
        self._plot_scores()
        return self

    def _new_figure(self, table: bool) -> tuple[SubFigure, SubFigure, SubFigure | None]:
        pyplot = require_matplotlib(self)
        n_values = len(self.sweep.values)
        heights = [PANEL_HEIGHT * math.ceil(n_values / MOST_COLUMNS) + 0.4, SCORES_HEIGHT]
        heights += [LINE_HEIGHT * (n_values + 1) + 0.2] if table else []
        figure = pyplot.figure(figsize=(WIDTH, sum(heights)), layout="constrained")
        top, middle, *rest = figure.subfigures(len(heights), 1, height_ratios=heights)
        return top, middle, rest[0] if rest else None

    def _plot_losses(self, figure: SubFigure) -> None:
        n_values = len(self.sweep.values)
        n_columns = min(n_values, MOST_COLUMNS)
        n_rows = math.ceil(n_values / n_columns)
        grid = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
        panels = list(grid.ravel())
        for ax in panels[n_values:]:
            ax.remove()
        self.loss_axes_ = panels[:n_values]
        self.loss_lines_ = [self._plot_loss(i, ax) for i, ax in enumerate(self.loss_axes_)]
        self._scale_losses()
        for i, ax in enumerate(self.loss_axes_):
            is_lowest = i + n_columns >= n_values
            ax.tick_params(labelbottom=is_lowest)
            ax.set_xlabel("epoch" if is_lowest else "")
            ax.set_ylabel("training loss" if i % n_columns == 0 else "")

    def _plot_loss(self, i: int, ax: Axes) -> list[Line2D]:
        runs = self.sweep.select_runs(i)
        quiet(ax)
        ax.set_title(self._title(i), fontsize="small")
        ax.text(0.96, 0.92, self._ending(i), transform=ax.transAxes, **_at_the_corner())
        lines = []
        for run in runs:
            epochs = np.arange(1, len(run.loss_curve) + 1)
            has_diverged = run.outcome is Outcome.DIVERGED
            colour, style = (NEGATIVE, "--") if has_diverged else (CYCLE[0], "-")
            marker = "o" if len(epochs) == 1 else None
            lines += ax.plot(
                epochs, run.loss_curve, color=colour, ls=style, lw=1.2, marker=marker, ms=3
            )
        return lines

    @property
    def _name(self) -> str:
        """Name of the parameter without the pipeline steps before it."""
        return self.sweep.parameter.rpartition("__")[2]

    @property
    def _has_order(self) -> bool:
        """True if the values are numbers, which a line may connect."""
        return all(isinstance(v, Real) and not isinstance(v, bool) for v in self.sweep.values)

    def _title(self, i: int) -> str:
        """Return the title of a panel; a long parameter name becomes the title of the figure."""
        name = self._name
        titles = [f"{name} = {shown_value(value)}" for value in self.sweep.values]
        if max(map(len, titles)) <= MOST_LETTERS:
            return titles[i]
        self.loss_axes_[0].figure.suptitle(name, fontsize="medium")
        return shown_value(self.sweep.values[i])

    def _ending(self, i: int) -> str:
        """Return the outcome of the fits of a value as text."""
        runs, table = self.sweep.select_runs(i), self.sweep.to_dict()
        if not runs:
            return "not run"
        loss, n_diverged = table["final_loss"][i], table["n_diverged"][i]
        parts = [] if math.isnan(loss) else [f"loss {loss:.3g}"]
        if n_diverged:
            some = "" if n_diverged == len(runs) else f"{n_diverged} of {len(runs)} "
            parts.append(f"{some}diverged")
        return "\n".join(parts) or "no loss curve"

    def _scale_losses(self) -> None:
        """Set one scale for all panels, limited so that a diverging curve does not dominate."""
        curves = [run.loss_curve for run in self.sweep.runs if len(run.loss_curve)]
        if not curves:
            return
        losses, first = np.concatenate(curves), np.median([curve[0] for curve in curves])
        ax, low = self.loss_axes_[0], losses.min()
        most = first + HEADROOM * (first - low)
        high = min(losses.max(), most)
        if low > 0 and high > WIDE_LOSSES * low:
            ax.set_yscale("log")
            if losses.max() > most:
                ax.set_ylim(low / 1.5, most)
        elif losses.max() > most:
            ax.set_ylim(low - 0.05 * (high - low), most)

    def _plot_scores(self) -> None:
        quiet(self.ax_, grid=False)
        # A vertical grid line at each value would coincide with its error bars.
        self.ax_.grid(axis="y", alpha=0.3)
        table, x = self.sweep.to_dict(), self._positions()
        self.score_lines_ = []
        for k, name in enumerate(("train", "test")):
            scores, std = table[f"{name}_score"], table[f"{name}_std"]
            container = self.ax_.errorbar(
                x,
                scores,
                std if self.sweep.n_folds > 1 else None,
                color=CYCLE[k],
                linestyle=LINE_STYLES[k] if self._has_order else "none",
                marker=MARKERS[k],
                capsize=3,
                linewidth=1.8,
                label=f"{name} (mean ± std of {self.sweep.n_folds} folds)"
                if self.sweep.n_folds > 1
                else name,
            )
            self.score_lines_.append(container.lines[0])
        self._mark_diverged(x)
        self.ax_.set_xlabel(self._name)
        self.ax_.set_ylabel(self.sweep.score_name)
        self.ax_.legend(frameon=False)

    def _mark_diverged(self, x: list[float]) -> None:
        """Mark each value with a diverged fit by a cross at the bottom."""
        counts = self.sweep.to_dict()["n_diverged"]
        crosses = [place for place, count in zip(x, counts, strict=True) if count]
        if crosses:
            at_the_foot = self.ax_.get_xaxis_transform()
            feet = [0.04] * len(crosses)
            style: Style = {
                "color": NEGATIVE,
                "marker": "X",
                "linestyle": "none",
                "label": "diverged",
            }
            self.ax_.plot(crosses, feet, transform=at_the_foot, **style)

    def _positions(self) -> list[float]:
        """Return the positions of the values on the x axis, and set its scale."""
        values = self.sweep.values
        if not self._has_order:
            places = list(range(len(values)))
            self.ax_.set_xticks(places, [shown_value(value) for value in values])
            if sum(len(shown_value(value)) for value in values) > 70:
                self.ax_.tick_params(axis="x", rotation=30)
            return [float(place) for place in places]
        numbers = [float(value) for value in values]
        above = [number for number in numbers if number > 0]
        if above and min(numbers) >= 0 and max(above) > WIDE_RANGE * min(above):
            if min(numbers) > 0:
                self.ax_.set_xscale("log")
            else:
                self.ax_.set_xscale("symlog", linthresh=min(above))
        if len(values) <= MOST_TICKS and all(isinstance(value, Integral) for value in values):
            self.ax_.set_xticks(numbers, [shown_value(value) for value in values], minor=False)
            self.ax_.minorticks_off()
        return numbers

    def _plot_table(self, figure: SubFigure) -> None:
        from matplotlib.transforms import Bbox

        ax = figure.subplots()
        ax.set_axis_off()
        headings, rows = self.sweep.cells()
        columns = zip(headings, *rows, strict=True)
        widths = np.array([max(map(len, column)) + 2 for column in columns])
        self.table_ = ax.table(
            rows,
            colLabels=headings,
            colLoc="right",
            colWidths=widths / widths.sum(),
            bbox=Bbox.unit(),
        )
        self.table_.auto_set_font_size(False)
        self.table_.set_fontsize(FONT_SIZE)
        for (row, _), cell in self.table_.get_celld().items():
            cell.visible_edges = "B" if row == 0 else ""
            cell.set_edgecolor(foreground())
            cell.set_facecolor("none")
            cell.get_text().set_color(foreground())
            if row == 0:
                cell.get_text().set_fontweight("bold")


def _at_the_corner() -> Style:
    # The background keeps the text legible where a curve passes behind it.
    paper = {"facecolor": background(), "edgecolor": "none", "alpha": 0.8, "pad": 1.0}
    style = {"ha": "right", "va": "top", "fontsize": "small", "color": foreground()}
    return style | {"bbox": paper}
