"""Distributions, residuals, features and confusion matrix agree with the engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.xdist_group("browser")
WEB = Path(__file__).parents[2] / "web"
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
DIGITS = {"data": {"kind": "known", "name": "digits"}, "model": {"hidden_layer_sizes": [8, 6]}}


def set_experiment(visit: Any, patch: dict[str, Any]) -> None:
    """Change the experiment in the same way as the page's controls."""
    visit.session.do({"do": "set", "experiment": patch})
    visit.session.notify()


def open_tab(visit: Any, name: str) -> None:
    visit.page.get_by_role("button", name=name).first.click()


def open_twin(visit: Any, panel: str) -> Any:
    twin = visit.page.locator(f".{panel} details.twin")
    twin.locator("summary").click()
    return twin.locator("table")


def text_of(visit: Any, number: float, digits: int = 3) -> str:
    """Return a number in the page's format."""
    text = visit.page.evaluate(
        "([value, digits]) => String(Number(value.toPrecision(digits)))", [number, digits]
    )
    return str(text).replace("-", "−")


def test_distributions_equal_the_engines_and_follow_the_slider(visit: Any) -> None:
    visit.wait_for_epoch(25)
    open_tab(visit, "Distributions")
    visit.pause()
    table = open_twin(visit, "curves")
    expect(table.locator("caption")).to_have_text(f"weights at epoch {visit.epoch()}")
    W = visit.session.run.get_model(visit.session.snapshot).coefs_[0]
    first = table.locator("tbody tr").first
    for column, level in enumerate((0, 0.25, 0.5, 0.75, 1)):
        expected = text_of(visit, float(np.quantile(W, level)))
        expect(first.locator("td").nth(column)).to_have_text(expected)
    visit.page.get_by_label("What is shown of every layer").select_option("activations")
    expect(table.locator("caption")).to_contain_text("activations")
    expect(first.locator("td").last).to_have_text("0 of 6")
    place = visit.page.locator(".spreads")
    place.focus()
    for _ in range(5):
        place.press("ArrowLeft")
    place.press("Enter")
    caption = table.locator("caption")
    expect(caption).not_to_have_text(f"activations at epoch {visit.session.run.controller.epoch}")
    expect(caption).to_have_text(f"activations at epoch {visit.session.snapshot.epoch}")


def test_eleven_layers_fit_side_by_side_and_show_vanishing_gradients(visit: Any) -> None:
    visit.wait_for_epoch(1)
    deep = {"hidden_layer_sizes": [8] * 10, "activation": "logistic"}
    set_experiment(visit, {"model": deep})
    open_tab(visit, "Distributions")
    visit.page.get_by_label("What is shown of every layer").select_option("gradients")
    answer = visit.page.locator(".curves .answer")
    expect(answer).to_contain_text("that of hidden 10")
    high, room = (visit.page.locator(each).bounding_box() for each in (".spreads", ".curves"))
    assert high["y"] + high["height"] <= room["y"] + room["height"]


def test_residuals_of_a_regression_are_readable_by_keyboard(visit: Any) -> None:
    visit.wait_for_epoch(2)
    expect(visit.page.get_by_role("button", name="Residuals")).to_have_count(0)
    set_experiment(visit, {"data": {"name": "hills"}})
    open_tab(visit, "Residuals")
    visit.wait_for_epoch(5)
    visit.pause()
    prepared = visit.session.run.prepared
    predicted = visit.session.run.get_model(visit.session.snapshot).predict(prepared.X_test)
    errors = visit.page.locator(".errors tbody tr").nth(1).locator("td")
    residuals = prepared.targets_test - predicted
    expect(errors.nth(2)).to_have_text(text_of(visit, float(np.abs(residuals).mean()), 4))
    place = visit.page.locator(".scatter")
    place.focus()
    place.press("ArrowRight")
    place.press("ArrowRight")
    row = np.argsort(prepared.targets_test)[1]
    answer = visit.page.locator(".region .answer")
    expect(answer).to_contain_text(f"test row {row}: ")
    expect(answer.locator("strong")).to_have_text(text_of(visit, float(predicted[row]), 4))
    visit.page.get_by_label("What is drawn").select_option("residual by predicted")
    farthest = open_twin(visit, "region").locator("tbody th").first
    expect(farthest).to_have_text(str(np.abs(residuals).argmax()))


def test_features_show_units_and_misclassified_images(visit: Any) -> None:
    visit.wait_for_epoch(2)
    expect(visit.page.get_by_role("button", name="Features")).to_have_count(0)
    set_experiment(visit, DIGITS)
    open_tab(visit, "Features")
    visit.wait_for_epoch(3)
    visit.pause()
    expect(visit.page.locator(".tile")).to_have_count(8)
    visit.page.get_by_label("Whose features").select_option("1")
    expect(visit.page.locator(".tile")).to_have_count(6)
    visit.page.get_by_role("button", name="Unit 3").click()
    session = visit.session
    a = session.run.get_model(session.snapshot).activations(session.run.prepared.X_train)[2][:, 2]
    words = visit.page.locator(".region .answer").last
    expect(words).to_contain_text(f"unit 3 most: a from {text_of(visit, float(a.max()))}")
    visit.page.get_by_label("Whose features").select_option("mistakes")
    prepared = session.run.prepared
    found = session.run.get_model(session.snapshot).predict(prepared.X_test)
    n_wrong = np.count_nonzero(found != prepared.targets_test)
    expect(visit.page.locator(".region .answer")).to_contain_text(
        f"{n_wrong} of 899 test rows are taken for another class"
    )


def test_confusion_is_visible_at_first_and_findings_are_never_hidden(visit: Any) -> None:
    visit.wait_for_epoch(1)
    set_experiment(visit, {"data": {"kind": "known", "name": "iris"}})
    table = visit.page.locator(".confusion")
    expect(table.locator("tbody tr")).to_have_count(3)
    open_tab(visit, "Confusion")
    visit.page.get_by_label("Counts or fractions").select_option("fractions")
    visit.pause()
    session = visit.session
    counts = session.views.confusion(session.snapshot)
    fractions = 100 * counts / counts.sum(axis=1, keepdims=True)
    expected = [str(int(fraction + 0.5)) for fraction in fractions.ravel()]
    expect(table.locator("tbody td")).to_have_text(expected)
    set_experiment(visit, {"data": {"kind": "known", "name": "wine"}, "scaled": False})
    line = visit.page.locator(".notes .note")
    expect(line).to_contain_text("The features are not scaled")
    expect(visit.page.get_by_role("button", name="Notes 1")).to_be_visible()
    line.click()
    visit.page.get_by_role("button", name="Scale the inputs").click()
    expect(visit.page.locator(".notes .note")).to_have_count(0)
    visit.until(lambda: session.experiment.scaled)


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: `make web` does that")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_in_the_views(open_page: Callable[..., Any], scheme: str) -> None:
    visit = open_page(color_scheme=scheme, bypass_csp=True)
    visit.wait_for_epoch(1)
    visit.page.add_script_tag(path=AXE)
    for patch, tabs in (
        ({"data": {"name": "hills"}}, ("Distributions", "Residuals")),
        (DIGITS, ("Features", "Confusion", "Notes")),
    ):
        set_experiment(visit, patch)
        for tab in tabs:
            open_tab(visit, tab)
        visit.page.wait_for_timeout(300)
        found = visit.page.evaluate("axe.run().then(results => results.violations)")
        assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == []
    visit.page.get_by_label("Whose features").select_option("mistakes")
    open_tab(visit, "Confusion")
    found = visit.page.evaluate("axe.run().then(results => results.violations)")
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == []
