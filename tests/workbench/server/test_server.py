"""Starting and closing: from Python, on data, on a port, and with missing libraries."""

import builtins
import importlib.util
import socket
import threading
import time

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_wine

import lamina.workbench
from lamina.tables import problem as tables
from lamina.workbench.runs import python_data as given
from lamina.workbench.server import server as server_module


def test_a_server_listens_on_the_loopback_only(server):
    assert server._socket.getsockname()[0] == "127.0.0.1"
    assert server.url.startswith(f"http://127.0.0.1:{server.port}/?token=")
    assert server.url in repr(server)


def test_closing_a_server_ends_threads_and_releases_the_port():
    before = threading.active_count()
    with server_module.Server() as running:
        port = running.port
    assert threading.active_count() <= before
    with server_module.Server(port) as again:
        assert again.port == port


def test_a_port_in_use_is_reported():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(OSError, match=f"port={port} .* is not available .*: choose another"):
            server_module.Server(port)


def test_the_page_is_opened_by_its_link(monkeypatch):
    opened = []
    monkeypatch.setattr(server_module.webbrowser, "open", opened.append)
    running = lamina.workbench.open()
    running.close()
    assert opened == [running.url]


def test_a_page_receives_a_command_of_another_thread(server, page):
    session = server.workbench.sessions[page.event("hello")["session"]]
    page.do("play")
    page.state("playing")
    time.sleep(0.2)  # nothing else is sent: the page is not ready for a frame
    session.do({"do": "set", "experiment": {"model": {"activation": "relu"}}})
    state = page.event("state")
    while state["experiment"]["model"]["activation"] != "relu":
        state = page.event("state")


@pytest.fixture
def first_state(stack, visit):
    """Return `first_state(X, y)`, the first state event of a workbench on that data."""

    def ask(X, y, **more):
        running = stack.enter_context(lamina.workbench.open(X, y, browser=False, **more))
        return visit(running, stack).open().event("state")

    return ask


def test_the_page_starts_with_arrays_from_python(first_state):
    X, y = load_wine(return_X_y=True)
    state = first_state(X, y)
    assert state["data"]["name"] == "your data"
    assert (state["data"]["n_train"], state["data"]["n_test"]) == (89, 89)
    assert state["data"]["classes"] == ["0", "1", "2"]


def test_a_data_frame_keeps_its_names_and_texts_are_classes(first_state):
    frame = pd.DataFrame({"age": np.arange(20.0), "pay": np.arange(20.0) ** 2})
    target = pd.Series(["no", "yes"] * 10, name="left")
    state = first_state(frame, target)
    assert state["data"]["features"] == ["age", "pay"]
    assert state["data"]["classes"] == ["no", "yes"]
    assert state["data"]["target"] == "left"


def test_a_data_frame_with_texts_and_gaps_is_encoded(first_state):
    frame = pd.DataFrame({"city": ["Oslo", "Rome"] * 20, "age": [None, 1, 2, None] * 10})
    state = first_state(frame, pd.Series(["no", "yes"] * 20, name="city"))
    assert state["data"]["inputs"] == ["age", "age is missing", "city=Oslo", "city=Rome"]
    assert state["data"]["classes"] == ["no", "yes"]
    assert state["experiment"]["data"]["target"] == "city "


def test_numbers_are_a_regression_whose_target_is_scaled(first_state):
    X = np.random.default_rng(0).normal(size=(40, 3))
    state = first_state(X, 1000 * X[:, 0] + 0.5)
    assert state["data"]["task"] == "regression"
    assert state["experiment"]["target_scaled"] is True


def test_whole_numbers_in_floats_are_a_regression(first_state):
    X, y = load_diabetes(return_X_y=True)
    state = first_state(X, y)
    assert state["data"]["task"] == "regression"
    assert state["data"]["targets"] == [25, 346]


FEW, MANY = np.tile([0.0, 1.0, 2.0], 20), np.repeat(np.arange(30.0), 2)
TARGETS = {
    "few whole numbers": FEW,
    "few integers": FEW.astype(int),
    "many whole numbers": MANY,
    "many integers": MANY.astype(int),
    "numbers": FEW + 0.5,
    "booleans": FEW > 0,
    "texts": FEW.astype(str),
    "objects": FEW.astype(int).astype(object),
    "texts in objects": FEW.astype(str).astype(object),
}


@pytest.mark.parametrize("y", TARGETS.values(), ids=TARGETS)
def test_arrays_and_tables_have_the_same_task_as_in_the_command_line(y):
    X = np.random.default_rng(0).normal(size=(60, 3))
    frame = pd.DataFrame(X, columns=list("abc")).assign(target=y)
    expected = tables.define_problem(frame, "target").task
    assert given.build_dataset(X, y).task == expected
    assert given.build_dataset(frame[["a", "b", "c"]], frame["target"]).task == expected


def test_the_task_can_be_chosen(first_state):
    X = np.random.default_rng(0).normal(size=(60, 3))
    assert first_state(X, MANY, task="classification")["data"]["classes"][-1] == "29.0"
    assert first_state(X, FEW, task="regression")["data"]["task"] == "regression"
    texts = pd.DataFrame({"a": X[:, 0], "city": ["Oslo", "Rome"] * 30})
    assert first_state(texts, FEW, task="regression")["data"]["task"] == "regression"


@pytest.mark.parametrize(
    ("y", "task", "message"),
    [
        (FEW, "classes", "task='classes' must be one of classification, regression"),
        (np.arange(120.0), "classification", "120 classes.*task='regression'"),
        ([*FEW[:-1], 7.0], "classification", "Add rows to the smallest classes"),
        (FEW.astype(str), "regression", "could not convert"),
    ],
    ids=["no task", "too many classes", "a class of one row", "labels"],
)
def test_invalid_data_is_rejected_before_a_page_opens(y, task, message):
    X = np.random.default_rng(0).normal(size=(len(y), 3))
    if task == "regression":
        y = np.char.add("class ", y)
    with pytest.raises(ValueError, match=message):
        lamina.workbench.open(X, y, task=task, browser=False)


def test_a_target_of_another_length_is_rejected():
    with pytest.raises(ValueError, match="one value for each of 2 rows"):
        lamina.workbench.open(pd.DataFrame({"city": ["Oslo", "Rome"]}), [1], browser=False)


@pytest.mark.parametrize("arguments", [{"X": [[1.0]]}, {"y": [1.0]}])
def test_only_one_of_x_and_y_is_rejected(arguments):
    with pytest.raises(ValueError, match="X and y must be passed together"):
        lamina.workbench.open(**arguments, browser=False)


def test_a_missing_library_is_named_with_a_cure(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        lamina.workbench, "find_spec", lambda name: None if name == "uvicorn" else found(name)
    )
    cure = r'the workbench needs uvicorn: pip install "lamina\[workbench\]"'
    with pytest.raises(ImportError, match=cure):
        lamina.workbench.open(browser=False)


def test_the_package_is_imported_without_its_libraries(monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name.split(".")[0] in lamina.workbench.NEEDED:
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    importlib.reload(lamina.workbench)
