"""What a run cost, in sentences: processor, memory, GPU, power and energy."""

from collections.abc import Iterator

from analysis import statistics, wording
from analysis.measured import Measured
from analysis.resources import Figures
from analysis.samples import Samples

ALLOCATED_PEAK = "allocated_peak_bytes"


NOT_RECORDED = "not recorded: the run has no samples of CPU, memory and GPU"


def sentences(run: Measured) -> Iterator[str]:
    """CPU and memory, GPU, power and energy; for what was not measured, why."""
    if run.figures is None or run.samples is None:
        yield NOT_RECORDED
        return
    yield _host(run.figures, usable_cpus(run))
    yield from _peaks(run)
    yield _gpu(run.figures, run.result.framework_memory if run.result else {})
    if run.samples.gpu is not None:
        yield f"{_power(run.figures)} · {_energy(run)}"
    else:
        yield _no_sensor(run.record.settings.device, run.samples)


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
        yield _no_sensor(run.record.settings.device, run.samples)
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


def _no_sensor(device: str, samples: Samples) -> str:
    if device != "cpu":
        return f"power: not measured, {samples.no_gpu}"
    if samples.record.gpus:
        return "power: not measured, as the run used no GPU"
    return "power: not measured, for want of an NVIDIA GPU"


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


def _gpu(figures: Figures, framework_memory: dict[str, int]) -> str:
    """The GPU's use and its memory, which three counts tell: from the widest to the narrowest."""
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
    memory = f" peak {', '.join(known)}" if known else f": {figures.reasons['vram_peak_bytes']}"
    return f"{use} · VRAM{memory}"


def _power(figures: Figures) -> str:
    if figures.power_watts is None:
        return f"power: {figures.reasons['power_watts']}"
    return f"power {wording.number(figures.power_watts)} W"


def _energy(run: Measured) -> str:
    found = run.energy
    if found.joules is None:
        return f"energy {wording.MISSING}, {found.reason}"
    samples = sum(row.samples for row in statistics.rows_of(run.steps, "timed"))
    each = wording.number(1000 * found.joules / samples) if samples else wording.MISSING
    return (
        f"energy {wording.number(found.joules)} J in the timed phase ({found.method}), "
        f"{each} J per 1,000 samples"
    )
