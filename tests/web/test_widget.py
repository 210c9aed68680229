"""The widget's page in Chromium, embedded as in a notebook."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import pytest

for _needed in ("anywidget", "playwright", "websockets"):
    pytest.importorskip(_needed)

from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect  # noqa: E402
from websockets.datastructures import Headers  # noqa: E402
from websockets.http11 import Response  # noqa: E402
from websockets.sync.server import ServerConnection, serve  # noqa: E402

from lamina.workbench import widget as make  # noqa: E402
from lamina.workbench.server.notebook import Widget  # noqa: E402

pytestmark = pytest.mark.xdist_group("browser")
PATIENCE = 30_000
# VS Code's strictest security policy for notebooks, plus the bridge of this test.
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src https: http: data:; font-src https:; "
    "connect-src https: ws:; child-src https: data:"
)
# anywidget's model, over a WebSocket: a text, and behind it as many buffers as it says.
NOTEBOOK = """<!doctype html><title>a notebook</title>
<style>p, h1, h2, button { color: red; font-size: 40px; margin: 50px }</style>
<main style="color: rgb(20, 20, 20)"></main>
<script type="module">
import glue from "/notebook.js";
const heard = new Set();
const socket = new WebSocket(`ws://${location.host}/`);
socket.binaryType = "arraybuffer";
let message = null;
socket.onmessage = ({ data }) => {
  if (typeof data === "string") message = { ...JSON.parse(data), buffers: [] };
  else message.buffers.push(new DataView(data));
  if (message.buffers.length === message.count)
    for (const hear of heard) hear(message.content, message.buffers);
};
const model = {
  get: (name) => ({ height: 700 })[name],
  on: (name, hear) => name === "msg:custom" && heard.add(hear),
  off: (name, hear) => heard.delete(hear),
  send(content, callbacks, buffers = []) {
    socket.send(JSON.stringify({ content, count: buffers.length }));
    for (const buffer of buffers) socket.send(buffer);
  },
};
window.show = () => {
  const place = document.querySelector("main").appendChild(document.createElement("div"));
  window.leave = glue.render({ model, el: place });
};
socket.onopen = window.show;
</script>
"""


class Notebook:
    """Notebook page and kernel side of one widget."""

    def __init__(self, widget: Widget) -> None:
        self.widget = widget
        self.socket: ServerConnection | None = None
        # ipywidgets uses a comm; here a socket replaces it.
        object.__setattr__(widget, "send", self.send)
        self.server = serve(self.talk, "127.0.0.1", 0, process_request=self.answer, max_size=None)
        self.url = f"http://127.0.0.1:{self.server.socket.getsockname()[1]}/"

    def send(self, content: Any, buffers: Any = ()) -> None:
        if self.socket is not None:
            self.socket.send(json.dumps({"content": content, "count": len(buffers)}))
            for buffer in buffers:
                self.socket.send(buffer)

    def talk(self, socket: ServerConnection) -> None:
        self.socket = socket
        for text in socket:
            message = json.loads(text)
            buffers = [socket.recv() for _ in range(message["count"])]
            self.widget._handle_custom_msg(message["content"], buffers)

    def answer(self, socket: ServerConnection, request: Any) -> Response | None:
        if "upgrade" in request.headers:
            return None
        kind, text = "text/html", NOTEBOOK
        if request.path == "/notebook.js":
            kind, text = "text/javascript", self.widget._esm
        body = text.encode()
        headers = Headers({"content-type": kind, "content-security-policy": POLICY})
        headers["content-length"] = str(len(body))
        return Response(200, "OK", headers, body)

    def close(self) -> None:
        self.server.shutdown()
        self.widget.close()


@pytest.fixture
def notebook() -> Iterator[Notebook]:
    notebook = Notebook(make())
    thread = Thread(target=notebook.server.serve_forever, daemon=True)
    thread.start()
    yield notebook
    notebook.close()
    thread.join()


@pytest.fixture
def page(browser: Browser, notebook: Notebook) -> Iterator[Page]:
    """Notebook, in a browser with a fixed colour scheme."""
    context = browser.new_context(viewport={"width": 1000, "height": 900}, color_scheme="null")
    context.set_default_timeout(PATIENCE)
    page, troubles = context.new_page(), list[str]()
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: message.type == "error" and troubles.append(message.text))
    page.goto(notebook.url)
    yield page
    context.close()
    # Browsers request an icon for every page.
    assert not [trouble for trouble in troubles if "favicon" not in trouble]


def cell(page: Page) -> FrameLocator:
    return page.frame_locator("iframe")


def until(page: Page, condition: Callable[[], object]) -> None:
    """Wait until a condition holds in the kernel."""
    for _ in range(PATIENCE // 50):
        if condition():
            return
        page.wait_for_timeout(50)
    raise AssertionError("waited in vain")


def epoch(page: Page) -> Locator:
    return cell(page).locator(".readouts dd").first


def test_the_widget_trains_changes_and_exports(page: Page, notebook: Notebook) -> None:
    expect(epoch(page)).to_have_text(re.compile(r"\d{2,}"))
    cell(page).get_by_label("Activation", exact=True).select_option("relu")
    expect(cell(page).get_by_role("button", name="Undo")).to_be_enabled()
    assert notebook.widget.experiment["model"]["activation"] == "relu"
    expect(epoch(page)).to_have_text(re.compile(r"\d{2,}"))
    cell(page).get_by_role("button", name="Pause").click()
    expect(cell(page).get_by_role("button", name="Play")).to_be_visible()
    until(page, lambda: notebook.widget.session.run.status == "paused")
    page.wait_for_timeout(300)  # the epoch that is being made may still end
    cell(page).get_by_text("Take away").click()
    with page.expect_download() as download:
        cell(page).get_by_role("button", name=re.compile("^Python code")).click()
    assert download.value.suggested_filename.startswith("workbench_run")
    code = download.value.path().read_text("utf-8")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})
    assert repr(notebook.widget.session.snapshot.loss) in printed.getvalue()
    assert notebook.widget.script() == code


def test_the_widget_opens_a_table_and_shows_changes_from_python(
    page: Page, notebook: Notebook
) -> None:
    # Longer than one piece.
    rows = "\n".join(f"{i % 7 / 7:.40f},{i % 5 / 5:.40f},{i % 2}" for i in range(13_000))
    table = {"name": "t.csv", "mimeType": "text/csv", "buffer": f"a,b,c\n{rows}\n".encode()}
    assert len(table["buffer"]) > 1 << 20
    cell(page).locator("input[type=file]").set_input_files([table])
    expect(cell(page).get_by_text("13,000 rows")).to_be_visible()
    model = {"hidden_layer_sizes": [3, 2, 2], "solver": "sgd"}
    notebook.widget.experiment = {**notebook.widget.experiment, "model": model}
    expect(cell(page).get_by_label("Solver", exact=True)).to_have_value("sgd")
    expect(cell(page).get_by_text("3 hidden layers")).to_be_visible()


def test_only_the_colour_scheme_is_shared_with_the_notebook(page: Page) -> None:
    expect(cell(page).get_by_role("heading", name="Network", exact=True)).to_have_css(
        "font-size", "14px"
    )
    page.evaluate("() => { document.onkeydown = () => { window.hasHeard = true } }")
    cell(page).get_by_text("Loss, train").click()
    page.keyboard.press("Space")
    expect(cell(page).get_by_role("button", name="Play")).to_be_visible()
    assert page.evaluate("window.hasHeard") is None
    body, ground = cell(page).locator("body"), "background-color"
    for letters, colour in (("white", "rgb(18, 20, 24)"), ("black", "rgb(245, 244, 240)")):
        page.evaluate(
            "letters => { document.querySelector('main').style.color = letters;"
            "document.body.className = letters }",
            letters,
        )
        expect(body).to_have_css(ground, colour)
    expect(page.locator("body")).to_have_css(ground, "rgba(0, 0, 0, 0)")


def test_the_widget_can_be_moved_shown_twice_and_closed(page: Page, notebook: Notebook) -> None:
    run = notebook.widget.session.run
    expect(epoch(page)).to_have_text(re.compile(r"\d{2,}"))
    # A frame that is moved reloads.
    page.evaluate(
        "() => { const all = document.querySelector('main'); all.append(all.firstChild) }"
    )
    expect(epoch(page)).to_have_text(re.compile(r"\d{2,}"))
    page.evaluate("window.show()")
    first, second = (page.frame_locator("iframe").nth(i) for i in (0, 1))
    expect(second.get_by_role("button", name="Pause")).to_be_visible()
    first.get_by_role("button", name="Bring it back").click()
    expect(second.get_by_role("button", name="Bring it back")).to_be_visible()
    expect(first.get_by_role("button", name="Bring it back")).not_to_be_visible()
    assert notebook.widget.session.run is run
    page.evaluate("window.leave()")
    expect(page.locator("iframe")).to_have_count(1)
    until(page, lambda: len(notebook.widget._server.pages) == 1)
