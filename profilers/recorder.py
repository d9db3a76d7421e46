"""Writes what the measured process observes: phases, steps, marks and clock anchors."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from profilers import clocks, rundir
from profilers.marks import Marks
from profilers.protocol import Channel, PhaseBegins, PhaseEnds, Warned
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
        self.memory_peaks: dict[str, int] = {}
        self._read_memory: Callable[[], dict[str, int]] = dict
        self._warned: set[str] = set()
        self._run = run
        self._anchors = [clocks.anchor("start")]
        self._rows: list[Step] = []
        self._next_flush_ns = 0

    def read_memory_by(self, read: Callable[[], dict[str, int]]) -> None:
        """From now on note the framework's own memory with each phase.

        `memory_peaks` then has the largest values so far.

        Args:
            read: Gives the peaks since it was called last, in bytes by name.
        """
        self._read_memory = read

    @contextmanager
    def phase(
        self, name: str, steps: int | None = None, seconds: float | None = None
    ) -> Iterator[None]:
        """Record one phase; its rows are on disk when it ends, also by an error."""
        self.channel.send(PhaseBegins(name, steps, seconds))
        self._take_memory_peaks()
        self._anchors.append(clocks.anchor(f"{name} begins"))
        began = time.monotonic_ns()
        peaks: dict[str, int] = {}
        try:
            yield
            ended = time.monotonic_ns()
            peaks = self._take_memory_peaks()
        except BaseException:  # nothing can be asked of a framework that may have failed
            ended = time.monotonic_ns()
            raise
        finally:
            self.channel.send(PhaseEnds(name))
            row = Phase(
                name,
                self.unix_ns(began),
                ended - began,
                allocated_peak_bytes=peaks.get("allocated_peak_bytes"),
                reserved_peak_bytes=peaks.get("reserved_peak_bytes"),
            )
            self._write_marks(name)
            self._anchors.append(clocks.anchor(f"{name} ends"))
            self.flush()
            rundir.append_rows(self._run / rundir.PHASES, [row], Phase)
            record = ClocksRecord(SCHEMA, self._anchors)
            rundir.write_json(self._run / rundir.CLOCKS, record)

    def _take_memory_peaks(self) -> dict[str, int]:
        """Those since the last time; they go into `memory_peaks` too."""
        peaks = self._read_memory()
        for name, value in peaks.items():
            self.memory_peaks[name] = max(value, self.memory_peaks.get(name, 0))
        return peaks

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
