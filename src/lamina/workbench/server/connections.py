"""WebSocket of one page: receives commands, sends events and the latest frame.

Events are queued; frames are not. The page sends `ready` when it can draw another frame, and the
next one is made from the newest network as soon as something has changed. So a slow page gets fewer
frames, and training never waits for a page.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from time import thread_time

from starlette.websockets import WebSocket, WebSocketDisconnect

from lamina.workbench.data.plain import Message, refuse_constant
from lamina.workbench.runs.curves import Snapshot
from lamina.workbench.runs.diagnoses import diagnose
from lamina.workbench.runs.run import PLAYING, Run
from lamina.workbench.server.kept_runs import KeptRun
from lamina.workbench.server.sessions import Session
from lamina.workbench.views.frames import to_json
from lamina.workbench.views.views import Views, Watch

VERSION = 1
MOST_WAITING = 256
LONGEST_MESSAGE = 1000
TAKEN_OVER, TOO_LONG, NO_TEXT = 4409, 1009, 1007
SECONDS_BETWEEN_DIAGNOSES = 1.0
MOST_FRAMES_A_SECOND = 33
# Time between two frames, as a multiple of the CPU time that making one takes.
COST_OF_WATCHING = 10.0


class Connection:
    """Connection with the page of one session.

    Parameters
    ----------
    websocket : WebSocket
        Already accepted.
    session : Session
    fresh : bool
        True if no page has been connected to the session before.
    """

    def __init__(self, websocket: WebSocket, session: Session, fresh: bool) -> None:
        self.websocket, self.session, self.fresh = websocket, session, fresh
        self.loop = asyncio.get_running_loop()
        self.news = asyncio.Event()
        self.waiting: deque[str | bytes] = deque()
        self.has_credit = False
        self.sent: tuple[int, str, Watch, Snapshot] | None = None
        self.last_state: tuple[int, str, float | None, int, int | None] | None = None
        self.kept: tuple[KeptRun, ...] | None = None
        self.data_sent = 0
        self.diagnoses: tuple[int, list[Message]] | None = None
        self.next_diagnoses = self.next_frame = 0.0
        self.close_code: int | None = None

    def notify(self) -> None:
        """Wake the sender, because something has changed; can be called from any thread."""
        try:
            self.loop.call_soon_threadsafe(self.news.set)
        except RuntimeError:
            # The server ended while a fit was still running.
            return

    def take_over(self) -> None:
        """Close this connection, because another page has opened the session."""
        self.close_code = TAKEN_OVER
        self.notify()

    async def run(self) -> None:
        """Send and receive until the page disconnects."""
        session = self.session
        self.queue({"is": "hello", "version": VERSION, "session": session.id, "fresh": self.fresh})
        if session.trouble is not None:
            self.queue(_error_event(session.trouble, {"do": "open"}))
            session.trouble = None
        session.notify = self.notify
        tasks = [
            asyncio.create_task(self.receive_commands()),
            asyncio.create_task(self.send_messages()),
        ]
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

    def queue(self, event: Message) -> None:
        """Queue an event to be sent."""
        self.waiting.append(to_json(event))
        self.news.set()

    async def receive_commands(self) -> None:
        """Receive commands and carry them out, one after the other."""
        while True:
            text = await self._text()
            if text is None:
                self.close_code = NO_TEXT
                self.news.set()
                return
            if len(self.waiting) > MOST_WAITING:
                # The page sends commands without reading the answers.
                self.close_code = TOO_LONG
                self.news.set()
                return
            await self.execute(text)

    async def _text(self) -> str | None:
        """Return the next message, or None if it is bytes or text that is not UTF-8."""
        message = await self.websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        text: str | None = message.get("text")
        return text

    async def execute(self, text: str) -> None:
        """Carry out one command; report an error to the page."""
        command: object = None
        try:
            command = json.loads(text, parse_constant=refuse_constant)
            if not isinstance(command, dict):
                raise ValueError("a command is a JSON object")
            if command.get("do") == "ready":
                self.has_credit = True
            else:
                await asyncio.to_thread(self.session.do, command)
                # Show the result of a command at once, even if the frame delays training.
                self.next_frame = 0.0
        except Exception as error:  # report any error to the page and keep the connection
            self.queue(_error_event(error, command))
        self.news.set()

    async def send_messages(self) -> None:
        """Send events as they come, and a frame when the page is ready and there is a new one."""
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
        """Queue the session's state if it has changed, then its data if they have changed."""
        session = self.session
        run = session.run
        now = (run.id, run.status, session.pace, len(session.before), session.shown)
        if now == self.last_state:
            return
        with session.lock:
            # Both must belong to the same run: another may begin between the two calls.
            state, run_id, data_id = session.state(), session.run.id, session.n_data
            rows = session.data() if data_id != self.data_sent else None
        self.last_state = (run_id, *now[1:])
        self.waiting.append(to_json(state))
        if rows is not None:
            self.data_sent = data_id
            self.waiting.append(rows)

    def queue_kept(self) -> None:
        """Queue the list of kept runs if it has changed."""
        kept = self.session.kept
        if kept.runs is not self.kept:
            self.kept = kept.runs
            self.waiting.append(to_json(kept.to_json()))

    async def send_frame(self) -> bool:
        """Send the newest network unless the page has it already; return True if it was sent."""
        session = self.session
        if session.run.controller.is_fast_forwarding:
            return False
        session.run.controller.request_update()
        views, snapshot = session.displayed()
        if self.last_state is None or self.last_state[0] != views.run.id:
            # A page cannot draw a run that it has not received: send state and data first.
            self.news.set()
            return False
        # Compare by identity: an edit changes the network without a new epoch.
        now = (views.run.id, views.run.status, session.watch, snapshot)
        if self.sent is not None and now[:3] == self.sent[:3] and snapshot is self.sent[3]:
            return False
        self.has_credit, self.sent = False, now
        began = self.loop.time()
        frame, seconds = await asyncio.to_thread(_timed, session.frame, snapshot, views)
        await self._send(frame)
        if session.pace is None and session.run.status == PLAYING:
            # Making a frame slows training down: spend at most a tenth of the time on frames.
            pause = max(1 / MOST_FRAMES_A_SECOND, COST_OF_WATCHING * seconds)
            self.next_frame = began + pause
        if self.loop.time() >= self.next_diagnoses or session.run.status != PLAYING:
            await self.send_diagnoses(views.run, snapshot)
        return True

    async def send_diagnoses(self, run: Run, snapshot: Snapshot) -> None:
        """Run the diagnoses, and send them if they have changed."""
        began = self.loop.time()
        findings = await asyncio.to_thread(diagnose, run, snapshot)
        # Diagnosing a long history takes long: spend at most a tenth of the time on it.
        now = self.loop.time()
        self.next_diagnoses = now + max(SECONDS_BETWEEN_DIAGNOSES, 10 * (now - began))
        if (run.id, findings) != self.diagnoses:
            self.diagnoses = run.id, findings
            event = {"run": run.id, "epoch": snapshot.epoch, "findings": findings}
            self.queue({"is": "diagnoses", **event})

    async def _send(self, message: str | bytes) -> None:
        if isinstance(message, str):
            await self.websocket.send_text(message)
        else:
            await self.websocket.send_bytes(message)


def _timed(
    make: Callable[[Snapshot, Views], bytes], snapshot: Snapshot, views: Views
) -> tuple[bytes, float]:
    """Return a frame and the CPU seconds it took."""
    began = thread_time()
    return make(snapshot, views), thread_time() - began


def _shortened(message: str) -> str:
    """Return a message, with the middle removed if it is too long for the page."""
    half = LONGEST_MESSAGE // 2
    return message if len(message) <= 2 * half else f"{message[:half]} … {message[-half:]}"


def _error_event(error: Exception, command: object) -> Message:
    fields = command if isinstance(command, dict) else {}
    return {
        "is": "error",
        "of": fields.get("do") if isinstance(fields.get("do"), str) else None,
        "id": fields.get("id") if isinstance(fields.get("id"), str | int) else None,
        "message": _shortened(str(error)) or type(error).__name__,
        "parameter": getattr(error, "parameter", None),
    }
