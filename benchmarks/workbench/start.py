"""Measure the time from the command to the painted page and to the first training frames."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser

from benchmarks.workbench.chromium import chromium, observed

COMMAND = Path(sys.executable).with_name("lamina")
FIRST_PAINT = """() => new Promise((resolve) => {
    const hear = (list) => {
        for (const { name, startTime } of list.getEntries())
            if (name === "first-contentful-paint") resolve(performance.timeOrigin + startTime);
    };
    new PerformanceObserver(hear).observe({ type: "paint", buffered: true });
})"""


class Start(NamedTuple):
    """Seconds since the command."""

    painted: float
    learned: float


def starts(times: int) -> list[Start]:
    """Start the workbench several times for a browser that is already open."""
    with chromium() as browser:
        return [_start(browser) for _ in range(times)]


def _start(browser: Browser) -> Start:
    page = observed(browser)
    began = time.time()
    with subprocess.Popen(
        [COMMAND, "workbench", "--no-browser"], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            page.goto(url)
            painted = page.evaluate(FIRST_PAINT)
            page.wait_for_function("() => observer.seen.learned")
            learned = page.evaluate("observer.seen.learned")
        finally:
            page.context.close()
            process.terminate()
    return Start(painted / 1000 - began, learned / 1000 - began)
