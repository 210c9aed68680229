"""Draw the loss curve in a notebook while a fit runs."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from time import perf_counter
from types import ModuleType
from typing import TYPE_CHECKING, Any

from lamina.plots.axes import require_matplotlib
from lamina.plots.histories import choose_panels
from lamina.plots.loss_curve import LossCurveDisplay
from lamina.studies.checks import number

if TYPE_CHECKING:
    from lamina.training.under_way import FitUnderWay

# Wait this multiple of a picture's drawing time, so that drawing takes at most 4 % of a fit.
PATIENCE = 25
DOTS_AN_INCH = 100


class LiveLossCurve:
    """Callback that draws the loss curve in a notebook and updates it during the fit.

    It draws at most every half second, and less often if drawing is slow, so the fit is hardly
    slower. Outside notebooks it does nothing.

    Parameters
    ----------
    panels : sequence of str, default=None
        As in `LossCurveDisplay.from_estimator`.
    log_scale : bool, default=False
        If True, the axis of the losses is logarithmic.
    seconds : float, default=0.5
        Minimum time between two pictures.

    Attributes
    ----------
    display_ : LossCurveDisplay or None
        The latest picture.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If `seconds` is not a positive number; at the first picture, if a panel is not a column of
        the history.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from lamina import MLPClassifier
    >>> from lamina.plots import LiveLossCurve
    >>> X, y = load_iris(return_X_y=True)
    >>> live = LiveLossCurve(log_scale=True)
    >>> model = MLPClassifier(tol=0.01, random_state=0, callbacks=live).fit(X, y)
    >>> live.display_ is None  # This is not a notebook.
    True
    """

    def __init__(
        self,
        *,
        panels: Sequence[str] | None = None,
        log_scale: bool = False,
        seconds: float = 0.5,
    ) -> None:
        require_matplotlib(self)
        self.panels, self.log_scale = panels, log_scale
        self.seconds = number("seconds", seconds, above=0)
        self.display_: LossCurveDisplay | None = None
        self._notebook: ModuleType | None = None
        # IPython's handle, whose methods have no types.
        self._place: Any = None
        self._due = 0.0

    def __sklearn_clone__(self) -> LiveLossCurve:
        return type(self)(panels=self.panels, log_scale=self.log_scale, seconds=self.seconds)

    def on_fit_begin(self, fit: FitUnderWay) -> None:
        self._notebook, self._place = displays_of_notebook(), None
        self._due = perf_counter() + self.seconds

    def on_epoch_end(self, fit: FitUnderWay) -> None:
        if self._notebook is not None and perf_counter() >= self._due:
            self._show(self._notebook, fit.history, DOTS_AN_INCH)

    def on_fit_end(self, fit: FitUnderWay) -> None:
        if self._notebook is not None and fit.epoch:
            # The last picture remains, so draw it sharp for high-resolution screens.
            self._show(self._notebook, fit.history, 2 * DOTS_AN_INCH)
        self._notebook = self._place = None

    def _show(
        self, notebook: ModuleType, history: dict[str, list[float]], dots_an_inch: int
    ) -> None:
        began = perf_counter()
        picture = notebook.Image(
            data=self._drawn(history, dots_an_inch),
            format="png",
            retina=dots_an_inch > DOTS_AN_INCH,
        )
        if self._place is None:
            self._place = notebook.display(picture, display_id=True)
        else:
            self._place.update(picture)
        now = perf_counter()
        self._due = now + max(self.seconds, PATIENCE * (now - began))

    def _drawn(self, history: dict[str, list[float]], dots_an_inch: int) -> bytes:
        from matplotlib.figure import Figure

        panels = choose_panels([history], self.panels)
        display = LossCurveDisplay(histories=[history], panels=panels)
        # The notebook would show a pyplot figure a second time at the end of the cell.
        figure = Figure(figsize=display.figsize, layout="constrained")
        self.display_ = display.plot(figure.add_subplot(), log_scale=self.log_scale)
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=dots_an_inch)
        return file.getvalue()


def displays_of_notebook() -> ModuleType | None:
    """Return IPython's module `display` inside a notebook's kernel; else None."""
    shell_of = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)
    if getattr(shell_of(), "kernel", None) is None:
        return None
    from IPython import display

    module: ModuleType = display
    return module
