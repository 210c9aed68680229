"""PageApp: the page is served before the training code is imported, and works afterwards."""

import subprocess
import sys
from concurrent.futures import Future
from threading import Timer

import pytest

from lamina.workbench.server import page_app
from lamina.workbench.server.page_app import PageApp
from lamina.workbench.server.security import Lock

testclient = pytest.importorskip("starlette.testclient")


async def late(scope, receive, send):
    """ASGI application that responds with the requested path."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


@pytest.fixture
def behind():
    """Future for the application that is imported later."""
    return Future()


@pytest.fixture
def client(behind, tmp_path, monkeypatch):
    """Browser of a server whose page is built."""
    (tmp_path / "index.html").write_text("<title>the page</title>")
    (tmp_path / "page.js").write_text("1")
    monkeypatch.setattr(page_app, "STATIC", tmp_path)
    lock = Lock(80)
    # Used without `with`, TestClient sends no lifespan events, and neither does uvicorn.
    opened = testclient.TestClient(PageApp(lock, behind))
    opened.token = lock.token
    yield opened
    opened.close()


def test_the_page_and_its_files_are_served_at_once(client):
    page = client.get("/", params={"token": client.token})
    assert "the page" in page.text
    assert client.get("/static/page.js").text == "1"


def test_other_requests_wait_for_the_application(client, behind):
    Timer(0.05, behind.set_result, [late]).start()
    assert client.get("/api/vocabulary").text == "/api/vocabulary"


def test_without_a_built_page_the_response_says_how_to_build_it(behind, tmp_path, monkeypatch):
    monkeypatch.setattr(page_app, "STATIC", tmp_path / "nowhere")
    lock = Lock(80)
    client = testclient.TestClient(PageApp(lock, behind))
    answer = client.get("/", params={"token": lock.token})
    client.close()
    assert answer.status_code == 503
    assert "run `make web`" in answer.text


def test_the_page_app_imports_no_slow_libraries():
    pytest.importorskip("typer")
    asked = (
        "import sys, lamina.cli.app, lamina.cli.workbench, lamina.workbench.server.server\n"
        "print(sorted({'numpy', 'scipy', 'sklearn', 'pandas'} & sys.modules.keys()))"
    )
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True)
    assert ran.stdout.decode().strip() == "[]"
