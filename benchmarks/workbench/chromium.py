"""A page in headless Chromium that reports frames and latencies.

It reads JSON lines as commands and answers with one line each: `{"do": "watch"}`, `{"do": "rest"}`,
`{"do": "count"}`, `{"do": "trace", "seconds": 5}`, `{"do": "delays", "of": "pause", "times": 20}`.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.workbench.trace import CATEGORIES, page_tasks

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
OBSERVER = Path(__file__).with_name("observer.js")
SIZE: Any = {"width": 1440, "height": 900}
# The page's one-time work after loading is finished by then.
SECONDS_TO_SETTLE = 1.0
# The time for a pending frame, and between two inputs.
SECONDS_BETWEEN = 0.3


@contextmanager
def chromium() -> Iterator[Browser]:
    """Yield the browser."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        try:
            yield browser
        finally:
            browser.close()


def observed(browser: Browser) -> Page:
    """Return a page of a laptop's size with the observer."""
    page = browser.new_page(viewport=SIZE)
    page.add_init_script(path=OBSERVER)
    return page


class Visitor:
    """A visitor who opens and closes the page."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser, self.url = browser, url
        self.page = observed(browser)
        self.doings: dict[str, Callable[..., Any]] = {
            "watch": self.watch,
            "rest": self.rest,
            "count": self.count,
            "trace": self.trace,
            "delays": self.delays,
        }

    def watch(self) -> None:
        """Open the page, and wait until it shows frames."""
        self.page.goto(self.url)
        self.page.wait_for_function("() => observer.frames() > 0")
        self.page.wait_for_timeout(1000 * SECONDS_TO_SETTLE)

    def rest(self) -> None:
        """Close the page; its session remains."""
        self.page.goto("about:blank")

    def count(self) -> int:
        """Return the number of frames since the page was opened."""
        return int(self.page.evaluate("observer.frames()"))

    def trace(self, seconds: float) -> dict[str, float]:
        """Trace the page's thread for some seconds."""
        before = self.count()
        self.browser.start_tracing(page=self.page, categories=CATEGORIES)
        self.page.wait_for_timeout(1000 * seconds)
        frames = self.count() - before
        return {"frames": frames, **page_tasks(json.loads(self.browser.stop_tracing()))}

    def delays(self, topic: str, times: int) -> list[float]:
        """Measure the milliseconds from an input to its visible effect, several times."""
        event, what = EFFECTS[topic]
        act = ACTS[topic](self.page)
        found = []
        for _ in range(times):
            self.page.wait_for_timeout(1000 * SECONDS_BETWEEN)
            self.page.evaluate(
                "([type, what]) => { observer.found = observer.delay(type, what) }", [event, what]
            )
            next(act)
            found.append(float(self.page.evaluate("observer.found")))
        return found


def _activations(page: Page) -> Iterator[None]:
    field = page.get_by_label("Activation", exact=True)
    for name in cycle(("relu", "tanh")):
        field.select_option(name)
        yield


def _rates(page: Page) -> Iterator[None]:
    for name in cycle(("Smaller steps from now on", "Larger steps from now on")):
        page.get_by_role("button", name=name).click()
        yield


def _pauses(page: Page) -> Iterator[None]:
    while True:
        page.locator(".button.primary").click()
        yield


def _places(page: Page) -> Iterator[None]:
    box = page.locator(".region .plane").bounding_box()
    assert box is not None
    for fraction in cycle((0.3, 0.4, 0.5, 0.6, 0.7)):
        page.mouse.move(box["x"] + fraction * box["width"], box["y"] + fraction * box["height"])
        yield


# The input, the event that begins it, and the element that shows its effect.
ACTS = {"activation": _activations, "rate": _rates, "pause": _pauses, "place": _places}
EFFECTS = {
    "activation": ("change", "run"),
    "rate": ("click", "rate"),
    "pause": ("click", "status"),
    "place": ("pointermove", "answer"),
}


def main(url: str) -> None:
    """Open the link, report it, and execute commands."""
    with chromium() as browser:
        visitor = Visitor(browser, url)
        visitor.watch()
        print("open", flush=True)
        for line in sys.stdin:
            order = json.loads(line)
            print(json.dumps(visitor.doings[order.pop("do")](**order)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
