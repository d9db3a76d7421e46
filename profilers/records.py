"""What is written while runs are made, as records: the files of a run, and rounds.json."""

from typing import Annotated, Literal

import msgspec

SCHEMA = 1
LATEST_NS = 2**62
"""Far enough from the end of 64 bits for a time and a duration to be added."""

Time = Annotated[int, msgspec.Meta(ge=0, lt=LATEST_NS)]
Duration = Annotated[int, msgspec.Meta(ge=0, lt=LATEST_NS)]
PLANTED = ("burden_layer", "burden_ms", "wait_ms")
"""Options of a workload that a test of the analysis gives, and that change no result."""
Status = Literal["running", "complete", "failed", "interrupted", "timed-out"]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is needed to repeat a run.

    `weights_from` is the run whose trained weights it began with, None where they were seeded.
    `options` are the settings of the workload itself. A workload from a file has the file's path as
    its name, and `workload_sha256` is what was in it; `model` is the folder in the cache with what
    the builders of such a file have in common. `optimizer_parity` says whether the optimizer is the
    framework's own or has constants made equal.
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
    options: dict[str, int | float | str] = {}
    workload_sha256: str | None = None
    model: str | None = None
    optimizer_parity: Literal["stock", "matched"] = "stock"

    @property
    def workload_name(self) -> str:
        """The workload's name; that of a file is the name of the file, without the folder."""
        name = self.workload
        return name.rpartition("/")[2].removesuffix(".py") if name.endswith(".py") else name

    @property
    def work_options(self) -> dict[str, int | float | str]:
        """The options of the workload that decide what is computed."""
        return {name: value for name, value in self.options.items() if name not in PLANTED}


class DataRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Which data a run used; `sha256` covers the arrays, `cache_key` names their cache folder."""

    name: str
    description: str
    cache_key: str
    sha256: str
    train_count: int
    test_count: int
    input_shape: tuple[int, ...]
    classes: int | None


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
    """One row of phases.csv; Unix nanoseconds and nanoseconds.

    The peaks are those of the framework's own allocator on the device within the phase: bytes in
    use, and bytes that it held; None where it has none, or does not tell.
    """

    phase: str
    start_ns: Time
    duration_ns: Duration
    allocated_peak_bytes: int | None = None
    reserved_peak_bytes: int | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One row of steps.csv: a step, or a window of `count` steps between two synchronisations."""

    phase: str
    epoch: int
    index: int
    kind: Literal["step", "window"] = "step"
    count: Annotated[int, msgspec.Meta(ge=1)] = 1
    start_ns: Time
    duration_ns: Duration
    samples: int
    loss: float | None = None
    sync: str = ""
    profiled: bool = False
    graph_ops: int | None = None


class Mark(msgspec.Struct, frozen=True):
    """Something that took time beside the steps; Unix nanoseconds and nanoseconds.

    marks.csv has a row for each time that Python collected garbage (`name` is the generation), or
    that the framework traced or compiled (`name` is what). Of what `disturbed` a run, `name` is a
    sentence; only the analysis knows that.
    """

    kind: Literal["gc", "trace", "compile", "disturbed"]
    name: str
    start_ns: Time
    duration_ns: Duration


class BatchDigest(msgspec.Struct, frozen=True):
    """SHA-256 over the sample numbers of the first `steps` batches, as consumed."""

    phase: str
    steps: int
    sha256: str


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """result.json: the child's last file, so its presence means that the child got to its end.

    A norm or loss that is no finite number is None: JSON has none. So is the accuracy where labels
    are no classes. `flops_per_step` are the floating-point operations of the matrix products in a
    step, None where they are not known. The peaks are what the device did at best with matrix
    products and copies of the framework itself, None where that could not be measured.
    """

    schema: int = SCHEMA
    parameters: int
    weights_sha256: str
    data_sha256: str
    batches: list[BatchDigest]
    parameter_norm: float | None
    steps_per_epoch: int
    trained_steps: int
    accuracy: float | None
    test_loss: float | None
    framework_memory: dict[str, int] = {}
    profiled_build_ratio: float | None = None
    flops_per_step: int | None = None
    peak_flops_per_second: float | None = None
    peak_bytes_per_second: float | None = None
    warnings: list[str] = []


class ClockAnchor(msgspec.Struct, frozen=True):
    """The two clocks read at one moment; `bracket_ns` is how long the reading took."""

    label: str
    monotonic_ns: int
    realtime_ns: int
    bracket_ns: int


class RowRate(msgspec.Struct, frozen=True):
    """From this Unix time in ns on, a row of resources.csv stands for so many readings."""

    from_ns: int
    readings_per_row: int


class MemoryAtPhaseEnd(msgspec.Struct, frozen=True, kw_only=True):
    """Memory of the measured processes, in bytes, right after a phase; `time_ns` is Unix time.

    In `pss_bytes` a page that several of them share counts once, in `rss_bytes` for each;
    `uss_bytes` are pages that only one has. `rss_peak_bytes` is the kernel's own peak, since its
    begin, of the process that had the most. None where the kernel does not tell.
    """

    phase: str
    time_ns: int
    rss_bytes: int
    rss_peak_bytes: int | None = None
    pss_bytes: int | None = None
    uss_bytes: int | None = None


MAXIMUM = "_max"
"""In resources.csv, what the name of a gauge's column has behind it to name that of its maxima."""
READINGS = "sampler_readings"
"""The column of resources.csv that says how many readings a row stands for."""
POWER_INSTANT, POWER_AVERAGE = "instant", "average-1s"
"""What a GPU's `power_kind` may be: power of the moment, or the mean of the last second."""


class ResourcesRecord(msgspec.Struct, frozen=True, kw_only=True):
    """resources.json: what the columns of resources.csv are, and what could not be measured.

    `samples` is the number of readings; when there are many, several of them are a row, as
    `row_rates` says. `missed` are readings that should have been made and were not.
    """

    schema: int = SCHEMA
    sample_hz: float
    units: dict[str, str]
    anchors: list[ClockAnchor]
    capabilities: dict[str, str]
    limits: dict[str, float | None]
    gpus: list[dict[str, str | int | None]] = []
    samples: int = 0
    missed: int = 0
    row_rates: list[RowRate] = []
    phase_ends: list[MemoryAtPhaseEnd] = []
    ended: str = ""


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
