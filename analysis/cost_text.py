"""What a run cost, in sentences: processor, memory, GPU, power and energy."""

from collections.abc import Iterator, Mapping

from analysis import wording
from analysis.measured import Measured
from analysis.resources import sensors
from analysis.resources.energy import Energy
from analysis.resources.run_cost import Figures
from analysis.resources.shares import Shares
from profilers.records import POWER_AVERAGE, POWER_INSTANT

ALLOCATED_PEAK = "allocated_peak_bytes"
POWER_KINDS = {POWER_INSTANT: "instant", POWER_AVERAGE: "means of 1 s"}
NO_RAPL = "no RAPL"
"""How the sampler's reason begins where no right would help; the doctor knows more of it."""
ASK_THE_DOCTOR = "no RAPL (--doctor)"
METHODS = {"counter": "counter", "trapezoid": "power, added up"}
OF_GPU = ("GPU use", "power", "energy")
NOT_RECORDED = "not recorded: the run has no samples of CPU, memory and GPU"


def sentences(run: Measured, busy_ratio: float | None = None) -> Iterator[str]:
    """CPU and memory, GPU, power and energy; for what was not measured, why.

    Args:
        run: what was read of it.
        busy_ratio: the part of the profiled steps in which the GPU had work by the trace.
    """
    figures = run.figures
    if figures is None or run.samples is None:
        yield NOT_RECORDED
        return
    yield _host(figures, usable_cpus(run))
    yield from _peaks(run)
    by_trace = None if busy_ratio is None else f"{wording.number(100 * busy_ratio)} %"
    lacks = dict(_lacks(run))
    if run.samples.gpu is None and run.package_energy.joules is not None:
        lacks = {"GPU": run.samples.no_gpu}
    untold: Mapping[str, str] = {}
    if run.samples.gpu is not None:
        untold = dict(figures.reasons)
        if untold.get("vram_peak_bytes") in lacks.values():
            del untold["vram_peak_bytes"]
    memory = _memory(figures, run.result.framework_memory if run.result else {}, untold)
    if run.samples.gpu is None or _are_one(lacks):
        traced = f" · GPU in use {by_trace} of the profiled steps by the trace" if by_trace else ""
        if run.samples.gpu is not None:
            memory = memory or _no_memory(figures)
        yield f"{_together(lacks)}{traced}{memory}"
    else:
        traced = f", {by_trace} of the profiled steps by the trace" if by_trace else ""
        yield f"{_use(figures)}{traced}{memory or _no_memory(figures)}"
        yield _power_and_energy(run, lacks)
    if run.package_energy.joules is not None:
        yield _packages(run)


def missing(run: Measured) -> Iterator[str]:
    """For each figure that was not measured, why, in the words of `sentences`."""
    figures = run.figures
    if figures is None or run.samples is None:
        yield NOT_RECORDED
        return
    if figures.cpu_percent is None:
        yield f"CPU: {figures.reasons['cpu_percent']}"
    lacks = dict(_lacks(run))
    if run.samples.gpu is None and run.package_energy.joules is not None:
        lacks = {"GPU": run.samples.no_gpu}
    if run.samples.gpu is not None:
        if figures.vram_peak_bytes is None:
            lacks["VRAM"] = figures.reasons["vram_peak_bytes"]
        if figures.process_vram_peak_bytes is None:
            lacks["VRAM of the run"] = figures.reasons["process_vram_peak_bytes"]
    for reason in dict.fromkeys(lacks.values()):
        yield _together({what: why for what, why in lacks.items() if why == reason})


def methods(run: Measured) -> Iterator[str]:
    """How the run's power and energy were found, as far as there are figures of them."""
    found, scope = run.energy, sensors.of_gpu(run.samples).scope
    kind = POWER_KINDS.get(run.figures.power_kind or "") if run.figures else None
    parts = [f"power {kind}"] if kind else []
    if found.joules is not None:
        seconds = wording.number(found.resolution_seconds, 1)
        parts.append(f"energy by {METHODS[found.method or 'counter']}, each {seconds} s")
    if parts:
        yield f"GPU {', '.join(parts)}{f', {scope}' if scope else ''}"
    if run.package_energy.joules is not None:
        yield "CPU energy by RAPL, all processes"


def _lacks(run: Measured) -> Iterator[tuple[str, str]]:
    """What of the GPU's use, power and energy was not measured, and why."""
    figures = run.figures
    if figures is None or run.samples is None:
        return
    if run.samples.gpu is None:
        why = _no_gpu(run)
        yield from ((what, why) for what in ("GPU", "power", "energy"))
        return
    told = (
        (figures.gpu_percent, figures.reasons.get("gpu_percent", "")),
        (figures.power_watts, figures.reasons.get("power_watts", "")),
        (run.energy.joules, run.energy.reason),
    )
    for what, (value, reason) in zip(OF_GPU, told, strict=True):
        if value is None:
            yield what, reason


def _are_one(lacks: Mapping[str, str]) -> bool:
    """Whether nothing of a GPU was measured, for one reason."""
    return len(lacks) == len(OF_GPU) and len({*lacks.values()}) == 1


def _together(lacks: Mapping[str, str]) -> str:
    """Some figures that were not measured for one reason."""
    return f"{wording.listed(lacks)}: {next(iter(lacks.values()))}"


def _no_gpu(run: Measured) -> str:
    """Why nothing is known of a GPU, and, for a run on the processor, of its energy."""
    if run.samples is None:
        return NOT_RECORDED
    found = run.samples.record
    if run.record.settings.device != "cpu":
        return f"not measured, {run.samples.no_gpu}"
    why = "as the run was on the CPU" if found.gpus else run.samples.no_gpu
    rapl = found.capabilities.get("rapl", NO_RAPL)
    known = ASK_THE_DOCTOR if rapl.startswith(NO_RAPL) else run.package_energy.reason
    return f"not measured, {why}; {known}"


def usable_cpus(run: Measured) -> float | None:
    """How many processors the run was allowed to use."""
    return run.samples.record.limits.get("cpu_count") if run.samples else None


def _host(figures: Figures, usable: float | None) -> str:
    if figures.cpu_percent is None:
        cores = f"CPU: {figures.reasons['cpu_percent']}"
    else:
        cores = f"CPU {wording.number(figures.cpu_percent / 100)} cores"
        cores += f" of {usable:g} usable" if usable else ""
    threads = wording.count(figures.threads)
    return f"{cores} · RSS peak {wording.memory(figures.rss_peak_bytes)} · threads {threads}"


def _peaks(run: Measured) -> Iterator[str]:
    """What the device did at best with the framework, beside which a model's speed can be seen."""
    result = run.result
    if result is None:
        return
    precision = run.record.settings.precision
    rates = (
        (result.peak_flops_per_second, f"GFLOP/s in {precision} matrix products"),
        (result.peak_bytes_per_second, "GB/s in copies"),
    )
    known = [f"{wording.number(rate / 1e9)} {what}" for rate, what in rates if rate]
    if known:
        yield f"measured peak {', '.join(known)}"


def _use(figures: Figures) -> str:
    """How much of the time the GPU was in use by the driver, in the timed steps."""
    if figures.gpu_percent is None:
        return f"GPU use: {figures.reasons['gpu_percent']}"
    return f"GPU {wording.number(figures.gpu_percent)} % of the time in use"


def _memory(
    figures: Figures, framework_memory: Mapping[str, int], reasons: Mapping[str, str]
) -> str:
    """The GPU's memory, which three counts tell: from the widest to the narrowest.

    Args:
        figures: those of the run, with what the driver tells.
        framework_memory: what the framework's allocator tells.
        reasons: why a count is missing, where that is to be told.
    """
    counts = (
        (figures.vram_peak_bytes, "of all processes"),
        (figures.process_vram_peak_bytes, "of this run"),
        (framework_memory.get(ALLOCATED_PEAK), "allocated by the framework"),
    )
    known = [f"{wording.memory(peak)} {whose}" for peak, whose in counts if peak is not None]
    if not known:
        return ""
    why = ""
    if "vram_peak_bytes" in reasons:
        why = f"; of all processes not known, {reasons['vram_peak_bytes']}"
    elif figures.vram_peak_bytes is not None and "process_vram_peak_bytes" in reasons:
        why = f"; of this run not known, {reasons['process_vram_peak_bytes']}"
    return f" · VRAM peak {', '.join(known)}{why}"


def _no_memory(figures: Figures) -> str:
    return f" · VRAM: {figures.reasons['vram_peak_bytes']}"


def _power_and_energy(run: Measured, lacks: Mapping[str, str]) -> str:
    assert run.figures is not None
    if "power" in lacks and lacks["power"] == lacks.get("energy"):
        return f"power and energy: {lacks['power']}"
    scope = sensors.of_gpu(run.samples).scope
    whose = f"; power and energy are those {scope}" if scope else ""
    return f"{_power(run.figures)} · {_energy(run)}{whose}"


def _power(figures: Figures) -> str:
    if figures.power_watts is None:
        return f"power: {figures.reasons['power_watts']}"
    kind = POWER_KINDS.get(figures.power_kind or "")
    return f"power {wording.number(figures.power_watts)} W{f' ({kind})' if kind else ''}"


def _energy(run: Measured) -> str:
    found = run.energy
    if found.joules is None:
        return f"energy {wording.MISSING}, {found.reason}"
    to_accuracy = ""
    if run.trained_to is not None:
        to_accuracy = f", to test accuracy {wording.number(run.trained_to)}"
    seconds = wording.number(found.resolution_seconds, 1)
    method = f"{METHODS[found.method or 'counter']}, each {seconds} s"
    return (
        f"energy {wording.number(found.joules)} J in the timed phase ({method}){to_accuracy}"
        f"{_shared(found, run.shares)}; {_net(found, run.idle.watts)}"
    )


def _packages(run: Measured) -> str:
    """The processors' energy, in which all that the machine does is."""
    found = run.package_energy
    return (
        f"processor packages, with all processes of the machine: {wording.number(found.joules)} J "
        f"in the timed phase (RAPL){_shared(found, run.shares)}; "
        f"{_net(found, run.package_idle.watts)}"
    )


def _shared(found: Energy, shares: Shares) -> str:
    step, samples = shares.per_step(found.joules), shares.per_1000_samples(found.joules)
    if step is None or samples is None:
        return ""
    return f"; {wording.number(step)} J per step, {wording.number(samples)} J per 1,000 samples"


def _net(found: Energy, idle_watts: float | None) -> str:
    """What is above the power before the run."""
    if found.net_joules is None:
        return f"net of idle {wording.MISSING}, {found.net_reason}"
    idle = "idle" if idle_watts is None else f"the idle {wording.number(idle_watts)} W"
    return f"{wording.number(found.net_joules)} J of it above {idle}"
