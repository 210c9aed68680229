"""Widget: its Python interface, and its page's messages through a notebook's comm."""

import gc
import json
import queue
import sys
import threading
import weakref
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

for _needed in ("anywidget", "starlette", "pandas", "pyarrow"):
    pytest.importorskip(_needed)

import comm  # noqa: E402
import ipywidgets  # noqa: E402
from comm.base_comm import BaseComm  # noqa: E402

import lamina.workbench  # noqa: E402
from lamina.errors import ExperimentError  # noqa: E402
from lamina.workbench.data.uploads import MOST_BYTES  # noqa: E402
from lamina.workbench.server import app, comm_server  # noqa: E402
from lamina.workbench.views.frames import decode  # noqa: E402

PATIENCE = 20.0
SMALL = {
    "data": {"kind": "made", "name": "moons", "n_samples": 60},
    "inputs": ["x", "y"],
    "model": {"hidden_layer_sizes": [3], "batch_size": 20, "n_iter_no_change": 1000},
}


class Notebook(BaseComm):
    """Comm that records the kernel's messages and lets a page answer."""

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        if data and data.get("method") == "custom":
            vars(self).setdefault("received", queue.Queue()).put((data["content"], buffers or []))


class Page:
    """Page in a cell."""

    def __init__(self, widget: Any, name: str = "one") -> None:
        self.widget, self.name, self.asked = widget, name, 0
        vars(widget.comm).setdefault("received", queue.Queue())

    def post(self, buffers: Any = (), **content: Any) -> None:
        data = {"method": "custom", "content": {"page": self.name, **content}}
        self.widget.comm.handle_msg({"content": {"data": data}, "buffers": list(buffers)})

    def do(self, command: str, **arguments: Any) -> None:
        self.post(do="say", text=json.dumps({"do": command, **arguments}))

    def receive(self, kind: str) -> Any:
        """Return the next message of that kind; ignore other messages."""
        while True:
            content, buffers = self.widget.comm.received.get(timeout=PATIENCE)
            if content["page"] == self.name and content["is"] == kind:
                return content, buffers

    def event(self, kind: str) -> Any:
        while True:
            event = json.loads(self.receive("text")[0]["text"])
            if event["is"] == kind:
                return event

    def frame(self) -> Any:
        while True:
            header, arrays = decode(self.receive("bytes")[1][0])
            if header["kind"] == "frame":
                return header, arrays

    def ask(self, path: str, **query: Any) -> Any:
        self.asked += 1
        self.post(do="ask", id=self.asked, path=path, query=query)
        answer, buffers = self.receive("answer")
        assert answer["id"] == self.asked
        return answer["status"], buffers[0]


@pytest.fixture
def make(monkeypatch):
    """Return `make(experiment)`, a widget in a notebook."""
    monkeypatch.setattr(comm, "create_comm", Notebook)
    made = []

    def widget(experiment=SMALL, **options):
        made.append(lamina.workbench.widget(experiment=experiment, **options))
        made[-1].session.do({"do": "pace", "epochs_per_second": None})
        return made[-1]

    yield widget
    for each in made:
        each.close()
        each._server.wait()
        each.session.run.wait(PATIENCE)
        assert not each._server.thread.is_alive()


def test_a_page_receives_state_data_and_frames(make):
    page = Page(make())
    page.post(do="open")
    assert page.event("hello")["fresh"]
    assert page.event("state")["run"]["status"] == "paused"
    page.do("watch", region=8)
    page.do("step", epochs=20)
    while True:
        page.do("ready")
        header, arrays = page.frame()
        if header["epoch"] == 20:
            break
    assert header["loss"] < arrays["curve_loss"][0]
    assert arrays["region"].shape == (8, 8, 1)


def test_a_page_that_is_not_ready_receives_no_frame(make):
    page = Page(make())
    page.post(do="open")
    page.do("step", epochs=20)
    page.do("nonsense")
    page.event("error")
    page.do("ready")
    assert page.frame()[0]["kind"] == "frame"
    page.do("step", epochs=20)
    page.do("nonsense")
    page.event("error")
    kinds = {content["is"] for content, _ in list(page.widget.comm.received.queue)}
    assert "bytes" not in kinds


def test_the_page_is_a_single_document(make):
    page = Page(make())
    status, content = page.ask("/")
    text = content.decode()
    assert status == 200
    assert 'data-place="notebook"' in text
    assert text.count("</script") == text.count("<style>") == 1
    assert ' src="' not in text.split("<script")[0]


def test_requests_work_as_over_http(make):
    widget = make()
    page = Page(widget)
    status, answer = page.ask("/api/vocabulary")
    assert status == 200
    assert json.loads(answer)["default"] == widget.experiment
    status, answer = page.ask("/api/ask/trace", row=3)
    assert (status, decode(answer)[0]["kind"]) == (200, "trace")
    status, answer = page.ask("/api/ask/trace", row=-1)
    assert status == 409
    assert "row=" in json.loads(answer)["message"]
    assert page.ask("/api/export/script")[0] == 409
    assert page.ask("/api/nothing")[0] == 404


def test_a_table_is_uploaded_in_pieces(make):
    page = Page(make())
    page.post(do="ask", id=7, path="/api/upload", query={"name": "t.csv"}, size=16)
    for piece, last in ((b"a,b\n1,2\n", False), (b"3,4\n5,6\n", True)):
        page.receive("more")
        page.post([piece], do="piece", id=7, last=last)
    answer, (content,) = page.receive("answer")
    table = json.loads(content)
    assert (answer["id"], answer["status"], table["n_rows"]) == (7, 200, 3)
    page.post(do="open")
    assert page.event("state")["experiment"]["data"]["kind"] == "made"
    page.do("set", experiment={"data": {"kind": "upload", "hash": table["hash"], "target": "b"}})
    assert page.event("state")["experiment"]["data"]["kind"] == "upload"


def test_too_large_a_table_is_rejected_before_its_first_piece(make):
    page = Page(make())
    page.post(do="ask", id=1, path="/api/upload", query={"name": "t.csv"}, size=MOST_BYTES + 1)
    content, (body,) = page.receive("answer")
    assert content["status"] == 413
    assert "upload fewer rows" in json.loads(body)["message"]


def test_too_many_simultaneous_requests_are_rejected(make, monkeypatch):
    # Every upload waits for its first piece, so that none ends before the last request is sent.
    monkeypatch.setattr(app, "MOST_UPLOADS", comm_server.MOST_REQUESTS + 1)
    page = Page(make())
    for number in range(comm_server.MOST_REQUESTS + 1):
        page.post(do="ask", id=number, path="/api/upload", query={"name": "t.csv"}, size=8)
    content, _ = page.receive("answer")
    assert (content["id"], content["status"]) == (comm_server.MOST_REQUESTS, 429)


def test_an_oversized_command_closes_the_socket(make):
    page = Page(make())
    page.post(do="open")
    page.do("set", experiment="x" * comm_server.LONGEST_COMMAND)
    assert page.receive("closed")[0]["code"] == 1009


@pytest.mark.parametrize(
    "content",
    [
        "open",
        None,
        {"do": "open"},
        {"page": 1, "do": "open"},
        {"page": "one", "do": "say"},
        {"page": "one", "do": "ask", "id": "1", "path": "/", "query": {}},
        {"page": "one", "do": "piece", "id": 1, "last": True},
    ],
)
def test_invalid_messages_are_ignored(make, content):
    widget = make()
    page = Page(widget)
    data = {"method": "custom", "content": content}
    widget.comm.handle_msg({"content": {"data": data}, "buffers": []})
    page.post(do="open")
    assert page.event("hello")["is"] == "hello"


def test_the_latest_page_is_active(make):
    widget = make()
    first, second = Page(widget, "one"), Page(widget, "two")
    first.post(do="open")
    first.event("hello")
    second.post(do="open")
    assert first.receive("closed")[0]["code"] == 4409
    first.do("step", epochs=3)
    second.do("nonsense")
    assert second.event("error")["of"] == "nonsense"
    assert widget.session.run.controller.epoch == 0


def test_the_run_continues_without_a_page(make, until):
    endless = {"max_iter": 100_000, "n_iter_no_change": 10**9}
    widget = make({**SMALL, "model": {**SMALL["model"], **endless}})
    page = Page(widget)
    page.post(do="open")
    page.event("hello")
    page.do("play")
    until(lambda: widget.session.run.controller.epoch > 3)
    page.post(do="leave")
    until(lambda: not widget._server.pages)
    epoch = widget.session.run.controller.epoch
    until(lambda: widget.session.run.controller.epoch > epoch + 3)


def test_two_widgets_are_independent(make, until):
    one, other = make(), make({**SMALL, "model": {"hidden_layer_sizes": [2]}})
    page = Page(one)
    page.post(do="open")
    page.do("step", epochs=5)
    until(lambda: one.session.snapshot.epoch == 5)
    assert other.session.snapshot.epoch == 0
    assert one.experiment["model"] != other.experiment["model"]


def test_setting_the_experiment_updates_the_page(make):
    widget = make()
    page = Page(widget)
    page.post(do="open")
    page.event("state")
    expected = {**widget.experiment, "model": {"hidden_layer_sizes": [5, 2], "activation": "relu"}}
    widget.experiment = expected
    state = page.event("state")
    assert state["experiment"] == widget.experiment == expected
    assert state["can_undo"]
    with pytest.raises(ExperimentError, match="no part 'modell'"):
        widget.experiment = {**expected, "modell": {}}
    assert widget.experiment == expected


def test_python_plays_and_pauses(make, until):
    widget = make()
    page = Page(widget)
    page.post(do="open")
    assert page.event("state")["run"]["status"] == "paused"
    widget.play()
    assert page.event("state")["run"]["status"] == "playing"
    until(lambda: widget.session.run.controller.epoch > 3)
    widget.pause()
    assert page.event("state")["run"]["status"] == "paused"


def test_python_gets_the_trained_model(make, until, capsys):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 3))
    y = np.where(X[:, 0] > X[:, 1], "yes", "no")
    widget = make(None, X=X, y=y)
    widget.session.do({"do": "step", "epochs": 40})
    until(lambda: widget.session.snapshot.epoch == 40)
    assert widget.model().score(X, y == "yes") > 0.8
    with pytest.raises(ExperimentError):
        widget.script()


def test_the_script_repeats_the_run(make, until, capsys):
    widget = make()
    widget.session.do({"do": "step", "epochs": 4})
    until(lambda: widget.session.snapshot.epoch == 4)
    exec(widget.script(), {})
    assert repr(widget.session.snapshot.loss) in capsys.readouterr().out


def test_training_ends_when_the_widget_is_closed(make):
    widget = make()
    page = Page(widget)
    page.post(do="open")
    page.do("play")
    run = widget.session.run
    widget.close()
    run.wait(PATIENCE)
    assert not run._thread.is_alive()


def test_training_ends_without_references_to_the_widget(monkeypatch):
    monkeypatch.setattr(comm, "create_comm", Notebook)
    # ipywidgets keeps a reference to every widget with a comm, unless configured otherwise.
    monkeypatch.setattr(ipywidgets.widgets.widget, "_instances", weakref.WeakValueDictionary())
    monkeypatch.setattr(Notebook, "on_msg", lambda self, callback: None)
    widget = lamina.workbench.widget(experiment=SMALL)
    widget._server.handle({"page": "one", "do": "open"}, [])
    run, server, gone = widget.session.run, widget._server, weakref.ref(widget)
    del widget
    gc.collect()
    assert gone() is None
    server.wait()
    run.wait(PATIENCE)
    assert not server.thread.is_alive()
    assert not run._thread.is_alive()


def test_training_ends_when_marimo_reruns_the_cell(make, monkeypatch):
    class CellThread(threading.Thread):
        should_exit = False

    marimo = SimpleNamespace(running_in_notebook=lambda: True, Thread=CellThread)
    monkeypatch.setitem(sys.modules, "marimo", marimo)
    monkeypatch.setattr(comm_server, "SECONDS_BETWEEN_LOOKS", 0.01)
    widget = make()
    widget.play()
    widget._server.thread.should_exit = True
    widget._server.wait()
    widget.session.run.wait(PATIENCE)
    assert not widget.session.run._thread.is_alive()


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setattr(lamina.workbench, "find_spec", lambda name: None)
    with pytest.raises(
        ImportError, match=r'anywidget, starlette: pip install "lamina\[notebook\]"'
    ):
        lamina.workbench.widget()
