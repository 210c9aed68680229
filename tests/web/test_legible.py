"""Displayed numbers, classes, curves and formulas are correct and fit their space."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from lamina.workbench.data.data_store import MemoryDataStore
from lamina.workbench.runs.python_data import first_on
from lamina.workbench.server.server import Server

pytestmark = pytest.mark.xdist_group("browser")
SIZES = [{"width": 1440, "height": 900}, {"width": 1280, "height": 720}]


def change(visit: Any, **model: Any) -> None:
    """Set parameters on the server, as another page would."""
    visit.session.do({"do": "set", "experiment": {"model": model}})
    visit.session.notify()


@pytest.mark.parametrize("seed", [757293135, 4294967295, 100000, 7])
def test_a_seed_is_shown_with_all_its_digits(visit: Any, seed: int) -> None:
    change(visit, random_state=seed)
    expect(visit.page.get_by_label("Seed", exact=True).first).to_have_value(str(seed))


def test_a_new_seed_is_below_10000_and_shown(visit: Any) -> None:
    visit.page.get_by_role("button", name="Begin again with new weights").click()
    visit.until(lambda: visit.session.experiment.model["random_state"] != 0)
    seed = visit.session.experiment.model["random_state"]
    assert 0 <= seed < 10_000
    expect(visit.page.get_by_label("Seed", exact=True).first).to_have_value(str(seed))


@pytest.mark.parametrize("rate", [0.000123456789, 1.23456789e-7, 0.1 + 0.2, 123456.789])
def test_a_rate_is_shown_with_all_its_digits(visit: Any, rate: float) -> None:
    change(visit, learning_rate_init=rate)
    field = visit.page.get_by_label("Learning rate", exact=True)
    visit.page.wait_for_function(
        "([field, rate]) => Number(field.value) === rate", arg=[field.element_handle(), rate]
    )


def test_a_value_between_two_steps_of_a_slider_is_shown_exactly(visit: Any) -> None:
    visit.session.do({"do": "set", "experiment": {"data": {"n_samples": 173, "noise": 0.123}}})
    visit.session.notify()
    expect(visit.page.locator(".field", has_text="Rows").locator("output")).to_have_text("173")
    expect(visit.page.locator(".field", has_text="Noise").locator("output")).to_have_text("0.123")


def test_pointing_at_a_weight_shows_all_its_digits(visit: Any) -> None:
    visit.wait_for_epoch(3)
    visit.pause()
    table = visit.page.locator(".network .twin")
    table.locator("summary").click()
    field = table.get_by_role("textbox").first
    weight = float(visit.session.snapshot.parameters[0])
    assert float(field.get_attribute("title")) == weight


def test_curves_begin_with_the_losses_of_epoch_0(open_page: Any) -> None:
    visit = open_page(reduced_motion="reduce")
    snapshot = visit.session.snapshot
    expect(visit.page.locator(".readouts dd").nth(1)).to_have_text(f"{snapshot.loss:.4f}")
    expect(visit.page.locator(".readouts dd").nth(2)).to_have_text(
        f"{snapshot.row['validation_loss']:.4f}"
    )
    table = visit.page.locator(".curves .twin")
    table.locator("summary").click()
    expect(table.get_by_role("rowheader")).to_have_text(["0"])
    visit.page.get_by_role("button", name="One epoch").click()
    expect(table.get_by_role("rowheader")).to_have_text(["0", "1"])
    expect(table.get_by_role("cell").nth(0)).to_have_text(f"{float(f'{snapshot.loss:.5g}')}")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size['width']} x {size['height']}")
def test_every_panel_and_the_curves_are_on_the_screen(open_page: Any, size: Any) -> None:
    visit = open_page(viewport=size)
    visit.wait_for_epoch(3)
    assert visit.page.evaluate("document.documentElement.scrollHeight") == size["height"]
    for place, least in ((".curves .plot", 80), (".plane", 180), (".network canvas", 180)):
        box = visit.page.locator(place).first.bounding_box()
        assert box["height"] >= least, place
        assert box["y"] + box["height"] <= size["height"], place
    tops = {box["y"] for box in map(Locator.bounding_box, visit.page.locator(".readouts dt").all())}
    assert len(tops) == 1


@pytest.fixture(scope="module")
def many_classes() -> Iterator[Server]:
    """Server with data of sixty classes with numbers in their names."""
    data_store, generator = MemoryDataStore(), np.random.default_rng(0)
    y = np.array([f"class_{number}" for number in range(1, 61)] * 10)
    X = generator.normal(size=(600, 2))
    with Server(0, first_on(X, y, data_store), data_store) as server:
        yield server


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size['width']} x {size['height']}")
def test_sixty_classes_are_sorted_and_leave_room_for_the_plane(
    open_page: Any, many_classes: Server, size: Any
) -> None:
    visit = open_page(viewport=size, server=many_classes)
    visit.wait_for_epoch(1)
    legend = visit.page.get_by_role("list", name="Classes").get_by_role("listitem")
    expect(legend).to_have_count(12)
    shown = [text.split(",")[0].strip() for text in legend.all_inner_texts()]
    assert shown == [f"class_{number}" for number in range(1, 13)]
    assert visit.page.locator(".plane").bounding_box()["height"] >= 150
    visit.page.get_by_role("button", name="all 60 classes").click()
    expect(legend).to_have_count(60)
    assert visit.page.locator(".plane").bounding_box()["height"] >= 120


def test_formulas_use_a_mathematical_font(visit: Any) -> None:
    visit.pause()
    visit.page.get_by_role("button", name="One layer of a step").click()
    visit.page.get_by_role("button", name="Show all").click()
    formula = visit.page.locator("math").first
    expect(formula).to_be_visible()
    assert "STIX Two Math" in formula.evaluate("each => getComputedStyle(each).fontFamily")
    visit.page.wait_for_function("""async () => {
        await document.fonts.ready;
        return [...document.fonts].some(
            each => each.family.includes("STIX Two Math") && each.status === "loaded");
    }""")
    # No subscript or superscript overlaps its base, as it would in a font without a MATH table.
    overlapping = visit.page.evaluate("""() => [...document.querySelectorAll("msub, msup")]
        .filter(each => {
            const [base, index] = [...each.children].map(part => part.getBoundingClientRect());
            return index.left < base.right - 0.25 * base.width - 1;
        }).map(each => each.textContent)""")
    assert overlapping == []
