"""A day of samples: what the sampler's files come to, and how long the report of such a run takes.

Usage: python benchmarks/long_run.py RUN [--hours 24] [--every-row] [--json]

RUN is a finished run, which is copied; its timed phase is made as long as the day, and its samples
are replaced by invented ones that go through the sampler's own recording, with a clock that is not
waited for. With --every-row each reading stays a row of its own, as in files that were written
before rows were put together. Exit code 1 if a target is not met.
"""

import argparse
import gc
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from profilers import clocks, rundir  # noqa: E402
from profilers.records import ClockAnchor, Phase  # noqa: E402
from profilers.sampling import nvml  # noqa: E402
from profilers.sampling.recording import Recording  # noqa: E402
from profilers.sampling.sampler import open_sources  # noqa: E402
from profilers.sampling.source import Source, Value  # noqa: E402
from profilers.sampling.thinning import ROWS_PER_RATE  # noqa: E402
from profilers.sampling.tree import ProcessTree  # noqa: E402

SAMPLE_HZ = 10.0
ANCHOR_READINGS = 100
FILE_TARGET_BYTES = 150_000_000
MEMORY_TARGET_BYTES = 100_000
SECONDS_TARGET = 10.0


class Invented(Source):
    """The columns of all sources of this machine and of one GPU: waves, and counters that grow."""

    def __init__(self) -> None:
        real = open_sources(ProcessTree())
        self.columns: dict[str, str] = {}
        self.counters: list[str] = []
        for source in real:
            if not isinstance(source, nvml.NvmlSource):
                self.columns |= source.columns
                self.counters += source.counters
            source.close()
        self.columns |= {f"gpu0_{name}": unit for name, unit in nvml.UNITS.items()}
        self.counters += [f"gpu0_{name}" for name in nvml.COUNTERS]
        self.capabilities = {"gpu": "available"}
        self.gpus = [{"index": 0, "uuid": "GPU-0", "name": "Invented", "cuda_ordinal": 0}]
        growing = {name for name in self.counters if "_peak_" not in name}
        self._is_growing = [name in growing for name in self.columns]
        self._is_byte = [unit == "bytes" for unit in self.columns.values()]

    def read(self, now_ns: int) -> Sequence[Value]:
        """A value for each column, which depends on the time alone."""
        seconds = now_ns / 1e9
        wave = 0.5 + 0.4 * math.sin(seconds / 500) + 0.1 * math.sin(seconds * 3)
        return [
            self._value(number, seconds if is_growing else wave)
            for number, is_growing in enumerate(self._is_growing)
        ]

    def _value(self, number: int, level: float) -> Value:
        return int(level * 1e9) + number if self._is_byte[number] else level + number


@dataclass(frozen=True)
class Costs:
    """What was measured."""

    readings: int
    rows: int
    csv_bytes: int
    json_bytes: int
    recording_growth_bytes: int
    recording_seconds: float
    finish_seconds: float
    report_seconds: float
    reading_peak_bytes: int
    every_row: bool

    @property
    def targets(self) -> dict[str, bool]:
        """Whether each target was met; the size is one of the sampler's own files only."""
        return {
            "file": self.every_row or self.csv_bytes < FILE_TARGET_BYTES,
            "memory": self.recording_growth_bytes < MEMORY_TARGET_BYTES,
            "report": self.report_seconds < SECONDS_TARGET,
        }


@contextmanager
def _invented_clock(start_ns: int) -> Iterator[list[int]]:
    """Anchors by a clock whose monotonic time is the one item of the list."""
    now_ns = [0]
    real = clocks.anchor
    clocks.anchor = lambda label: ClockAnchor(label, now_ns[0], start_ns + now_ns[0], 100)
    try:
        yield now_ns
    finally:
        clocks.anchor = real


def record(
    run: Path,
    start_ns: int,
    readings: int,
    rows_per_rate: int = ROWS_PER_RATE,
    trace_memory: bool = True,
) -> tuple[int, int]:
    """Write resources.csv and resources.json.

    Returns:
        How many bytes of memory came to be held between the first tenth and the end (0 where that
        was not traced, which takes long); the rows.
    """
    (run / rundir.RESOURCES).unlink(missing_ok=True)
    source = Invented()
    held = 0
    with _invented_clock(start_ns) as now_ns:
        recording = Recording(run, SAMPLE_HZ, [source], {"cpu_count": 2.0}, rows_per_rate)
        if trace_memory:
            tracemalloc.start()
        for reading in range(readings):
            now_ns[0] += round(1e9 / SAMPLE_HZ)
            recording.row(now_ns[0], 50_000, 700_000, source.read(now_ns[0]))
            if reading % ANCHOR_READINGS == 0:
                recording.anchor("periodic")
            if reading == readings // 10:
                held = _held_bytes()
        growth = _held_bytes() - held
        tracemalloc.stop()
        recording.end(0, "stopped")
        recording.close()
    return growth, (run / rundir.RESOURCES).read_bytes().count(b"\n") - 1


def _held_bytes() -> int:
    """Bytes held, but for Python's table of interned strings, whose size is no matter of ours.

    Each temporary file's path adds names to it, and when they are gone Python at some time makes
    it anew: 0.9 MB at once, in the room that was freed for it.
    """
    if not tracemalloc.is_tracing():
        return 0
    gc.collect()
    interned = tracemalloc.Filter(False, f"{Path(os.__file__).parent}/pathlib*")
    held = tracemalloc.take_snapshot().filter_traces([interned])
    return sum(each.size for each in held.statistics("filename"))


def lengthen(run: Path, seconds: float) -> int:
    """Make the timed phase so long; returns when the run began, in Unix ns."""
    phases = rundir.read_rows(run / rundir.PHASES, Phase)
    (run / rundir.PHASES).unlink()
    longer, later_ns = [], 0
    for phase in phases:
        duration_ns = round(seconds * 1e9) if phase.phase == "timed" else phase.duration_ns
        longer.append(Phase(phase.phase, phase.start_ns + later_ns, duration_ns))
        later_ns += duration_ns - phase.duration_ns
    rundir.append_rows(run / rundir.PHASES, longer, Phase)
    return phases[0].start_ns


def timed_command(*arguments: str) -> tuple[float, int]:
    """Run a subcommand of the analysis; its seconds, and the most memory that it had, in bytes."""
    begin = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "analysis", *arguments],
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"analysis {arguments[0]} failed with {process.returncode}")
    return time.monotonic() - begin, usage.ru_maxrss * 1024


def measure(source: Path, hours: float, every_row: bool) -> Costs:
    """Run the whole benchmark on a copy."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / source.name
        shutil.copytree(source, run, ignore=shutil.ignore_patterns(rundir.DERIVED))
        readings = round(hours * 3600 * SAMPLE_HZ)
        start_ns = lengthen(run, hours * 3600 - 60)
        begin = time.monotonic()
        growth, rows = record(run, start_ns, readings, sys.maxsize if every_row else ROWS_PER_RATE)
        recording_seconds = time.monotonic() - begin
        finish_seconds, peak = timed_command("finish", str(run))
        report_seconds, report_peak = timed_command("report", str(run))
        return Costs(
            readings=readings,
            rows=rows,
            csv_bytes=(run / rundir.RESOURCES).stat().st_size,
            json_bytes=(run / rundir.RESOURCES_RECORD).stat().st_size,
            recording_growth_bytes=growth,
            recording_seconds=recording_seconds,
            finish_seconds=finish_seconds,
            report_seconds=report_seconds,
            reading_peak_bytes=max(peak, report_peak),
            every_row=every_row,
        )


def table(costs: Costs) -> str:
    """The figures, their targets, and whether they were met."""
    met = {name: "met" if ok else "NOT MET" for name, ok in costs.targets.items()}
    rows = [
        ("readings", f"{costs.readings:,}", "", ""),
        ("rows", f"{costs.rows:,}", "", ""),
        ("resources.csv, MB", f"{costs.csv_bytes / 1e6:.1f}", "< 150", met["file"]),
        ("resources.json, kB", f"{costs.json_bytes / 1e3:.1f}", "", ""),
        (
            "sampler's memory, growth, kB",
            f"{costs.recording_growth_bytes / 1e3:.1f}",
            "< 1,000",
            met["memory"],
        ),
        ("analysis finish, s", f"{costs.finish_seconds:.1f}", "", ""),
        ("analysis report, s", f"{costs.report_seconds:.1f}", "< 10", met["report"]),
        ("largest memory of these, MB", f"{costs.reading_peak_bytes / 1e6:.0f}", "", ""),
    ]
    return "\n".join(f"{a:<30}{b:<16}{c:<10}{d}".rstrip() for a, b, c, d in rows)


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path, help="a finished run")
    parser.add_argument("--hours", type=float, default=24.0, help="how long the run lasts")
    parser.add_argument("--every-row", action="store_true", help="put no readings together")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    costs = measure(options.run, options.hours, options.every_row)
    if options.json:
        print(json.dumps({"schema": 1, **asdict(costs), "targets": costs.targets}))
    else:
        print(table(costs))
    return 0 if all(costs.targets.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
