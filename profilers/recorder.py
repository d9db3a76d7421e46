"""Writes what the measured process observes: phases, steps, marks and clock anchors."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from profilers import clocks, rundir
from profilers.marks import Marks
from profilers.protocol import Channel, PhaseBegins, Warned
from profilers.records import SCHEMA, ClockAnchor, Mark, Phase, Step

FLUSH_INTERVAL_NS = 2_000_000_000


class ClocksRecord(msgspec.Struct, frozen=True):
    """clocks.json: both clocks at each phase's edges."""

    schema: int
    anchors: list[ClockAnchor]


class Recorder:
    """Keeps rows in memory between steps and writes them at most every two seconds.

    Times are taken from the monotonic clock and written as Unix time through the anchor at the
    beginning of their phase. Marks are written when a phase ends, with those from before it.
    """

    def __init__(self, run: Path, channel: Channel) -> None:
        self.channel = channel
        self.marks = Marks()
        self.warnings: list[str] = []
        self._warned: set[str] = set()
        self._run = run
        self._anchors = [clocks.anchor("start")]
        self._rows: list[Step] = []
        self._next_flush_ns = 0

    @contextmanager
    def phase(
        self, name: str, steps: int | None = None, seconds: float | None = None
    ) -> Iterator[None]:
        """Record one phase; its rows are on disk when it ends, also by an error."""
        self.channel.send(PhaseBegins(name, steps, seconds))
        self._anchors.append(clocks.anchor(f"{name} begins"))
        began = time.monotonic_ns()
        try:
            yield
        finally:
            ended = time.monotonic_ns()
            row = Phase(name, self.unix_ns(began), ended - began)
            self._write_marks(name)
            self._anchors.append(clocks.anchor(f"{name} ends"))
            self.flush()
            rundir.append_rows(self._run / rundir.PHASES, [row], Phase)
            record = ClocksRecord(SCHEMA, self._anchors)
            rundir.write_json(self._run / rundir.CLOCKS, record)

    def _write_marks(self, phase: str) -> None:
        rows, left_out = self.marks.take(self.unix_ns)
        if rows:
            rundir.append_rows(self._run / rundir.MARKS, rows, Mark)
        for kind, count in left_out.items():
            self.warn(f"{rundir.MARKS} leaves out {count:,} marks of {kind} in the phase {phase}")

    def unix_ns(self, monotonic_ns: int) -> int:
        """Unix time of a monotonic reading, by the latest anchor."""
        return clocks.to_unix_ns(monotonic_ns, self._anchors[-1])

    def step(self, row: Step, done: int) -> None:
        """Take note of a step or window; `done` steps of this phase are over. Not in timed code."""
        self._rows.append(row)
        self.channel.step_done(done, row.duration_ns // row.count)
        if time.monotonic_ns() >= self._next_flush_ns:
            self.flush()

    def flush(self) -> None:
        """Write the rows that are waiting."""
        self._next_flush_ns = time.monotonic_ns() + FLUSH_INTERVAL_NS
        if self._rows:
            rundir.append_rows(self._run / rundir.STEPS, self._rows, Step)
            self._rows = []

    def warn(self, message: str) -> None:
        """Tell the user something that the results will carry too."""
        self.warnings.append(message)
        self.channel.send(Warned(message))

    def warn_once(self, about: str, message: str) -> None:
        """Warn, unless there was a warning about the same thing."""
        if about not in self._warned:
            self._warned.add(about)
            self.warn(message)
