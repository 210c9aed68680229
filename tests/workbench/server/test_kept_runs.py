"""Kept runs: their description, bit-identical repetition, and limits."""

import numpy as np
import pytest

from lamina.errors import ExperimentError
from lamina.workbench.server import kept_runs
from lamina.workbench.server.answers import ANSWERS
from lamina.workbench.views.frames import decode


def learn(session, epochs, until):
    at = session.run.controller.epoch + epochs
    session.do({"do": "step", "epochs": epochs})
    until(lambda: session.run.controller.latest.epoch == at or session.run.ending)


def curves_of(session, number):
    header, arrays = decode(ANSWERS["kept"].content(session, {"run": str(number)}))
    assert header == {"kind": "kept", "run": number}
    return arrays


def test_a_kept_run_is_described_with_settings_scores_and_curves(session, until):
    made = session({"model": {"alpha": 0.1}})
    learn(made, 4, until)
    drawn = made.views.curves()
    made.do({"do": "keep"})
    learn(made, 3, until)
    (message,) = made.kept.to_json()["runs"]
    last = {name: curve[-1] for name, curve in drawn.items()}
    assert (message["number"], message["name"], message["epoch"]) == (1, "run 1", 4)
    assert message["experiment"] == made.experiment.to_json()
    assert (message["loss"], message["validation_loss"]) == (
        last["curve_loss"],
        last["curve_validation_loss"],
    )
    assert message["score"] == {"name": "accuracy", "value": last["curve_score"]}
    assert (message["data"], message["task"], message["ending"]) == (
        "moons",
        "classification",
        None,
    )
    for name, curve in curves_of(made, 1).items():
        np.testing.assert_array_equal(curve, drawn[name])


@pytest.mark.parametrize(
    "patch",
    [
        {},
        {"data": {"name": "hills"}, "target_scaled": True},
        {"model": {"solver": "lbfgs", "max_iter": 40, "n_iter_no_change": None}},
        {"model": {"early_stopping": True, "n_iter_no_change": 2, "max_iter": 50}},
    ],
    ids=["epochs", "regression", "lbfgs", "ends"],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_restored_run_is_bit_identical(patch, session, until):
    made = session(patch)
    # More epochs than the last run makes before it ends.
    learn(made, 12, until)
    made.do({"do": "keep"})
    kept, network = made.kept.find(1), made.run.controller.latest.parameters
    made.do({"do": "set", "experiment": {"model": {"alpha": 0.5}}})
    learn(made, 2, until)
    made.do({"do": "pace", "epochs_per_second": 1})
    made.do({"do": "restore", "run": 1})
    assert made.experiment == kept.experiment
    until(lambda: made.run.controller.latest.epoch == kept.epoch and made.run.status != "playing")
    assert made.run.ending == kept.ending
    np.testing.assert_array_equal(made.run.controller.latest.parameters, network)
    for name, curve in made.views.curves().items():
        np.testing.assert_array_equal(curve, kept.curves[name])


def test_a_restored_run_repeats_manual_edits(session, until):
    made = session()
    made.do({"do": "edit", "block": 0, "row": 0, "column": 0, "value": 2.0})
    until(lambda: made.run.controller.edits)
    learn(made, 3, until)
    made.do({"do": "rate", "learning_rate": 0.2})
    learn(made, 3, until)
    for value in (1.0, -1.0):
        made.do({"do": "edit", "block": 1, "row": None, "column": 0, "value": value})
        until(lambda value=value: made.run.controller.edits[-1].after == value)
    learn(made, 4, until)
    made.do({"do": "keep"})
    message, course = made.kept.to_json()["runs"][0], made.views.curves()
    assert (message["rates"], message["n_written"]) == ([[3, 0.2]], 3)
    made.do({"do": "reset"})
    learn(made, 10, until)
    # Both start from the same initial weights, at epoch 0.
    assert (made.views.curves()["curve_loss"] != course["curve_loss"])[1:].all()
    made.do({"do": "restore", "run": 1})
    until(lambda: made.run.controller.latest.epoch == 10)
    np.testing.assert_array_equal(made.views.curves()["curve_loss"], course["curve_loss"])
    assert made.run.controller.manual_edits() == made.kept.find(1).manual_edits


def test_a_new_manual_edit_stops_the_repetition_of_edits(session, until):
    made = session()
    learn(made, 5, until)
    made.do({"do": "rate", "learning_rate": 0.2})
    learn(made, 2, until)
    made.do({"do": "keep"})
    made.do({"do": "pace", "epochs_per_second": None})
    made.do({"do": "restore", "run": 1})
    made.run.pause()
    made.begin(made.experiment, made.kept.find(1).manual_edits)
    made.do({"do": "rate", "learning_rate": 0.05})
    learn(made, 7, until)
    assert made.run.controller.changes == [(0, 0.05)]


def test_restoring_a_run_can_be_undone(session, until):
    made = session()
    learn(made, 1, until)
    made.do({"do": "keep"})
    made.do({"do": "set", "experiment": {"model": {"alpha": 0.5}}})
    present = made.experiment
    made.do({"do": "restore", "run": 1})
    assert made.experiment != present
    made.do({"do": "undo"})
    assert made.experiment == present


def test_kept_runs_can_be_renamed_and_removed(session, until):
    made = session()
    for number in (1, 2, 3):
        learn(made, 1, until)
        made.do({"do": "keep", "name": f"  the {number}.\n try "})
    assert [run.name for run in made.kept.runs] == ["the 1. try", "the 2. try", "the 3. try"]
    made.do({"do": "rename", "run": 2, "name": "<b>mine</b>"})
    assert made.kept.find(2).name == "<b>mine</b>"
    made.do({"do": "forget", "run": 1})
    assert [run.number for run in made.kept.runs] == [2, 3]
    learn(made, 1, until)
    made.do({"do": "keep"})
    assert made.kept.runs[-1].name == "run 4"
    made.do({"do": "forget", "run": "all"})
    assert made.kept.to_json()["runs"] == []


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ({"do": "keep", "name": ""}, "must be a text of 1 to 60 printable"),
        ({"do": "keep", "name": "x" * 61}, "must be a text of 1 to 60 printable"),
        ({"do": "keep", "name": "a\x00b"}, "printable characters"),
        ({"do": "rename", "run": 1, "name": 5}, "name=5 must be a text"),
        ({"do": "rename", "run": 7, "name": "x"}, "run=7 is not kept; kept are: 1"),
        ({"do": "forget", "run": True}, "run=True is not kept"),
        ({"do": "forget", "run": [1]}, r"run=\[1\] is not kept"),
        ({"do": "restore"}, "run=None is not kept"),
        ({"do": "keep"}, "this run is already kept as 'run 1'"),
    ],
)
def test_invalid_commands_are_rejected_and_change_nothing(command, message, session, until):
    made = session()
    learn(made, 1, until)
    made.do({"do": "keep"})
    before = made.kept.runs, made.run
    with pytest.raises(ExperimentError, match=message):
        made.do(command)
    assert (made.kept.runs, made.run) == before


def test_a_run_cannot_be_kept_before_its_first_epoch(session):
    with pytest.raises(ExperimentError, match="at least one epoch, then keep"):
        session().do({"do": "keep"})


def test_without_room_no_further_run_is_kept_and_none_is_removed(session, until, monkeypatch):
    made = session()
    monkeypatch.setattr(kept_runs, "MOST_RUNS", 2)
    for _ in range(2):
        learn(made, 1, until)
        made.do({"do": "keep"})
    learn(made, 1, until)
    with pytest.raises(ExperimentError, match=r"2 runs are kept.*delete one first"):
        made.do({"do": "keep"})
    monkeypatch.setattr(kept_runs, "MOST_RUNS", 20)
    monkeypatch.setattr(kept_runs, "MOST_BYTES", made.kept.find(1).n_bytes * 2)
    with pytest.raises(ExperimentError, match="this run needs"):
        made.do({"do": "keep"})
    assert [run.number for run in made.kept.runs] == [1, 2]


def test_a_reconnected_page_receives_its_kept_runs(browser):
    page = browser.open()
    session = page.receive()["session"]
    assert page.event("kept") == {"is": "kept", "most": 20, "runs": []}
    page.do("step", epochs=3)
    page.arrives_at(3)
    page.do("keep", name="mine")
    (run,) = page.event("kept")["runs"]
    page.socket.close()
    back = browser.open(session)
    assert back.event("kept")["runs"] == [run]
    query = {"session": session, "run": run["number"]}
    answer = browser.http.get("/api/ask/kept", params=query)
    _, arrays = decode(answer.content)
    assert arrays["curve_loss"][-1] == run["loss"]
    assert browser.http.get("/api/ask/kept", params={**query, "run": "x"}).status_code == 409
