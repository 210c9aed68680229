"""Who may speak to the server: only the page that was opened by the link, from this machine.

The server hears on the loopback alone. That keeps other machines out, but no other page in the same
browser: so a Host must be the server's own, whatever name leads here; a request that changes
anything, and a WebSocket, must come from the server's own page by its Origin; and all but what the
page is made of asks for a cookie, which only the link with the token has set.
"""

from __future__ import annotations

import hmac
import secrets
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
OPEN_PATHS = ("/static/",)
NO_COOKIE = (
    "This page is not open to you: open the link that `lamina workbench` has printed, with its "
    "token."
)
FOREIGN_HOST = "This server answers to 127.0.0.1 and localhost at its own port, and to no other."
FOREIGN_ORIGIN = "Only the workbench's own page may ask for this."


class Lock:
    """The token of one server, and the cookie that a browser gets for it.

    Parameters
    ----------
    port : int
        Cookies are shared between the ports of a machine, so each port has a name of its own.
    """

    def __init__(self, port: int) -> None:
        self.token = secrets.token_urlsafe(32)
        self.port, self.cookie = port, f"lamina_workbench_{port}"
        self.hosts = frozenset(f"{name}:{port}" for name in LOOPBACK)
        self.origins = frozenset(f"http://{host}" for host in self.hosts)

    def fits(self, token: str | None) -> bool:
        """Whether that is the token; it takes as long for every wrong one."""
        return token is not None and hmac.compare_digest(token.encode(), self.token.encode())

    def give_cookie(self, response: Response) -> Response:
        """The response with the cookie, which no script can read and no other site sends."""
        response.set_cookie(self.cookie, self.token, httponly=True, samesite="strict", path="/")
        return response

    def cookie_in(self, headers: Headers) -> str | None:
        """The cookie that a request has brought."""
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self.cookie)
        except CookieError:
            return None
        return None if found is None else found.value


class Guard:
    """The ASGI application behind the lock; every answer gets the headers of the policy."""

    def __init__(self, app: ASGIApp, lock: Lock) -> None:
        self.app, self.lock = app, lock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self.refusal(scope)
        if refusal is None:
            await self.app(scope, receive, send_with_headers)
        elif scope["type"] == "websocket":
            # Closed before it is accepted, the handshake is answered with 403.
            await send({"type": "websocket.close", "code": 4403})
        else:
            await refusal(scope, receive, send_with_headers)

    def refusal(self, scope: Scope) -> Response | None:
        """What a request that may not come through is answered; None for one that may."""
        headers, path = Headers(scope=scope), scope["path"]
        # One Host alone: of two, another reader might heed the other.
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0] not in self.lock.hosts:
            return PlainTextResponse(FOREIGN_HOST, 421)
        if not self._comes_from_the_page(scope, headers):
            return JSONResponse({"message": FOREIGN_ORIGIN}, 403)
        is_open = path.startswith(OPEN_PATHS) or (path == "/" and scope["type"] == "http")
        if not is_open and not self.lock.fits(self.lock.cookie_in(headers)):
            return JSONResponse({"message": NO_COOKIE}, 403)
        return None

    def _comes_from_the_page(self, scope: Scope, headers: Headers) -> bool:
        origin = headers.get("origin")
        if origin is not None:
            return origin in self.lock.origins
        # A browser names the origin of whatever may change something, and of every WebSocket.
        return scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
