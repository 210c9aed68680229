"""The workbench: build a network in the browser, on data of one's own, and watch it learn."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lamina.datasets.dataset import Task
    from lamina.workbench.notebook import Widget
    from lamina.workbench.server import Server

__all__ = ["open", "widget"]

NEEDED = ("starlette", "uvicorn", "websockets")
NEEDED_IN_NOTEBOOKS = ("anywidget", "starlette")


def require_libraries(needed: tuple[str, ...] = NEEDED, extra: str = "workbench") -> None:
    """Raise ImportError where a library that the page needs is missing."""
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        raise ImportError(
            f'the workbench needs {", ".join(missing)}: pip install "lamina[{extra}]"'
        )


def open(
    X: Any = None,
    y: Any = None,
    *,
    task: Task | None = None,
    port: int = 0,
    browser: bool = True,
) -> Server:
    """Open the workbench in the browser, from Python; on data of one's own, where it is given.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_features), optional
        Numbers; or a data frame: its columns keep their names, and may hold texts, dates, gaps.
    y : array-like of shape (n_rows,), optional
        Labels, or numbers for a regression.
    task : {'classification', 'regression'}, optional
        By default y decides, as in `lamina train`: labels are classes; numbers are a regression,
        whatever their dtype, unless they are few whole ones (20 at most, five rows for each).
    port : int, default=0
        The port on the loopback; 0 is any that is free.
    browser : bool, default=True
        Whether the page is opened at once; else its `url` opens it.

    Returns
    -------
    Server
        It serves in a thread of its own, until its `close()` or the end of the process; it is a
        context manager, too.

    Raises
    ------
    ImportError
        Where starlette, uvicorn or websockets is missing.
    ValueError
        For X without y, or the other way round, a task that is none, and data that cannot be
        learned from.
    OSError
        For a port that is taken.

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
    from lamina.workbench.given import first_on
    from lamina.workbench.server import Server
    from lamina.workbench.shelf import MemoryShelf

    shelf = MemoryShelf()
    first = first_on(X, y, shelf, task)
    server = Server(port, first, shelf).start()
    return server.show() if browser else server


def widget(
    X: Any = None,
    y: Any = None,
    *,
    task: Task | None = None,
    experiment: Mapping[str, Any] | None = None,
    height: int = 760,
) -> Widget:
    """The workbench in a notebook's cell: Jupyter, VS Code, marimo; on data of one's own, too.

    The same page as in the browser. It talks through the notebook, so the kernel may be anywhere.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_features), optional
        Numbers; or a data frame: its columns keep their names, and may hold texts, dates, gaps.
    y : array-like of shape (n_rows,), optional
        Labels, or numbers for a regression.
    task : {'classification', 'regression'}, optional
        By default y decides, as in `lamina train`: labels are classes; numbers are a regression,
        whatever their dtype, unless they are few whole ones (20 at most, five rows for each).
    experiment : mapping, optional
        What to begin with, as another widget's `experiment` was.
    height : int, default=760
        Of the page, in pixels.

    Returns
    -------
    Widget
        What a cell ends with is shown. Its `experiment` is what the page has, and can be set;
        `model()` is the fitted estimator, `script()` the code that fits it, `play()` and `pause()`
        are the page's, and `close()` ends it.

    Raises
    ------
    ImportError
        Where anywidget or starlette is missing.
    ValueError
        For X without y, or the other way round, a task that is none, and data that cannot be
        learned from.
    ExperimentError
        For an experiment that cannot be made.

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
    from lamina.workbench.experiment import Experiment
    from lamina.workbench.given import first_on
    from lamina.workbench.notebook import Widget
    from lamina.workbench.shelf import MemoryShelf

    shelf = MemoryShelf()
    first = first_on(X, y, shelf, task)
    if experiment is not None:
        begun = Experiment.from_json(experiment)
        return Widget(lambda: begun, shelf, height)
    return Widget(first, shelf, height)
