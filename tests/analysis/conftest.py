"""Small run directories, written by the functions that the profiler writes them with."""

import gzip
import itertools
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis.report import write
from profilers import rundir
from profilers.records import (
    BatchDigest,
    ComparedRun,
    Environment,
    MissingSide,
    Phase,
    ResourcesRecord,
    Result,
    RoundsRecord,
    RunError,
    RunRecord,
    Settings,
    Side,
    Status,
    Step,
)

START_NS = 1_790_000_000_000_000_000
MS = 1_000_000
SECOND = 1_000_000_000
XSPACE_DATA = Path(__file__).parent.parent / "data" / "xspace"
RESULT = Result(
    parameters=50_890,
    weights_sha256="cd" * 32,
    data_sha256="ef" * 32,
    batches=[],
    parameter_norm=12.5,
    steps_per_epoch=44,
    trained_steps=220,
    accuracy=0.951,
    test_loss=0.2,
)


def step(phase: str, index: int, duration_ms: float, **others: object) -> Step:
    """A row that begins `index` seconds after the run; 32 samples, loss 1 / (1 + index)."""
    values: dict[str, object] = {
        "phase": phase,
        "epoch": 0,
        "index": index,
        "start_ns": START_NS + index * SECOND,
        "duration_ns": round(duration_ms * MS),
        "samples": 32,
        "loss": 1 / (1 + index),
        "profiled": phase == "profiled",
    }
    return msgspec.convert(values | others, Step)


STEPS = (
    step("first_step", 0, 9.8),
    step("warmup", 1, 5.0),
    *(step("timed", index, duration) for index, duration in enumerate((0.4, 0.2, 0.3, 0.6, 0.5))),
    step("profiled", 0, 0.6),
    step("profiled", 1, 0.5),
    step("inference", 0, 0.05, samples=1, loss=None),
    step("inference", 1, 0.07, samples=1, loss=None),
    step("inference", 0, 0.16, loss=None),
)
"""Timed: quartiles 0.3, 0.4, 0.5 ms. Profiled: median 0.55. Inference: 0.06 ms and 0.16 ms."""

PHASES = (Phase("timed", START_NS + SECOND, 2 * SECOND),)


def environment(uuid: str | None = None, name: str | None = None) -> Environment:
    """What a CPU run, or one on the GPU of this UUID, says of its machine."""
    return Environment(
        python="3.11.7",
        platform="Linux",
        cpu_model="A processor",
        versions={"torch": "2.13.0+cpu"},
        build={},
        devices=[{"device": "cuda:0" if uuid else "cpu", "name": name, "uuid": uuid}],
        threads={"intra_op": 2},
        precision={},
        variables={},
    )


def resources_record(**others: object) -> ResourcesRecord:
    """A record of a machine without a GPU."""
    values: dict[str, object] = {
        "sample_hz": 1.0,
        "units": {},
        "anchors": [],
        "capabilities": {"gpu": "no NVIDIA driver on this machine"},
        "limits": {"cpu_count": 4.0},
        "missed": 1,
    }
    return msgspec.convert(values | others, ResourcesRecord)


HOST_SAMPLES = (
    "time_ns,sampler_lag_ns,process_cpu_time_user_seconds,process_cpu_time_system_seconds,"
    "process_memory_rss_bytes,process_threads",
    "0,100,,,,",
    "500,300,1.0,0.0,1000,3",
    "1500,200,2.0,0.5,5000,4",
    "2500,200,4.0,0.5,4000,4",
    "3500,200,5.0,0.5,9000,2",
)
"""In the timed phase, 1 to 3 s: 1.75 to 5.0 CPU seconds, that is 3.25 in 2 s."""


def _span(name: str, start_us: float, duration_us: float, kind: str) -> dict[str, object]:
    event: dict[str, object] = {"ph": "X", "cat": kind, "name": name, "pid": 7, "tid": 7}
    return event | {"ts": start_us, "dur": duration_us, "args": {}}


def kineto_events() -> list[dict[str, object]]:
    """Two steps of 500 µs: forward 200 with addmm 150 in fc1, optimizer 250 with add_ 100 each."""
    events = []
    for number, start in enumerate((1000.0, 2000.0)):
        events += [
            _span(f"step:{number}", start, 500, "user_annotation"),
            _span("phase:forward", start, 200, "user_annotation"),
            _span("layer:fc1", start + 10, 180, "user_annotation"),
            _span("aten::addmm", start + 20, 150, "cpu_op"),
            _span("phase:optimizer", start + 200, 250, "user_annotation"),
            _span("aten::add_", start + 200, 50, "cpu_op"),
            _span("aten::add_", start + 300, 50, "cpu_op"),
        ]
    return events


class RunMaker:
    """Writes runs into a folder and builds the records that they consist of."""

    start_ns = START_NS
    steps = STEPS
    result = RESULT
    host_samples = HOST_SAMPLES
    step = staticmethod(step)
    environment = staticmethod(environment)
    resources_record = staticmethod(resources_record)
    kineto_events = staticmethod(kineto_events)

    def __init__(self, output: Path, record: RunRecord) -> None:
        self.output = output
        self.record = record
        self.settings = record.settings

    def __call__(
        self,
        run_id: str = "run-1",
        *,
        status: Status = "complete",
        settings: Settings | None = None,
        repeat: int = 1,
        repeats: int = 1,
        error: RunError | None = None,
        steps: Sequence[Step] = STEPS,
        phases: Sequence[Phase] = PHASES,
        result: Result | None = RESULT,
        machine: Environment | None = None,
        samples: Sequence[str] | None = HOST_SAMPLES,
        resources: ResourcesRecord | None = None,
        warnings: Sequence[str] = (),
    ) -> Path:
        """A complete CPU run; keywords replace what differs from it."""
        run = rundir.create(self.output, run_id, rundir.RAW)
        record = msgspec.structs.replace(
            self.record,
            id=run_id,
            status=status,
            settings=settings or self.settings,
            repeat=repeat,
            repeats=repeats,
            error=error,
            warnings=list(warnings),
        )
        rundir.write_json(run / rundir.RUN, record)
        rundir.write_json(run / rundir.ENVIRONMENT, machine or environment())
        rundir.append_rows(run / rundir.PHASES, phases, Phase)
        rundir.append_rows(run / rundir.STEPS, steps, Step)
        if samples is not None:
            self.write_samples(run, samples)
            rundir.write_json(run / rundir.RESOURCES_RECORD, resources or resources_record())
        if result is not None:
            rundir.write_json(run / rundir.RESULT, result)
        return run

    @staticmethod
    def add_profile(run: Path, events: Sequence[dict[str, object]] | None = None) -> Path:
        """raw/kineto.json.gz of these events, or of `kineto_events`."""
        document = {
            "schemaVersion": 1,
            "baseTimeNanoseconds": START_NS,
            "traceEvents": kineto_events() if events is None else events,
        }
        path = run / rundir.RAW / "kineto.json.gz"
        path.write_bytes(gzip.compress(msgspec.json.encode(document)))
        return path

    @staticmethod
    def add_tensorflow_profile(run: Path, execution: str = "function") -> Path:
        """raw/tensorflow.xplane.pb: three recorded steps of mnist-mlp."""
        path = run / rundir.RAW / "tensorflow.xplane.pb"
        shutil.copyfile(XSPACE_DATA / f"tensorflow-{execution}.xplane.pb", path)
        return path

    @staticmethod
    def add_flag(run: Path) -> str:
        """Makes a run one whose samples of the timed phase are late: its flag."""
        record = resources_record(sample_hz=10.0)
        rundir.write_json(run / rundir.RESOURCES_RECORD, record)
        return "the sampler was late: 18 of 20 samples of the timed phase are missing"

    @staticmethod
    def densely(lines: Sequence[str], every_ms: int = 100) -> tuple[str, ...]:
        """Samples each 100 ms that say what these say: counters grow evenly from one to the next.

        Gauges are held back to the sample before, as a sample stands for the time before it.
        """
        header, *rows = (line.split(",") for line in lines)
        found = [",".join(header), ",".join(rows[0])]
        for before, after in itertools.pairwise(rows):
            begin, end = int(before[0]), int(after[0])
            for time_ms in range(begin + every_ms, end + 1, every_ms):
                part = (time_ms - begin) / (end - begin)
                cells = [str(time_ms)]
                for name, old, new in list(zip(header, before, after, strict=True))[1:]:
                    counts = name.endswith(("_seconds", "_joules")) and old and new
                    cells.append(
                        repr(float(old) + part * (float(new) - float(old))) if counts else new
                    )
                found.append(",".join(cells))
        return tuple(found)

    @staticmethod
    def write_samples(run: Path, lines: Sequence[str]) -> None:
        """resources.csv from a header and rows whose first cell is in ms since START_NS."""
        header, *rows = lines
        text = f"{header}\n"
        for row in rows:
            milliseconds, _, others = row.partition(",")
            text += f"{START_NS + int(milliseconds) * MS},{others}\n"
        (run / rundir.RESOURCES).write_text(text, encoding="utf-8")


TORCH, TENSORFLOW = Side("torch", "eager"), Side("tensorflow", "function")
BATCHES = [BatchDigest("warmup", 21, "11" * 32), BatchDigest("timed", 100, "22" * 32)]


class ComparisonMaker:
    """Writes comparisons: their runs, by `make_run`, and rounds.json."""

    torch, tensorflow = TORCH, TENSORFLOW

    def __init__(self, make_run: RunMaker) -> None:
        self.make_run = make_run

    def __call__(
        self,
        steps_ms: Sequence[Sequence[float | None]],
        *,
        sides: Sequence[Side] = (TORCH, TENSORFLOW),
        missing: Sequence[MissingSide] = (),
        rounds: int | None = None,
        profiled: bool = True,
        **others: object,
    ) -> Path:
        """A comparison from the median step of each side's rounds; None is a run that failed.

        `others` are given to every run, settings with the side's own. In even rounds the last
        side runs first.
        """
        runs = []
        for number in range(max(map(len, steps_ms))):
            order = [side for side, steps in enumerate(steps_ms) if number < len(steps)]
            for side in reversed(order) if number % 2 else order:
                run_id = f"run-{number + 1}-{side}"
                self.add_run(run_id, sides[side], steps_ms[side][number], profiled, **others)
                runs.append(ComparedRun(number + 1, side, f"../{run_id}"))
        directory = self.make_run.output / "compare-1"
        directory.mkdir(parents=True)
        record = RoundsRecord(
            id="compare-1",
            created_ns=START_NS,
            version="0.1.0",
            sides=list(sides),
            rounds=max(map(len, steps_ms)) if rounds is None else rounds,
            order_seed=7,
            runs=runs,
            missing=list(missing),
        )
        rundir.write_json(directory / rundir.ROUNDS, record)
        return directory

    def add_run(
        self, run_id: str, side: Side, step_ms: float | None, profiled: bool, **others: Any
    ) -> Path:
        """One run of a side; of 20 ms first, 1 ms profiled, 0.1 ms inference steps."""
        settings = msgspec.structs.replace(
            others.pop("settings", self.make_run.settings),
            framework=side.framework,
            execution=side.execution,
        )
        values: dict[str, Any] = {"settings": settings}
        if step_ms is None:
            values |= {"status": "failed", "error": RunError("crash", "it broke"), "result": None}
        else:
            values["result"] = msgspec.structs.replace(RESULT, batches=BATCHES)
            values["steps"] = (
                step("first_step", 0, 20.0, loss=2.5),
                *(step("timed", index, step_ms) for index in range(3)),
                step("profiled", 0, 1.0),
                step("inference", 0, 0.1, samples=1, loss=None),
            )
        run = self.make_run(run_id, **values | others)
        if profiled and step_ms is not None:
            self.make_run.add_profile(run)
        return run


@pytest.fixture
def without_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves out the page of a comparison, which takes seconds to draw."""
    monkeypatch.setattr(write, "write", lambda compared, place: [])


@pytest.fixture
def make_comparison(make_run: RunMaker) -> ComparisonMaker:
    return ComparisonMaker(make_run)


@pytest.fixture
def make_run(tmp_path: Path, make_record: Callable[..., RunRecord]) -> RunMaker:
    record = make_record(threads=2, profile_steps=2)
    return RunMaker(tmp_path / "traces", msgspec.structs.replace(record, created_ns=START_NS))
