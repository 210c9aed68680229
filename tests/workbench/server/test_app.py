"""Server: sessions of pages, their runs, and pages that disconnect."""

import json

import pytest

from lamina.workbench.server import app
from lamina.workbench.server.app import MOST_SESSIONS


def test_a_page_receives_state_data_and_the_initial_network(page):
    hello, state = page.receive(), page.receive()
    assert hello == {"is": "hello", "version": 1, "session": hello["session"], "fresh": True}
    assert (state["run"]["status"], state["run"]["epoch"]) == ("paused", 0)
    header, rows = page.receive()
    assert header["kind"] == "data"
    assert rows["train_points"].shape == (state["data"]["n_train"], 2)
    page.do("ready")
    header, arrays = page.frame()
    assert header["epoch"] == 0
    assert arrays["parameters"].shape == (state["network"]["n_parameters"],)


def test_a_page_receives_frames_during_training(page):
    page.do("pace", epochs_per_second=None)
    page.do("play")
    header, arrays = page.arrives_at(30)
    assert header["loss"] < arrays["curve_loss"][0]
    assert arrays["curve_epoch"][-1] >= header["epoch"]


def test_a_page_that_is_not_ready_receives_no_frame(page):
    page.do("pace", epochs_per_second=None)
    page.do("step", epochs=50)
    page.do("seek", epoch=None)
    page.do("nonsense")
    received = []
    while not (isinstance(received and received[-1], dict) and received[-1]["is"] == "error"):
        received.append(page.receive())
    assert not [each for each in received if isinstance(each, tuple) and each[0]["kind"] == "frame"]


def test_a_reconnected_page_continues_its_run(browser):
    page = browser.open()
    session = page.receive()["session"]
    page.do("pace", epochs_per_second=None)
    page.do("step", epochs=7)
    before, _ = page.arrives_at(7)
    page.socket.close()
    back = browser.open(session)
    assert back.receive() == {"is": "hello", "version": 1, "session": session, "fresh": False}
    state = back.event("state")
    assert (state["run"]["id"], state["run"]["epoch"]) == (before["run"], 7)
    back.do("ready")
    assert back.frame()[0]["loss"] == before["loss"]


def test_a_run_continues_while_its_page_is_disconnected(browser, server, until):
    page = browser.open()
    session = page.receive()["session"]
    page.do("pace", epochs_per_second=None)
    page.do("play")
    page.state("playing")
    page.socket.socket.close()
    run = server.workbench.sessions[session].run
    seen = run.controller.epoch
    until(lambda: run.controller.epoch > seen + 100)


def test_opening_a_session_again_disconnects_its_first_page(browser):
    first = browser.open()
    session = first.receive()["session"]
    second = browser.open(session)
    assert second.receive()["fresh"] is False
    assert first.code_of_closing() == 4409
    second.do("step")
    assert second.arrives_at(1)[0]["epoch"] == 1


def test_fifty_simultaneous_pages_have_separate_runs(browser):
    pages = [browser.open() for _ in range(50)]
    sessions = {page.receive()["session"] for page in pages}
    assert len(sessions) == 50
    for page in pages:
        page.do("pace", epochs_per_second=None)
        page.do("step", epochs=3)
    frames = [page.arrives_at(3)[0] for page in pages]
    assert {frame["epoch"] for frame in frames} == {3}
    assert len({frame["run"] for frame in frames}) == 50
    assert len({frame["loss"] for frame in frames}) == 1


def test_the_number_of_sessions_is_limited_and_a_leaving_page_makes_room(
    browser, monkeypatch, server, until
):
    monkeypatch.setattr(app, "MOST_SESSIONS", 2)
    first, second = browser.open(), browser.open()
    first.receive(), second.receive()
    assert browser.open().code_of_closing() == 4429
    first.socket.close()
    until(lambda: len(server.workbench.connections) == 1)
    assert browser.open().receive()["fresh"] is True
    assert len(server.workbench.sessions) == 2 < MOST_SESSIONS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not JSON", "Expecting value"),
        ("[1, 2]", "a command is a JSON object"),
        ('{"do": "plya"}', "Did you mean 'play'?"),
        ('{"do": ["play"]}', "is not a command"),
        ('{"do": "rate", "learning_rate": NaN}', "NaN is not valid JSON"),
        ('{"do": "rate", "learning_rate": -1}', "must be a number from 1e-12"),
        ('{"do": "step", "epochs": 1.5}', "must be a whole number"),
        ('{"do": "watch", "region": 100000}', "from 0 to 128"),
        ('{"do": "undo"}', "nothing to undo"),
        ('{"do": "set"}', "must be a JSON object"),
        ('{"do": "set", "experiment": {"data": {"name": "mons"}}}', "Did you mean 'moons'?"),
        ('{"do": "set", "experiment": {"model": {"alpha": -1}}}', "'alpha' parameter"),
        ('{"do": "set", "experiment": {"model": {"checkpoint": "/etc/passwd"}}}', "only in Python"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_invalid_commands_are_reported_and_change_nothing(text, message, page):
    before = page.event("state")
    page.socket.send(text)
    error = page.event("error")
    assert message in error["message"]
    page.do("pace", epochs_per_second=9)
    after = page.event("state")
    assert after == {**before, "pace": 9}


def test_an_oversized_command_closes_the_connection_only(browser):
    page = browser.open()
    page.socket.send(json.dumps({"do": "set", "experiment": "x" * (2 << 20)}))
    # The server closes while the page is still sending, so its close frame may be lost.
    assert page.code_of_closing() in (1009, None)
    assert browser.open().receive()["is"] == "hello"


def test_an_error_names_the_command_and_the_parameter_at_fault(page):
    page.do("set", id=17, experiment={"model": {"activation": "rleu"}})
    error = page.event("error")
    assert (error["of"], error["id"], error["parameter"]) == ("set", 17, "activation")
    assert "Did you mean 'relu'?" in error["message"]


def test_a_page_can_download_its_script(browser):
    page = browser.open()
    session = page.receive()["session"]
    early = browser.http.get("/api/export/script", params={"session": session})
    assert early.status_code == 409
    assert "at least one epoch first" in early.json()["message"]
    page.do("step")
    page.arrives_at(1)
    answer = browser.http.get("/api/export/script", params={"session": session})
    assert "from lamina import MLPClassifier" in answer.text
    assert 'filename="workbench_run_epoch_1.py"' in answer.headers["content-disposition"]
    assert browser.http.get("/api/export/script").status_code == 404
