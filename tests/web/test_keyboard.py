"""Every action on the page works by keyboard: by Tab, or by a shortcut."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from lamina.workbench.data.drawn import DrawnData

pytestmark = pytest.mark.xdist_group("browser")
# More than the number of controls on the page.
MOST_TABS = 300
HAS_FOCUS = "each => each === document.activeElement"
SHOWS_FOCUS = """() => {
    const marked = [document.activeElement, document.activeElement.closest("label")];
    return marked.some(each => each && getComputedStyle(each).outlineStyle !== "none");
}"""


class Keys:
    """Page controlled by keyboard."""

    def __init__(self, visit: Any) -> None:
        self.visit, self.page = visit, visit.page
        self.press = visit.page.keyboard.press

    def reach(self, control: Locator) -> Locator:
        """Press Tab until a control has the visible focus."""
        expect(control).to_be_visible()
        for _ in range(MOST_TABS):
            if control.evaluate(HAS_FOCUS):
                assert self.page.evaluate(SHOWS_FOCUS), f"{control} does not show its focus"
                return control
            self.press("Tab")
        raise AssertionError(f"{control} cannot be reached")

    def button(self, name: str) -> Locator:
        """Focus a button by Tab and press it."""
        button = self.reach(self.page.get_by_role("button", name=name, exact=True).first)
        self.press("Enter")
        return button

    def leave(self) -> None:
        """Remove the focus, as on a new page."""
        self.page.evaluate("document.activeElement.blur()")


@pytest.fixture
def keys(visit: Any) -> Keys:
    visit.wait_for_epoch(5)
    return Keys(visit)


def test_shortcuts_work_after_a_click_on_a_picture_or_checkbox(keys: Keys) -> None:
    visit, page = keys.visit, keys.page
    page.locator(".picture", has_text="spiral").click()
    visit.until(lambda: visit.session.experiment.data.to_json()["name"] == "spiral")
    visit.wait_for_epoch(3)
    keys.press("Space")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    visit.until(lambda: visit.session.run.status == "paused")
    before = visit.session.run.controller.epoch
    keys.press("s")
    visit.until(lambda: visit.session.run.controller.epoch == before + 1)
    run = visit.session.run.id
    keys.press("r")
    visit.until(lambda: visit.session.run.id != run)
    visit.wait_for_exactly(0)
    page.get_by_label("Test rows").click()
    keys.press("Control+z")
    visit.until(lambda: visit.session.experiment.data.to_json()["name"] == "moons")
    fraction = page.locator(".field", has_text="Test fraction").get_by_role("slider")
    fraction.focus()
    keys.press("ArrowRight")
    visit.until(lambda: visit.session.experiment.test_fraction > 0.5)
    # The page ignores the key until it has the state in which there is something to undo.
    expect(fraction).to_have_attribute("aria-valuetext", "55 %")
    keys.press("Control+z")
    visit.until(lambda: visit.session.experiment.test_fraction == 0.5)


def test_text_fields_receive_letters_instead_of_shortcuts(keys: Keys) -> None:
    visit, page = keys.visit, keys.page
    run = visit.session.run
    page.get_by_label("Seed", exact=True).first.focus()
    for key in ("Space", "s", "r", "n", "Control+z"):
        keys.press(key)
    keys.press("Escape")
    assert visit.session.run is run
    assert visit.session.run.is_playing


def test_plays_pauses_steps_and_goes_back_by_keyboard(keys: Keys) -> None:
    visit, page = keys.visit, keys.page
    keys.press("Space")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    page.wait_for_timeout(300)
    epoch = visit.epoch()
    keys.press("s")
    visit.wait_for_exactly(epoch + 1)
    keys.press("b")
    expect(page.locator(".readouts > .batch dt")).to_contain_text("Batch 1 of 25")
    keys.press("s")
    visit.wait_for_exactly(epoch + 2)
    keys.reach(page.get_by_label("Epoch that is shown"))
    keys.press("Home")
    visit.wait_for_exactly(0)
    keys.press("ArrowRight")
    visit.wait_for_exactly(1)
    keys.button("Latest")
    visit.wait_for_exactly(epoch + 2)
    # Shortcuts also work while a button has the focus.
    keys.press(",")
    visit.wait_for_exactly(epoch + 1)
    keys.press(".")
    visit.wait_for_exactly(epoch + 2)
    keys.button("Play")
    expect(page.get_by_role("button", name="Pause")).to_be_focused()
    keys.press("r")
    visit.wait_for_exactly(0)
    seed = visit.session.run.model.random_state
    keys.press("n")
    visit.until(lambda: visit.session.run.model.random_state != seed)


def test_changes_the_network_by_keyboard(keys: Keys) -> None:
    visit, page = keys.visit, keys.page
    keys.reach(page.get_by_label("Activation", exact=True))
    keys.press("r")
    visit.until(lambda: visit.session.experiment.model["activation"] != "tanh")
    keys.button("Add a hidden layer")
    visit.wait_for("hidden_layer_sizes", [6, 4, 4])
    keys.button("Add a unit to hidden layer 1")
    visit.wait_for("hidden_layer_sizes", [7, 4, 4])
    keys.button("Remove the last hidden layer")
    visit.wait_for("hidden_layer_sizes", [7, 4])
    keys.press("Control+z")
    visit.wait_for("hidden_layer_sizes", [7, 4, 4])
    keys.button("Undo")
    visit.wait_for("hidden_layer_sizes", [6, 4, 4])
    keys.reach(page.get_by_label("Learning rate", exact=True))
    keys.press("ArrowUp")
    visit.wait_for("learning_rate_init", 0.03)


def test_edits_a_weight_by_keyboard(keys: Keys) -> None:
    page = keys.page
    keys.press("Space")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    twin = page.locator(".network details.twin")
    keys.reach(twin.locator("summary"))
    keys.press("Enter")
    before = twin.get_by_role("textbox").first.input_value()
    field = keys.reach(twin.get_by_role("textbox").first)
    page.keyboard.press("Control+a")
    page.keyboard.type("2.5")
    keys.press("Enter")
    expect(field).to_have_value("2.5000")
    keys.button("Undo")
    expect(field).to_have_value(before)


def test_chooses_and_draws_data_by_keyboard(keys: Keys) -> None:
    visit, page = keys.visit, keys.page
    keys.reach(page.get_by_role("radio", name="moons"))
    for key, name in (
        ("ArrowRight", "circles"),
        ("ArrowLeft", "moons"),
        ("ArrowLeft", "quadrants"),
    ):
        keys.press(key)
        visit.until(lambda name=name: visit.session.run.prepared.dataset.name == name)
        # The next arrow key starts from the displayed choice.
        expect(page.get_by_role("radio", name=name)).to_be_checked()
    keys.press("ArrowLeft")
    expect(page.get_by_role("radio", name="your own")).to_be_checked()
    keys.reach(page.locator(".plane"))
    for key in ("1", "Enter", "ArrowLeft", "Enter", "2", "ArrowUp", "ArrowUp", "Enter"):
        keys.press(key)
    keys.press("ArrowUp")
    keys.press("2")
    visit.until(lambda: isinstance(visit.session.experiment.data, DrawnData))
    assert [point[2] for point in visit.session.experiment.data.points][:2] == [0, 0]
    keys.reach(page.get_by_label("Known data"))
    keys.press("i")
    visit.until(lambda: visit.session.run.prepared.dataset.name == "iris")


def test_opens_every_view_by_keyboard(keys: Keys) -> None:
    for panel in keys.page.locator(".panel:has(.tab)").all():
        for number in range(panel.locator(".tab").count()):
            tab = keys.reach(panel.locator(".tab").nth(number))
            keys.press("Enter")
            expect(tab).to_have_attribute("aria-pressed", "true")
            # A tab may show a count after its name.
            heading = panel.get_by_role("heading", level=2).text_content() or ""
            assert tab.inner_text().startswith(heading.strip())


def test_exports_the_run_by_keyboard(keys: Keys) -> None:
    page = keys.page
    menu = page.locator(".bar .menu > button", has_text="Take away")
    keys.reach(menu)
    keys.press("Enter")
    keys.reach(page.get_by_role("button", name="Python code"))
    with page.expect_download() as download:
        keys.press("Enter")
    assert re.fullmatch(r"workbench_run.*\.py", download.value.suggested_filename)
    keys.reach(menu)
    keys.press("Enter")
    entry = page.get_by_role("button", name="Python code")
    expect(entry).to_be_visible()
    keys.press("Escape")
    expect(entry).not_to_be_visible()
