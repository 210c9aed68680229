"""Numbers of a step on the page: with formulas, step by step, and executed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from lamina.workbench.server.answers import ANSWERS
from lamina.workbench.views.frames import decode

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"

pytestmark = pytest.mark.xdist_group("browser")


def open_step(visit: Any, epochs: int = 5) -> None:
    visit.wait_for_epoch(epochs)
    visit.pause()
    visit.page.get_by_role("button", name="Step", exact=True).click()
    expect(visit.page.locator(".stage h3", has_text="Update")).to_be_visible()


def number(visit: Any, code: str) -> Any:
    """Return the number whose Python line begins with a text."""
    line = visit.page.locator(".python", has_text=code).first
    return visit.page.locator(".number", has=line).first


def answer(visit: Any, row: str) -> Any:
    return decode(ANSWERS["trace"].content(visit.session, {"row": row}))


def shown(block: Any) -> list[float]:
    """Return the displayed numbers of its table."""
    texts = block.locator("tbody td").all_inner_texts()
    return [float(text.replace("−", "-").replace(",", "")) for text in texts]


def agree(seen: list[float], values: Any) -> bool:
    """Return True if displayed numbers equal the values to the digits shown."""
    values_shown = [float(f"{value:.4g}") for value in values.ravel()]
    return len(seen) == len(values_shown) and all(
        one == other or abs(one) >= 1000 for one, other in zip(seen, values_shown, strict=True)
    )


def test_shows_the_numbers_of_the_step(visit: Any) -> None:
    open_step(visit)
    page = visit.page
    field = page.locator(".row-number")
    field.fill("17")
    field.press("Enter")
    expect(page.get_by_text("of row 17")).to_be_attached()
    _, arrays = answer(visit, "17")
    for name, code in {
        "W_1": "W_1 = model",
        "z_1": "z_1 = a_0",
        "a_2": "a_2 = np.tanh",
        "p": "p = np.exp",
        "delta_2": "delta_2 = ",
        "dW_1": "dW_1 = a_0",
        "update_W_3": "update_W_3 = ",
    }.items():
        assert agree(shown(number(visit, code)), arrays[name]), name
    assert page.locator(".number math").count() > 30


def test_links_a_number_with_its_formula_code_and_inputs(visit: Any) -> None:
    open_step(visit)
    z = number(visit, "z_2 = a_1 @ W_2")
    z.locator(".values").focus()
    expect(z).to_have_class(re.compile(r"\blit\b"))
    for source in ("a_1 = np.tanh", "W_2 = model", "b_2 = model"):
        expect(number(visit, source)).to_have_class(re.compile(r"\bsource\b"))
    expect(number(visit, "a_2 = np.tanh(z_2)")).to_have_class(re.compile(r"\bmade\b"))
    expect(number(visit, "W_1 = model")).not_to_have_class(re.compile("lit|source|made"))
    # The symbol in a formula links to its number.
    z.locator("math .symbol").nth(2).hover()
    expect(number(visit, "W_2 = model")).to_have_class(re.compile(r"\blit\b"))


def test_walks_through_layers_and_makes_the_displayed_step(visit: Any) -> None:
    open_step(visit)
    page, run = visit.page, visit.session.run
    page.get_by_role("button", name="Next batch").click()
    expect(page.get_by_text("The next step: batch 1 of 25, 10 rows")).to_be_visible()
    _, arrays = answer(visit, "next")
    before = visit.session.snapshot.parameters.copy()
    page.get_by_role("button", name="Walk through").click()
    expect(page.locator(".stage h3")).to_have_text(["Inputs"])
    for title in ("hidden 1 forward", "hidden 2 forward", "output forward", "loss"):
        page.get_by_role("button", name=f"Next: {title}").click()
    expect(page.locator(".stage h3").last).to_have_text("Loss")
    page.keyboard.press(",")
    expect(page.locator(".stage h3").last).to_have_text("Output forward")
    for _ in range(5):
        page.keyboard.press(".")
    expect(page.locator(".stage h3").last).to_have_text("Update")
    page.get_by_role("button", name="Make this step").click()
    expect(page.get_by_text("The next step: batch 2 of 25")).to_be_visible()
    after = run.controller.latest.parameters
    change = arrays["update_W_1"].ravel()
    assert abs(after[: change.size] - before[: change.size] - change).max() < 1e-12


def test_shows_the_paths_of_one_weight(visit: Any) -> None:
    open_step(visit)
    page = visit.page
    cell = number(visit, "dW_2 = a_1").locator(".pick").nth(1)
    cell.click()
    expect(page.locator(".paths > li")).to_have_count(1)
    cell.press("ArrowDown")
    page.keyboard.press("Enter")
    chain = page.locator(".chain")
    expect(chain.get_by_label("From")).to_have_value("1")
    _, arrays = answer(visit, "0")
    gradient = float(f"{arrays['dW_2'][1, 1]:.4g}")
    expect(chain.locator(".sums dd").last).to_have_text(f"{gradient}".replace("-", "−"))
    chain.get_by_label("Layer").select_option("hidden_1")
    expect(page.locator(".paths > li")).to_have_count(4)


def test_a_click_in_the_plane_selects_the_row(visit: Any) -> None:
    open_step(visit)
    visit.page.locator(".plane").click(position={"x": 200, "y": 150})
    expect(visit.page.get_by_text("of row 0")).to_have_count(0)
    row = visit.page.locator(".row-number").input_value()
    assert int(row) > 0
    expect(visit.page.locator(".plane .crosshair").first).to_be_visible()


def test_shows_why_there_is_no_next_batch(visit: Any) -> None:
    open_step(visit, 20)
    visit.page.get_by_role("button", name="Next batch").click()
    visit.page.get_by_label("Epoch that is shown").fill("3")
    expect(visit.page.locator(".network .note")).to_contain_text("choose a single row")
    visit.page.get_by_role("button", name="Next batch").click()
    expect(visit.page.get_by_text("not stored for earlier epochs")).to_be_attached()


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: `make web` does that")
@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 360)])
def test_the_step_view_is_accessible_at_every_width(
    open_page: Callable[..., Any], scheme: str, width: int
) -> None:
    size = {"width": width, "height": 900}
    visit = open_page(color_scheme=scheme, viewport=size, bypass_csp=True)
    open_step(visit)
    page = visit.page
    page.get_by_role("button", name="Show its paths").click()
    expect(page.locator(".paths > li").first).to_be_visible()
    number(visit, "z_2 = a_1 @ W_2").locator(".values").focus()
    page.add_script_tag(path=AXE)
    found = page.evaluate("axe.run().then(results => results.violations)")
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = page.locator(".network button, .network select, .network summary").evaluate_all(
        "all => all.map(each => each.getBoundingClientRect())"
        ".filter(box => box.width < 24 || box.height < 24).length"
    )
    assert small == 0


def test_an_input_stage_is_shown_in_both_passes(visit: Any) -> None:
    page = visit.page
    page.get_by_role("button", name="All settings").click()
    for closed in page.locator(".group:not([open]) > summary").all():
        closed.click()
    page.get_by_label("inputs", exact=True).fill("periodic")
    page.get_by_label("inputs", exact=True).press("Enter")
    visit.wait_for("inputs", "periodic")
    open_step(visit)
    expect(page.locator(".stage h3", has_text=re.compile("^Inputs$"))).to_be_visible()
    expect(page.locator(".stage h3", has_text="Inputs backward")).to_be_visible()
    _, values = answer(visit, "0")
    for name in ("a_0", "h_1", "d_e_1"):
        assert agree(shown(number(visit, f"{name} = ")), values[name])
    columns = number(visit, "a_0 = ").locator("thead th").all_inner_texts()
    assert columns[:2] == ["x 1", "x 2"]
