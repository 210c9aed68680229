"""Entry point of the server: serves the page and its files at once, everything else after an
import.

Importing scikit-learn and the training code takes two seconds; the page is visible before that.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from lamina.workbench.server.security import NO_COOKIE, Lock

STATIC = Path(__file__).parents[1] / "static"
NOT_BUILT = "The page has not been built: run `make web`, which needs Node.js."


class PageApp:
    """ASGI application that serves the page and its files, and forwards all else to a later
    application.

    Parameters
    ----------
    lock : Lock
    behind : Future of ASGI application
        Application that answers all other requests.
    """

    def __init__(self, lock: Lock, behind: Future[ASGIApp]) -> None:
        self.lock, self.behind = lock, behind
        routes: list[BaseRoute] = [Route("/", self.page)]
        if STATIC.is_dir():
            routes.append(Mount("/static", StaticFiles(directory=STATIC)))
        self.files = Starlette(routes=routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_file = scope["path"] == "/" or scope["path"].startswith("/static/")
        if scope["type"] == "http" and is_file:
            await self.files(scope, receive, send)
            return
        app = await asyncio.wrap_future(self.behind)
        await app(scope, receive, send)

    async def page(self, request: Request) -> Response:
        """Respond with the page; set the browser's cookie if the address has the token."""
        if self.lock.fits(request.query_params.get("token")):
            return self.lock.give_cookie(self._index())
        if not self.lock.fits(self.lock.cookie_in(request.headers)):
            return PlainTextResponse(NO_COOKIE, 403)
        return self._index()

    def _index(self) -> Response:
        index, headers = STATIC / "index.html", {"cache-control": "no-store"}
        if not index.is_file():
            return PlainTextResponse(NOT_BUILT, 503, headers)
        return FileResponse(index, headers=headers)
