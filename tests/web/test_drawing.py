"""Points drawn by pointer and keyboard: with classes, with values, and on a curve."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from lamina.workbench.data.drawn import DrawnData

pytestmark = pytest.mark.xdist_group("browser")
LEFT, RIGHT, TOP, BOTTOM = 34, 8, 6, 34


class Board:
    """Drawing area, with positions from 0 to 1 to the right and up."""

    def __init__(self, visit: Any) -> None:
        self.visit, self.page = visit, visit.page
        self.page.locator(".picture", has_text="your own").click()
        expect(self.hint).to_contain_text("Put 4 points of two classes")

    @property
    def hint(self) -> Any:
        return self.page.locator(".region .answer")

    def at(self, right: float, up: float) -> tuple[float, float]:
        box = self.page.locator(".plane").bounding_box()
        assert box
        width, height = box["width"] - LEFT - RIGHT, box["height"] - TOP - BOTTOM
        return box["x"] + LEFT + right * width, box["y"] + TOP + (1 - up) * height

    def put(self, *places: tuple[float, float]) -> None:
        for place in places:
            self.page.mouse.click(*self.at(*place))

    def drag(self, start: tuple[float, float], end: tuple[float, float], **button: Any) -> None:
        self.page.mouse.move(*self.at(*start))
        self.page.mouse.down(**button)
        self.page.mouse.move(*self.at(*end), steps=20)
        self.page.mouse.up(**button)

    def pen(self, name: str) -> Any:
        return self.page.get_by_role("button", name=f"Class {name},")

    def tool(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def points(self) -> list[tuple[float, ...]]:
        """Return the points on the server."""
        data = self.visit.session.experiment.data
        return list(data.points) if isinstance(data, DrawnData) else []

    def wait_for(self, n: int) -> list[tuple[float, ...]]:
        """Wait until the server has this many points, and compare them with the page's."""
        self.visit.until(lambda: len(self.points()) == n)
        return self.points()


def test_the_network_trains_while_points_are_added(visit: Any) -> None:
    board = Board(visit)
    expect(visit.page.get_by_role("button", name="Play")).to_be_visible()
    board.put((0.2, 0.2), (0.3, 0.2), (0.2, 0.3))
    expect(board.hint).to_contain_text("another class")
    assert board.points() == []
    board.pen("2").click()
    board.put((0.75, 0.75))
    points = board.wait_for(4)
    assert [point[2] for point in points] == [0, 0, 0, 1]
    assert points[3][:2] == pytest.approx((0.5, 0.5), abs=0.02)
    assert points[0][:2] == pytest.approx((-0.6, -0.6), abs=0.02)
    # It was playing before, and plays again now that there is enough data.
    visit.wait_for_epoch(20)
    board.drag((0.6, 0.6), (0.9, 0.9))
    visit.until(lambda: len(board.points()) >= 8)
    assert visit.session.plane.limits == ((-1.0, 1.0), (-1.0, 1.0))
    # A new run fast-forwards to the old one's epoch before it is displayed.
    visit.wait_for_epoch(20)
    board.tool("Undo the last stroke")
    assert board.wait_for(4) == points
    visit.until(lambda: visit.session.run.status == "playing")
    expect(visit.page.locator(".network .output-name")).to_have_text("p of 2")


def test_points_can_be_removed_and_restored(visit: Any) -> None:
    board = Board(visit)
    board.put((0.2, 0.2), (0.3, 0.2))
    visit.page.keyboard.press("2")
    board.put((0.8, 0.8), (0.7, 0.8))
    points = board.wait_for(4)
    visit.wait_for_epoch(3)
    board.tool("Clear the board")
    expect(board.hint).to_contain_text("Put 4 points")
    expect(visit.page.get_by_role("button", name="Play")).to_be_visible()
    assert board.points() == points
    board.tool("Undo the last stroke")
    expect(visit.page.get_by_role("button", name="Pause")).to_be_visible()
    visit.page.mouse.click(*board.at(0.5, 0.5))
    board.wait_for(5)
    visit.page.mouse.click(*board.at(0.5, 0.5), button="right")
    assert board.wait_for(4) == points
    board.tool("Eraser")
    board.put((0.8, 0.8))
    expect(board.pen("2")).to_have_accessible_name("Class 2, 1 points")
    board.tool("Undo the last stroke")
    expect(board.pen("2")).to_have_accessible_name("Class 2, 2 points")
    visit.page.reload()
    expect(board.pen("2")).to_have_accessible_name("Class 2, 2 points")
    visit.page.locator(".picture", has_text="xor").click()
    expect(board.pen("2")).to_have_count(0)
    visit.until(lambda: visit.session.run.prepared.dataset.name == "xor")


def test_points_can_be_drawn_by_keyboard(visit: Any) -> None:
    board, keys = Board(visit), visit.page.keyboard
    visit.page.locator(".plane").focus()
    keys.press("Enter")
    for key in ("ArrowLeft", "Space", "ArrowDown", "1", "ArrowDown", "ArrowDown", "2"):
        keys.press(key)
    points = board.wait_for(4)
    assert points == [(0, 0, 0), (-0.1, 0, 0), (-0.1, -0.1, 0), (-0.1, -0.3, 1)]
    keys.press("Shift+ArrowRight")
    keys.press("Enter")
    assert board.wait_for(5)[-1] == pytest.approx((-0.08, -0.3, 1))
    keys.press("Delete")
    expect(board.hint).to_contain_text("another class")
    keys.press("Control+z")
    expect(board.pen("2")).to_have_accessible_name("Class 2, 2 points")


def test_points_of_a_data_set_can_be_edited(visit: Any) -> None:
    visit.wait_for_epoch(5)
    before = visit.session.run.prepared
    rows = len(before.X_train) + len(before.X_test)
    visit.page.get_by_role("button", name="Edit these points").click()
    visit.until(lambda: isinstance(visit.session.experiment.data, DrawnData))
    data = visit.session.experiment.data
    assert len(data.points) == rows
    assert data.limits is not None
    assert data.classes == before.class_names
    assert visit.session.experiment.inputs == before.experiment.inputs
    visit.wait_for_epoch(5)


@pytest.mark.parametrize("target", ["value", "height"])
def test_values_and_curves_can_be_drawn(target: str, visit: Any) -> None:
    board = Board(visit)
    visit.page.get_by_label("What is learned").select_option(target)
    if target == "value":
        visit.page.get_by_label("Value to put").fill("0.5")
    board.put((0.25, 0.5), (0.5, 0.75), (0.6, 0.5), (0.9, 0.2))
    points = board.wait_for(4)
    assert {len(point) for point in points} == {3 if target == "value" else 2}
    assert points[0][-1] == pytest.approx(0.5 if target == "value" else 0.0, abs=0.02)
    visit.until(lambda: type(visit.session.run.model).__name__ == "MLPRegressor")
    visit.wait_for_epoch(5)
    expect(visit.page.get_by_role("heading", name="Prediction", exact=True)).to_be_visible()


def test_steps_by_one_batch_and_shows_its_loss(visit: Any) -> None:
    page = visit.page
    visit.wait_for_epoch(2)
    visit.pause()
    epoch = visit.epoch()
    page.get_by_role("button", name="One batch").click()
    loss = page.locator(".readouts > .batch")
    expect(loss.locator("dt")).to_have_text("Batch 1 of 25, loss")
    assert loss.locator("dd").inner_text() == f"{visit.session.snapshot.batch_loss:.4f}"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("b")
    expect(loss.locator("dt")).to_have_text("Batch 2 of 25, loss")
    page.keyboard.press("s")
    visit.wait_for_exactly(epoch + 1)
    expect(loss).to_have_count(0)
    page.keyboard.press(",")
    visit.wait_for_exactly(epoch)
    page.keyboard.press(".")
    visit.wait_for_exactly(epoch + 1)
    page.get_by_label("Solver").select_option("lbfgs")
    button = page.get_by_role("button", name="One batch: this solver takes all rows at once")
    expect(button).to_have_attribute("aria-disabled", "true")
