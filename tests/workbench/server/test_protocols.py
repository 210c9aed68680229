"""Slow or invalid clients: connections end, errors are explained, and the server continues."""

import contextlib
import socket
import struct
import time

import pytest

from lamina.workbench.server import app, protocols


@pytest.fixture
def peer(server, stack):
    """Return `peer(data)`, a connection that has sent these bytes."""

    def connect(data=b""):
        made = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        made.settimeout(20)
        made.sendall(data)
        return made

    return connect


def rest_of(connection):
    """Return all bytes received until the server closes the connection."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(1 << 16):
            parts.append(part)
    return b"".join(parts)


def head(server, browser, length):
    return (
        f"POST /api/upload?name=t.csv HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        f"Origin: {browser.origin}\r\nCookie: {browser.cookie}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


@pytest.mark.parametrize("sent", [b"", b"GE", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_an_incomplete_request_is_closed(sent, peer, browser, until, server, monkeypatch):
    monkeypatch.setattr(protocols, "SECONDS_FOR_HEADERS", 0.2)
    many = [peer(sent) for _ in range(100)]
    assert [rest_of(each) for each in many] == [b""] * 100
    until(lambda: len(server._server.server_state.connections) <= 1)
    assert browser.http.get("/").status_code == 200


def test_an_incomplete_second_request_is_closed(peer, server, monkeypatch):
    monkeypatch.setattr(protocols, "SECONDS_FOR_HEADERS", 0.2)
    whole = f"GET /static/favicon.svg HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
    made = peer(whole)
    assert made.recv(1 << 16).startswith(b"HTTP/1.1 200")
    made.sendall(b"GET /")
    rest_of(made)


def test_an_incomplete_body_gets_an_error_message(peer, browser, server, monkeypatch):
    monkeypatch.setattr(protocols, "SECONDS_BETWEEN_CHUNKS", 0.2)
    answer = rest_of(peer(head(server, browser, 1000) + b"a,b\n"))
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"stalled before the whole file arrived" in answer


def test_a_slow_body_gets_an_error_message(peer, browser, server, monkeypatch):
    monkeypatch.setattr(protocols, "SECONDS_FOR_A_BODY", 0.5)
    made = peer(head(server, browser, 1000))
    with contextlib.suppress(OSError):
        for _ in range(100):
            made.sendall(b"a")
            time.sleep(0.05)
    assert b"stalled before the whole file arrived" in rest_of(made)


def test_connections_above_the_limit_are_closed(peer, server, monkeypatch, until):
    monkeypatch.setattr(protocols, "MOST_CONNECTIONS", 5)
    first = [peer() for _ in range(5)]
    until(lambda: len(server._server.server_state.connections) == 5)
    assert rest_of(peer()) == b""
    assert len(server._server.server_state.connections) == len(first)


def test_a_fifth_simultaneous_upload_is_rejected(peer, browser, server, until):
    many = [peer(head(server, browser, 1000) + b"a,b\n") for _ in range(app.MOST_UPLOADS)]
    until(lambda: server.workbench.n_uploads == len(many))
    answer = rest_of(peer(head(server, browser, 1000)))
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"wait until one has finished" in answer
    for each in many:
        each.close()
    until(lambda: server.workbench.n_uploads == 0)


def test_a_websocket_outlives_the_time_limit_for_headers(browser, monkeypatch):
    monkeypatch.setattr(protocols, "SECONDS_FOR_HEADERS", 0.1)
    page = browser.open()
    page.event("state")
    time.sleep(0.5)
    page.do("pace", epochs_per_second=7)
    assert page.event("state")["pace"] == 7


@pytest.mark.parametrize("opcode", [1, 2], ids=["no UTF-8", "bytes"])
def test_invalid_text_closes_the_socket_without_terminal_output(opcode, browser, capfd):
    page = browser.open()
    page.event("hello")
    # No client sends this, so the frame is written as raw bytes, with mask 0.
    page.socket.socket.sendall(struct.pack("!BB4x", 0x80 | opcode, 0x80 | 3) + b"\xff\xfe\xfd")
    assert page.code_of_closing() in (None, 1007)
    assert browser.http.get("/api/lessons").status_code == 200
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err


@pytest.mark.parametrize("path", ["/%ff", "/static/%ff%00", "/?token=%ed%a0%80", "/api/ask/%ff"])
def test_an_address_that_is_not_utf8_gets_a_response(path, browser, capfd):
    assert browser.http.get(path).status_code in (200, 404)
    assert "Traceback" not in "".join(capfd.readouterr())
