"""Workbench: build a network in the browser, on your own data, and watch it train."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lamina.datasets.dataset import Task
    from lamina.workbench.server.notebook import Widget
    from lamina.workbench.server.server import Server

__all__ = ["open", "widget"]

NEEDED = ("starlette", "uvicorn", "websockets")
NEEDED_IN_NOTEBOOKS = ("anywidget", "starlette")


def require_libraries(needed: tuple[str, ...] = NEEDED, extra: str = "workbench") -> None:
    """Raise ImportError if a library that the page needs is missing."""
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        raise ImportError(
            f'the workbench needs {", ".join(missing)}: pip install "lamina[{extra}]"'
        )


def open(
    X: object = None,
    y: object = None,
    *,
    task: Task | None = None,
    port: int = 0,
    browser: bool = True,
) -> Server:
    """Open the workbench in the browser, on example data or on X and y.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features), optional
        Numbers, or a data frame: its columns keep their names and may hold texts, dates and missing
        values.
    y : array-like of shape (n_samples,), optional
        Class labels, or numbers for a regression.
    task : {'classification', 'regression'}, optional
        By default chosen from y, as in `lamina train`: labels are classes. Numbers of any dtype are
        a regression, unless they are at most 20 different whole numbers with at least five samples
        each.
    port : int, default=0
        Port on the loopback interface; 0 chooses a free one.
    browser : bool, default=True
        If True, open the page now; if False, open it later at the server's `url`.

    Returns
    -------
    Server
        Runs in its own thread until `close()` or the end of the process. It is also a context
        manager.

    Raises
    ------
    ImportError
        If starlette, uvicorn or websockets is missing.
    ValueError
        If only one of X and y is given, for an unknown task, and for data that no model can be
        trained on.
    OSError
        If the port is in use.

    Examples
    --------
    >>> import lamina.workbench
    >>> from sklearn.datasets import load_wine
    >>> X, y = load_wine(return_X_y=True)
    >>> with lamina.workbench.open(X, y, browser=False) as server:
    ...     server.url.startswith("http://127.0.0.1:")
    True
    """
    require_libraries()
    from lamina.workbench.data.data_store import MemoryDataStore
    from lamina.workbench.runs.python_data import first_on
    from lamina.workbench.server.server import Server

    data_store = MemoryDataStore()
    first = first_on(X, y, data_store, task)
    server = Server(port, first, data_store).start()
    return server.show() if browser else server


def widget(
    X: object = None,
    y: object = None,
    *,
    task: Task | None = None,
    experiment: Mapping[str, object] | None = None,
    height: int = 760,
) -> Widget:
    """Show the workbench in a notebook cell (Jupyter, VS Code, marimo), optionally on X and y.

    The page is the same as in the browser. It communicates through the notebook, so the kernel may
    run on another machine.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features), optional
        Numbers, or a data frame: its columns keep their names and may hold texts, dates and missing
        values.
    y : array-like of shape (n_samples,), optional
        Class labels, or numbers for a regression.
    task : {'classification', 'regression'}, optional
        By default chosen from y, as in `lamina train`: labels are classes. Numbers of any dtype are
        a regression, unless they are at most 20 different whole numbers with at least five samples
        each.
    experiment : mapping, optional
        Experiment to start with, for example the `experiment` of another widget.
    height : int, default=760
        Height of the page in pixels.

    Returns
    -------
    Widget
        Displayed if it is the cell's last expression. Its `experiment` is the page's current
        experiment and can be set; `model()` returns the fitted estimator, `script()` the code that
        fits it; `play()`, `pause()` and `close()` control it.

    Raises
    ------
    ImportError
        If anywidget or starlette is missing.
    ValueError
        If only one of X and y is given, for an unknown task, and for data that no model can be
        trained on.
    ExperimentError
        For an experiment that is not valid.

    Examples
    --------
    >>> import lamina.workbench
    >>> from sklearn.datasets import load_wine
    >>> X, y = load_wine(return_X_y=True)
    >>> widget = lamina.workbench.widget(X, y)
    >>> widget.experiment["model"]["activation"]
    'tanh'
    >>> widget.close()
    """
    require_libraries(NEEDED_IN_NOTEBOOKS, "notebook")
    from lamina.workbench.data.data_store import MemoryDataStore
    from lamina.workbench.runs.experiment import Experiment
    from lamina.workbench.runs.python_data import first_on
    from lamina.workbench.server.notebook import Widget

    data_store = MemoryDataStore()
    first = first_on(X, y, data_store, task)
    if experiment is not None:
        begun = Experiment.from_json(experiment)
        return Widget(lambda: begun, data_store, height)
    return Widget(first, data_store, height)
