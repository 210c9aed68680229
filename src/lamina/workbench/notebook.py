"""The workbench in a notebook: the same page in a cell, which Python holds on to."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any
from weakref import finalize, ref

import anywidget
import traitlets
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route

from lamina.workbench.app import Workbench
from lamina.workbench.comm_server import CommServer
from lamina.workbench.commands import put
from lamina.workbench.door import NOT_BUILT, STATIC
from lamina.workbench.experiment import Experiment
from lamina.workbench.exports import model_of
from lamina.workbench.script import script_of
from lamina.workbench.sessions import Session
from lamina.workbench.shelf import MemoryShelf

HEIGHT = 760
DOCUMENT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>lamina workbench</title>
<style>{style}</style>
</head>
<body>
<div id="page" data-place="notebook"></div>
<script type="module">{script}</script>
</body>
</html>
"""


class Widget(anywidget.AnyWidget):
    """The workbench as a widget; `lamina.workbench.widget` makes one.

    Its page is shown by the notebook and talks through it alone, so the kernel may be anywhere.
    Where it is shown twice, the page that was opened last has it. It learns until it is closed, or
    nothing holds it any more.

    Parameters
    ----------
    first : callable
        `first()` is the experiment that it begins with.
    shelf : MemoryShelf
        Data that was brought along.
    height : int
        Of the page, in pixels.

    Attributes
    ----------
    session : Session
        What the page works on.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    height = traitlets.Int(HEIGHT).tag(sync=True)

    def __init__(
        self, first: Callable[[], Experiment], shelf: MemoryShelf, height: int = HEIGHT
    ) -> None:
        # A fit's warnings are shown on the page, or not at all: no cell has caused them.
        warnings.filterwarnings("ignore", module=r"lamina\.workbench")
        self.session = Session(first(), shelf)
        workbench = Workbench(first, shelf)
        workbench.sessions[self.session.id] = self.session
        self._server = CommServer(
            _app(workbench), self.session.id, _post_to(self), _abandon(self.session)
        )
        self._end = finalize(self, self._server.close)
        # Threads that nobody waits for: the kernel may end while it learns.
        self._end.atexit = False
        super().__init__(_esm=_glue(), height=height)
        self.on_msg(_hand_to(self._server))

    @property
    def experiment(self) -> dict[str, Any]:
        """Data, inputs, network and training as plain JSON; set, the page has it, from epoch 0.

        What is left out of it has its default.
        """
        return self.session.experiment.to_json()

    @experiment.setter
    def experiment(self, plain: Mapping[str, Any]) -> None:
        experiment = Experiment.from_json(plain)
        with self.session.lock:
            put(self.session, experiment)
        self.session.tell()

    def play(self) -> None:
        """Let the epochs run."""
        self._do("play")

    def pause(self) -> None:
        """Hold after the epoch under way."""
        self._do("pause")

    def model(self) -> Any:
        """The network that is shown, as a fitted estimator of its own.

        Returns
        -------
        MLPClassifier, MLPRegressor, Pipeline or TransformedTargetRegressor
            With what stands before and behind the network: it takes the data's own rows, and
            answers in the target's own units.
        """
        return model_of(self.session)

    def script(self) -> str:
        """Python that redoes the run and prints its final loss."""
        return script_of(self.session)

    def close(self) -> None:
        """End the run, and take the page away wherever it is shown."""
        self._end()
        super().close()

    def _do(self, name: str) -> None:
        self.session.do({"do": name})
        self.session.tell()


def _app(workbench: Workbench) -> Starlette:
    """What answers the page: the page itself, and all that the server answers."""
    return Starlette(routes=[Route("/", _page), Mount("/", workbench.app())])


async def _page(request: Request) -> Response:
    """The page in one piece: a notebook has no address that parts of it could come from."""
    script, style = STATIC / "workbench.js", STATIC / "workbench.css"
    # A notebook's policy may allow no font of the page's: formulas are set in the system's.
    rules = re.sub(r"@font-face\s*\{[^}]*\}", "", style.read_text("utf-8"))
    # No script of the page may seem to end before it does.
    text = script.read_text("utf-8").replace("</script", "<\\/script")
    return HTMLResponse(DOCUMENT.format(style=rules, script=text))


def _glue() -> str:
    """What the notebook runs: it shows the page, and carries messages."""
    path = STATIC / "notebook.js"
    if not path.is_file():
        raise FileNotFoundError(NOT_BUILT)
    return path.read_text("utf-8")


def _post_to(widget: Widget) -> Callable[[dict[str, Any], list[bytes]], None]:
    """What sends messages for as long as there is a widget, and does not keep it."""
    known = ref(widget)

    def post(content: dict[str, Any], buffers: list[bytes]) -> None:
        if (present := known()) is not None:
            present.send(content, buffers)

    return post


def _hand_to(server: CommServer) -> Callable[[Any, Any, list[Any]], None]:
    return lambda widget, content, buffers: server.hear(content, buffers)


def _abandon(session: Session) -> Callable[[], None]:
    return lambda: session.run.abandon()
