"""Exports from the page: links, code and files; and opening a link."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from lamina.workbench.server.exports import EXPORTS

pytestmark = pytest.mark.xdist_group("browser")


def open_menu(visit: Any) -> Any:
    menu = visit.page.locator(".bar .menu")
    menu.locator("> button").click()
    return menu


def choose(visit: Any, name: str) -> None:
    open_menu(visit).get_by_role("button", name=name).click()


def copied(visit: Any) -> str:
    """Return the clipboard's text, once the page confirms the copy."""
    expect(visit.page.locator(".notice")).to_contain_text("on the clipboard")
    return str(visit.page.evaluate("navigator.clipboard.readText()"))


def begin(visit: Any, link: str) -> None:
    """Append a link's fragment to the address of an open page."""
    visit.page.evaluate("link => { location.hash = link; }", link.partition("#")[2])


def until_learned(visit: Any, name: str) -> None:
    """Wait until the page's session uses that data."""
    visit.until(lambda: visit.session.run.prepared.dataset.name == name)


def test_a_link_transfers_experiment_pace_and_views(
    open_page: Callable[..., Any],
) -> None:
    permissions = ["clipboard-read", "clipboard-write"]
    teacher = open_page(permissions=permissions)
    teacher.page.locator(".picture", has_text="circles").click()
    until_learned(teacher, "circles")
    teacher.page.get_by_label("Pace").select_option("200")
    teacher.page.get_by_role("button", name="All settings").click()
    choose(teacher, "Copy link")
    link = copied(teacher)
    assert link.startswith(f"http://127.0.0.1:{teacher.server.port}/#lamina=1.")
    assert "token" not in link

    student = open_page()
    begin(student, link)
    until_learned(student, "circles")
    assert student.session.experiment == teacher.session.experiment
    student.until(lambda: student.session.pace == 200)
    expect(student.page.get_by_role("button", name="All settings")).to_have_attribute(
        "aria-pressed", "true"
    )
    # If it stayed in the address, every reload would open it again.
    assert "#" not in student.page.url
    student.page.get_by_role("button", name="Undo").click()
    until_learned(student, "moons")


def test_a_new_page_opens_the_link_in_its_address(open_page: Callable[..., Any]) -> None:
    from lamina.workbench.runs.experiment_urls import build_fragment

    visit = open_page()
    drawn = {"kind": "drawn", "points": [[0, 0, 0], [1, 1, 1], [0, 1, 0], [1, 0, 1]] * 5}
    experiment = visit.session.experiment.merged({"data": drawn}).to_json()
    page = visit.page
    page.evaluate("sessionStorage.clear()")
    page.goto("about:blank")
    page.goto(f"{visit.server.url}#{build_fragment(experiment, 50.0)}")
    expect(page.get_by_role("heading", name="Network", exact=True)).to_be_visible()
    until_learned(visit, "drawn points")
    visit.wait_for_epoch(2)
    page.reload()
    visit.wait_for_epoch(3)
    assert visit.session.experiment.to_json()["data"] == experiment["data"]


@pytest.mark.parametrize(
    ("fragment", "output"),
    [
        ("section-3", "this is not a link to an experiment"),
        ("lamina=1.abc", "this link is incomplete or damaged"),
        ("lamina=9.abc", "this link has version '9'"),
        ("lamina=1." + "A" * 150_000, "the maximum is 100,000"),
    ],
    ids=["foreign", "broken", "later", "huge"],
)
def test_an_invalid_link_is_rejected_and_changes_nothing(
    visit: Any, fragment: str, output: str
) -> None:
    visit.wait_for_epoch(2)
    run = visit.session.run
    begin(visit, f"#{fragment}")
    expect(visit.page.get_by_role("alert")).to_contain_text(output)
    assert visit.session.run is run


def test_a_link_to_a_missing_table_works_after_opening_the_table(
    visit: Any, tmp_path: Path
) -> None:
    pytest.importorskip("pandas")
    from lamina.workbench.data.uploads import hashlib
    from lamina.workbench.runs.experiment_urls import build_fragment

    path = tmp_path / "table.csv"
    path.write_text("a,b\n" + "\n".join(f"{i},{'yes' if i % 3 else 'no'}" for i in range(60)))
    key = hashlib.sha256(path.read_bytes()).hexdigest()
    data = {"kind": "upload", "hash": key, "target": "b", "columns": None, "task": None}
    link = "#" + build_fragment({"data": data}, 50.0)
    begin(visit, link)
    alert = visit.page.get_by_role("alert")
    expect(alert).to_contain_text("open the same file with 'Open a table'")
    visit.page.locator("input[type=file]").set_input_files(path)
    expect(visit.page.get_by_text("table.csv: 60 rows")).to_be_visible()
    begin(visit, link)
    until_learned(visit, "table.csv")
    expect(alert).to_be_empty()


def test_copied_code_reproduces_the_loss(open_page: Callable[..., Any]) -> None:
    visit = open_page(permissions=["clipboard-read", "clipboard-write"])
    visit.wait_for_epoch(12)
    visit.pause()
    visit.page.get_by_label("Epoch that is shown").fill("7")
    visit.wait_for_exactly(7)
    choose(visit, "Copy code")
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(copied(visit), "run.py", "exec"), {})
    assert f"loss after 7 epochs: {visit.session.snapshot.loss!r}" in output.getvalue()


def test_text_is_shown_for_copying_without_a_clipboard(visit: Any) -> None:
    visit.page.evaluate(
        "() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }"
    )
    choose(visit, "Copy link")
    field = visit.page.get_by_role("textbox", name="The browser keeps its clipboard")
    expect(field).to_be_focused()
    assert "#lamina=1." in field.input_value()
    visit.page.get_by_role("button", name="Dismiss").click()
    expect(field).not_to_be_visible()


def test_exports_work_by_keyboard_and_are_named_by_epoch(visit: Any) -> None:
    visit.wait_for_epoch(12)
    visit.pause()
    visit.page.get_by_label("Epoch that is shown").fill("5")
    visit.wait_for_exactly(5)
    page, summary = visit.page, visit.page.locator(".bar .menu > button")
    names = []
    for steps in range(3, 7):
        summary.focus()
        page.keyboard.press("Enter")
        for _ in range(steps):
            page.keyboard.press("Tab")
        with page.expect_download() as download:
            page.keyboard.press("Enter")
        names.append(download.value.suggested_filename)
        expect(summary).to_be_focused()
    stems = [EXPORTS[kind].file.rpartition(".") for kind in EXPORTS]
    assert sorted(names) == sorted(f"{stem}_epoch_5.{end}" for stem, _, end in stems)
    said = json.loads(Path(download.value.path()).read_text())
    assert said["experiment"] == visit.session.experiment.to_json()


def test_a_menu_opens_and_closes_by_keys_and_by_a_click_elsewhere(visit: Any) -> None:
    page, menu = visit.page, visit.page.locator(".bar .menu")
    summary = menu.locator("> button")
    summary.focus()
    page.keyboard.press("Enter")
    expect(menu.get_by_role("button", name="Copy link")).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu.get_by_role("button", name="Copy link")).not_to_be_visible()
    expect(summary).to_be_focused()
    page.keyboard.press("Enter")
    page.locator(".wordmark").click()
    expect(menu.get_by_role("button", name="Copy link")).not_to_be_visible()
