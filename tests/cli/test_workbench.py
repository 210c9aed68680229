"""`lamina workbench`: it says where it is, serves, and ends with Ctrl-C."""

import re
import signal
import socket

import pytest

httpx = pytest.importorskip("httpx")
for _needed in ("starlette", "uvicorn", "websockets"):
    pytest.importorskip(_needed)


def test_it_serves_until_ctrl_c_and_ends_well(process):
    running = process("workbench", "--no-browser")
    told = running.stdout.readline()
    url = re.search(r"The workbench is at (http://127\.0\.0\.1:\d+/\?token=\S+)", told).group(1)
    with httpx.Client(timeout=20) as http:
        # Without a page that is built, the server says so; with another token it says less.
        assert http.get(url).status_code in (200, 503)
        assert http.get(url.partition("/?")[0] + "/api/vocabulary").status_code == 200
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=20)
    assert (running.returncode, err) == (0, "")


def test_a_port_that_is_taken_is_told_in_a_line(refusal):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert "choose another, or 0 for any that is free" in refusal("workbench", "--port", port)


def test_a_library_that_is_missing_is_named_in_a_line(refusal, monkeypatch):
    import lamina.workbench

    monkeypatch.setattr(lamina.workbench, "find_spec", lambda name: None)
    told = refusal("workbench", "--no-browser")
    assert told.endswith('starlette, uvicorn, websockets: pip install "lamina[workbench]"')
