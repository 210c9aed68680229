"""A page whose server has ended or restarted shows a message and is disabled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from lamina.workbench.server.server import Server

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()


def test_a_restarted_server_is_distinguished_from_a_silent_one(page: Page) -> None:
    alert, main, bar = page.get_by_role("alert"), page.locator("main"), page.locator(".bar")
    with Server() as server:
        page.goto(server.url)
        expect(page.get_by_role("button", name="Pause")).to_be_visible()
        expect(main).not_to_have_attribute("inert", "")
    expect(alert).to_contain_text("The server does not answer")
    expect(alert).to_contain_text("lamina workbench")
    for each in (main, bar):
        expect(each).to_have_attribute("inert", "")
    expect(page.locator('[aria-label="Pause"]')).to_have_count(0)
    with Server(server.port) as again:
        expect(alert).to_contain_text("The workbench was restarted")
        expect(alert).to_contain_text("Open the link")
        expect(main).to_have_attribute("inert", "")
        expect(main.locator(".panel").first).to_have_css("opacity", "0.4")
        page.goto(again.url)
        expect(page.get_by_role("button", name="Pause")).to_be_visible()
        expect(main).not_to_have_attribute("inert", "")


def test_a_short_disconnection_does_not_change_the_page(page: Page) -> None:
    with Server() as server:
        page.goto(server.url)
        expect(page.get_by_role("button", name="Pause")).to_be_visible()
        [session] = server.workbench.sessions
        [connection] = server.workbench.connections.values()
        connection.close_code = 1001
        connection.notify()
        expect(page.locator("main")).not_to_have_attribute("inert", "")
        expect(page.locator(".banner")).to_have_count(0)
        assert list(server.workbench.sessions) == [session]
