"""User actions on the page, and their visible results."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

import lamina

pytestmark = pytest.mark.xdist_group("browser")


def test_a_new_page_trains_by_itself(visit: Any) -> None:
    visit.wait_for_epoch(5)
    first = float(visit.readout("Loss, train"))
    visit.wait_for_epoch(60)
    assert float(visit.readout("Loss, train")) < first
    assert all(url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:")) for url in visit.requests)


def test_removes_the_token_from_the_address(visit: Any) -> None:
    assert "token" not in visit.page.url


def test_shows_the_engines_numbers(visit: Any) -> None:
    visit.wait_for_epoch(20)
    visit.pause()
    snapshot = visit.session.snapshot
    assert visit.epoch() == snapshot.epoch
    assert visit.readout("Loss, train") == f"{snapshot.loss:.4f}"
    assert visit.readout("Loss, test") == f"{snapshot.row['validation_loss']:.4f}"
    table = visit.page.locator(".network .twin")
    table.locator("summary").click()
    fields = table.get_by_role("textbox")
    shown = [float(fields.nth(i).input_value()) for i in range(6)]
    assert shown == [float(f"{weight:.5g}") for weight in snapshot.parameters[:6]]


def test_changing_the_activation_restarts_the_run(visit: Any) -> None:
    visit.wait_for_epoch(30)
    visit.page.get_by_label("Activation", exact=True).select_option("relu")
    visit.wait_for("activation", "relu")
    visit.wait_for_epoch(3)
    assert {block.activation for block in visit.session.run.spec.blocks[:-1]} == {"relu"}
    visit.page.get_by_role("button", name="Undo").click()
    visit.wait_for("activation", "tanh")


def test_shows_hyperparameters_of_a_formula(visit: Any) -> None:
    visit.wait_for_epoch(3)
    solver = {"name": "adamw", "beta_2": 0.95}
    visit.session.do({"do": "set", "experiment": {"model": {"solver": solver}}})
    field = visit.page.get_by_label("Solver", exact=True)
    expect(field.locator("option:checked")).to_have_text("adamw(beta_2=0.95)")
    field.select_option("sgd")
    visit.wait_for("solver", "sgd")


def test_adds_and_removes_layers_and_units(visit: Any) -> None:
    page = visit.page
    page.get_by_role("button", name="Add a hidden layer").click()
    visit.wait_for("hidden_layer_sizes", [6, 4, 4])
    page.get_by_role("button", name="Add a unit to hidden layer 1").click()
    visit.wait_for("hidden_layer_sizes", [7, 4, 4])
    page.get_by_role("button", name="Remove a unit from hidden layer 2").click()
    visit.wait_for("hidden_layer_sizes", [7, 3, 4])
    page.get_by_role("button", name="Remove the last hidden layer").click()
    visit.wait_for("hidden_layer_sizes", [7, 3])
    visit.wait_for_epoch(2)


def test_goes_back_along_the_history(visit: Any) -> None:
    visit.wait_for_epoch(40)
    visit.page.get_by_label("Epoch that is shown").fill("10")
    visit.wait_for_exactly(10)
    assert visit.session.snapshot.epoch == 10
    visit.page.get_by_role("button", name="Latest").click()
    visit.wait_for_epoch(40)


def test_changing_the_learning_rate_continues_the_run(visit: Any) -> None:
    visit.wait_for_epoch(10)
    run = visit.session.run
    visit.page.get_by_role("button", name="Smaller steps from now on").click()
    expect(visit.page.get_by_label("Learning rate now")).to_contain_text("0.003")
    assert visit.session.run is run
    assert visit.epoch() >= 10


def test_steps_by_one_epoch_and_restarts(visit: Any) -> None:
    visit.wait_for_epoch(3)
    visit.pause()
    before = visit.epoch()
    visit.page.get_by_role("button", name="One epoch").click()
    visit.wait_for_epoch(before + 1)
    assert visit.session.run.controller.epoch == before + 1
    visit.page.get_by_role("button", name="Begin again, same first weights").click()
    visit.wait_for_exactly(0)


def test_shows_errors_with_a_cure(visit: Any) -> None:
    page = visit.page
    page.get_by_role("button", name="All settings").click()
    field = page.get_by_label("dropout", exact=True)
    field.fill("1.5")
    field.press("Enter")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("dropout")
    page.get_by_role("button", name="Dismiss").click()
    expect(alert).not_to_contain_text("dropout")
    field.fill("0.1")
    field.press("Enter")
    visit.wait_for("dropout", 0.1)


def test_offers_every_parameter_and_every_data_set_of_the_vocabulary(visit: Any) -> None:
    words = visit.page.evaluate("fetch('/api/vocabulary').then(answer => answer.json())")
    made = visit.page.locator(".picture").all_text_contents()
    field = visit.page.get_by_label("Known data").locator("option:enabled")
    values = field.evaluate_all("options => options.map(option => option.value)")
    assert made.pop() == "your own"
    assert [*made, *values] == [each["name"] for each in words["data"]]
    visit.page.get_by_role("button", name="All settings").click()
    names = visit.page.locator(".setting > label").all_text_contents()
    expected = {each["name"] for each in words["parameters"] if "classifier" in each["of"]}
    assert set(names) == expected
    activations = (
        visit.page.get_by_label("Activation", exact=True).locator("option").all_text_contents()
    )
    assert activations == [entry["name"] for entry in words["tables"]["activations"]]


@pytest.mark.parametrize("name", ["xor", "clusters", "spiral", "curve", "hills"])
def test_trains_on_generated_data(visit: Any, name: str) -> None:
    visit.page.locator(".picture", has_text=name).click()
    expect(visit.page.locator(".about").first).to_be_visible()
    visit.until(lambda: visit.session.run.prepared.dataset.name == name)
    visit.wait_for_epoch(3)
    table = visit.page.locator(".region .twin")
    table.locator("summary").click()
    assert table.locator("tbody td").first.inner_text() != "–"


def test_shows_remarks_about_an_opened_table(visit: Any, tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    rows = [f"{1000 + 7 * i},{i % 3}" for i in range(60)]
    rows[4] = "<b>?</b>,1"
    (tmp_path / "odd.csv").write_text("\n".join(["price,y", *rows]) + "\n")
    visit.page.locator("input[type=file]").set_input_files(tmp_path / "odd.csv")
    remark = "column 'price' holds numbers, except '<b>?</b>' in row 5 of the file: read as missing"
    expect(visit.page.locator(".remarks li")).to_have_text([remark])


def test_trains_on_an_opened_table_and_exports_runnable_code(visit: Any, tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    rows = [f"{i % 7},{i % 5},{'big' if i % 7 > 3 else 'small'}" for i in range(80)]
    path = tmp_path / "table.csv"
    path.write_text("\n".join(["<script>,city,size", *rows]) + "\n")
    page = visit.page
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_text("table.csv: 80 rows")).to_be_visible()
    expect(page.get_by_label("Learn", exact=True)).to_have_value("size")
    page.get_by_label("city").uncheck()
    page.get_by_role("button", name="Learn this").click()
    expect(page.locator(".network .output-name")).to_have_text("p of small")
    assert visit.session.run.prepared.input_names == ("<script>",)
    visit.wait_for_epoch(5)
    page.get_by_text("Take away").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Model").click()
    assert lamina.load(download.value.path())[-1].n_iter_ >= 5


def test_a_new_user_gets_from_the_first_page_to_code(
    visit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pandas")
    page = visit.page
    visit.wait_for_epoch(5)
    page.get_by_label("Activation", exact=True).select_option("elu")
    visit.wait_for("activation", "elu")
    visit.wait_for_epoch(5)
    rows = [f"{i % 7},{i % 5},{'big' if i % 7 > 3 else 'small'}" for i in range(80)]
    (tmp_path / "mine.csv").write_text("\n".join(["width,height,size", *rows]) + "\n")
    page.locator("input[type=file]").set_input_files(tmp_path / "mine.csv")
    page.get_by_role("button", name="Learn this").click()
    expect(page.locator(".network .output-name")).to_have_text("p of small")
    visit.wait_for_epoch(5)
    visit.pause()
    page.get_by_text("Take away").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Python code").click()
    code, output = download.value.path().read_text(), io.StringIO()
    assert "activation='elu'" in code
    monkeypatch.chdir(tmp_path)
    with contextlib.redirect_stdout(output):
        exec(compile(code, "run.py", "exec"), {})
    assert repr(visit.session.snapshot.loss) in output.getvalue()


def test_exported_code_reproduces_the_loss(visit: Any) -> None:
    visit.wait_for_epoch(10)
    visit.pause()
    visit.page.get_by_text("Take away").click()
    with visit.page.expect_download() as download:
        visit.page.get_by_role("button", name="Python code").click()
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(download.value.path().read_text(), "run.py", "exec"), {})
    assert repr(visit.session.snapshot.loss) in output.getvalue()


def test_exported_onnx_predicts_like_the_network(visit: Any) -> None:
    pytest.importorskip("onnx")
    visit.wait_for_epoch(10)
    visit.pause()
    visit.page.get_by_text("Take away").click()
    with visit.page.expect_download() as download:
        visit.page.get_by_role("button", name="ONNX").click()
    assert download.value.suggested_filename.endswith(".onnx")
    runtime = pytest.importorskip("onnxruntime")
    taken = runtime.InferenceSession(download.value.path().read_bytes())
    prepared = visit.session.run.prepared
    rows = prepared.features_test
    onnx_input = taken.get_inputs()[0]
    kind = np.float64 if "double" in onnx_input.type else np.float32
    labels = taken.run(None, {onnx_input.name: rows.astype(kind)})[0]
    expected = visit.session.run.get_model(visit.session.snapshot).predict(prepared.inputs(rows))
    np.testing.assert_array_equal(labels.ravel(), expected)


def test_long_names_have_enough_room(visit: Any) -> None:
    page = visit.page
    for name, shown in (("iris", 4), ("breast_cancer", 0)):
        page.get_by_label("Known data").select_option(name)
        visit.until(lambda name=name: visit.session.run.prepared.dataset.name == name)
        expect(page.locator(".input-name")).to_have_count(shown)
    page.get_by_label("Known data").select_option("iris")
    names = page.locator(".input-name")
    expect(names).to_have_count(4)
    cut = names.evaluate_all("all => all.filter(each => each.scrollWidth > each.clientWidth)")
    assert cut == []


def test_shows_wide_data_in_the_chosen_plane(visit: Any) -> None:
    page = visit.page
    page.get_by_label("Known data").select_option("iris")
    expect(page.get_by_label("Plane", exact=True)).to_have_value("components")
    page.get_by_label("Plane", exact=True).select_option("columns")
    expect(page.get_by_label("Across")).to_be_visible()
    page.get_by_label("Upwards").select_option("3")
    names = ("sepal length (cm)", "petal width (cm)")
    visit.until(lambda: visit.session.plane.names == names)
    visit.wait_for_epoch(3)


def test_edits_a_weight_and_undoes_it(visit: Any) -> None:
    visit.wait_for_epoch(5)
    visit.pause()
    table = visit.page.locator(".network .twin")
    table.locator("summary").click()
    field = table.get_by_role("textbox").first
    before = field.input_value()
    field.fill("2.5")
    field.press("Enter")
    expect(field).to_have_value("2.5000")
    visit.until(lambda: visit.session.snapshot.parameters[0] == 2.5)
    visit.page.get_by_role("button", name="Undo").click()
    expect(field).to_have_value(before)


def test_works_by_keyboard(visit: Any) -> None:
    page = visit.page
    visit.wait_for_epoch(2)
    for name in ("Begin again, same first weights", "Pause"):
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name=name)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Play")).to_be_focused()
    page.locator(".plane").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".region .answer")).to_contain_text("%")
    page.get_by_label("Learning rate", exact=True).focus()
    page.keyboard.press("ArrowUp")
    visit.wait_for("learning_rate_init", 0.03)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


def test_reconnects_to_its_run_after_the_socket_was_closed(visit: Any) -> None:
    visit.wait_for_epoch(5)
    session = visit.session
    for connection in list(visit.server.workbench.connections.values()):
        connection.close_code = 1012
        connection.notify()
    visit.page.wait_for_timeout(500)
    visit.wait_for_epoch(session.run.controller.epoch + 20)
    assert visit.session is session
    visit.troubles = [each for each in visit.troubles if "WebSocket" not in each]
