"""Fixtures: a browser that opens the page of a real server."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

for _needed in ("starlette", "uvicorn", "websockets", "playwright"):
    pytest.importorskip(_needed)

from playwright.sync_api import Browser, expect, sync_playwright  # noqa: E402

from lamina.workbench.server.page_app import STATIC  # noqa: E402
from lamina.workbench.server.server import Server  # noqa: E402

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# Time limit for a fit of a few milliseconds per epoch, on a busy machine.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("Chromium is not installed")
    if not STATIC.is_dir():
        pytest.skip("the page is not built")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


class Visit:
    """Open page, with the errors that occurred on it."""

    def __init__(self, browser: Browser, server: Server, **wishes: Any) -> None:
        size = {"width": 1440, "height": 900}
        self.server = server
        self.context = browser.new_context(**({"viewport": size} | wishes))
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()
        self.troubles: list[str] = []
        self.requests: list[str] = []
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", self._hear)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(server.url)
        expect(self.page.get_by_role("heading", name="Network", exact=True)).to_be_visible()
        # The session exists, and its first run is displayed.
        expect(self.page.locator(".plane[data-run]")).to_be_visible()

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(message.text)

    @property
    def session(self) -> Any:
        """Return the server's session of this page, once the page has received its id."""
        sessions = self.server.workbench.sessions
        for _ in range(PATIENCE // 50):
            name = self.page.evaluate("sessionStorage.getItem('lamina-session')")
            if name in sessions:
                return sessions[name]
            self.page.wait_for_timeout(50)
        raise AssertionError(f"the server has no session {name!r}")

    def readout(self, name: str) -> str:
        """Return a number shown in the bar."""
        return self.page.locator(f'.readouts > div:has(dt:text-is("{name}")) > dd').inner_text()

    def epoch(self) -> int:
        return int(self.readout("Epoch").replace(",", ""))

    def wait_for_epoch(self, least: int) -> None:
        """Wait until the page shows at least this many epochs."""
        self.page.wait_for_function(
            "least => Number(document.querySelector('.readouts dd').textContent"
            ".replaceAll(',', '')) >= least",
            arg=least,
        )

    def wait_for_exactly(self, epoch: int) -> None:
        """Wait until the page shows this epoch, which is not the latest."""
        expect(self.page.locator(".readouts dd").first).to_have_text(str(epoch))

    def until(self, condition: Callable[[], object]) -> None:
        """Wait until a part of the server's experiment has a value."""
        self.page.wait_for_timeout(0)
        for _ in range(PATIENCE // 50):
            if condition():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("waited in vain")

    def wait_for(self, name: str, value: Any) -> None:
        """Wait until a model parameter on the server has a value."""
        self.until(lambda: self.session.experiment.model.get(name) == value)

    def pause(self) -> None:
        """Pause, and wait until the page shows the current epoch."""
        self.page.get_by_role("button", name="Pause").click()
        expect(self.page.get_by_role("button", name="Play")).to_be_visible()
        run = self.session.run
        self.until(lambda: run.status != "playing")
        self.page.wait_for_timeout(300)  # the epoch that is being made may still end
        self.until(lambda: self.epoch() == run.controller.epoch)


@pytest.fixture
def open_page(browser: Browser, server: Server) -> Iterator[Callable[..., Visit]]:
    """Open the page with browser settings, such as size and colour scheme, or on another server."""
    visits: list[Visit] = []

    def opened(server: Server = server, **wishes: Any) -> Visit:
        visits.append(Visit(browser, server, **wishes))
        return visits[-1]

    yield opened
    for visit in visits:
        visit.context.close()
        assert not visit.troubles


@pytest.fixture
def visit(open_page: Callable[..., Visit]) -> Visit:
    return open_page()
