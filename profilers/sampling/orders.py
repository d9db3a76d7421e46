"""What the sampler is told: its parent's JSON lines, the end of that pipe, and SIGTERM."""

import os
import queue
import signal
import sys
import threading
from typing import Literal

import msgspec

from profilers import lifeline

GRACE_SECONDS = 0.5

Ending = Literal["stopped", "parent-died", "terminated"]


class Watch(msgspec.Struct, frozen=True):
    """The measured child is this process."""

    pid: int


class PhaseEnded(msgspec.Struct, frozen=True):
    """The measured child has just come to the end of this phase."""

    phase: str


class End(msgspec.Struct, frozen=True):
    """Stop sampling; "terminated" is a SIGTERM while the parent lives."""

    why: Ending


class _Line(msgspec.Struct, frozen=True):
    pid: int | None = None
    phase_end: str | None = None
    stop: bool = False


Order = Watch | PhaseEnded | End


class Orders:
    """Collects orders while the sampler waits for its next sample.

    Args:
        descriptor: The pipe on which the parent writes `{"pid": N}`, `{"phase_end": "timed"}` and
            `{"stop": true}`, a line each. Its end without a stop means that the parent died.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._queue: queue.SimpleQueue[Order] = queue.SimpleQueue()
        self._parent = int(os.environ.get(lifeline.PARENT_VARIABLE) or os.getppid())
        threading.Thread(target=self._listen, name="orders", daemon=True).start()

    def wait(self, seconds: float) -> Order | None:
        """The next order, or None if none came in time; a time of 0 or less does not wait."""
        try:
            return self._queue.get(timeout=max(0.0, seconds))
        except queue.Empty:
            return None

    def obey_signals(self) -> None:
        """Take SIGTERM as an order and leave Ctrl-C to the parent; for the main thread only."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: self._terminated())
        lifeline.end_with_parent(signal.SIGTERM)

    def _terminated(self) -> None:
        """A dying parent's signal can come before its pipe closes: give that a moment to show."""
        threading.Timer(GRACE_SECONDS, self._judge).start()

    def _judge(self) -> None:
        lives = os.getppid() == self._parent
        self._queue.put(End("terminated" if lives else "parent-died"))

    def _listen(self) -> None:
        pending = b""
        while chunk := os.read(self._descriptor, 4096):
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                self._take(line)
        self._queue.put(End("parent-died"))

    def _take(self, line: bytes) -> None:
        try:
            order = msgspec.json.decode(line, type=_Line)
        except msgspec.DecodeError as error:
            print(f"sampler: an order was not understood ({error})", file=sys.stderr)
            return
        if order.pid is not None:
            self._queue.put(Watch(order.pid))
        if order.phase_end is not None:
            self._queue.put(PhaseEnded(order.phase_end))
        if order.stop:
            self._queue.put(End("stopped"))
