"""A client that receives frames as a browser does, and counts them."""

from __future__ import annotations

import json
import sys
import time
from threading import Event, Thread
from urllib.parse import urlsplit

import httpx
from websockets.sync.client import ClientConnection, connect

FRAMES_A_SECOND = 60


class Page:
    """The receiver of the frames, in its own thread."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket, self.frames = socket, 0
        self.wanted, self.seen = Event(), Event()
        Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        for message in self.socket:
            if not isinstance(message, bytes):
                continue
            self.frames += 1
            self.seen.set()
            time.sleep(1 / FRAMES_A_SECOND)
            self.wanted.wait()
            self.socket.send('{"do":"ready"}')


def main(url: str) -> None:
    """Open the link, report it, and execute "watch", "rest" and "count", a line of JSON each."""
    parts = urlsplit(url)
    with httpx.Client() as http:
        http.get(url)
        cookie = "; ".join(f"{name}={value}" for name, value in http.cookies.items())
    origin = f"http://{parts.netloc}"
    headers = {"cookie": cookie}
    with connect(f"ws://{parts.netloc}/ws", origin=origin, additional_headers=headers) as socket:
        page = Page(socket)
        socket.send(json.dumps({"do": "watch", "region": 80, "units": 24, "confusion": True}))
        socket.send('{"do":"ready"}')
        page.seen.wait()
        print("open", flush=True)
        for line in sys.stdin:
            do = json.loads(line)["do"]
            if do == "watch":
                page.wanted.set()
            elif do == "rest":
                page.wanted.clear()
            if do != "count":
                time.sleep(0.2)
            print(page.frames, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
