"""Writes resources.csv and resources.json of one run."""

import contextlib
import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from profilers import clocks, rundir
from profilers.records import ClockAnchor, ResourcesRecord
from profilers.sampling.source import AVAILABLE, Source, Value

JUMP_NS = 1_000_000
OWN_COLUMNS = {
    "time_ns": "Unix nanoseconds",
    "monotonic_ns": "nanoseconds",
    "sampler_lag_ns": "nanoseconds",
    "sampler_cost_ns": "nanoseconds",
}


class RecordingError(Exception):
    """A file could not be written; the message names the file and the reason."""


class Recording:
    """The two files; every method raises RecordingError when they can't be written.

    Args:
        run: The run's directory.
        sample_hz: Rate that was asked for.
        sources: Where the columns come from, in their order.
        limits: What of the machine may be used.
    """

    def __init__(
        self,
        run: Path,
        sample_hz: float,
        sources: Sequence[Source],
        limits: Mapping[str, float | None],
    ) -> None:
        self._run, self._sample_hz, self._sources = run, sample_hz, sources
        self._limits = dict(limits)
        self._anchors: list[ClockAnchor] = []
        self._jumps: list[str] = []
        self._units = OWN_COLUMNS | {
            name: unit for source in sources for name, unit in source.columns.items()
        }
        self._samples = 0
        self.anchor("start")
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL
        with _naming(rundir.RESOURCES):
            self._file = os.open(run / rundir.RESOURCES, flags, 0o644)
        self._append(",".join(self._units))

    def row(self, now_ns: int, lag_ns: int, cost_ns: int, values: Sequence[Value]) -> None:
        """Add one row by one write, so that a killed sampler leaves no torn row.

        Args:
            now_ns: Monotonic time just before the sources were read.
            lag_ns: How much later than planned that was.
            cost_ns: How long the reading took, without the writing.
            values: One value per column of the sources.
        """
        time_ns = clocks.to_unix_ns(now_ns, self._anchors[-1])
        self._append(",".join(map(_cell, (time_ns, now_ns, lag_ns, cost_ns, *values))))
        self._samples += 1

    def anchor(self, label: str, missed: int = 0, ended: str = "") -> None:
        """Tie the clocks together once more, and replace resources.json."""
        latest = clocks.anchor(label)
        if self._anchors:
            jump_ns = _offset_ns(latest) - _offset_ns(self._anchors[-1])
            if abs(jump_ns) > JUMP_NS:
                self._jumps.append(f"{jump_ns / 1e6:+.1f} ms")
        self._anchors.append(latest)
        clock = AVAILABLE
        if self._jumps:
            clock = f"the system clock was set while the run went on ({', '.join(self._jumps)})"
        capabilities = {"clock": clock}
        for source in self._sources:
            capabilities |= source.capabilities
        record = ResourcesRecord(
            sample_hz=self._sample_hz,
            units=self._units,
            anchors=self._anchors,
            capabilities=capabilities,
            limits=self._limits,
            gpus=[dict(gpu) for source in self._sources for gpu in source.gpus],
            samples=self._samples,
            missed=missed,
            ended=ended,
        )
        with _naming(rundir.RESOURCES_RECORD):
            rundir.write_json(self._run / rundir.RESOURCES_RECORD, record)

    def close(self) -> None:
        """Close resources.csv."""
        os.close(self._file)

    def _append(self, line: str) -> None:
        """Write a line; a disk that takes only a part of it is full."""
        content = f"{line}\n".encode()
        with _naming(rundir.RESOURCES):
            if os.write(self._file, content) != len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextlib.contextmanager
def _naming(file: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RecordingError(f"{file} could not be written ({error.strerror})") from error


def _offset_ns(anchor: ClockAnchor) -> int:
    return anchor.realtime_ns - anchor.monotonic_ns


def _cell(value: Value) -> str:
    if value is None:
        return ""
    return str(round(value, 6)) if isinstance(value, float) else str(value)
