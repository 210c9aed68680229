"""Curves of a run: losses and scores on training and test rows, and the learning rate."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.xdist_group("browser")


def drawn(visit: Any, what: str) -> list[list[str]]:
    """Return the table of the curves, a list of cells per row."""
    visit.page.get_by_label("Curves of").select_option(label=what)
    table = visit.page.get_by_role("region", name=f"The {what.lower()} as a table")
    if not table.is_visible():
        visit.page.locator(".curves .twin > summary").click()
    expect(table).to_be_visible()
    return [row.locator("th, td").all_inner_texts() for row in table.locator("tr").all()]


def test_training_and_test_scores_are_the_models(visit: Any) -> None:
    visit.wait_for_epoch(20)
    visit.pause()
    run, snapshot = visit.session.run, visit.session.snapshot
    model = run.get_model(snapshot)
    prepared = run.prepared
    train = model.score(prepared.X_train, prepared.y_train)
    expected = [f"{snapshot.epoch}", f"{train:.5g}", f"{snapshot.row['accuracy']:.5g}"]
    visit.page.get_by_label("Curves of").select_option(label="Accuracy")
    visit.page.wait_for_function(
        "train => document.querySelector('.legend.lines .figure').textContent == train",
        arg=f"{train:.4g}",
    )
    head, *_, last = drawn(visit, "Accuracy")
    assert head == ["epoch", "train", "test"]
    assert last == expected


def test_the_learning_rate_of_each_epoch_is_drawn(visit: Any) -> None:
    visit.wait_for_epoch(5)
    visit.page.get_by_role("button", name="Smaller steps from now on").click()
    expect(visit.page.get_by_label("Learning rate now")).to_contain_text("0.003")
    visit.wait_for_epoch(int(visit.epoch()) + 5)
    visit.pause()
    head, *_, last = drawn(visit, "Learning rate")
    assert head == ["epoch", "rate"]
    assert last[1] == f"{visit.session.snapshot.row['learning_rate']:.5g}"


# The network after an iteration is found by a descent that ends there. A server silences the
# descent's warning, but pytest restores its filters after a module's first test.
@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
def test_without_scores_the_choice_is_hidden(visit: Any) -> None:
    visit.page.get_by_label("Solver").select_option("lbfgs")
    visit.wait_for("solver", "lbfgs")
    visit.wait_for_epoch(3)
    options = visit.page.get_by_label("Curves of").locator("option")
    expect(options).to_have_text(["Loss"])
