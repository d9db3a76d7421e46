"""What each phase of a run took of CPU, memory, GPU and energy, and each step of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from analysis.measured import model_end_ns
from analysis.resources import coverage, energy, run_cost, sensors
from analysis.resources.coverage import Window
from analysis.resources.energy import Energy, Idle
from analysis.resources.run_cost import USE_PERIOD_SECONDS
from analysis.resources.samples import CPU, RSS, Samples
from analysis.resources.sensors import Sensor
from analysis.resources.shares import Shares, shares_of
from profilers.records import Phase, Step

RUN, PROFILED, PEAKS = "run", "profiled", "peaks"


class PhaseFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A row of derived/resources.parquet: a phase, or "run", all of them but the last one, "peaks".

    None is what was not measured, and `reasons` says of which columns why. `steps` are the phase's,
    `samples` those of the data in them, `readings` the sampler's. `cpu_share_ratio` is of the CPUs
    that the run may use; RSS counts shared pages for each process, PSS once, USS only what one has
    alone, the last two at the phase's end. `gpu_utilization_ratio` is NVML's,
    `gpu_trace_busy_ratio` the union of kernels and copies in the profile, over the profiled steps.
    `vram_peak_bytes` is of all processes on the GPU. Energy of the GPU is that of the one that the
    run used, of the packages that of all processes on the machine; net is what is above the power
    before the run began.
    """

    phase: str
    start_ns: int
    duration_ns: int
    steps: int
    samples: int
    readings: int
    cpu_user_seconds: float | None = None
    cpu_system_seconds: float | None = None
    cpu_seconds_per_step: float | None = None
    cpu_cores: float | None = None
    cpu_share_ratio: float | None = None
    rss_mean_bytes: float | None = None
    rss_peak_bytes: int | None = None
    pss_end_bytes: int | None = None
    uss_end_bytes: int | None = None
    gpu_utilization_ratio: float | None = None
    gpu_trace_busy_ratio: float | None = None
    vram_peak_bytes: int | None = None
    process_vram_peak_bytes: int | None = None
    allocated_peak_bytes: int | None = None
    reserved_peak_bytes: int | None = None
    gpu_power_watts: float | None = None
    gpu_power_kind: str | None = None
    gpu_energy_joules: float | None = None
    gpu_energy_method: str | None = None
    gpu_energy_resolution_seconds: float | None = None
    gpu_energy_net_joules: float | None = None
    gpu_energy_joules_per_step: float | None = None
    gpu_energy_joules_per_1000_samples: float | None = None
    gpu_energy_net_joules_per_1000_samples: float | None = None
    package_energy_joules: float | None = None
    package_energy_resolution_seconds: float | None = None
    package_energy_net_joules: float | None = None
    package_energy_joules_per_step: float | None = None
    package_energy_joules_per_1000_samples: float | None = None
    package_energy_net_joules_per_1000_samples: float | None = None
    reasons: str = ""


def of_run(
    samples: Samples | None,
    phases: Sequence[Phase],
    steps: Sequence[Step],
    busy_ratio: float | None = None,
) -> list[PhaseFigures]:
    """A row for all of the run and one for each phase, in their order; none without samples.

    Args:
        samples: those of the run.
        phases: what the run went through.
        steps: the rows of its steps.
        busy_ratio: the part of the profiled steps in which the GPU had work by the trace.
    """
    if samples is None or not phases:
        return []
    return list(_Rows(samples, phases, steps, busy_ratio).rows())


class _Rows:
    """The rows of one run."""

    def __init__(
        self,
        samples: Samples,
        phases: Sequence[Phase],
        steps: Sequence[Step],
        busy_ratio: float | None,
    ) -> None:
        self._samples, self._phases, self._steps = samples, phases, steps
        self._busy_ratio = busy_ratio
        idle_window = run_cost.before(samples, phases)
        self._sensors: dict[str, tuple[Sensor, Idle]] = {
            name: (sensor, energy.idle(sensor, idle_window))
            for name, sensor in (
                ("gpu", sensors.of_gpu(samples)),
                ("package", sensors.of_packages(samples)),
            )
        }

    def rows(self) -> Iterator[PhaseFigures]:
        own = [phase for phase in self._phases if phase.phase != PEAKS]
        if own:
            start_ns = min(phase.start_ns for phase in own)
            end_ns = max(phase.start_ns + phase.duration_ns for phase in own)
            yield self._row(RUN, Window(start_ns, end_ns), own)
        for name in dict.fromkeys(phase.phase for phase in self._phases):
            window = run_cost.window_of(self._phases, name)
            if window is not None:
                yield self._row(
                    name, window, [phase for phase in self._phases if phase.phase == name]
                )

    def _row(self, name: str, window: Window, phases: Sequence[Phase]) -> PhaseFigures:
        samples = self._samples
        shares = shares_of(name, self._steps)
        inside = window.holds(samples.time_ns)
        reasons: dict[str, str] = {}
        values: dict[str, object] = {
            **self._host(name, window, shares, reasons),
            **self._gpu(name, window, reasons),
            "allocated_peak_bytes": _largest(phase.allocated_peak_bytes for phase in phases),
            "reserved_peak_bytes": _largest(phase.reserved_peak_bytes for phase in phases),
        }
        for device, (sensor, idle) in self._sensors.items():
            found = energy.of_window(sensor, window, idle)
            values |= _energy(device, found, shares, reasons)
        return PhaseFigures(
            phase=name,
            start_ns=window.start_ns,
            duration_ns=window.end_ns - window.start_ns,
            steps=shares.steps,
            samples=shares.samples,
            readings=int(samples.readings()[inside].sum()),
            **values,  # type: ignore[arg-type]
            reasons=_told(reasons),
        )

    def _host(
        self, name: str, window: Window, shares: Shares, reasons: dict[str, str]
    ) -> dict[str, object]:
        """CPU and memory of the run's processes."""
        samples = self._samples
        (user, why), (system, _) = (
            coverage.growth_of_all(samples.time_ns, samples.column(each), window) for each in CPU
        )
        inside = window.holds(samples.time_ns)
        ends = [each for each in samples.record.phase_ends if each.phase == name][-1:]
        values: dict[str, object] = {
            "rss_mean_bytes": coverage.held_mean(samples.time_ns, samples.column(RSS), window),
            "rss_peak_bytes": run_cost.rss_peak_bytes(samples, inside, model_end_ns(self._phases))
            if name == RUN
            else _largest(
                [
                    run_cost.peak(samples.highest(RSS)[inside]),
                    *(each.rss_bytes for each in ends),
                ]
            ),
            "pss_end_bytes": ends[0].pss_bytes if ends else None,
            "uss_end_bytes": ends[0].uss_bytes if ends else None,
        }
        for column in ("rss_mean_bytes", "rss_peak_bytes"):
            if values[column] is None:
                reasons[column] = coverage.TOO_FEW
        if not ends and name != RUN:
            reasons["pss_end_bytes"] = reasons["uss_end_bytes"] = "not read at its end"
        if user is None or system is None:
            for column in ("cpu_user_seconds", "cpu_system_seconds", "cpu_cores"):
                reasons[column] = why
            return values
        seconds = user + system
        cores = seconds / window.seconds
        return values | {
            "cpu_user_seconds": user,
            "cpu_system_seconds": system,
            "cpu_seconds_per_step": shares.per_step(seconds),
            "cpu_cores": cores,
            "cpu_share_ratio": run_cost.share_of_usable(samples, cores),
        }

    def _gpu(self, name: str, window: Window, reasons: dict[str, str]) -> dict[str, object]:
        """Use, memory and power of the GPU that the run used."""
        samples = self._samples
        use, reasons["gpu_utilization_ratio"] = run_cost.gpu_mean(
            samples, "utilization_ratio", window, USE_PERIOD_SECONDS
        )
        watts, reasons["gpu_power_watts"] = run_cost.power_mean(samples, window)
        inside = window.holds(samples.time_ns)
        values: dict[str, object] = {
            "gpu_utilization_ratio": use,
            "gpu_trace_busy_ratio": self._busy_ratio if name == PROFILED else None,
            "gpu_power_watts": watts,
            "gpu_power_kind": self._sensors["gpu"][0].power_kind if watts is not None else None,
        }
        columns = {
            "vram_peak_bytes": "memory_used_bytes",
            "process_vram_peak_bytes": "process_memory_bytes",
        }
        for column, source in columns.items():
            all_of_it = samples.highest(samples.gpu_name(source))
            values[column] = found = run_cost.peak(all_of_it[inside])
            if found is None:
                known = run_cost.peak(all_of_it) is not None
                why = samples.lost() or "no sample in it"
                reasons[column] = why if known else samples.why_empty(source)
        return values


def _energy(
    device: str, found: Energy, shares: Shares, reasons: dict[str, str]
) -> dict[str, object]:
    """The columns of one device's energy."""
    name = f"{device}_energy"
    reasons[f"{name}_joules"] = found.reason
    if found.net_reason != found.reason:
        reasons[f"{name}_net_joules"] = found.net_reason
    if found.joules is not None:
        reasons[f"{name}_joules_per_step"] = shares.reason
    values: dict[str, object] = {
        f"{name}_joules": found.joules,
        f"{name}_resolution_seconds": found.resolution_seconds,
        f"{name}_net_joules": found.net_joules,
        f"{name}_joules_per_step": shares.per_step(found.joules),
        f"{name}_joules_per_1000_samples": shares.per_1000_samples(found.joules),
        f"{name}_net_joules_per_1000_samples": shares.per_1000_samples(found.net_joules),
    }
    return values | ({f"{name}_method": found.method} if device == "gpu" else {})


def _largest(values: Iterable[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)


def _told(reasons: Mapping[str, str]) -> str:
    """Reason by reason the columns that have it."""
    columns: dict[str, list[str]] = {}
    for column, reason in reasons.items():
        if reason:
            columns.setdefault(reason, []).append(column)
    return "; ".join(f"{', '.join(names)}: {reason}" for reason, names in columns.items())


def busiest_ratio(busy_ns: Mapping[str, int], steps_ns: int) -> float | None:
    """The part of the profiled steps in which the busiest device had work; None without one."""
    return max(busy_ns.values()) / steps_ns if busy_ns and steps_ns else None
