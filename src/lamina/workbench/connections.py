"""One page's WebSocket: commands come in, events and the latest frame go out.

Events are queued; frames are not. A page gives a credit by `ready`, and the next frame is made of
the newest network once there is news: a slow page sees fewer frames, and training waits for none.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from time import thread_time
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from lamina.workbench.curves import Moment
from lamina.workbench.diagnoses import diagnoses_of
from lamina.workbench.frames import to_json
from lamina.workbench.runs import PLAYING, Run
from lamina.workbench.sessions import Session
from lamina.workbench.views import Views

VERSION = 1
MOST_WAITING = 256
LONGEST_MESSAGE = 1000
TAKEN_OVER, TOO_LONG, NO_TEXT = 4409, 1009, 1007
SECONDS_BETWEEN_DIAGNOSES = 1.0
MOST_FRAMES_A_SECOND = 33
# The time between two frames, in the processor's time that it takes to make one.
COST_OF_WATCHING = 10.0


class Connection:
    """The conversation with the page of one session.

    Parameters
    ----------
    websocket : WebSocket
        Accepted.
    session : Session
    fresh : bool
        Whether no page has had the session before.
    """

    def __init__(self, websocket: WebSocket, session: Session, fresh: bool) -> None:
        self.websocket, self.session, self.fresh = websocket, session, fresh
        self.loop = asyncio.get_running_loop()
        self.news = asyncio.Event()
        self.waiting: deque[str | bytes] = deque()
        self.has_credit = False
        self.sent: Any = None
        self.told: Any = None
        self.kept: Any = None
        self.data_sent = 0
        self.diagnoses: Any = None
        self.next_diagnoses = self.next_frame = 0.0
        self.close_code: int | None = None

    def tell(self) -> None:
        """There is news; from any thread."""
        try:
            self.loop.call_soon_threadsafe(self.news.set)
        except RuntimeError:
            # The server has ended while a fit went on.
            return

    def take_over(self) -> None:
        """Another page has come for this session."""
        self.close_code = TAKEN_OVER
        self.tell()

    async def run(self) -> None:
        """Talk until the page goes."""
        session = self.session
        self.queue({"is": "hello", "version": VERSION, "session": session.id, "fresh": self.fresh})
        if session.trouble is not None:
            self.queue(_told(session.trouble, {"do": "open"}))
            session.trouble = None
        session.tell = self.tell
        tasks = [asyncio.create_task(self.hear()), asyncio.create_task(self.speak())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            gone = WebSocketDisconnect, asyncio.CancelledError, RuntimeError, OSError
            if isinstance(result, BaseException) and not isinstance(result, gone):
                raise result

    def queue(self, event: dict[str, Any]) -> None:
        """Have an event sent."""
        self.waiting.append(to_json(event))
        self.news.set()

    async def hear(self) -> None:
        """Carry out what the page asks for, one command after the other."""
        while True:
            text = await self._text()
            if text is None:
                self.close_code = NO_TEXT
                self.news.set()
                return
            if len(self.waiting) > MOST_WAITING:
                # It asks without end and hears nothing.
                self.close_code = TOO_LONG
                self.news.set()
                return
            await self.obey(text)

    async def _text(self) -> str | None:
        """Return the next message; None for bytes, as of text that is no UTF-8."""
        message = await self.websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        text: str | None = message.get("text")
        return text

    async def obey(self, text: str) -> None:
        """Carry out one command; what is wrong with it is told."""
        command: Any = None
        try:
            command = json.loads(text, parse_constant=_refuse_constant)
            if not isinstance(command, dict):
                raise ValueError("a command is a JSON object")
            if command.get("do") == "ready":
                self.has_credit = True
            else:
                await asyncio.to_thread(self.session.do, command)
                # What has been asked for is seen at once, whatever the training pays for it.
                self.next_frame = 0.0
        except Exception as error:  # whatever it is, the page is told, and the talk goes on
            self.queue(_told(error, command))
        self.news.set()

    async def speak(self) -> None:
        """Send events as they come, and a frame whenever the page has room and there is news."""
        while self.close_code is None:
            self.queue_state()
            self.queue_kept()
            while self.waiting:
                await self._send(self.waiting.popleft())
            if self.has_credit and (early := self.next_frame - self.loop.time()) > 0:
                self.loop.call_later(early, self.news.set)
            elif self.has_credit and await self.send_frame():
                continue
            await self.news.wait()
            self.news.clear()
        await self.websocket.close(self.close_code)

    def queue_state(self) -> None:
        """The session's state, where anything in it is new; its rows with it, where these are."""
        session = self.session
        run = session.run
        now = (run.id, run.status, session.pace, len(session.before), session.shown)
        if now == self.told:
            return
        with session.lock:
            # Of one run both: another may begin between them.
            state, rows = session.state(), None
            if state["data"]["id"] != self.data_sent:
                rows = session.data()
        self.told = (state["run"]["id"], *now[1:])
        self.waiting.append(to_json(state))
        if rows is not None:
            self.data_sent = state["data"]["id"]
            self.waiting.append(rows)

    def queue_kept(self) -> None:
        """What the session keeps, where that is new."""
        kept = self.session.kept
        if kept.runs is not self.kept:
            self.kept = kept.runs
            self.waiting.append(to_json(kept.told()))

    async def send_frame(self) -> bool:
        """Send the newest network, where the page has not seen it; whether it was sent."""
        session = self.session
        if session.run.gate.is_hurrying:
            return False
        session.run.gate.want_news()
        views, moment = session.looked_at()
        if self.told is None or self.told[0] != views.run.id:
            # A page draws no run of which it has not been told: state and rows go first.
            self.news.set()
            return False
        # The moment itself: after the same epoch, the network may be another.
        now = (views.run.id, views.run.status, session.watch, moment)
        if self.sent is not None and now[:3] == self.sent[:3] and moment is self.sent[3]:
            return False
        self.has_credit, self.sent = False, now
        began = self.loop.time()
        frame, seconds = await asyncio.to_thread(_timed, session.frame, moment, views)
        await self._send(frame)
        if session.pace is None and session.run.status == PLAYING:
            # What a frame takes, it takes from the training: of a second, a tenth at most.
            pause = max(1 / MOST_FRAMES_A_SECOND, COST_OF_WATCHING * seconds)
            self.next_frame = began + pause
        if self.loop.time() >= self.next_diagnoses or session.run.status != PLAYING:
            await self.tell_diagnoses(views.run, moment)
        return True

    async def tell_diagnoses(self, run: Run, moment: Moment) -> None:
        """Look for what has gone wrong; tell of it where it is new."""
        began = self.loop.time()
        findings = await asyncio.to_thread(diagnoses_of, run, moment)
        # A long course takes long to look at, and gets a tenth of the time at most.
        now = self.loop.time()
        self.next_diagnoses = now + max(SECONDS_BETWEEN_DIAGNOSES, 10 * (now - began))
        if (run.id, findings) != self.diagnoses:
            self.diagnoses = run.id, findings
            event = {"run": run.id, "epoch": moment.epoch, "findings": findings}
            self.queue({"is": "diagnoses", **event})

    async def _send(self, message: str | bytes) -> None:
        if isinstance(message, str):
            await self.websocket.send_text(message)
        else:
            await self.websocket.send_bytes(message)


def _timed(
    make: Callable[[Moment, Views], bytes], moment: Moment, views: Views
) -> tuple[bytes, float]:
    """A frame, and the processor's seconds that it took."""
    began = thread_time()
    return make(moment, views), thread_time() - began


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _shortened(message: str) -> str:
    """Return a message without the middle of a value that would fill the page."""
    half = LONGEST_MESSAGE // 2
    return message if len(message) <= 2 * half else f"{message[:half]} … {message[-half:]}"


def _told(error: Exception, command: Any) -> dict[str, Any]:
    of = command if isinstance(command, dict) else {}
    return {
        "is": "error",
        "of": of.get("do") if isinstance(of.get("do"), str) else None,
        "id": of.get("id") if isinstance(of.get("id"), str | int) else None,
        "message": _shortened(str(error)) or type(error).__name__,
        "parameter": getattr(error, "parameter", None),
    }
