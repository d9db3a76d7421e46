"""The run directory: its records, how they are written and read, and the tree of errors."""

import contextlib
import csv
import os
import secrets
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec

SCHEMA = 1

RUN = "run.json"
ENVIRONMENT = "environment.json"
CLOCKS = "clocks.json"
PHASES = "phases.csv"
STEPS = "steps.csv"
RESOURCES = "resources.csv"
RESOURCES_RECORD = "resources.json"
RESULT = "result.json"
WEIGHTS = "weights.npz"
LOG = "child.log"
RAW = "raw"
TRACE = "trace.json.gz"
TENSORBOARD = "tensorboard"
DERIVED = "derived"
SUMMARY = "derived/summary.json"
ROUNDS = "rounds.json"
COMPARISON = "compare.json"

Duration = Annotated[int, msgspec.Meta(ge=0)]
Status = Literal["running", "complete", "failed", "interrupted", "timed-out"]


class ProfileError(Exception):
    """What the user asked for can't be done: one sentence that says what to do. Exit code 2."""

    exit_code = 2


class CheckFailedError(ProfileError):
    """A run or a check failed although the request was sound. Exit code 1."""

    exit_code = 1


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is needed to repeat a run.

    `weights_from` is the run whose trained weights it began with, None where they were seeded.
    """

    framework: str
    workload: str
    data: str
    device: str
    execution: str
    batch_size: int
    epochs: int | None = None
    steps: int | None = None
    warmup: int
    profile_steps: int
    optimizer: str
    precision: str
    threads: int
    seed: int
    sample_hz: float
    timeout_seconds: float | None = None
    mode: Literal["train", "infer"] = "train"
    loader: Literal["preloaded", "pipeline"] = "preloaded"
    loader_workers: int = 0
    weights_from: str | None = None


class DataRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Which data a run used; `sha256` covers the arrays, `cache_key` names their cache folder."""

    name: str
    description: str
    cache_key: str
    sha256: str
    train_count: int
    test_count: int
    input_shape: tuple[int, ...]
    classes: int


class RunError(msgspec.Struct, frozen=True):
    """Why a run did not get to its end."""

    kind: str
    message: str


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """run.json: what was asked and how it ended. Written by the parent alone."""

    schema: int = SCHEMA
    id: str
    status: Status
    created_ns: int
    version: str
    settings: Settings
    data: DataRecord
    repeat: int
    repeats: int
    error: RunError | None = None
    warnings: list[str] = []


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """environment.json: what the measured process ran on."""

    schema: int = SCHEMA
    python: str
    platform: str
    cpu_model: str | None
    versions: dict[str, str]
    build: dict[str, str | None]
    devices: list[dict[str, str | int | None]]
    threads: dict[str, int]
    precision: dict[str, bool | str]
    variables: dict[str, str]


class Phase(msgspec.Struct, frozen=True):
    """One row of phases.csv; Unix nanoseconds and nanoseconds."""

    phase: str
    start_ns: int
    duration_ns: Duration


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One row of steps.csv: a step, or a window of `count` steps between two synchronisations."""

    phase: str
    epoch: int
    index: int
    kind: Literal["step", "window"] = "step"
    count: Annotated[int, msgspec.Meta(ge=1)] = 1
    start_ns: int
    duration_ns: Duration
    samples: int
    loss: float | None = None
    sync: str = ""
    profiled: bool = False
    graph_ops: int | None = None


class BatchDigest(msgspec.Struct, frozen=True):
    """SHA-256 over the sample numbers of the first `steps` batches, as consumed."""

    phase: str
    steps: int
    sha256: str


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """result.json: the child's last file, so its presence means that the child got to its end.

    A norm or loss that is no finite number is None: JSON has none.
    """

    schema: int = SCHEMA
    parameters: int
    weights_sha256: str
    data_sha256: str
    batches: list[BatchDigest]
    parameter_norm: float | None
    steps_per_epoch: int
    trained_steps: int
    accuracy: float
    test_loss: float | None
    framework_memory: dict[str, int] = {}
    profiled_build_ratio: float | None = None
    warnings: list[str] = []


class ClockAnchor(msgspec.Struct, frozen=True):
    """The two clocks read at one moment; `bracket_ns` is how long the reading took."""

    label: str
    monotonic_ns: int
    realtime_ns: int
    bracket_ns: int


class ResourcesRecord(msgspec.Struct, frozen=True, kw_only=True):
    """resources.json: what the columns of resources.csv are, and what could not be measured."""

    schema: int = SCHEMA
    sample_hz: float
    units: dict[str, str]
    anchors: list[ClockAnchor]
    capabilities: dict[str, str]
    limits: dict[str, float | None]
    gpus: list[dict[str, str | int | None]] = []
    samples: int = 0
    missed: int = 0
    ended: str = ""


class Spread(msgspec.Struct, frozen=True):
    """A median with the middle half (quartiles) of `count` rows, in milliseconds."""

    median: float
    low: float
    high: float
    count: int


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `profile.py --json`; what was not measured is None."""

    id: str
    path: str
    status: Status
    error: str | None
    framework: str
    device: str
    execution: str
    mode: str
    workload: str
    data: str
    loader: str
    batch_size: int
    precision: str
    optimizer: str
    threads: int
    repeat: int
    step_ms: Spread | None = None
    samples_per_second: float | None = None
    first_step_ms: float | None = None
    accuracy: float | None = None
    overhead_ratio: float | None = None
    cpu_percent: float | None = None
    rss_peak_bytes: int | None = None
    gpu_percent: float | None = None
    vram_peak_bytes: int | None = None
    power_watts: float | None = None
    energy_joules: float | None = None
    energy_method: str | None = None
    inference_latency_ms: Spread | None = None
    inference_samples_per_second: float | None = None
    warnings: list[str] = []


class Side(msgspec.Struct, frozen=True):
    """One of the ways to run a workload that a comparison sets side by side."""

    framework: str
    execution: str


class ComparedRun(msgspec.Struct, frozen=True):
    """A run of a comparison: its round and the number of its side, both of the record's lists.

    `path` is relative to the comparison's directory.
    """

    round: int
    side: int
    path: str


class MissingSide(msgspec.Struct, frozen=True):
    """A side that was asked for and could not be run at all, and why."""

    side: int
    reason: str


class RoundsRecord(msgspec.Struct, frozen=True, kw_only=True):
    """rounds.json: which runs a comparison is made of, in the order in which they began.

    The first side is the baseline. Within a round the sides follow each other in an order drawn
    at random from `order_seed`. Written by the parent alone.
    """

    schema: int = SCHEMA
    id: str
    created_ns: int
    version: str
    sides: list[Side]
    rounds: int
    order_seed: int
    runs: list[ComparedRun] = []
    missing: list[MissingSide] = []


class Ratio(msgspec.Struct, frozen=True):
    """Other over baseline with its 95 % interval (None below two pairs of processes)."""

    estimate: float
    low: float | None
    high: float | None
    pairs: int


class ComparisonSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `comparisons` in `profile.py --json`: two sides by their labels.

    `ratio` is that of the step's length: above 1, the other side is slower.
    """

    baseline: str
    other: str
    ratio: Ratio | None
    verdict: str
    parity: str | None
    conditions: str | None
    path: str
    report: str | None = None
    warnings: list[str] = []


class ComparisonRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What others may read of compare.json, which the analysis alone writes and knows more of."""

    schema: int = SCHEMA
    id: str
    sides: list[str]
    comparisons: list[ComparisonSummary]


def empty_summary(path: str, record: RunRecord) -> RunSummary:
    """What run.json alone says of a run, all figures missing."""
    s = record.settings
    return RunSummary(
        id=record.id,
        path=path,
        status=record.status,
        error=record.error.message if record.error else None,
        framework=s.framework,
        device=s.device,
        execution=s.execution,
        mode=s.mode,
        workload=s.workload,
        data=record.data.name,
        loader=s.loader,
        batch_size=s.batch_size,
        precision=s.precision,
        optimizer=s.optimizer,
        threads=s.threads,
        repeat=record.repeat,
        warnings=record.warnings,
    )


def new_id(workload: str, framework: str, device: str) -> str:
    """A run's name: UTC time, what ran, and four characters that keep two runs apart."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    letters = "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(4))
    return f"{stamp}-{workload}-{framework}-{device.replace(':', '')}-{letters}"


def create(output: Path, name: str, *folders: str) -> Path:
    """Make a new directory for results, and folders in it.

    Raises:
        ProfileError: it can't be made, or is there already.
    """
    made = output / name
    try:
        output.mkdir(parents=True, exist_ok=True)
        made.mkdir()
        for folder in folders:
            (made / folder).mkdir()
    except OSError as error:
        if isinstance(error, FileExistsError) and made.exists():
            message = f"{made} exists already; choose another --name or remove it."
            raise ProfileError(message) from None
        raise ProfileError(
            f"{output} can't be written to ({error.strerror}); choose a folder with --output."
        ) from None
    return made


def write_json(path: Path, record: msgspec.Struct) -> None:
    """Replace a record in one step, so that a reader never sees half of it.

    Raises:
        OSError: it can't be written; nothing is left of it.
    """
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


Record = TypeVar("Record", bound=msgspec.Struct)


def read_json(path: Path, record: type[Record]) -> Record:
    """Read a record; a missing, damaged or newer file is a ProfileError that names it."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=record)
    except OSError as error:
        raise ProfileError(
            f"{path} can't be read ({error.strerror}); is {path.parent} a run of profile.py?"
        ) from None
    except msgspec.DecodeError as error:
        raise ProfileError(
            f"{path} is damaged or of another version ({error}); run profile.py again."
        ) from None
    schema = getattr(found, "schema", SCHEMA)
    if schema != SCHEMA:
        raise ProfileError(
            f"{path} is of version {schema}, and {SCHEMA} is read here; run profile.py again."
        )
    return found


Row = TypeVar("Row", Phase, Step)


def append_rows(
    path: Path, rows: Iterable[Phase | Step], row_type: type[Phase] | type[Step]
) -> None:
    """Add rows to a CSV by one write, with the header first; a row is whole or absent."""
    lines = [_csv_line(getattr(row, name) for name in row_type.__struct_fields__) for row in rows]
    if not path.exists():
        lines.insert(0, ",".join(row_type.__struct_fields__))
    if not lines:
        return
    data = ("\n".join(lines) + "\n").encode()
    try:
        with open(path, "ab", buffering=0) as file:
            whole = file.write(data) == len(data)
    except OSError as error:
        raise ProfileError(
            f"{path} can't be written ({error.strerror}); make room there."
        ) from None
    if not whole:
        raise ProfileError(f"{path} was written in part only; make room on its disk.")


def _csv_line(values: Iterable[object]) -> str:
    return ",".join("" if value is None else str(value) for value in values)


def read_rows(path: Path, row_type: type[Row]) -> list[Row]:
    """Read phases.csv or steps.csv; a file that is not there has no rows."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    whole = text[: text.rfind("\n") + 1].splitlines()
    rows = []
    try:
        for cells in csv.DictReader(whole):
            known = {key: value for key, value in cells.items() if value != ""}
            if "profiled" in known:
                known["profiled"] = known["profiled"].lower()
            rows.append(msgspec.convert(known, row_type, strict=False))
    except (msgspec.ValidationError, csv.Error, AttributeError) as error:
        raise ProfileError(
            f"{path} is damaged in line {len(rows) + 2} ({error}); run profile.py again."
        ) from None
    return rows
