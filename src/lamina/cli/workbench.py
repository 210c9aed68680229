"""Run `lamina workbench`: serve the page until Ctrl-C."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from lamina.workbench import require_libraries
from lamina.workbench.runs.experiment_urls import NAME, Opened, read_file, read_link


def serve(port: int, *, browser: bool, opened: str | None = None) -> int:
    """Serve the workbench, open it in the browser, and return the exit code.

    Parameters
    ----------
    port : int
    browser : bool
    opened : str or None
        A link from any host, or the path of an experiment's file.

    Raises
    ------
    ExperimentError
        If the link or the file holds no experiment.
    ImportError
        If a library of the extra `workbench` is missing.
    OSError
        If the port is in use, or the file cannot be read.
    """
    require_libraries()
    from lamina.workbench.server.server import Server

    server = Server(port, opened=None if opened is None else _read(opened))
    print(f"The workbench is at {server.url}\nCtrl-C ends it.", flush=True)
    if browser:
        # The socket is bound already, so the browser's requests wait until the server runs.
        server.show()
    # Ctrl-C is the normal end.
    with suppress(KeyboardInterrupt):
        server.run()
    return 0


def _read(opened: str) -> Opened:
    is_link = "#" in opened or "://" in opened or opened.startswith(f"{NAME}=")
    return read_link(opened) if is_link and not Path(opened).is_file() else read_file(Path(opened))
