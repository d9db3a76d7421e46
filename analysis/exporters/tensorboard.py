"""A run as TensorBoard event files, written with tensorboard alone and no framework."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis import statistics, wording
from analysis.measured import Measured
from analysis.samples import RSS
from profilers import rundir
from profilers.records import Result, RunRecord, RunSummary, Spread, Step

MAX_POINTS = 2_000
MIB = 2**20
PROFILE_SUFFIX = ".xplane.pb"
HOST = "host"
RSS_TAG, VRAM_TAG = "resources/rss_mib", "resources/vram_mib"

Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Series:
    """One curve: its tag, its x axis, when each point was taken, and its values."""

    tag: str
    step: npt.NDArray[np.int64]
    wall_seconds: Float64
    values: Float64


def write(measured: Measured, summary: RunSummary) -> Path:
    """Write RUN/tensorboard anew and return it; what was there before is gone.

    A profile that XProf can read is copied to where its plugin looks for it.
    `train/loss` and `train/step_ms` show the timed phase, which trains from the initial weights,
    by its step; `resources/*` the whole run by the ms since its start. All carry the true time.
    A curve has at most 2,000 points: a longer one is parted into buckets of even length, of which
    a point shows the mean (for memory the largest value) at the last row's step and time.
    """
    folder = measured.run / rundir.TENSORBOARD
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    with _event_file(folder, measured.record) as events:
        for series in (*_training(measured.steps), *_resources(measured)):
            events.add(thinned(series))
        if measured.result is not None and measured.result.accuracy is not None:
            events.add(_accuracy(measured.steps, measured.result))
        created_seconds = measured.record.created_ns / 1e9
        events.add_text("run", _table(measured, summary), created_seconds)
    for origin in (rundir.RAW, rundir.DERIVED):  # TensorFlow's own file, and what torch's became
        for profile in sorted((measured.run / origin).glob(f"*{PROFILE_SUFFIX}")):
            _copy_profile(profile, folder)
    return folder


def _copy_profile(profile: Path, folder: Path) -> None:
    """Copy a profile into a session whose name is new each time.

    XProf keeps what it made of a session, on disk and in memory, and shows that again for a file
    of the same name.
    """
    now = datetime.now(UTC)
    session = folder / "plugins" / "profile" / f"{now:%Y_%m_%d_%H_%M_%S_%f}"
    session.mkdir(parents=True)
    shutil.copyfile(profile, session / f"{HOST}{PROFILE_SUFFIX}")


def thinned(series: Series, limit: int = MAX_POINTS) -> Series:
    """The series in at most `limit` points, each for a bucket of rows as even as can be."""
    rows = len(series.values)
    if rows <= limit:
        return series
    edges = np.linspace(0, rows, limit + 1).astype(np.intp)
    last = edges[1:] - 1
    if series.tag in (RSS_TAG, VRAM_TAG):
        values = np.maximum.reduceat(series.values, edges[:-1])
    else:
        values = np.add.reduceat(series.values, edges[:-1]) / np.diff(edges)
    return Series(series.tag, series.step[last], series.wall_seconds[last], values)


def _training(steps: Iterable[Step]) -> Iterator[Series]:
    rows = [row for row in statistics.rows_of(steps, "timed") if row.count > 0]
    number = np.array([row.index + row.count - 1 for row in rows], dtype=np.int64)
    wall = np.array([(row.start_ns + row.duration_ns) / 1e9 for row in rows])
    known = np.array([row.loss is not None for row in rows], dtype=bool)
    losses = np.array([row.loss for row in rows if row.loss is not None])
    yield Series("train/loss", number[known], wall[known], losses)
    yield Series("train/step_ms", number, wall, statistics.step_times_ms(rows))


def _resources(measured: Measured) -> Iterator[Series]:
    samples = measured.samples
    if samples is None:
        return
    since_start_ms = (samples.time_ns - measured.record.created_ns) // 1_000_000
    wall = samples.time_ns / 1e9
    curves = {
        "resources/cpu_percent": samples.cpu_percent(),
        RSS_TAG: samples.column(RSS) / MIB,
        "resources/gpu_percent": 100 * samples.gpu_column("utilization_ratio"),
        VRAM_TAG: samples.gpu_column("memory_used_bytes") / MIB,
        "resources/power_watts": samples.power_watts(),
    }
    for tag, values in curves.items():
        known = ~np.isnan(values)
        yield Series(tag, since_start_ms[known], wall[known], values[known])


def _accuracy(steps: list[Step], result: Result) -> Series:
    end_ns = max((row.start_ns + row.duration_ns for row in steps), default=0)
    return Series(
        "eval/accuracy",
        np.array([result.trained_steps]),
        np.array([end_ns / 1e9]),
        np.array([result.accuracy]),
    )


class _Events:
    """An open event file."""

    def __init__(self, records: Any) -> None:
        self._records = records

    def add(self, series: Series) -> None:
        from tensorboard.plugins.scalar.summary_v2 import scalar_pb

        points = zip(
            series.step.tolist(), series.wall_seconds.tolist(), series.values.tolist(), strict=True
        )
        for step, wall_seconds, value in points:
            self._write(wall_seconds, step=step, summary=scalar_pb(series.tag, value))

    def add_text(self, tag: str, markdown: str, wall_seconds: float) -> None:
        from tensorboard.plugins.text.summary_v2 import text_pb

        self._write(wall_seconds, step=0, summary=text_pb(tag, markdown))

    def add_version(self, wall_seconds: float) -> None:
        self._write(wall_seconds, file_version="brain.Event:2")

    def _write(self, wall_seconds: float, **content: Any) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        self._records.write(Event(wall_time=wall_seconds, **content).SerializeToString())


@contextmanager
def _event_file(folder: Path, record: RunRecord) -> Iterator[_Events]:
    """An event file without tensorboard's own writer, which imports tensorflow where it can."""
    from tensorboard.summary.writer.record_writer import RecordWriter

    created_seconds = record.created_ns / 1e9
    with (folder / f"events.out.tfevents.{created_seconds:.0f}.crossprof").open("wb") as file:
        events = _Events(RecordWriter(file))
        events.add_version(created_seconds)
        yield events


def _table(measured: Measured, summary: RunSummary) -> str:
    record, environment = measured.record, measured.environment
    rows: list[tuple[str, object]] = [("run", record.id), ("status", record.status)]
    rows += [(name, getattr(record.settings, name)) for name in record.settings.__struct_fields__]
    rows += [("data set", record.data.description), ("data sha256", record.data.sha256)]
    if environment is not None:
        rows += [("python", environment.python), ("platform", environment.platform)]
        rows += [("CPU", environment.cpu_model)]
        rows += [(f"{name} version", version) for name, version in environment.versions.items()]
    rows += [(name, _shown(getattr(summary, name))) for name in _MEASURED]
    lines = [f"| {_cell(name)} | {_cell(value)} |" for name, value in rows]
    return "\n".join(["| what | value |", "|---|---|", *lines])


_MEASURED = [
    field
    for field in RunSummary.__struct_fields__[RunSummary.__struct_fields__.index("step_ms") :]
    if field != "warnings"
]


def _shown(value: object) -> str:
    if isinstance(value, Spread):
        decimals = wording.decimals_for(value.median)
        middle = wording.interval(value.low, value.high, decimals)
        return f"{wording.number(value.median)} (middle half {middle}, {value.count} rows)"
    if isinstance(value, int | float):
        return wording.number(value)
    return wording.MISSING if value is None else str(value)


def _cell(value: object) -> str:
    text = wording.MISSING if value is None else str(value)
    return wording.plain(text.replace("\n", " ")).replace("|", "\\|")
