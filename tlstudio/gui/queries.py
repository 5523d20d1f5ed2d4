"""Short jobs on a second, warm worker: one after another, cancellable, replies delivered in the window's thread."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from tlstudio.core.errors import StudioError
from tlstudio.session import runners
from tlstudio.session.runners import TERMINAL, Runner

_QUIET = 1.0  # seconds without a request, after which the worker warms up

OnReply = Callable[[Any], None]
OnError = Callable[[dict[str, Any]], None]
OnEvent = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Request:
    """A job with what to do with its reply. ``key`` names a subject: a newer request replaces an older one.

    A ``patient`` one gives way: it is broken off for any other, and begins anew when nothing else is waiting.
    """

    id: int
    job: str
    args: dict[str, Any]
    key: str
    on_reply: OnReply
    on_error: OnError | None
    on_event: OnEvent | None
    on_cancelled: Callable[[], None] | None
    patient: bool = False


class QueryThread(QThread):
    """Owns the runner of the short jobs from start to end. Slots live elsewhere: only signals are here."""

    line = Signal(int, object)  # object: a dict would become a QVariantMap with sorted keys

    def __init__(self, make: Callable[[], Runner], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._make = make
        self._runner: Runner | None = None
        self._waiting: deque[Request] = deque()
        self._current: Request | None = None
        self._wake = threading.Condition()
        self._ending = self._warmed = False
        self._broken_off = ""  # of the current request: "gone", or "back" where it is to wait again

    def add(self, request: Request) -> None:
        with self._wake:
            self._waiting.append(request)
            if self._current is not None and self._current.patient and not request.patient:
                self._break_off("back")
            self._wake.notify()

    def drop(self, wanted: Callable[[Request], bool]) -> None:
        """Removes waiting requests and cancels the current one where ``wanted`` says so."""
        with self._wake:
            self._waiting = deque(item for item in self._waiting if not wanted(item))
            if self._current is not None and wanted(self._current):
                self._break_off("gone")

    def end(self) -> None:
        with self._wake:
            self._ending = True
            self._waiting.clear()
            runner = self._runner
            self._wake.notify()
        if runner is not None:
            runner.send("cancel")

    def renew(self) -> None:
        """Ends a worker that does nothing: the next request starts another, in the environment of then."""
        with self._wake:
            if self._current is None and not self._waiting and self._runner is not None:
                self._runner.close()

    def run(self) -> None:
        runner = self._make()
        with self._wake:
            self._runner = runner
        try:
            while (request := self._next()) is not None:
                self._carry(request.id)
        finally:
            runner.close()

    def _warm(self) -> None:
        """Lets the worker import torch; not at once, or the first look at a small file would wait for it."""
        self._warmed = True
        start = getattr(self._runner, "start_worker", None)
        if start is None:
            return
        try:
            start()
        except StudioError:
            return  # the first request will fail with the same error and show it

    def _next(self) -> Request | None:
        """Waits for a request and starts it; None at the end."""
        with self._wake:
            self._current = None
            if not self._wake.wait_for(self._wanted, None if self._warmed else _QUIET):
                self._warm()
                self._wake.wait_for(self._wanted)
            if self._ending or self._runner is None:
                return None
            request = next((item for item in self._waiting if not item.patient), self._waiting[0])
            self._waiting.remove(request)
            self._broken_off = ""
            try:
                self._runner.start(request.job, request.args)
                self._current = request
            except StudioError as error:
                self.line.emit(request.id, {"event": "error", "error": error.to_dict()})
            return request

    def _wanted(self) -> bool:
        return self._ending or bool(self._waiting)

    def _carry(self, request_id: int) -> None:
        if self._runner is None or self._current is None:
            return
        for line in self._runner.lines():
            if not self._put_back(line):
                self.line.emit(request_id, line)

    def _put_back(self, line: dict[str, Any]) -> bool:
        """Whether the line is the end of a request that gave way, which now waits again."""
        with self._wake:
            if self._broken_off != "back" or line.get("event") != "cancelled" or self._current is None:
                return False
            self._waiting.append(self._current)
            return True

    def _break_off(self, how: str) -> None:
        """To be called under the lock, so that the word cannot reach the job after the one that is meant."""
        if not self._broken_off and self._runner is not None:
            self._runner.send("cancel")
        self._broken_off = "gone" if "gone" in (how, self._broken_off) else how


class Queries(QObject):
    """Asks the worker; callbacks come in this object's thread, and never for a request that was replaced."""

    busy_changed = Signal(bool)

    def __init__(self, make: Callable[[], Runner] | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = QueryThread(make or runners.WorkerRunner, self)
        self._thread.line.connect(self._on_line)
        self._open: dict[int, Request] = {}
        self._ids = itertools.count(1)

    @property
    def busy(self) -> bool:
        return bool(self._open)

    def start(self) -> None:
        """Starts the worker; it warms up at once."""
        if not self._thread.isRunning():
            self._thread.start()

    def ask(
        self,
        job: str,
        args: dict[str, Any],
        on_reply: OnReply,
        *,
        on_error: OnError | None = None,
        on_event: OnEvent | None = None,
        on_cancelled: Callable[[], None] | None = None,
        key: str = "",
        patient: bool = False,
    ) -> int:
        """Queues a job; returns its id. A request with the same ``key`` (default: the job) is replaced."""
        number = next(self._ids)
        request = Request(number, job, args, key or job, on_reply, on_error, on_event, on_cancelled, patient)
        self._forget(lambda item: item.key == request.key)
        self._open[request.id] = request
        self.start()
        self._thread.add(request)
        self.busy_changed.emit(True)
        return request.id

    def renew(self) -> None:
        """Settings of the network have changed: a worker that does nothing is replaced at the next request."""
        self._thread.renew()

    def cancel(self, key: str) -> None:
        """Gives up the requests of a subject; their ``on_cancelled`` is called, their replies are not."""
        gone = self._forget(lambda item: item.key == key)
        for request in gone:
            if request.on_cancelled is not None:
                request.on_cancelled()
        self.busy_changed.emit(self.busy)

    def close(self, milliseconds: int = 15000) -> bool:
        """Ends the worker; True when its thread has ended."""
        self._open.clear()
        self._thread.end()
        return self._thread.wait(milliseconds)

    def _forget(self, wanted: Callable[[Request], bool]) -> list[Request]:
        gone = [item for item in self._open.values() if wanted(item)]
        for item in gone:
            del self._open[item.id]
        if gone:
            ids = {item.id for item in gone}
            self._thread.drop(lambda item: item.id in ids)
        return gone

    def _on_line(self, request_id: int, line: dict[str, Any]) -> None:
        request = self._open.get(request_id)
        if request is None:
            return  # replaced or cancelled: a stale reply
        event = line.get("event")
        if event not in TERMINAL:
            if request.on_event is not None:
                request.on_event(line)
            return
        del self._open[request_id]
        self.busy_changed.emit(self.busy)
        if event == "reply":
            request.on_reply(line.get("data"))
        elif event == "cancelled":
            if request.on_cancelled is not None:
                request.on_cancelled()
        elif line.get("error") and request.on_error is not None:
            request.on_error(line["error"])
        elif event == "finished" and request.on_reply is not None:
            request.on_reply(line)
