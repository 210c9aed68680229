"""Accessibility: contrast, widths, keyboard, reduced motion; no external resources."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, expect

from lamina.workbench.server.page_app import STATIC

WEB = Path(__file__).parents[2] / "web"
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
PANELS = (".settings", ".data", ".network", ".region", ".curves", ".notes")

pytestmark = pytest.mark.xdist_group("browser")


def every_view(visit: Any) -> Iterator[str]:
    """Show every view of every panel in turn, one in each panel at a time; return their names.

    They are found on the page: by the tabs of its panels, for data of each kind, and a drawing.
    """
    seen: set[str] = set()
    for shown in (nothing, known("digits"), made("hills"), made("your own")):
        shown(visit)
        panels = visit.page.locator(".panel").all()
        n_rounds = max(panel.locator(".tab").count() for panel in panels)
        for number in range(max(1, n_rounds)):
            names = [name for panel in panels if (name := show(panel, number))]
            if number and seen.issuperset(names):
                continue
            seen.update(names)
            visit.page.wait_for_timeout(300)
            yield ", ".join(names)


def nothing(visit: Any) -> None:
    """Return the elements of the page at the start."""


def made(name: str) -> Callable[[Any], None]:
    return lambda visit: go_to(visit, "Data").locator(".picture", has_text=name).click()


def known(name: str) -> Callable[[Any], None]:
    return lambda visit: go_to(visit, "Data").get_by_label("Known data").select_option(name)


def go_to(visit: Any, tab: str) -> Any:
    visit.page.get_by_role("button", name=tab, exact=True).click()
    return visit.page


def show(panel: Any, number: int) -> str:
    """Show the panel's view of that index, if it exists."""
    tabs = panel.locator(".tab")
    if number >= tabs.count():
        return ""
    tabs.nth(number).click()
    return str(tabs.nth(number).inner_text())


OPEN_ALL = """() => {
    document.querySelectorAll("details").forEach(each => { each.open = true; });
    document.querySelectorAll(".menu > [aria-expanded=false]").forEach(each => each.click());
}"""
AXE_FINDS = """axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, html }) => `${id}: ${target} ${html.slice(0, 120)}`)))"""
TOO_SMALL = """() => [...document.querySelectorAll("button, select, input, summary, [role=tab]")]
    .map(each => each.closest("label") ?? each)
    .filter(each => each.checkVisibility())
    .map(each => [each.getBoundingClientRect(), each.outerHTML])
    .filter(([box]) => box.width < 24 || box.height < 24)
    .map(([box, html]) => `${box.width} × ${box.height}: ${html.slice(0, 90)}`)"""


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: `make web` does that")
@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 1440), ("light", 360)])
def test_axe_finds_no_violation_in_any_view(
    open_page: Callable[..., Any], scheme: str, width: int
) -> None:
    size = {"width": width, "height": 900}
    visit = open_page(color_scheme=scheme, viewport=size, bypass_csp=True)
    visit.wait_for_epoch(3)
    visit.pause()
    visit.page.add_script_tag(path=AXE)
    found = {}
    for names in every_view(visit):
        visit.page.evaluate(OPEN_ALL)
        found[names] = visit.page.evaluate(AXE_FINDS)
    assert {names: values for names, values in found.items() if values} == {}


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_every_view_fits_every_width_with_large_enough_targets(
    open_page: Callable[..., Any], width: int
) -> None:
    visit = open_page(viewport={"width": width, "height": 900})
    visit.wait_for_epoch(3)
    found = {}
    for names in every_view(visit):
        wide = visit.page.evaluate("document.documentElement.scrollWidth")
        small = visit.page.evaluate(TOO_SMALL)
        found[names] = [*small, *([f"{wide} wide"] if wide > width else [])]
    assert {names: values for names, values in found.items() if values} == {}


def test_everything_fits_a_laptop_screen(visit: Any) -> None:
    visit.wait_for_epoch(3)
    for panel in PANELS:
        box = visit.page.locator(panel).bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= 1440
        assert box["y"] + box["height"] <= 900


def test_nothing_plays_by_itself_with_reduced_motion(
    open_page: Callable[..., Any],
) -> None:
    visit = open_page(reduced_motion="reduce")
    expect(visit.page.get_by_role("button", name="Play")).to_be_visible()
    visit.page.wait_for_timeout(500)
    assert visit.session.run.controller.epoch == 0
    visit.page.get_by_role("button", name="Play").click()
    visit.wait_for_epoch(3)


def test_external_scripts_are_blocked(visit: Any) -> None:
    with pytest.raises(Error):
        visit.page.add_script_tag(content="window.wasRun = true")
    assert visit.page.evaluate("window.wasRun") is None
    assert any("Content Security Policy" in each for each in visit.troubles)
    visit.troubles.clear()


def test_the_bundle_is_small() -> None:
    script = (STATIC / "workbench.js").read_bytes()
    assert len(gzip.compress(script)) <= 150_000


@pytest.mark.repository
def test_lockfile_names_no_registry() -> None:
    text = (WEB / "package-lock.json").read_text()
    assert '"resolved"' not in text
    assert not re.search(r"https?://[^\"]*registry", text)
