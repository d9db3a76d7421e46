"""Writes resources.csv and resources.json of one run."""

import contextlib
import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from profilers import clocks, rundir
from profilers.records import MAXIMUM, READINGS, MemoryAtPhaseEnd, ResourcesRecord, RowRate
from profilers.sampling.anchors import Anchors
from profilers.sampling.source import Source, Value
from profilers.sampling.thinning import ROWS_PER_RATE, Thinning

TIMES = {"time_ns": "Unix nanoseconds", "monotonic_ns": "nanoseconds"}
OWN_COLUMNS = {"sampler_lag_ns": "nanoseconds", "sampler_cost_ns": "nanoseconds"}


class RecordingError(Exception):
    """A file could not be written; the message names the file and the reason."""


class Recording:
    """The two files; every method raises RecordingError when they can't be written.

    The columns of the sources come first, then the maxima of their gauges, which are filled once
    rows stand for several readings, and how many that are.

    Args:
        run: The run's directory.
        sample_hz: Rate that was asked for.
        sources: Where the columns come from, in their order.
        limits: What of the machine may be used.
        rows_per_rate: Rows after which each one stands for twice as many readings.
    """

    def __init__(
        self,
        run: Path,
        sample_hz: float,
        sources: Sequence[Source],
        limits: Mapping[str, float | None],
        rows_per_rate: int = ROWS_PER_RATE,
    ) -> None:
        self._run, self._sources = run, sources
        self._anchors = Anchors()
        units = OWN_COLUMNS | {
            name: unit for source in sources for name, unit in source.columns.items()
        }
        counters = frozenset(name for source in sources for name in source.counters)
        self._thinning = Thinning(units, counters, sample_hz, rows_per_rate)
        maxima = {f"{name}{MAXIMUM}": units[name] for name in self._thinning.gauges}
        self._record = ResourcesRecord(
            sample_hz=sample_hz,
            units=TIMES | units | maxima | {READINGS: "count"},
            anchors=self._anchors.kept,
            capabilities={},
            limits=dict(limits),
        )
        self._samples = self._latest_ns = 0
        self._torn = False
        self._row_rates: list[RowRate] = []
        self._phase_ends: list[MemoryAtPhaseEnd] = []
        self.anchor("start")
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL
        with _naming(rundir.RESOURCES):
            self._file = os.open(run / rundir.RESOURCES, flags, 0o644)
        self._append(",".join(self._record.units))

    def row(self, now_ns: int, lag_ns: int, cost_ns: int, values: Sequence[Value]) -> None:
        """Add a reading; a row is added by one write, so that a killed sampler leaves none torn.

        Args:
            now_ns: Monotonic time just before the sources were read.
            lag_ns: How much later than planned that was.
            cost_ns: How long the reading took, without the writing.
            values: One value per column of the sources.
        """
        readings_per_row = self._thinning.readings_per_row
        row = self._thinning.add((lag_ns, cost_ns, *values))
        self._latest_ns = now_ns
        if row is not None:
            self._write(row)
        self._samples += 1
        if self._thinning.readings_per_row != readings_per_row:
            rate = RowRate(self.unix_ns(now_ns), self._thinning.readings_per_row)
            self._row_rates.append(rate)

    def unix_ns(self, monotonic_ns: int) -> int:
        """The Unix time in ns of a monotonic reading."""
        return clocks.to_unix_ns(monotonic_ns, self._anchors.latest)

    def phase_end(self, memory: MemoryAtPhaseEnd, missed: int) -> None:
        """Add what was read at the end of a phase, and replace resources.json."""
        self._phase_ends.append(memory)
        self._write_record(missed, "")

    def anchor(self, label: str, missed: int = 0) -> None:
        """Tie the clocks together once more, and replace resources.json."""
        self._anchors.add(label)
        self._write_record(missed, "")

    def end(self, missed: int, ended: str) -> None:
        """Write the readings that wait for their row, and resources.json for the last time.

        Args:
            missed: Readings that were not made.
            ended: Why there are no more.
        """
        self._anchors.add("end")
        rest = self._thinning.rest()
        if rest is not None and not self._torn:
            self._write(rest)
        self._write_record(missed, ended)

    def close(self) -> None:
        """Close resources.csv."""
        os.close(self._file)

    def _write(self, row: Sequence[Value]) -> None:
        times = (self.unix_ns(self._latest_ns), self._latest_ns)
        self._append(",".join(map(_cell, (*times, *row))))

    def _append(self, line: str) -> None:
        """Write a line; a disk that takes only a part of it is full."""
        content = f"{line}\n".encode()
        self._torn = True
        with _naming(rundir.RESOURCES):
            if os.write(self._file, content) != len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._torn = False

    def _write_record(self, missed: int, ended: str) -> None:
        capabilities = {"clock": self._anchors.clock()}
        for source in self._sources:
            capabilities |= source.capabilities
        record = msgspec.structs.replace(
            self._record,
            capabilities=capabilities,
            gpus=[dict(gpu) for source in self._sources for gpu in source.gpus],
            samples=self._samples,
            missed=missed,
            row_rates=self._row_rates,
            phase_ends=self._phase_ends,
            ended=ended,
        )
        with _naming(rundir.RESOURCES_RECORD):
            rundir.write_json(self._run / rundir.RESOURCES_RECORD, record)


@contextlib.contextmanager
def _naming(file: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RecordingError(f"{file} could not be written ({error.strerror})") from error


def _cell(value: Value) -> str:
    if value is None:
        return ""
    return str(round(value, 6)) if isinstance(value, float) else str(value)
