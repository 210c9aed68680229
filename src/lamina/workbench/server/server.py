"""Server: a socket on the loopback interface, uvicorn, and the link that opens the page."""

from __future__ import annotations

import os
import socket
import warnings
import webbrowser
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING, Self

import uvicorn
from starlette.types import ASGIApp

from lamina.workbench.server.page_app import PageApp
from lamina.workbench.server.protocols import BodyTimeout, HttpProtocol, SocketProtocol
from lamina.workbench.server.security import Guard, Lock

if TYPE_CHECKING:
    from lamina.workbench.data.data_store import MemoryDataStore
    from lamina.workbench.runs.experiment import Experiment
    from lamina.workbench.runs.experiment_urls import Opened
    from lamina.workbench.server.app import Workbench

HOST = "127.0.0.1"
LONGEST_COMMAND = 1 << 20
SECONDS_TO_START = 30.0


class Server:
    """Workbench server that runs until it is closed; also a context manager.

    Attributes
    ----------
    url : str
        Link to the page, including the token that is required for access.
    """

    def __init__(
        self,
        port: int = 0,
        first: Callable[[], Experiment] | None = None,
        data_store: MemoryDataStore | None = None,
        opened: Opened | None = None,
    ) -> None:
        # The page shows a fit's warnings; nobody reads them in the terminal.
        warnings.filterwarnings("ignore", module=r"lamina\.workbench")
        self._socket = _bound(port)
        self.port = int(self._socket.getsockname()[1])
        lock = Lock(self.port)
        views = f"#{opened.views}" if opened is not None and opened.views else ""
        self.url = f"http://{HOST}:{self.port}/?token={lock.token}{views}"
        self._workbench: Future[Workbench] = Future()
        self._app: Future[ASGIApp] = Future()
        self._server = uvicorn.Server(_settings(BodyTimeout(Guard(PageApp(lock, self._app), lock))))
        self._thread: Thread | None = None
        Thread(
            target=self._load, args=(first, data_store, opened), name="lamina-import", daemon=True
        ).start()

    def _load(
        self,
        first: Callable[[], Experiment] | None,
        data_store: MemoryDataStore | None,
        opened: Opened | None,
    ) -> None:
        """Import the training code, and make its application available to the server."""
        try:
            from lamina.workbench.data.data_store import MemoryDataStore
            from lamina.workbench.runs.experiment import first_experiment
            from lamina.workbench.server.app import Workbench

            workbench = Workbench(
                first_experiment if first is None else first,
                MemoryDataStore() if data_store is None else data_store,
                opened,
            )
            self._workbench.set_result(workbench)
            self._app.set_result(workbench.app())
        except BaseException as error:
            for waiting in (self._workbench, self._app):
                if not waiting.done():
                    waiting.set_exception(error)

    @property
    def workbench(self) -> Workbench:
        """Sessions and their routes; waits until they have been imported."""
        return self._workbench.result(SECONDS_TO_START)

    def run(self) -> None:
        """Serve in this thread until Ctrl-C."""
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self.workbench.close()

    def start(self) -> Self:
        """Serve in a separate thread; does nothing if already started."""
        if self._thread is not None:
            return self
        self._thread = Thread(target=self.run, name="lamina-workbench", daemon=True)
        self._thread.start()
        return self

    def close(self) -> None:
        """End the server, its connections and their runs."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(SECONDS_TO_START)
        self._socket.close()

    def show(self) -> Self:
        """Open the page in the browser."""
        webbrowser.open(self.url)
        return self

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"lamina's workbench at {self.url}"


def _bound(port: int) -> socket.socket:
    """Return a socket bound to its port; early connections wait until the server is up."""
    bound = socket.socket()
    if os.name == "posix":
        # Makes a released port available at once. On Windows it would share a port in use.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
        bound.listen(128)
    except OSError as error:
        bound.close()
        raise OSError(
            f"port={port} of {HOST} is not available ({error.strerror}): choose another, or 0 "
            "for a free one"
        ) from None
    return bound


def _settings(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        http=HttpProtocol,
        ws=SocketProtocol,
        ws_max_size=LONGEST_COMMAND,
        ws_per_message_deflate=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=1,
    )
