"""`lamina workbench`: serve the page until Ctrl-C."""

from __future__ import annotations

from contextlib import suppress

from lamina.workbench import require_libraries


def serve(port: int, *, browser: bool) -> int:
    """Serve the workbench, and open it in the browser; the exit code.

    Raises
    ------
    ImportError
        Where a library of the extra `workbench` is missing.
    OSError
        For a port that is taken.
    """
    require_libraries()
    from lamina.workbench.server import Server

    server = Server(port)
    print(f"The workbench is at {server.url}\nCtrl-C ends it.", flush=True)
    if browser:
        # The socket is bound already: what the browser asks for waits until the server is up.
        server.show()
    # Ctrl-C is how it is meant to end.
    with suppress(KeyboardInterrupt):
        server.run()
    return 0
