"""A short recording by the real sampler: does it keep its time here, and what does it cost?"""

import csv
import ctypes
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from profilers import rundir
from profilers.doctor.record import SelfTest
from profilers.records import DataRecord, ResourcesRecord, RunRecord, Settings
from profilers.rounds import VERSION
from profilers.rundir import ProfileError
from profilers.sampling.handle import SamplerHandle

SECONDS = 2.0
IDLE = [sys.executable, "-I", "-S", "-c", "import sys; sys.stdin.read()"]


@dataclass(frozen=True)
class Tested:
    """The figures, and what the sampler said of its sources and GPUs."""

    result: SelfTest
    capabilities: Mapping[str, str]
    gpus: Sequence[Mapping[str, str | int | None]]


def examine(settings: Settings, seconds: float = SECONDS) -> Tested:
    """Record an idle process for some seconds.

    Args:
        settings: those of the run whose sampler is tried.
        seconds: how long; the samples of the first so many seconds count.
    """
    with TemporaryDirectory(prefix="crossprof-doctor-", ignore_cleanup_errors=True) as folder:
        run = Path(folder)
        rundir.write_json(run / rundir.RUN, _run_record(settings))
        cpu_ratio, trouble = _record(run, seconds + 1 / settings.sample_hz)
        try:
            record = rundir.read_json(run / rundir.RESOURCES_RECORD, ResourcesRecord)
            lags_ns = _lags_ns(run / rundir.RESOURCES, settings.sample_hz, seconds)
        except (ProfileError, OSError, ValueError, KeyError) as error:
            trouble = trouble or f"what the sampler wrote can't be read ({error})"
            record, lags_ns = None, []
    result = SelfTest(
        seconds=seconds,
        sample_hz=settings.sample_hz,
        samples=len(lags_ns),
        expected=round(seconds * settings.sample_hz),
        lag_median_ns=median(lags_ns) if lags_ns else None,
        lag_largest_ns=max(lags_ns, default=None),
        cpu_ratio=cpu_ratio,
        problem=trouble,
    )
    if record is None:
        return Tested(result, {}, [])
    return Tested(result, record.capabilities, record.gpus)


def _record(run: Path, seconds: float) -> tuple[float | None, str | None]:
    """(CPU seconds a second, what went wrong) of a sampler beside a process that only waits."""
    sampler = SamplerHandle(run)
    idle = subprocess.Popen(IDLE, stdin=subprocess.PIPE)
    try:
        sampler.watch(idle.pid)
        began, before = time.monotonic(), _cpu_seconds(sampler.pid)
        time.sleep(seconds)
        after, ended = _cpu_seconds(sampler.pid), time.monotonic()
        trouble = sampler.trouble()
    finally:
        sampler.stop()
        idle.kill()
        idle.communicate()
    if before is None or after is None or trouble is not None:
        return None, trouble
    return (after - before) / (ended - began), None


def _cpu_seconds(pid: int) -> float | None:
    """CPU time of all threads of a process, to the nanosecond; None where it can't be asked."""
    library, clock = ctypes.CDLL(None), ctypes.c_int()
    try:
        if library.clock_getcpuclockid(pid, ctypes.byref(clock)) != 0:
            return None
        return time.clock_gettime(clock.value)
    except (AttributeError, OSError):
        return None


def _lags_ns(path: Path, sample_hz: float, seconds: float) -> list[int]:
    """How late each sample came whose turn was in the first seconds of the recording."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    lags_ns = [int(row["sampler_lag_ns"]) for row in rows]
    turns_ns = [int(row["monotonic_ns"]) - lag for row, lag in zip(rows, lags_ns, strict=True)]
    end_ns = turns_ns[0] + seconds * 1e9 - 0.5e9 / sample_hz if rows else 0.0
    return [lag for turn, lag in zip(turns_ns, lags_ns, strict=True) if turn < end_ns]


def _run_record(settings: Settings) -> RunRecord:
    """run.json, in which the sampler looks for its rate."""
    data = DataRecord(
        name="",
        description="",
        cache_key="",
        sha256="",
        train_count=0,
        test_count=0,
        input_shape=(),
        classes=None,
    )
    return RunRecord(
        id="doctor",
        status="running",
        created_ns=time.time_ns(),
        version=VERSION,
        settings=settings,
        data=data,
        repeat=1,
        repeats=1,
    )
