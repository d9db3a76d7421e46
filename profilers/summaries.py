"""What was found out of a run and a comparison, as records: what profile.py prints as JSON."""

import msgspec

from profilers.records import SCHEMA, RunRecord, Status


class Spread(msgspec.Struct, frozen=True):
    """A median with the middle half (quartiles) of `count` rows, in milliseconds."""

    median: float
    low: float
    high: float
    count: int


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `profile.py --json`; what was not measured is None, `missing` says why.

    `flags` say what disturbed the timed phase, a sentence each. CPU, memory, power and energy are
    those of the timed phase, but for peaks. `cpu_percent` is 100 for one core, `cpu_share_percent`
    of the CPUs that the run may use. `gpu_percent` is NVML's utilisation, `gpu_trace_percent` the
    part of the profiled steps in which kernels or copies ran, by the trace. `vram_peak_bytes` is of
    all processes on the GPU, `process_vram_peak_bytes` of the run's own, `allocated_peak_bytes` of
    its framework's allocator. `power_kind` is "instant" or "average-1s". `energy_joules` is gross,
    by `energy_method` of a sensor that was renewed each `energy_resolution_seconds`;
    `energy_joules_to_accuracy` is what the training to `accuracy` took; net is what is above
    `idle_watts`, the power before the run. `cpu_energy_joules` is that of all processor packages of
    the machine, by RAPL.
    """

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
    options: dict[str, int | float | str] = {}
    flops_per_step: int | None = None
    flops_per_second: float | None = None
    step_ms: Spread | None = None
    samples_per_second: float | None = None
    first_step_ms: float | None = None
    accuracy: float | None = None
    overhead_ratio: float | None = None
    cpu_percent: float | None = None
    cpu_share_percent: float | None = None
    cpu_user_seconds: float | None = None
    cpu_system_seconds: float | None = None
    rss_mean_bytes: float | None = None
    rss_peak_bytes: int | None = None
    gpu_percent: float | None = None
    gpu_trace_percent: float | None = None
    vram_peak_bytes: int | None = None
    process_vram_peak_bytes: int | None = None
    allocated_peak_bytes: int | None = None
    power_watts: float | None = None
    power_kind: str | None = None
    idle_watts: float | None = None
    energy_joules: float | None = None
    energy_method: str | None = None
    energy_resolution_seconds: float | None = None
    energy_joules_to_accuracy: float | None = None
    energy_joules_per_step: float | None = None
    energy_joules_per_1000_samples: float | None = None
    energy_net_joules: float | None = None
    energy_net_joules_per_1000_samples: float | None = None
    cpu_energy_joules: float | None = None
    cpu_energy_joules_per_1000_samples: float | None = None
    cpu_energy_net_joules: float | None = None
    missing: dict[str, str] = {}
    inference_latency_ms: Spread | None = None
    inference_samples_per_second: float | None = None
    flags: list[str] = []
    warnings: list[str] = []


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
    trace: str | None = None
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
        workload=s.workload_name,
        data=record.data.name,
        loader=s.loader,
        batch_size=s.batch_size,
        precision=s.precision,
        optimizer=s.optimizer,
        threads=s.threads,
        repeat=record.repeat,
        options=s.options,
        warnings=record.warnings,
    )
