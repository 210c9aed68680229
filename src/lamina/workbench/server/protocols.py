"""HTTP and WebSocket protocols below ASGI, with time limits for slow or silent clients.

uvicorn waits forever for the rest of a started request, and prints a traceback for text that is not
UTF-8. Here the headers of a request must arrive within a time limit, its body has limits for each
chunk and in total, and the number of connections is limited.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

if TYPE_CHECKING:
    from h11 import Request

MOST_CONNECTIONS = 256
SECONDS_FOR_HEADERS = 10.0
SECONDS_BETWEEN_CHUNKS = 15.0
SECONDS_FOR_A_BODY = 300.0


class HttpProtocol(H11Protocol):
    """HTTP/1.1 that closes connections that are idle too long or exceed the maximum number."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.close()
            return
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def handle_websocket_upgrade(self, event: Request) -> None:
        self._forget()
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Start the time limit for a request's headers, or cancel it if they are complete."""
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self._forget()
        elif self._late is None:
            self._late = self.loop.call_later(SECONDS_FOR_HEADERS, self.transport.close)

    def _forget(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


class SocketProtocol(WebSocketsSansIOProtocol):
    """WebSocket that passes on text that is not UTF-8 as bytes, which the connection rejects."""

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text":
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.curr_msg_data_type = "bytes"
        super().send_receive_event_to_app()


class BodyTimeout:
    """ASGI application that disconnects a client if a request's body arrives too slowly."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        loop, is_whole = asyncio.get_running_loop(), False
        end = loop.time() + SECONDS_FOR_A_BODY

        async def receive_in_time() -> Message:
            nonlocal is_whole
            if is_whole:
                return await receive()
            seconds = min(SECONDS_BETWEEN_CHUNKS, end - loop.time())
            try:
                message = await asyncio.wait_for(receive(), max(0.0, seconds))
            except TimeoutError:
                return {"type": "http.disconnect"}
            is_whole = not message.get("more_body", False)
            return message

        await self.app(scope, receive_in_time, send)
