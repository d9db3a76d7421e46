"""What a run cost, in sentences: processor, memory, GPU, power and energy."""

from collections.abc import Iterator

from analysis import wording
from analysis.energy import Energy
from analysis.measured import Measured
from analysis.resources import Figures
from analysis.shares import Shares
from profilers.records import POWER_AVERAGE, POWER_INSTANT

ALLOCATED_PEAK = "allocated_peak_bytes"
POWER_KINDS = {POWER_INSTANT: "instant", POWER_AVERAGE: "means of 1 s"}
NO_RAPL = "no RAPL"
"""How the sampler's reason begins on a machine that has none, where nothing can be done."""
NOT_RECORDED = "not recorded: the run has no samples of CPU, memory and GPU"


def sentences(run: Measured, busy_ratio: float | None = None) -> Iterator[str]:
    """CPU and memory, GPU, power and energy; for what was not measured, why.

    Args:
        run: what was read of it.
        busy_ratio: the part of the profiled steps in which the GPU had work by the trace.
    """
    if run.figures is None or run.samples is None:
        yield NOT_RECORDED
        return
    yield _host(run.figures, usable_cpus(run))
    yield from _peaks(run)
    yield _gpu(run.figures, run.result.framework_memory if run.result else {}, busy_ratio)
    if run.samples.gpu is not None:
        yield f"{_power(run.figures)} · {_energy(run)}"
    if run.package_energy.joules is not None:
        yield _packages(run)
    elif run.samples.gpu is None:
        yield _no_sensor(run)


def missing(run: Measured) -> Iterator[str]:
    """For each figure that was not measured, why, in the words of `sentences`."""
    figures = run.figures
    if figures is None or run.samples is None:
        yield NOT_RECORDED
        return
    if figures.cpu_percent is None:
        yield f"CPU: {figures.reasons['cpu_percent']}"
    peaks = (figures.vram_peak_bytes, figures.process_vram_peak_bytes)
    if figures.gpu_percent is None:
        what = "GPU" if peaks == (None, None) else "GPU use"
        yield f"{what}: {figures.reasons['gpu_percent']}"
    elif peaks == (None, None):
        yield f"VRAM: {figures.reasons['vram_peak_bytes']}"
    if run.samples.gpu is None:
        if run.package_energy.joules is None:
            yield _no_sensor(run)
        return
    no_power = figures.reasons["power_watts"] if figures.power_watts is None else ""
    no_energy = run.energy.reason if run.energy.joules is None else ""
    if no_power and no_power == no_energy:
        yield f"power and energy: {no_power}"
        return
    if no_power:
        yield f"power: {no_power}"
    if no_energy:
        yield f"energy: {no_energy}"


def usable_cpus(run: Measured) -> float | None:
    """How many processors the run was allowed to use."""
    return run.samples.record.limits.get("cpu_count") if run.samples else None


def _no_sensor(run: Measured) -> str:
    if run.samples is None:
        return NOT_RECORDED
    if run.record.settings.device != "cpu":
        return f"power: not measured, {run.samples.no_gpu}"
    found = run.samples.record
    why = "as the run used no GPU" if found.gpus else "for want of an NVIDIA GPU"
    rapl = found.capabilities.get("rapl", NO_RAPL)
    known = "" if rapl.startswith(NO_RAPL) else f"; {run.package_energy.reason}"
    return f"power: not measured, {why}{known}"


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


def _gpu(figures: Figures, framework_memory: dict[str, int], busy_ratio: float | None) -> str:
    """The GPU's use and its memory, which three counts tell: from the widest to the narrowest.

    Its use by the driver is of the timed steps, that by the trace of the profiled ones.
    """
    counts = (
        (figures.vram_peak_bytes, "of all processes"),
        (figures.process_vram_peak_bytes, "of this run"),
        (framework_memory.get(ALLOCATED_PEAK), "allocated by the framework"),
    )
    known = [f"{wording.memory(peak)} {whose}" for peak, whose in counts if peak is not None]
    if figures.gpu_percent is None and not known:
        return f"GPU: {figures.reasons['gpu_percent']}"
    if figures.gpu_percent is None:
        use = f"GPU use: {figures.reasons['gpu_percent']}"
    else:
        use = f"GPU {wording.number(figures.gpu_percent)} % of the time in use"
    if busy_ratio is not None:
        use += f", {wording.number(100 * busy_ratio)} % of the profiled steps by the trace"
    memory = f" peak {', '.join(known)}" if known else f": {figures.reasons['vram_peak_bytes']}"
    return f"{use} · VRAM{memory}"


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
    if run.result and run.result.accuracy is not None and run.record.settings.mode == "train":
        to_accuracy = f", to test accuracy {wording.number(run.result.accuracy)}"
    method = f"{found.method}, each {wording.number(found.resolution_seconds, 1)} s"
    return (
        f"energy {wording.number(found.joules)} J in the timed phase ({method}){to_accuracy}"
        f"{_shared(found, run.shares)}; {_net(found, run.idle.watts)}"
    )


def _packages(run: Measured) -> str:
    """The processors' energy, in which all that the machine does is."""
    found = run.package_energy
    return (
        f"processor packages, with all processes of the machine: {wording.number(found.joules)} J "
        f"in the timed phase (RAPL){_shared(found, run.shares)}; {_net(found, None)}"
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
