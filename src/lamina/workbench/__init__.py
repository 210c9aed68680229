"""The workbench: build a network in the browser, on data of one's own, and watch it learn."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lamina.workbench.server import Server

__all__ = ["open"]

NEEDED = ("starlette", "uvicorn", "websockets")


def require_libraries() -> None:
    """Raise ImportError where a library that serves the page is missing."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise ImportError(
            f'the workbench needs {", ".join(missing)}: pip install "lamina[workbench]"'
        )


def open(X: Any = None, y: Any = None, *, port: int = 0, browser: bool = True) -> Server:
    """Open the workbench in the browser, from Python; on data of one's own, where it is given.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_features), optional
        Numbers; or a data frame: its columns keep their names, and may hold texts, dates, gaps.
    y : array-like of shape (n_rows,), optional
        Labels, or float values for a regression.
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
        For X without y, or the other way round, and for arrays that cannot be learned from.
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
    first = first_on(X, y, shelf)
    server = Server(port, first, shelf).start()
    return server.show() if browser else server
