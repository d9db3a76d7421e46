"""What a run cost, in sentences: processor, memory, GPU, power and energy."""

from collections.abc import Iterator

from analysis import statistics, wording
from analysis.resources import Figures
from analysis.summary import Measured

ALLOCATED_PEAK = "allocated_peak_bytes"


def sentences(run: Measured) -> Iterator[str]:
    """CPU and memory, GPU, power and energy; for what was not measured, why."""
    if run.figures is None or run.samples is None:
        yield "not recorded: the run has no samples of CPU, memory and GPU"
        return
    yield _host(run.figures, run.samples.record.limits.get("cpu_count"))
    yield _gpu(run.figures, run.result.framework_memory if run.result else {})
    if run.samples.gpu is not None:
        yield f"{_power(run.figures)} · {_energy(run)}"
    elif run.record.settings.device == "cpu":
        yield "power: not measured, only the sensors of NVIDIA GPUs are read"
    else:
        yield f"power: not measured, {run.samples.no_gpu}"


def _host(figures: Figures, usable: float | None) -> str:
    if figures.cpu_percent is None:
        cores = f"CPU: {figures.reasons['cpu_percent']}"
    else:
        cores = f"CPU {wording.number(figures.cpu_percent / 100)} cores"
        cores += f" of {usable:g} usable" if usable else ""
    threads = wording.count(figures.threads)
    return f"{cores} · RSS peak {wording.memory(figures.rss_peak_bytes)} · threads {threads}"


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
