"""Workbench in a notebook: the same page in a cell, controlled from Python."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import finalize, ref

import anywidget
import traitlets
from sklearn.base import BaseEstimator
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route

from lamina.workbench.data.data_store import MemoryDataStore
from lamina.workbench.data.plain import Message, Plain
from lamina.workbench.runs.experiment import Experiment
from lamina.workbench.server.app import Workbench
from lamina.workbench.server.comm_server import CommServer, Content, Post
from lamina.workbench.server.commands import put
from lamina.workbench.server.exports import model_of
from lamina.workbench.server.page_app import NOT_BUILT, STATIC
from lamina.workbench.server.script import build_script
from lamina.workbench.server.sessions import Session

if TYPE_CHECKING:
    from typing_extensions import Buffer

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
    """Workbench as a widget; created by `lamina.workbench.widget`.

    The notebook displays the page and carries its messages, so the kernel may run on another
    machine. If the widget is displayed twice, the page opened last is active. The run continues
    until the widget is closed or no reference to it is left.

    Parameters
    ----------
    first : callable
        `first()` returns the first experiment.
    data_store : MemoryDataStore
        Data from Python.
    height : int
        Height of the page in pixels.

    Attributes
    ----------
    session : Session
        Session of the page.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    height = traitlets.Int(HEIGHT).tag(sync=True)

    def __init__(
        self, first: Callable[[], Experiment], data_store: MemoryDataStore, height: int = HEIGHT
    ) -> None:
        # The page shows a fit's warnings; printing them in a notebook cell would be confusing.
        warnings.filterwarnings("ignore", module=r"lamina\.workbench")
        self.session = Session(first(), data_store)
        workbench = Workbench(first, data_store)
        workbench.sessions[self.session.id] = self.session
        self._server = CommServer(
            _app(workbench), self.session.id, _post_to(self), _abandon(self.session)
        )
        self._end = finalize(self, self._server.close)
        # Do not wait for the threads at exit: the kernel may end during training.
        self._end.atexit = False
        super().__init__(_esm=_glue(), height=height)
        self.on_msg(_hand_to(self._server))

    @property
    def experiment(self) -> Message:
        """Data, inputs, network and training settings as plain JSON.

        Setting it starts the experiment on the page from epoch 0; parts left out have their
        defaults.
        """
        return self.session.experiment.to_json()

    @experiment.setter
    def experiment(self, plain: Plain) -> None:
        experiment = Experiment.from_json(plain)
        with self.session.lock:
            put(self.session, experiment)
        self.session.notify()

    def play(self) -> None:
        """Start or continue training."""
        self._do("play")

    def pause(self) -> None:
        """Pause training after the current epoch."""
        self._do("pause")

    def model(self) -> BaseEstimator:
        """Return the displayed network as an independent fitted estimator.

        Returns
        -------
        MLPClassifier, MLPRegressor, Pipeline or TransformedTargetRegressor
            Includes preprocessing: it takes rows of the original data, and predicts in the units of
            the target.
        """
        views, snapshot = self.session.displayed()
        return model_of(views.run, snapshot)

    def script(self) -> str:
        """Return Python code that repeats the run and prints its final loss."""
        views, snapshot = self.session.displayed()
        return build_script(views.run, snapshot)

    def close(self) -> None:
        """End the run and close the page wherever it is displayed."""
        self._end()
        super().close()

    def _do(self, name: str) -> None:
        self.session.do({"do": name})


def _app(workbench: Workbench) -> Starlette:
    """Return the ASGI application that serves the page and the workbench's routes."""
    return Starlette(routes=[Route("/", _page), Mount("/", workbench.app())])


async def _page(request: Request) -> Response:
    """Return the page with inline script and style: a notebook cannot load further files."""
    script, style = STATIC / "workbench.js", STATIC / "workbench.css"
    # A notebook's security policy may forbid the page's fonts: use the system's for formulas.
    rules = re.sub(r"@font-face\s*\{[^}]*\}", "", style.read_text("utf-8"))
    # Escape '</script', which would end the script element early.
    text = script.read_text("utf-8").replace("</script", "<\\/script")
    return HTMLResponse(DOCUMENT.format(style=rules, script=text))


def _glue() -> str:
    """Return the notebook's JavaScript, which displays the page and carries its messages."""
    path = STATIC / "notebook.js"
    if not path.is_file():
        raise FileNotFoundError(NOT_BUILT)
    return path.read_text("utf-8")


def _post_to(widget: Widget) -> Post:
    """Return a function that sends messages to the widget and holds only a weak reference to it."""
    reference = ref(widget)

    def post(content: Content, buffers: list[bytes]) -> None:
        if (present := reference()) is not None:
            present.send(content, buffers)

    return post


def _hand_to(server: CommServer) -> Callable[[object, object, list[Buffer]], None]:
    return lambda widget, content, buffers: server.handle(content, buffers)


def _abandon(session: Session) -> Callable[[], None]:
    return lambda: session.run.abandon()
