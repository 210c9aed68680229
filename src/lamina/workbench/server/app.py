"""ASGI application behind the page: vocabulary, WebSocket, uploads and exports."""

from __future__ import annotations

import asyncio
import gc
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from lamina.errors import LaminaError, UnknownNameError
from lamina.workbench.data.data_store import MemoryDataStore
from lamina.workbench.data.plain import Message
from lamina.workbench.data.uploads import TooLarge, read, receive, require_table_libraries
from lamina.workbench.lessons import lessons
from lamina.workbench.runs.experiment import Experiment
from lamina.workbench.runs.experiment_urls import Opened
from lamina.workbench.server.answers import ANSWERS
from lamina.workbench.server.connections import Connection
from lamina.workbench.server.exports import EXPORTS
from lamina.workbench.server.sessions import Session
from lamina.workbench.server.vocabulary import vocabulary
from lamina.workbench.views.frames import to_json

MOST_SESSIONS = 100
IDLE_SECONDS = 1800.0
TOO_MANY = 4429
MOST_UPLOADS = 4
TOO_MANY_UPLOADS = f"{MOST_UPLOADS} uploads are already running: wait until one has finished"
NO_SESSION = "this session does not exist or has expired: reload the page"


class Workbench:
    """Sessions and the routes that serve them.

    Parameters
    ----------
    first : callable
        `first()` returns the experiment of a new session.
    data_store : MemoryDataStore
        Uploaded data and data from Python.
    opened : Opened or None
        Experiment from a link or a file that each new session opens at once.
    """

    def __init__(
        self,
        first: Callable[[], Experiment],
        data_store: MemoryDataStore,
        opened: Opened | None = None,
    ) -> None:
        self.first, self.data_store, self.opened = first, data_store, opened
        self.sessions: OrderedDict[str, Session] = OrderedDict()
        self.connections: dict[str, Connection] = {}
        # One file at a time: reading briefly takes many times the file's size in memory. One thread
        # for all files: each thread's own heap would keep that memory.
        self.reader = ThreadPoolExecutor(1, "lamina-reader")
        self.n_uploads = 0

    def app(self) -> Starlette:
        """Return the ASGI application."""
        routes = [
            Route("/api/vocabulary", self.vocabulary),
            Route("/api/lessons", self.lessons),
            Route("/api/export/{kind}", self.export),
            Route("/api/ask/{name}", self.ask),
            Route("/api/upload", self.upload, methods=["POST"]),
            WebSocketRoute("/ws", self.connect),
        ]
        return Starlette(routes=routes)

    async def vocabulary(self, request: Request) -> Response:
        """Respond with the library's options, which the page offers."""
        return _json(await asyncio.to_thread(vocabulary, self.first()))

    async def lessons(self, request: Request) -> Response:
        """Respond with the guided lessons."""
        return _json(lessons())

    async def export(self, request: Request) -> Response:
        """Respond with the run as code, or with its network as a file."""
        session = self.sessions.get(request.query_params.get("session", ""))
        if session is None:
            return _json({"message": NO_SESSION}, 404)
        try:
            chosen = EXPORTS[request.path_params["kind"]]
            name, content = await asyncio.to_thread(chosen.build, session)
        except UnknownNameError as error:
            return _json({"message": str(error)}, 404)
        except (LaminaError, ImportError, TypeError, ValueError) as error:
            return _json({"message": str(error)}, 409)
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(content, headers=headers, media_type=chosen.media_type)

    async def ask(self, request: Request) -> Response:
        """Respond to a single request about the session's current state."""
        session = self.sessions.get(request.query_params.get("session", ""))
        if session is None:
            return _json({"message": NO_SESSION}, 404)
        try:
            content = ANSWERS[request.path_params["name"]].content
            answer = await asyncio.to_thread(content, session, request.query_params)
        except UnknownNameError as error:
            return _json({"message": str(error)}, 404)
        except (LaminaError, ImportError, TypeError, ValueError) as error:
            return _json({"message": str(error)}, 409)
        if isinstance(answer, bytes):
            headers = {"cache-control": "no-store"}
            return Response(answer, headers=headers, media_type="application/octet-stream")
        return _json(answer)

    async def upload(self, request: Request) -> Response:
        """Store a table, CSV or Parquet, sent as the request's body."""
        if self.n_uploads >= MOST_UPLOADS:
            return _json({"message": TOO_MANY_UPLOADS}, 503, {"connection": "close"})
        self.n_uploads += 1
        try:
            return await self._upload(request)
        finally:
            self.n_uploads -= 1

    async def _upload(self, request: Request) -> Response:
        announced, name = request.headers.get("content-length"), request.query_params.get("name")
        if announced is not None and not (announced.isascii() and announced.isdigit()):
            return _json({"message": "Content-Length must be a whole number of bytes"}, 400)
        size = None if announced is None else int(announced)
        try:
            require_table_libraries()
            with TemporaryDirectory() as folder:
                path = Path(folder, "table")
                key = await receive(request.stream(), size, path)
                loop = asyncio.get_running_loop()
                answer = await loop.run_in_executor(self.reader, self._keep, path, name or "", key)
        except TooLarge as error:
            # Do not wait for the rest of the body.
            return _json({"message": str(error)}, 413, {"connection": "close"})
        except (LaminaError, ImportError, ValueError) as error:
            return _json({"message": str(error)}, 400)
        except ClientDisconnect:
            message = "the upload ended or stalled before the whole file arrived: send it again"
            return _json({"message": message}, 400, {"connection": "close"})
        return _json(answer)

    def _keep(self, path: Path, name: str, key: str) -> Message:
        """Read a table, store it, and return its description for the page."""
        table = read(path, name, key)
        answer = {**table.to_json(), "released": self.data_store.put_table(table)}
        # pandas leaves reference cycles, which would keep the columns of released tables in memory.
        gc.collect()
        return answer

    async def connect(self, websocket: WebSocket) -> None:
        """Serve one page's WebSocket, with its existing session or a new one."""
        await websocket.accept()
        chosen = websocket.query_params.get("session", "")
        session = self.sessions.get(chosen)
        if session is None:
            session = await self._new_session()
            if session is None:
                await websocket.close(TOO_MANY)
                return
        before = self.connections.get(session.id)
        fresh, session.is_fresh = session.is_fresh, False
        connection = Connection(websocket, session, fresh)
        self.connections[session.id] = connection
        if before is not None:
            before.take_over()
        try:
            await connection.run()
        finally:
            session.used = monotonic()
            if self.connections.get(session.id) is connection:
                del self.connections[session.id]

    async def _new_session(self) -> Session | None:
        self._make_room()
        if len(self.sessions) >= MOST_SESSIONS:
            return None
        session = await asyncio.to_thread(Session, self.first(), self.data_store)
        self.sessions[session.id] = session
        if self.opened is not None:
            await asyncio.to_thread(session.open_first, self.opened)
        return session

    def _make_room(self) -> None:
        """Remove sessions without a page that have been idle too long; if still too many, the
        oldest.
        """
        alone = [s for s in self.sessions.values() if s.id not in self.connections]
        alone.sort(key=lambda session: session.used)
        now, excess = monotonic(), len(self.sessions) - MOST_SESSIONS + 1
        for i, session in enumerate(alone):
            if i < excess or now - session.used > IDLE_SECONDS:
                self.sessions.pop(session.id).run.abandon()

    def close(self) -> None:
        """End all runs and release the sessions."""
        for session in self.sessions.values():
            session.run.abandon()
        for session in self.sessions.values():
            session.close()
        self.reader.shutdown(wait=False, cancel_futures=True)


def _json(plain: object, status: int = 200, more: Mapping[str, str] | None = None) -> Response:
    headers = {"cache-control": "no-store", **(more or {})}
    return Response(to_json(plain), status, headers, media_type="application/json")
