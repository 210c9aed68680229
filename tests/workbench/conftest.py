"""Fixtures: a server on the loopback interface with a browser, its cookie and its WebSocket."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

for _needed in ("starlette", "uvicorn", "websockets", "httpx"):
    pytest.importorskip(_needed)

import httpx  # noqa: E402
from websockets.exceptions import ConnectionClosed  # noqa: E402
from websockets.sync.client import ClientConnection, connect  # noqa: E402

from lamina.workbench.data.data_store import MemoryDataStore  # noqa: E402
from lamina.workbench.runs.experiment import first_experiment  # noqa: E402
from lamina.workbench.server.server import Server  # noqa: E402
from lamina.workbench.server.sessions import Session  # noqa: E402
from lamina.workbench.views.frames import decode  # noqa: E402

PATIENCE = 20.0
SMALL = {
    "data": {"n_samples": 60},
    "model": {"hidden_layer_sizes": [3], "batch_size": 20, "n_iter_no_change": 1000},
}


class Page:
    """Page: sends commands, and receives events and frames."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def do(self, command: str, **arguments: Any) -> None:
        """Send a command."""
        self.socket.send(json.dumps({"do": command, **arguments}))

    def receive(self) -> Any:
        """Return the next message: an event, or a frame's header and arrays."""
        message = self.socket.recv(PATIENCE)
        return json.loads(message) if isinstance(message, str) else decode(message)

    def event(self, kind: str) -> dict[str, Any]:
        """Return the next event of that kind; ignore other messages."""
        while True:
            received = self.receive()
            if isinstance(received, dict) and received["is"] == kind:
                return received

    def frame(self, kind: str = "frame") -> Any:
        """Return the next binary message of that kind."""
        while True:
            received = self.receive()
            if isinstance(received, tuple) and received[0]["kind"] == kind:
                return received

    def state(self, status: str) -> dict[str, Any]:
        """Return the next state in which the run has that status."""
        while True:
            state = self.event("state")
            if state["run"]["status"] == status:
                return state

    def code_of_closing(self) -> int | None:
        """Return the code with which the server closes; None if the close frame was lost."""
        try:
            while True:
                self.receive()
        except ConnectionClosed as closed:
            return None if closed.rcvd is None else closed.rcvd.code

    def arrives_at(self, epoch: int) -> Any:
        """Return the first frame of that epoch or a later one."""
        while True:
            self.do("ready")
            header, arrays = self.frame()
            if header["epoch"] >= epoch:
                return header, arrays


class Browser:
    """Browser that has opened the link."""

    def __init__(self, server: Server, stack: ExitStack) -> None:
        self.server, self.stack = server, stack
        self.origin = f"http://127.0.0.1:{server.port}"
        self.http = stack.enter_context(httpx.Client(base_url=self.origin, timeout=PATIENCE))
        self.http.get(server.url)
        self.cookie = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())

    def connect(self, session: str = "", **changes: Any) -> ClientConnection:
        """Open a WebSocket, by default with this browser's cookie and origin."""
        headers = {"cookie": self.cookie, **changes.pop("headers", {})}
        host, port = changes.pop("host", "127.0.0.1"), self.server.port
        url = f"ws://{host}:{port}/ws?session={session}"
        reached = socket.create_connection(("127.0.0.1", port))
        options = {"origin": self.origin, "additional_headers": headers, **changes}
        options |= {"sock": reached}
        return self.stack.enter_context(connect(url, max_size=None, **options))

    def open(self, session: str = "") -> Page:
        """Open a page that has not received anything yet."""
        return Page(self.connect(session))


@pytest.fixture
def server() -> Iterator[Server]:
    """Server for one test."""
    with Server() as running:
        yield running


@pytest.fixture
def browser(server: Server) -> Iterator[Browser]:
    """Browser that has opened the link."""
    with ExitStack() as opened:
        yield Browser(server, opened)


@pytest.fixture
def page(browser: Browser) -> Page:
    """Page in that browser."""
    return browser.open()


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    """Return `until(condition)`, which waits for the condition or fails."""

    def wait(condition: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.005)

    return wait


@pytest.fixture
def session() -> Iterator[Callable[..., Session]]:
    """Return `session(patch)`, a session on a small patched experiment, without pacing."""
    opened: list[Session] = []

    def make(patch: dict[str, Any] | None = None) -> Session:
        experiment = first_experiment().merged(SMALL).merged(patch or {})
        opened.append(Session(experiment, MemoryDataStore()))
        opened[-1].do({"do": "pace", "epochs_per_second": None})
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """ExitStack that is closed when the test ends."""
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def visit() -> type[Browser]:
    """Return `visit(server, stack)`, a browser that has opened a server's link."""
    return Browser
