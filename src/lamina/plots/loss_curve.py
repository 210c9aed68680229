"""Draw the losses of each epoch, with metrics or learning rates in panels below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lamina.plots.axes import Style, new_axes, panels_below, quiet
from lamina.plots.colours import CYCLE, LINE_STYLES, MARKERS, background, foreground
from lamina.plots.histories import OF_THE_FIT, choose_panels, format_label, read_history

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from sklearn.base import BaseEstimator

LOSSES_HEIGHT, PANEL_HEIGHT = 3, 2
MARKS_A_CURVE = 8
TRAINING: Style = {"linewidth": 1.8}
VALIDATION: Style = {"linewidth": 1.0, "marker": MARKERS[0], "markersize": 4}
TRAINING_AND_VALIDATION = ("training", "validation")


class LossCurveDisplay:
    """The losses by epoch, of one model or of several for comparison.

    Use `from_estimator` to create one.

    Parameters
    ----------
    histories : sequence of mapping of str to array-like of shape (n_epochs,)
        One for each model, in the form of `history_`: 'loss'; optionally 'validation_loss' and the
        columns of panels. Without 'epoch', epochs count from 1.
    names : sequence of str, optional
        Name of each model in the legend.
    panels : sequence of str, default=()
        Columns to draw below the losses, one panel each, for the models that have them.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
    lines_ : list of Line2D
        Training loss of each model.
    validation_lines_ : list of Line2D
        Validation loss of the models that have it.
    panels_ : dict of str to Axes
    panel_lines_ : dict of str to list of Line2D

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from lamina import MLPClassifier
    >>> from lamina.plots import LossCurveDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier(max_iter=300, early_stopping=True, random_state=0).fit(X, y)
    >>> display = LossCurveDisplay.from_estimator(model, log_scale=True)
    >>> display.ax_.get_ylabel(), display.panels_["accuracy"].get_ylabel()
    ('loss', 'validation\\naccuracy')
    """

    ax_: Axes
    figure_: Figure
    lines_: list[Line2D]
    validation_lines_: list[Line2D]
    panels_: dict[str, Axes]
    panel_lines_: dict[str, list[Line2D]]

    def __init__(
        self,
        *,
        histories: Sequence[Mapping[str, ArrayLike]],
        names: Sequence[str] | None = None,
        panels: Sequence[str] = (),
    ) -> None:
        self.histories = [
            {column: np.asarray(values, dtype=np.float64) for column, values in each.items()}
            for each in histories
        ]
        self.names = None if names is None else list(names)
        self.panels = list(panels)

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        *,
        ax: Axes | None = None,
        names: Sequence[str] | None = None,
        panels: Sequence[str] | None = None,
        log_scale: bool = False,
    ) -> Self:
        """Draw the loss curve of a fitted perceptron of lamina or scikit-learn.

        Parameters
        ----------
        estimator : estimator, or list of estimators
            Pipelines, TransformedTargetRegressor and searches are unwrapped.
        ax : matplotlib Axes, default=None
            Axes to draw on; the panels share its area. By default those of a new figure.
        names : sequence of str, default=None
            Name of each estimator in the legend; by default those of a list are numbered.
        panels : sequence of str, default=None
            Columns of `history_` to draw below the losses: metrics, 'learning_rate',
            'gradient_norm', 'seconds'. By default all metrics of the validation set; () for none.
        log_scale : bool, default=False
            If True, the axis of the losses is logarithmic.

        Returns
        -------
        LossCurveDisplay
            The drawn display.

        Raises
        ------
        NotFittedError
            If an estimator is not fitted.
        ValueError
            If an estimator records no loss curve, if the number of names is wrong, or if no history
            has a column for a panel.
        ImportError
            If matplotlib is not installed.
        """
        several = isinstance(estimator, list | tuple)
        histories = [read_history(each) for each in (estimator if several else [estimator])]
        if not histories:
            raise ValueError("estimator is an empty list: give at least one fitted model")
        if names is None and several:
            names = [f"model {i + 1}" for i in range(len(histories))]
        if names is not None and len(names) != len(histories):
            raise ValueError(f"{len(names)} names for {len(histories)} estimators: give one each")
        display = cls(histories=histories, names=names, panels=choose_panels(histories, panels))
        return display.plot(ax, log_scale=log_scale)

    def plot(self, ax: Axes | None = None, *, log_scale: bool = False) -> Self:
        """Draw the curves; parameters as in `from_estimator`."""
        self.ax_ = new_axes(self, figsize=self.figsize) if ax is None else ax
        self.figure_ = self.ax_.get_figure(root=True)  # type: ignore[assignment]
        quiet(self.ax_)
        self.lines_ = self._draw(self.ax_, "loss")
        self.validation_lines_ = self._draw(self.ax_, "validation_loss")
        self.ax_.set_ylabel("loss" if self.validation_lines_ else "training loss")
        if log_scale:
            self.ax_.set_yscale("log")
        self._plot_panels()
        _label_epochs([self.ax_, *self.panels_.values()][-1])
        self._plot_legend()
        return self

    @property
    def figsize(self) -> tuple[float, float]:
        """Size of a new figure in inches, larger for more panels."""
        rows = max(1, len(self.panels)) * PANEL_HEIGHT + LOSSES_HEIGHT
        return 6.4, 0.96 * rows

    def _plot_panels(self) -> None:
        heights = (LOSSES_HEIGHT, *[PANEL_HEIGHT] * len(self.panels))
        below = panels_below(self.ax_, heights) if self.panels else []
        self.panels_ = dict(zip(self.panels, below, strict=True))
        self.panel_lines_ = {}
        for column, panel in self.panels_.items():
            quiet(panel)
            self.panel_lines_[column] = self._draw(panel, column)
            _scale(panel, column, self.panel_lines_[column])
            panel.set_ylabel(format_label(column))
        self.figure_.align_ylabels([self.ax_, *below])

    def _draw(self, ax: Axes, column: str) -> list[Line2D]:
        return [
            _draw(ax, history, column, self._look(i, history, column))
            for i, history in enumerate(self.histories)
            if column in history
        ]

    def _look(self, i: int, history: Mapping[str, NDArray[np.float64]], column: str) -> Style:
        """Return a line style: a colour and dashes per model, another variant for validation."""
        is_held_out = column not in OF_THE_FIT
        only = len(history["loss"]) == 1
        look = TRAINING | ({"marker": MARKERS[is_held_out]} if only else {})
        if len(self.histories) == 1:
            return look | {"color": CYCLE[is_held_out], "linestyle": LINE_STYLES[is_held_out]}
        if column == "validation_loss":
            every = max(1, len(history["loss"]) // MARKS_A_CURVE)
            look = VALIDATION | {"markevery": every}
        dashes = LINE_STYLES[i % len(LINE_STYLES)]
        return look | {"color": CYCLE[i % len(CYCLE)], "linestyle": dashes}

    def _plot_legend(self) -> None:
        lines, names, title = self.lines_, self.names or [], None
        if self.validation_lines_ and len(lines) == 1:
            title = names[0] if names else None
            lines, names = [*lines, *self.validation_lines_], [*TRAINING_AND_VALIDATION]
        elif self.validation_lines_:
            lines, names = [*lines, *_two_kinds()], [*names, *TRAINING_AND_VALIDATION]
        if names:
            # The background keeps the legend legible where a curve passes behind it.
            self.ax_.legend(lines, names, title=title, edgecolor="none", facecolor=background())


def _two_kinds() -> list[Line2D]:
    """Return legend lines that distinguish training from validation for all models."""
    from matplotlib.lines import Line2D

    return [Line2D([], [], color=foreground(), **look) for look in (TRAINING, VALIDATION)]


def _draw(ax: Axes, history: Mapping[str, NDArray[np.float64]], column: str, look: Style) -> Line2D:
    curve = history[column]
    (line,) = ax.plot(history.get("epoch", np.arange(1, len(curve) + 1)), curve, **look)
    return line


def _scale(ax: Axes, column: str, lines: Sequence[Line2D]) -> None:
    """Set a logarithmic axis if a training column spans a wide range; else plain numbers."""
    values = np.concatenate([np.asarray(line.get_ydata(), dtype=np.float64) for line in lines])
    values = values[np.isfinite(values)]
    if column in OF_THE_FIT and values.size and 0 < 50 * values.min() < values.max():
        ax.set_yscale("log")
    else:
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")


def _label_epochs(ax: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    ax.set_xlabel("epoch")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
