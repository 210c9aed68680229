"""Server behind a notebook's comm: passes a page's messages to an ASGI application.

The kernel may run on another machine whose address the notebook cannot reach. So the page's
WebSocket and its requests travel as messages of the notebook, and the ASGI application receives
them as if uvicorn had read them from a socket. The body of a request is sent piece by piece, each
piece on request.

The server runs in its own thread with its own event loop. The kernel's thread is busy while a cell
runs, and only passes the messages it receives to this loop.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, TypeAlias, TypeVarTuple, Unpack
from urllib.parse import urlencode

from starlette.types import ASGIApp, Message, Scope

if TYPE_CHECKING:
    from typing_extensions import Buffer


Ts = TypeVarTuple("Ts")

LONGEST_COMMAND = 1 << 20
MOST_UNHEARD = 1000
MOST_REQUESTS = 32
TOO_LONG, GONE = 1009, 1001
SECONDS_TO_END = 5.0
SECONDS_BETWEEN_LOOKS = 1.0
# A message in JSON between widget and page.
Content: TypeAlias = dict[str, object]
Post: TypeAlias = Callable[[Content, list[bytes]], None]


class CommServer:
    """Server for all pages of one widget.

    Parameters
    ----------
    app : ASGI application
    session : str
        Session shared by every page of this widget.
    post : callable
        `post(content, buffers)` sends a message to the notebook, from the server's thread.
    at_end : callable
        `at_end()` is the last call that the server's thread makes.
    """

    def __init__(self, app: ASGIApp, session: str, post: Post, at_end: Callable[[], None]) -> None:
        self.app, self.session, self.post, self.at_end = app, session, post, at_end
        self.pages: dict[str, _Page] = {}
        self.loop = asyncio.new_event_loop()
        self.ended = asyncio.Event()
        self.thread = _kind_of_thread()(target=self._serve, name="lamina-widget", daemon=True)
        self.thread.start()

    def handle(self, content: object, buffers: Sequence[Buffer]) -> None:
        """Receive a page's message; can be called from any thread."""
        name = content.get("page") if isinstance(content, Mapping) else None
        if isinstance(content, Mapping) and isinstance(name, str):
            self._soon(self._handle, name, content, [bytes(buffer) for buffer in buffers])

    def close(self) -> None:
        """Close all connections and end the thread."""
        self._soon(self.ended.set)

    def wait(self) -> None:
        """Wait for the thread to end."""
        self.thread.join(SECONDS_TO_END)

    def _soon(self, act: Callable[[Unpack[Ts]], None], *arguments: *Ts) -> None:
        try:
            self.loop.call_soon_threadsafe(act, *arguments)
        except RuntimeError:
            # The event loop has already ended.
            return

    def _serve(self) -> None:
        try:
            self.loop.run_until_complete(self._until_ended())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
        finally:
            self.loop.close()
            self.at_end()

    async def _until_ended(self) -> None:
        patience = SECONDS_BETWEEN_LOOKS if hasattr(self.thread, "should_exit") else None
        while not self.ended.is_set() and not getattr(self.thread, "should_exit", False):
            with suppress(TimeoutError):
                await asyncio.wait_for(self.ended.wait(), patience)
        tasks = [task for page in self.pages.values() for task in page.leave()]
        await asyncio.gather(*tasks, return_exceptions=True)

    def _handle(self, name: str, content: Mapping[str, object], buffers: list[bytes]) -> None:
        if name not in self.pages:
            # Drop pages that disappeared without a "leave" message.
            self.pages = {name: page for name, page in self.pages.items() if page.tasks}
            self.pages[name] = _Page(self, name)
        self.pages[name].handle(content, buffers)


class _Page:
    """One page: its WebSocket and its pending requests."""

    def __init__(self, server: CommServer, name: str) -> None:
        self.server, self.name = server, name
        self.socket: _Socket | None = None
        self.requests: dict[int, _Request] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    def handle(self, content: Mapping[str, object], buffers: list[bytes]) -> None:
        """Carry out a message; ignore messages that are not valid."""
        match content:
            case {"do": "open"}:
                self.end_socket()
                self.socket = _Socket(self)
                self.begin(self.socket.run())
            case {"do": "say", "text": str(text)} if self.socket is not None:
                self.socket.handle(text)
            case {"do": "leave"}:
                self.leave()
                self.server.pages.pop(self.name, None)
            case {"do": "ask", "id": int(number), "path": str(path), "query": dict(query)}:
                if len(self.requests) < MOST_REQUESTS:
                    request = self.requests[number] = _Request(
                        self, number, path, query, content.get("size")
                    )
                    self.begin(request.run())
                else:
                    self.post({"is": "answer", "id": number, "status": 429, "headers": []}, [b""])
            case {"do": "piece", "id": int(number), "last": bool(last)} if buffers:
                if number in self.requests:
                    self.requests[number].pieces.put_nowait((buffers[0], last))

    def post(self, content: Content, buffers: list[bytes]) -> None:
        """Send a message to this page."""
        self.server.post({"page": self.name, **content}, buffers)

    def begin(self, work: Coroutine[object, object, None]) -> None:
        """Run a coroutine as a task of this page, until it ends or the page leaves."""
        task = self.server.loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def leave(self) -> list[asyncio.Task[None]]:
        """Close the page's socket and requests; return the tasks that have not ended yet."""
        self.end_socket()
        for request in self.requests.values():
            request.pieces.put_nowait(None)
        return list(self.tasks)

    def end_socket(self) -> None:
        """Disconnect the application's side of the WebSocket, if there is one."""
        if self.socket is not None:
            self.socket.end(GONE)
            self.socket = None


class _Socket:
    """WebSocket as the ASGI application sees it."""

    def __init__(self, page: _Page) -> None:
        self.page = page
        self.events: asyncio.Queue[Message] = asyncio.Queue()
        self.events.put_nowait({"type": "websocket.connect"})
        self.has_ended = False

    def handle(self, text: str) -> None:
        """Queue a command; close the socket if it is too long or too many commands are queued."""
        if len(text) > LONGEST_COMMAND or self.events.qsize() > MOST_UNHEARD:
            self.close(TOO_LONG)
            return
        self.events.put_nowait({"type": "websocket.receive", "text": text})

    def end(self, code: int) -> None:
        """Pass a disconnect to the application and ignore further messages."""
        self.has_ended = True
        self.events.put_nowait({"type": "websocket.disconnect", "code": code})

    def close(self, code: int) -> None:
        """Close the socket and send the code to the page."""
        if not self.has_ended:
            self.page.post({"is": "closed", "code": code}, [])
            self.end(code)

    async def run(self) -> None:
        """Run the ASGI application on this socket until it ends."""
        query = urlencode({"session": self.page.server.session})
        scope = {**_scope("websocket", "/ws", query), "scheme": "ws", "subprotocols": []}
        try:
            await self.page.server.app(scope, self.events.get, self.send)
        finally:
            self.close(GONE)

    async def send(self, message: Message) -> None:
        """Send a message from the application to the page."""
        if self.has_ended:
            # uvicorn raises OSError, too, when the client has disconnected.
            raise OSError("the page has disconnected")
        if message["type"] == "websocket.close":
            self.close(message.get("code", 1000))
        elif message.get("text") is not None:
            self.page.post({"is": "text", "text": message["text"]}, [])
        elif message.get("bytes") is not None:
            self.page.post({"is": "bytes"}, [message["bytes"]])


class _Request:
    """HTTP request as the ASGI application sees it."""

    def __init__(
        self, page: _Page, number: int, path: str, query: dict[str, str], size: object
    ) -> None:
        self.page, self.number = page, number
        self.path, self.query, self.size = path, query, size
        self.pieces: asyncio.Queue[tuple[bytes, bool] | None] = asyncio.Queue()
        self.is_read = False
        self.status, self.headers = 500, list[tuple[bytes, bytes]]()
        self.body: list[bytes] = []

    async def run(self) -> None:
        """Run the ASGI application on this request and post its response."""
        query = {**self.query, "session": self.page.server.session}
        scope = {**_scope("http", self.path, urlencode(query)), "scheme": "http"}
        scope |= {"http_version": "1.1", "method": "GET" if self.size is None else "POST"}
        if self.size is not None:
            scope["headers"] = [(b"content-length", str(self.size).encode())]
        try:
            await self.page.server.app(scope, self.receive, self.send)
        finally:
            del self.page.requests[self.number]
            headers = [[name.decode(), value.decode()] for name, value in self.headers]
            message = {"is": "answer", "id": self.number, "status": self.status, "headers": headers}
            self.page.post(message, [b"".join(self.body)])

    async def receive(self) -> Message:
        """Request and return the next piece of the body; after the last, return the disconnect."""
        if self.size is None and not self.is_read:
            self.is_read = True
            return {"type": "http.request", "body": b"", "more_body": False}
        if not self.is_read:
            self.page.post({"is": "more", "id": self.number}, [])
        piece = await self.pieces.get()
        if piece is None:
            return {"type": "http.disconnect"}
        body, self.is_read = piece
        return {"type": "http.request", "body": body, "more_body": not self.is_read}

    async def send(self, message: Message) -> None:
        """Collect the application's response until it is complete."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message.get("headers", ()))
        else:
            self.body.append(message.get("body", b""))


def _kind_of_thread() -> type[Thread]:
    """Return the thread class: marimo's, which reports that its cell reruns, or Python's."""
    marimo = sys.modules.get("marimo")
    if marimo is None or not marimo.running_in_notebook():
        return Thread
    kind: type[Thread] = marimo.Thread
    return kind


def _scope(kind: str, path: str, query: str) -> Scope:
    return {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [],
        "client": None,
        "server": None,
        "state": {},
    }
