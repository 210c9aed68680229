"""Slow or invalid clients: connections end, errors are explained, and the server continues."""

import contextlib
import socket
import struct
import time

import pytest

from lamina.workbench import app, protocols


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
def test_half_a_request_ends(sent, peer, browser, until, server, monkeypatch):
    monkeypatch.setattr(protocols, "SECONDS_FOR_HEADERS", 0.2)
    many = [peer(sent) for _ in range(100)]
    assert [rest_of(each) for each in many] == [b""] * 100
    until(lambda: len(server._server.server_state.connections) <= 1)
    assert browser.http.get("/").status_code == 200


def test_the_second_half_of_a_kept_connection_ends_as_well(peer, server, monkeypatch):
    monkeypatch.setattr(protocols, "SECONDS_FOR_HEADERS", 0.2)
    whole = f"GET /static/favicon.svg HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
    made = peer(whole)
    assert made.recv(1 << 16).startswith(b"HTTP/1.1 200")
    made.sendall(b"GET /")
    rest_of(made)


def test_half_a_body_ends_with_a_sentence(peer, browser, server, monkeypatch):
    monkeypatch.setattr(protocols, "SECONDS_BETWEEN_CHUNKS", 0.2)
    answer = rest_of(peer(head(server, browser, 1000) + b"a,b\n"))
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"stalled before the whole file arrived" in answer


def test_a_body_in_drops_ends_as_well(peer, browser, server, monkeypatch):
    monkeypatch.setattr(protocols, "SECONDS_FOR_A_BODY", 0.5)
    made = peer(head(server, browser, 1000))
    with contextlib.suppress(OSError):
        for _ in range(100):
            made.sendall(b"a")
            time.sleep(0.05)
    assert b"stalled before the whole file arrived" in rest_of(made)


def test_more_connections_than_there_may_be_are_closed_at_once(peer, server, monkeypatch, until):
    monkeypatch.setattr(protocols, "MOST_CONNECTIONS", 5)
    first = [peer() for _ in range(5)]
    until(lambda: len(server._server.server_state.connections) == 5)
    assert rest_of(peer()) == b""
    assert len(server._server.server_state.connections) == len(first)


def test_more_uploads_than_four_at_once_are_told_to_wait(peer, browser, server, until):
    many = [peer(head(server, browser, 1000) + b"a,b\n") for _ in range(app.MOST_UPLOADS)]
    until(lambda: server.workbench.n_uploads == len(many))
    answer = rest_of(peer(head(server, browser, 1000)))
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"wait until one has finished" in answer
    for each in many:
        each.close()
    until(lambda: server.workbench.n_uploads == 0)


def test_a_conversation_outlives_the_time_for_headers(browser, monkeypatch):
    monkeypatch.setattr(protocols, "SECONDS_FOR_HEADERS", 0.1)
    page = browser.open()
    page.event("state")
    time.sleep(0.5)
    page.do("pace", epochs_per_second=7)
    assert page.event("state")["pace"] == 7


@pytest.mark.parametrize("opcode", [1, 2], ids=["no UTF-8", "bytes"])
def test_what_is_no_text_ends_the_conversation_without_a_word_on_the_terminal(
    opcode, browser, capfd
):
    page = browser.open()
    page.event("hello")
    # No client sends this, so the frame is written as raw bytes, with mask 0.
    page.socket.socket.sendall(struct.pack("!BB4x", 0x80 | opcode, 0x80 | 3) + b"\xff\xfe\xfd")
    assert page.code_of_closing() in (None, 1007)
    assert browser.http.get("/api/lessons").status_code == 200
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err


@pytest.mark.parametrize("path", ["/%ff", "/static/%ff%00", "/?token=%ed%a0%80", "/api/ask/%ff"])
def test_an_address_that_is_no_utf8_is_answered(path, browser, capfd):
    assert browser.http.get(path).status_code in (200, 404)
    assert "Traceback" not in "".join(capfd.readouterr())
