"""What the findings say, in words: rows of a mark, a label and a text, section by section."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from profilers.doctor.gpu_figures import called
from profilers.doctor.record import (
    Examination,
    FrameworkFound,
    Gpu,
    GpuProcess,
    Gpus,
    Machine,
    SelfTest,
)
from profilers.environment import KERNELS_UNSEEN

GIB = 1 << 30
BESIDE = {"cuda": "CUDA", "cudnn": "cuDNN", "rocm": "ROCm", "keras": "Keras", "numpy": "numpy"}
"""What is told of a framework beside its own version, in this order."""
UNFLAGGED_BYTES = 256 << 20
"""So much memory of a GPU may be held by others that are not listed among those that compute."""
ENOUGH_RATIO = 0.9
"""The part of the samples that a sampler which keeps its time takes at least."""


class Mark(Enum):
    """How good a finding is."""

    GOOD = "available"
    WARNING = "limited"
    BAD = "unavailable"
    NONE = "absent"


@dataclass(frozen=True)
class Row:
    """A finding, with a command that helps, which must stay in one piece."""

    mark: Mark
    label: str
    text: str
    command: str = ""


def machine(found: Machine) -> list[str]:
    """The parts of the line at the top."""
    quota = "no quota" if found.cpu_quota is None else f"quota {found.cpu_quota:g}"
    cores = f"{found.physical_cores} physical core{'s' * (found.physical_cores != 1)}"
    limit = found.memory_limit_bytes < found.memory_bytes
    of_machine = f" (limit; the machine has {_memory(found.memory_bytes)})" if limit else ""
    where = "WSL" if found.wsl else "in a container" if found.container else ""
    parts = (
        f"crossprof {found.version}",
        found.system,
        where,
        f"Python {found.python}",
        f"{found.cpus_usable:g} CPU{'s' * (found.cpus_usable != 1)} usable "
        f"(affinity {found.cpus_allowed}, {quota}, {cores})",
        f"memory {_memory(found.memory_limit_bytes)}{of_machine}",
    )
    return [part for part in parts if part]


def sections(found: Examination) -> Iterator[tuple[str, list[Row]]]:
    """Each heading with its rows."""
    yield "Frameworks", list(_frameworks(found.frameworks, found.gpus))
    yield "Devices", [*_cpu(found.machine), *_gpus(found)]
    measured = [
        Row(Mark(each.state), each.title, "; ".join(filter(None, (each.how, each.remedy))))
        for each in found.measurements
    ]
    yield "What can be measured here", measured
    heading = f"Self-test of the sampler, {found.self_test.seconds:.1f} s"
    yield heading, list(_self_test(found.self_test))


def summary(found: Examination) -> str:
    """The last line."""
    if not found.ready:
        return (
            "Not ready: no framework can be used. Install one as said above, or name an "
            "interpreter that has one: --python FRAMEWORK=INTERPRETER."
        )
    marks = [row.mark for _, of_section in sections(found) for row in of_section]
    warnings, missing = marks.count(Mark.WARNING), marks.count(Mark.BAD)
    parts = [f"{warnings} warning{'s' * (warnings != 1)} (!)"] * bool(warnings)
    if missing:
        things = "thing" if missing == 1 else "things"
        stay = "stays" if missing == 1 else "stay"
        parts.append(
            f"{missing} {things} can't be measured here (✗) and {stay} empty in the results"
        )
    return f"Ready to run.{' ' * bool(parts)}{'; '.join(parts)}{'.' * bool(parts)}"


def _frameworks(found: list[FrameworkFound], gpus: Gpus) -> Iterator[Row]:
    usable = [each for each in found if each.usable]
    version_cells = max((len(each.versions.get(each.name, "")) for each in usable), default=0)
    path_cells = max((len(_shown(each.interpreter)) for each in usable), default=0)
    for each in found:
        if not each.usable:
            yield _unusable(each)
            continue
        beside = [f"{BESIDE[n]} {each.versions[n]}" for n in BESIDE if n in each.versions]
        version, path = each.versions.get(each.name, ""), _shown(each.interpreter)
        rest = ", ".join([f"on {each.device}", *beside])
        text = f"{version:<{version_cells}}  {path:<{path_cells}}  {rest}"
        yield Row(Mark.GOOD, each.title, text)
        if each.device == "cpu" and not each.warnings and any(g.device for g in gpus.found):
            yield Row(Mark.WARNING, each.title, _unused_gpu(each))
        for warning in each.warnings:
            if not warning.startswith(KERNELS_UNSEEN):  # a row of its own tells that
                yield Row(Mark.WARNING, each.title, warning)


def _unused_gpu(found: FrameworkFound) -> str:
    cuda = found.versions.get("cuda")
    if cuda is None:
        return "it does not use the GPU: it is built for the CPU alone"
    return f"it does not use the GPU: the driver may be too old for its CUDA {cuda}"


def _unusable(found: FrameworkFound) -> Row:
    if found.install is not None:
        text = f"not installed in {_shown(found.interpreter)}:"
        return Row(Mark.NONE, found.title, text, found.install)
    return Row(Mark.WARNING, found.title, (found.problem or "").rstrip("."))


def _cpu(found: Machine) -> Iterator[Row]:
    yield Row(Mark.GOOD, "cpu", found.cpu_model or "of unknown name")


def _gpus(found: Examination) -> Iterator[Row]:
    gpus = found.gpus
    if not gpus.found:
        yield _no_gpu(gpus)
        for each in found.frameworks:
            if each.device not in (None, "cpu"):
                text = f"{each.title} uses it, but only GPUs of NVIDIA are sampled"
                yield Row(Mark.WARNING, str(each.device), text)
    for gpu in gpus.found:
        yield _gpu(gpu, gpus.driver)
        if gpu.device is not None:
            yield from _users(gpu, found.machine)


def _no_gpu(found: Gpus) -> Row:
    text = "; ".join(filter(None, (found.problem, found.remedy)))
    if found.expected:
        return Row(Mark.WARNING, "GPU", text)
    return Row(Mark.NONE, "GPU", f"{text}; runs are on the CPU")


def _gpu(found: Gpu, driver: str | None) -> Row:
    if found.problem is not None:
        return Row(Mark.WARNING, called(found), found.problem)
    limit = found.power_limit_watts
    parts = (
        found.name or "of unknown name",
        _memory(found.memory_bytes) if found.memory_bytes else "",
        f"driver {driver}" if driver else "",
        f"limit {limit:.3g} W" if limit else "",
        _mig(found),
        "" if found.device else "hidden by CUDA_VISIBLE_DEVICES",
    )
    return Row(
        Mark.GOOD if found.device else Mark.NONE, called(found), ", ".join(filter(None, parts))
    )


def _mig(found: Gpu) -> str:
    if found.mig:
        return f"split by MIG into {len(found.instances)}"
    return "not MIG" if found.mig is False else ""


def _users(gpu: Gpu, machine: Machine) -> Iterator[Row]:
    """Others that use a GPU, and what that means for runs: a desktop hardly disturbs them."""
    computing = [each for each in gpu.processes if each.computes]
    drawing = [each for each in gpu.processes if not each.computes]
    if computing:
        flagged = "runs will be flagged"
        if machine.own_processes or machine.wsl:
            flagged = f"{_verb('disturb', computing)} runs, which can't be flagged for it here"
        yield Row(Mark.WARNING, called(gpu), f"{_held(computing)}: {flagged}")
    if drawing:
        held_bytes = [each.memory_bytes for each in drawing]
        if None not in held_bytes and sum(filter(None, held_bytes)) <= UNFLAGGED_BYTES:
            text = f"{_held(drawing)} and only {_verb('draw', drawing)}: runs are not flagged"
            yield Row(Mark.NONE, called(gpu), text)
        else:
            text = f"{_held(drawing)} and only {_verb('draw', drawing)}: runs may be flagged"
            yield Row(Mark.WARNING, called(gpu), text)


def _verb(verb: str, processes: list[GpuProcess]) -> str:
    return verb if len(processes) > 1 else f"{verb}s"


def _held(processes: list[GpuProcess]) -> str:
    """Who holds memory of a GPU."""
    known = [each.memory_bytes for each in processes if each.memory_bytes is not None]
    memory = f"holds {_memory(sum(known))}" if known else "uses it"
    pids = ", ".join(str(each.pid) for each in processes[:3])
    more = ", ..." if len(processes) > 3 else ""
    if len(processes) == 1:
        return f"another process {memory} (pid {pids})"
    together = memory.replace("holds", "hold").replace("uses", "use")
    return f"{len(processes)} other processes {together} (pids {pids}{more})"


def _self_test(found: SelfTest) -> Iterator[Row]:
    if found.problem is not None:
        yield Row(Mark.WARNING, "", found.problem.rstrip("."))
    if not found.samples:
        return
    median_ms, largest_ms = ((ns or 0) / 1e6 for ns in (found.lag_median_ns, found.lag_largest_ns))
    text = (
        f"{found.samples} of {found.expected} samples, late by {median_ms:.2g} ms (median) and "
        f"{largest_ms:.2g} ms (worst)"
    )
    if found.cpu_ratio is not None:
        text += f", {100 * found.cpu_ratio:.2g} % of one core"
    if found.samples >= ENOUGH_RATIO * found.expected:
        yield Row(Mark.GOOD, "", text)
    else:
        rate = f"{found.sample_hz:g} times a second"
        yield Row(Mark.WARNING, "", f"{text}; this machine is too busy to sample {rate}")


def _memory(size_bytes: float) -> str:
    return (
        f"{size_bytes / GIB:.3g} GiB"
        if size_bytes >= GIB / 10
        else f"{size_bytes / (1 << 20):.3g} MiB"
    )


def _shown(interpreter: str | None) -> str:
    """A path from the current folder, where it lies below it."""
    if interpreter is None:
        return ""
    path = Path(interpreter)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
