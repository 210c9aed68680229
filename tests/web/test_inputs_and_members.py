"""Input stages and members chosen on the page, with their hyperparameters."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from lamina.workbench.server.script import build_script

pytestmark = pytest.mark.xdist_group("browser")


def write(visit: Any, label: str, value: str) -> None:
    field = visit.page.get_by_label(label, exact=True)
    field.fill(value)
    field.press("Enter")


def open_settings(visit: Any) -> None:
    visit.page.get_by_role("button", name="All settings").click()
    for closed in visit.page.locator(".group:not([open]) > summary").all():
        closed.click()


def test_members_are_chosen_with_their_number(visit: Any) -> None:
    page = visit.page
    open_settings(visit)
    page.get_by_label("members", exact=True).select_option(label="shared")
    visit.wait_for("members", "shared")
    write(visit, "members.n_members", "4")
    visit.wait_for("members", {"name": "shared", "n_members": 4})
    page.get_by_label("members.kind", exact=True).select_option(label="tabm_mini")
    visit.wait_for("members", {"name": "shared", "n_members": 4, "kind": "tabm_mini"})
    expect(
        page.get_by_text("The first of 4 members, whose mean is the prediction.")
    ).to_be_visible()
    visit.wait_for_epoch(3)
    visit.pause()
    code = "members=Shared(kind='tabm_mini', n_members=4)"
    assert code in build_script(visit.session.run, visit.session.snapshot)
    page.get_by_label("members", exact=True).select_option(label="independent")
    visit.wait_for("members", "independent")
    page.get_by_role("button", name="Step", exact=True).click()
    expect(page.get_by_text("A step of members='independent' is one of 5 networks")).to_be_visible()
    write(visit, "members.n_members", "0")
    expect(page.get_by_role("alert")).to_contain_text("n_members")
    page.get_by_label("members", exact=True).select_option(label="none")
    visit.until(lambda: "members" not in visit.session.experiment.model)


def test_inputs_are_chosen_with_their_hyperparameters(visit: Any) -> None:
    page = visit.page
    open_settings(visit)
    write(visit, "inputs", "periodic")
    visit.wait_for("inputs", "periodic")
    write(visit, "inputs.sigma", "0.3")
    visit.wait_for("inputs", {"name": "periodic", "sigma": 0.3})
    expect(page.locator(".network .input-name").nth(1)).to_have_text("x 2")
    visit.wait_for_epoch(2)
    write(visit, "inputs.sigma", "")
    visit.wait_for("inputs", "periodic")
    write(visit, "inputs", "[{'name': 'scaled', 'columns': [0]}]")
    visit.wait_for("inputs", [{"name": "scaled", "columns": [0]}])
    visit.wait_for_epoch(2)
    write(visit, "inputs", "none")
    visit.until(lambda: "inputs" not in visit.session.experiment.model)
