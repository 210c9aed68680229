"""Keeping and comparing runs; the loss landscape around a network."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from playwright.sync_api import expect

from lamina.workbench.views import landscape as landscapes

pytestmark = pytest.mark.xdist_group("browser")


def open_compare(visit: Any) -> Any:
    visit.page.get_by_role("button", name="Compare").click()
    return visit.page.get_by_role("region", name="Kept runs")


def keep_two(visit: Any) -> None:
    """Make two runs, the second with another activation; the first is kept by the keyboard."""
    visit.wait_for_epoch(5)
    visit.pause()
    visit.page.evaluate("document.activeElement.blur()")
    visit.page.keyboard.press("k")
    expect(visit.page.get_by_role("button", name="Compare · 1")).to_be_visible()
    visit.page.get_by_label("Activation", exact=True).select_option("relu")
    visit.wait_for("activation", "relu")
    visit.page.get_by_role("button", name="One epoch").click()
    visit.wait_for_exactly(1)
    visit.page.get_by_role("button", name="Keep this run").click()
    expect(visit.page.get_by_role("button", name="Compare · 2")).to_be_visible()


def svg_of(page: Any, panel: str) -> list[str]:
    """Return the text in the picture of a panel's view."""
    menu = page.locator(f".{panel} > header > .menu")
    menu.locator("> button").click()
    with page.expect_download() as download:
        menu.get_by_role("button", name="SVG for").click()
    tree = ElementTree.fromstring(download.value.path().read_text())
    return [text for each in tree.iter() for text in [each.text] if text]


def test_shows_only_the_settings_that_differ_and_marks_the_best(visit: Any) -> None:
    keep_two(visit)
    table = open_compare(visit)
    first, second = visit.session.kept.to_json()["runs"]
    rows = table.locator("tbody tr")
    expect(rows).to_have_count(3)
    heads = table.locator("thead th").all_inner_texts()
    assert [head for head in heads if head == "activation"] == ["activation"]
    assert not {"alpha", "solver", "hidden_layer_sizes", "random_state"} & set(heads)
    expect(rows.nth(1)).to_contain_text("tanh")
    expect(rows.nth(2)).to_contain_text("relu")
    losses = [float(f"{run['validation_loss']:.4g}") for run in (first, second)]
    best = table.locator("tbody tr", has=visit.page.locator("td.best").first).first
    expect(best).to_contain_text("tanh" if losses[0] < losses[1] else "relu")
    assert {"present run", "1 run 1", "2 run 2", "1", "2"} <= set(svg_of(visit.page, "curves"))
    table.get_by_role("button", name="epoch", exact=True).click()
    expect(rows.last).to_contain_text("tanh")
    table.get_by_role("button", name="epoch", exact=True).click()
    expect(rows.first).to_contain_text("tanh")


def test_shows_values_of_all_runs_at_the_pointer_or_cursor(visit: Any) -> None:
    keep_two(visit)
    table = open_compare(visit)
    visit.page.locator(".comparison-plot").focus()
    visit.page.keyboard.press("Home")
    visit.page.keyboard.press("ArrowRight")
    head = table.get_by_role("button", name=re.compile(r"^at \d"))
    expect(head).not_to_have_text("at 0")
    curves, epoch = visit.session.kept.find(1).curves, int(head.inner_text().split()[1])
    loss = curves["curve_validation_loss"][curves["curve_epoch"].tolist().index(epoch)]
    row = table.locator("tbody tr", has_text="tanh")
    expect(row.locator("td").nth(-2)).to_have_text(f"{float(f'{loss:.4g}')}")
    line = table.get_by_role("button", name="Line of run 1")
    line.click()
    expect(line).to_have_attribute("aria-pressed", "false")
    expect(row.locator("td").nth(-2)).to_have_text("–")


def test_restored_runs_are_bit_identical_and_kept_runs_survive_a_reload(visit: Any) -> None:
    keep_two(visit)
    kept = visit.session.kept.find(1)
    visit.page.reload()
    table = open_compare(visit)
    expect(table.locator("tbody tr")).to_have_count(3)
    name = table.get_by_label("Name of run 1")
    name.fill("with tanh")
    name.press("Enter")
    table.get_by_role("button", name="Restore with tanh").click()
    visit.wait_for("activation", "tanh")
    visit.wait_for_exactly(kept.epoch)
    for curve, values in visit.session.views.curves().items():
        np.testing.assert_array_equal(values, kept.curves[curve])
    visit.page.get_by_role("button", name="Undo").click()
    visit.wait_for("activation", "relu")
    table.get_by_role("button", name="Forget run 2").click()
    expect(table.locator("tbody tr")).to_have_count(2)
    visit.page.get_by_role("button", name="Forget all").click()
    visit.page.get_by_role("button", name="Forget 1").click()
    expect(table).to_have_count(0)
    assert visit.session.kept.runs == ()


def test_shows_why_a_run_cannot_be_kept(visit: Any) -> None:
    visit.wait_for_epoch(2)
    visit.pause()
    for _ in range(2):
        visit.page.get_by_role("button", name="Keep this run").click()
    expect(visit.page.get_by_role("alert")).to_contain_text("is already kept as 'run 1'")


def test_the_landscape_shows_the_engines_losses(visit: Any) -> None:
    page = visit.page
    visit.wait_for_epoch(12)
    visit.pause()
    page.get_by_role("button", name="Landscape").click()
    page.get_by_label("Points").select_option("15")
    page.get_by_role("button", name="Compute", exact=True).click()
    expect(page.get_by_role("button", name="Compute again")).to_be_visible()
    begun = visit.session.landscape
    plane = page.get_by_role("application", name="The landscape")
    plane.focus()
    page.keyboard.press("ArrowUp")
    place = np.array([0.0, begun.slice.second[1] - begun.slice.second[0]])
    column, row = (
        int(np.abs(axis - at).argmin())
        for axis, at in zip((begun.slice.first, begun.slice.second), place, strict=True)
    )
    loss = begun.slice.losses_in(row)[column]
    expect(page.locator(".region .answer")).to_contain_text(f"loss {float(f'{loss:.5g}')}")
    about = page.locator(".landscape-about")
    expect(about).to_contain_text(f"This plane holds {100 * begun.slice.path.fraction:.1f} %")
    expect(about).to_contain_text("all 250 rows to learn from")
    saved = svg_of(page, "region")
    assert {"epoch 0", f"epoch {begun.epoch}"} <= set(saved)
    page.get_by_role("button", name="One epoch").click()
    expect(about).to_contain_text(f"The star is now at epoch {begun.epoch + 1}")
    page.locator(".region .twin > summary").click()
    expect(page.locator(".region table").last).to_contain_text(f"{begun.epoch}")


def test_stops_requesting_a_landscape_that_is_left(
    visit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit.page
    monkeypatch.setattr(landscapes, "SECONDS_A_PART", 0.0)
    visit.wait_for_epoch(5)
    visit.pause()
    page.get_by_role("button", name="Landscape").click()
    page.get_by_label("Points").select_option("61")
    page.get_by_role("button", name="Compute", exact=True).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.get_by_role("button", name="Decision").click()
    page.wait_for_timeout(200)
    asked = len(visit.requests)
    page.wait_for_timeout(500)
    assert len(visit.requests) == asked < 61
    page.get_by_role("button", name="Landscape").click()
    expect(page.get_by_role("button", name="Compute", exact=True)).to_be_visible()
