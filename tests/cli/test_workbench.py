"""`lamina workbench` prints its address, serves the page, and ends with Ctrl-C."""

import json
import re
import signal
import socket

import pytest

httpx = pytest.importorskip("httpx")
for _needed in ("starlette", "uvicorn", "websockets"):
    pytest.importorskip(_needed)


def test_it_serves_until_ctrl_c_and_exits_with_0(process):
    running = process("workbench", "--no-browser")
    text = running.stdout.readline()
    url = re.search(r"The workbench is at (http://127\.0\.0\.1:\d+/\?token=\S+)", text).group(1)
    with httpx.Client(timeout=20) as http:
        # The server returns 503 if the page is not built.
        assert http.get(url).status_code in (200, 503)
        assert http.get(url.partition("/?")[0] + "/api/vocabulary").status_code == 200
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=20)
    assert (running.returncode, err) == (0, "")


def test_a_port_in_use_is_reported_in_a_line(refusal):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert "choose another, or 0 for a free one" in refusal("workbench", "--port", port)


def test_a_missing_library_is_named_in_a_line(refusal, monkeypatch):
    import lamina.workbench

    monkeypatch.setattr(lamina.workbench, "find_spec", lambda name: None)
    text = refusal("workbench", "--no-browser")
    assert text.endswith('starlette, uvicorn, websockets: pip install "lamina[workbench]"')


def test_it_opens_the_experiment_of_a_link_or_a_file(process, tmp_path):
    from lamina.workbench.runs.experiment import first_experiment
    from lamina.workbench.runs.experiment_urls import build_fragment

    experiment = first_experiment().merged({"data": {"name": "circles"}}).to_json()
    file = tmp_path / "experiment.json"
    file.write_text(json.dumps({"experiment": experiment, "pace": None}))
    link = f"http://localhost:1/?token=lost#{build_fragment(experiment, None)}&show=below%3ALoss"
    for opened, views in ((link, "#show=below%3ALoss"), (str(file), "")):
        running = process("workbench", opened, "--no-browser")
        url = re.search(r"is at (\S+)", running.stdout.readline()).group(1)
        assert url.partition("#")[1:] == views.partition("#")[1:]
        assert first_state(url)["experiment"] == experiment
        running.send_signal(signal.SIGINT)
        assert running.communicate(timeout=20)[1] == ""


def first_state(url):
    from websockets.sync.client import connect

    with httpx.Client(timeout=20) as http:
        http.get(url)
        cookie = "; ".join(f"{name}={value}" for name, value in http.cookies.items())
    host = url.partition("://")[2].partition("/")[0]
    headers = {"cookie": cookie}
    origin, patience = f"http://{host}", {"open_timeout": 60}
    with connect(f"ws://{host}/ws", origin=origin, additional_headers=headers, **patience) as page:
        assert json.loads(page.recv(20))["is"] == "hello"
        return json.loads(page.recv(20))


@pytest.mark.parametrize(
    ("opened", "text"),
    [
        ("http://127.0.0.1:8642/", "not a link to an experiment"),
        ("#lamina=1.abc", "incomplete or damaged"),
        ("no-such-file.json", "no such file"),
    ],
)
def test_a_link_or_a_file_without_an_experiment_is_rejected_in_a_line(opened, text, refusal):
    assert text in refusal("workbench", opened, "--no-browser")
