"""Access control: only the page opened by the link, on this machine, may use the server.

The server listens on the loopback interface only. That excludes other machines, but not other pages
in the same browser. So the Host header must be the server's own address; requests that change
anything, and WebSockets, must have the Origin of the server's own page; and everything but the
page's static files requires a cookie, which only the link with the token sets.
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
    "This browser has no access: open the link that `lamina workbench` printed, including its "
    "token."
)
FOREIGN_HOST = "This server only answers requests to 127.0.0.1 or localhost at its own port."
FOREIGN_ORIGIN = "Only the workbench's own page may send this request."


class Lock:
    """Token of one server, and the cookie that stores it in a browser.

    Parameters
    ----------
    port : int
        Part of the cookie's name, because all ports of a machine share their cookies.
    """

    def __init__(self, port: int) -> None:
        self.token = secrets.token_urlsafe(32)
        self.port, self.cookie = port, f"lamina_workbench_{port}"
        self.hosts = frozenset(f"{name}:{port}" for name in LOOPBACK)
        self.origins = frozenset(f"http://{host}" for host in self.hosts)

    def fits(self, token: str | None) -> bool:
        """Return True if the token is correct; the comparison takes constant time."""
        return token is not None and hmac.compare_digest(token.encode(), self.token.encode())

    def give_cookie(self, response: Response) -> Response:
        """Set the cookie on a response; scripts cannot read it, and other sites cannot send it."""
        response.set_cookie(self.cookie, self.token, httponly=True, samesite="strict", path="/")
        return response

    def cookie_in(self, headers: Headers) -> str | None:
        """Return the cookie in a request's headers, or None."""
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self.cookie)
        except CookieError:
            return None
        return None if found is None else found.value


class Guard:
    """ASGI application that checks every request and adds security headers to the responses."""

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
            # Closing before accepting makes the handshake fail with status 403.
            await send({"type": "websocket.close", "code": 4403})
        else:
            await refusal(scope, receive, send_with_headers)

    def refusal(self, scope: Scope) -> Response | None:
        """Return the error response for a request that is not allowed; None if it is."""
        headers, path = Headers(scope=scope), scope["path"]
        # Exactly one Host header: with two, another program might use the other one.
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
        # Browsers always send Origin with WebSockets and with requests that may change something.
        return scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
