"""Progress bar on the terminal, drawn by rich or tqdm, whichever is installed."""

from __future__ import annotations

import math
from importlib.util import find_spec
from typing import TextIO

from lamina.significant import significant
from lamina.training.under_way import FitUnderWay

NO_LIBRARY = (
    "a progress bar (verbose='bar') needs rich or tqdm, and neither is installed: pip install rich"
)


class ProgressBar:
    """Progress bar over the epochs, with the loss and the validation metrics.

    `verbose='bar'` shows it. After the fit it stays on the screen.

    Parameters
    ----------
    library : {'rich', 'tqdm'} or None, default=None
        Library that draws it; by default rich, or tqdm if rich is not installed.
    file : file-like, optional
        Output stream; by default standard error.

    Raises
    ------
    ImportError
        If the library is not installed.

    Examples
    --------
    >>> import io
    >>> from lamina import MLPRegressor
    >>> drawn = io.StringIO()
    >>> model = MLPRegressor(max_iter=3, tol=10, n_iter_no_change=9, solver="sgd")
    >>> model = model.set_params(callbacks=ProgressBar(file=drawn), n_iter_no_change=1)
    >>> model = model.fit([[0.0], [1.0]], [0.0, 1.0])
    >>> "loss" in drawn.getvalue()
    True
    """

    def __init__(self, library: str | None = None, file: TextIO | None = None) -> None:
        bars: dict[str, type[_RichBar | _TqdmBar]] = {"rich": _RichBar, "tqdm": _TqdmBar}
        if library is not None and library not in bars:
            raise ValueError(f"library={library!r} must be 'rich', 'tqdm' or None")
        found = [name for name in bars if library in (None, name) and find_spec(name)]
        if not found:
            raise ImportError(
                NO_LIBRARY
                if library is None
                else f"ProgressBar(library={library!r}) needs {library}: pip install {library}"
            )
        self._make, self._file = bars[found[0]], file
        self._bar: _RichBar | _TqdmBar | None = None

    def on_fit_begin(self, fit: FitUnderWay) -> None:
        self._bar = self._make(fit.max_epochs, self._file)

    def on_epoch_end(self, fit: FitUnderWay) -> None:
        assert self._bar is not None
        self._bar.show(fit.epoch, in_words(fit.row))

    def on_fit_end(self, fit: FitUnderWay) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def in_words(row: dict[str, float]) -> str:
    """Return an epoch's loss and metrics as text.

    Examples
    --------
    >>> in_words({"epoch": 3, "loss": 0.25, "seconds": 0.1, "validation_loss": 0.5, "r2": 0.75})
    'loss 0.25, validation_loss 0.5, r2 0.75'
    """
    silent = {"epoch", "learning_rate", "seconds", "gradient_norm"}
    shown = {name: value for name, value in row.items() if name not in silent}
    return ", ".join(
        f"{name} {significant(value)}" for name, value in shown.items() if not math.isnan(value)
    )


class _RichBar:
    def __init__(self, total: int, file: TextIO | None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        console = Console(file=file, stderr=file is None)
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
        self.progress = Progress(*columns, console=console)
        self.task = self.progress.add_task("", total=total)
        self.progress.start()

    def show(self, done: int, text: str) -> None:
        self.progress.update(self.task, completed=done, description=text)

    def close(self) -> None:
        self.progress.stop()


class _TqdmBar:
    def __init__(self, total: int, file: TextIO | None) -> None:
        from tqdm.auto import tqdm

        self.bar = tqdm(total=total, file=file, unit="epoch")

    def show(self, done: int, text: str) -> None:
        self.bar.set_postfix_str(text, refresh=False)
        self.bar.update(done - self.bar.n)

    def close(self) -> None:
        self.bar.close()
