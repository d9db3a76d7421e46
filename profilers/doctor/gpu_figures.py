"""Which figures of a GPU are measured here, and what the others would need."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from profilers.doctor.record import FrameworkFound, Gpu, Gpus, Machine, Measurement, State
from profilers.environment import KERNELS_UNSEEN
from profilers.records import POWER_AVERAGE, POWER_INSTANT
from profilers.sampling.cgroup import ROOT
from profilers.sampling.source import AVAILABLE

Described = Sequence[Mapping[str, str | int | None]]
"""The GPUs as the sampler describes them."""

POWER_KINDS = {POWER_INSTANT: "instantaneous", POWER_AVERAGE: "mean of the last second"}
ALL = "GPU use, memory, power"
USE = "NVML; it has a new value every 1/6 s to 1 s"
COUNTER = "counter with a new value every 100 ms: nothing under 1 s gets a figure"
CAP_SYS_ADMIN, CAP_PERFMON = 21, 38
PERFMON_DRIVER = 565
"""The driver's first release to which CAP_PERFMON is enough."""
TRIES_KERNELS = "torch"
"""The framework whose preflight looks whether the profiler sees kernels."""
RESTRICTED = "the driver restricts profiling"
CUPTI_ERROR = "CUPTI_ERROR_INSUFFICIENT_PRIVILEGES"
ALLOW = "NVreg_RestrictProfilingToAdminUsers=0"
ALLOW_IN_WINDOWS = (
    "in Windows, let all users access the GPU performance counters: NVIDIA Control Panel, Developer"
)


def examine(
    gpus: Gpus,
    machine: Machine,
    frameworks: Sequence[FrameworkFound],
    capabilities: Mapping[str, str],
    described: Described,
    root: Path = ROOT,
) -> list[Measurement]:
    """Use, memory, power, energy and kernels; one row that says so where there is no GPU.

    Args:
        gpus: those that the driver lists.
        machine: where this runs, which decides what would help.
        frameworks: which of them use a GPU, and whether they saw its kernels.
        capabilities: what the sampler said of its sources.
        described: its GPUs.
        root: the folder that stands for `/`.
    """
    if not gpus.found:
        state: State = "unavailable" if gpus.expected else "absent"
        how = gpus.problem or "no GPU"
        return [Measurement(name="gpu", title=ALL, state=state, how=how, remedy=gpus.remedy)]
    visible = [gpu for gpu in gpus.found if gpu.device is not None]
    if not visible:
        how = "CUDA_VISIBLE_DEVICES hides every GPU"
        return [Measurement(name="gpu", title=ALL, state="absent", how=how)]
    failing = {
        figure: _failing(visible, figure, capabilities)
        for figure in ("utilization_ratio", "memory_used_bytes", "power_watts", "energy_joules")
    }
    return [
        _use(visible, failing["utilization_ratio"]),
        _row("gpu_memory", "GPU memory", visible, failing["memory_used_bytes"], "NVML"),
        _own_memory(machine),
        _power(visible, failing["power_watts"], described),
        _energy(visible, failing["energy_joules"], failing["power_watts"]),
        _kernels(gpus, machine, frameworks, root),
    ]


Failing = dict[str, str]
"""By the name of a GPU, why a figure of it is not measured."""


def _failing(gpus: Sequence[Gpu], figure: str, capabilities: Mapping[str, str]) -> Failing:
    found = {}
    for gpu in gpus:
        keys = (f"gpu{gpu.index}_{figure}", f"gpu{gpu.index}", "gpu")
        reasons = (capabilities[key] for key in keys if key in capabilities)
        reason = next(reasons, "the sampler did not tell; see its self-test")
        if reason != AVAILABLE:
            found[called(gpu)] = reason
    return found


def called(gpu: Gpu) -> str:
    """How a GPU is called: by its name for `--device`, or its number for the driver."""
    return gpu.device or f"GPU {gpu.index}"


def _row(
    name: str,
    title: str,
    gpus: Sequence[Gpu],
    failing: Failing,
    how: str,
    remedy: str | None = None,
) -> Measurement:
    """A figure that is measured on all GPUs, on some, or on none."""
    if not failing:
        return Measurement(name=name, title=title, state="available", how=how)
    reasons = set(failing.values())
    if len(failing) == len(gpus) and len(reasons) == 1:
        how = reasons.pop()
    else:
        missing = ", ".join(f"not on {gpu} ({reason})" for gpu, reason in failing.items())
        how = missing if len(failing) == len(gpus) else f"{how}; {missing}"
    state: State = "unavailable" if len(failing) == len(gpus) else "limited"
    return Measurement(name=name, title=title, state=state, how=how, remedy=remedy)


def _use(gpus: Sequence[Gpu], failing: Failing) -> Measurement:
    split = any(gpu.mig for gpu in gpus if called(gpu) in failing)
    remedy = "the driver gives none for a GPU that MIG splits; nvidia-smi -mig 0 undoes that"
    return _row("gpu_use", "GPU use", gpus, failing, USE, remedy if split else None)


def _own_memory(machine: Machine) -> Measurement:
    """Of the run's own processes: the sampler can try that only in a run."""
    name, title = "gpu_process_memory", "GPU memory of the run"
    remedy = "the framework's own peaks are recorded all the same"
    if machine.wsl:
        how = "the driver does not tell it under WSL"
    elif machine.own_processes:
        how = "the driver knows processes by numbers that this container does not see"
        remedy = f"start it with --pid=host; {remedy}"
    else:
        how = "NVML's list of processes"
        return Measurement(name=name, title=title, state="available", how=how)
    return Measurement(name=name, title=title, state="unavailable", how=how, remedy=remedy)


def _power(gpus: Sequence[Gpu], failing: Failing, described: Described) -> Measurement:
    kinds: dict[str, list[str]] = {}
    for gpu in gpus:
        told = next((each for each in described if each.get("index") == gpu.index), {})
        words = POWER_KINDS.get(str(told.get("power_kind")), "of a kind that is not told")
        if told.get("power_scope") == "module":
            words += " of the whole module, the processor's included"
        if called(gpu) not in failing:
            kinds.setdefault(words, []).append(called(gpu))
    if len(kinds) == 1:
        how = next(iter(kinds))
    else:
        how = ", ".join(f"{kind} ({', '.join(names)})" for kind, names in kinds.items())
    return _of_whole(gpus, _row("gpu_power", "GPU power", gpus, failing, how))


def _energy(gpus: Sequence[Gpu], failing: Failing, without_power: Failing) -> Measurement:
    """By the counter, or else by adding up power."""
    name, title = "gpu_energy", "GPU energy"
    if failing and not failing.keys() & without_power.keys():
        some = f" on {', '.join(failing)}" if len(failing) < len(gpus) else ""
        how = f"no counter{some}: power is added up over time"
        found = Measurement(name=name, title=title, state="limited", how=how)
    else:
        found = _row(name, title, gpus, failing, COUNTER)
    return _of_whole(gpus, found)


def _of_whole(gpus: Sequence[Gpu], found: Measurement) -> Measurement:
    """The same, with the restriction that MIG brings."""
    split = [called(gpu) for gpu in gpus if gpu.mig]
    if found.state == "unavailable" or not split:
        return found
    how = f"{found.how}; on {', '.join(split)} of the whole GPU, as MIG's parts have no sensor"
    return Measurement(name=found.name, title=found.title, state="limited", how=how)


def _kernels(
    gpus: Gpus, machine: Machine, frameworks: Sequence[FrameworkFound], root: Path
) -> Measurement:
    """Whether CUPTI may record kernels: a framework has tried it, or the driver's setting tells."""
    name, title = "gpu_kernels", "GPU kernels"
    on_gpu = [each for each in frameworks if (each.device or "").startswith("cuda")]
    unseen = any(text.startswith(KERNELS_UNSEEN) for each in on_gpu for text in each.warnings)
    tried = any(each.name == TRIES_KERNELS for each in on_gpu)
    restricted = is_restricted(gpus.driver, root)
    if tried and not unseen:
        how = "CUPTI, tried by PyTorch's profiler"
        return Measurement(name=name, title=title, state="available", how=how)
    if not tried and not restricted:
        how = "no PyTorch here uses a GPU, so it was not tried whether the driver allows it"
        return Measurement(name=name, title=title, state="limited", how=how)
    if restricted is False:
        how = "PyTorch's profiler saw none in a trial, though the driver does not restrict it"
        remedy = "CUPTI may be missing, or belong to another CUDA than the framework's"
    else:
        how = f"{RESTRICTED} ({CUPTI_ERROR})" if restricted else f"it seems that {RESTRICTED}"
        remedy = _allow(machine)
    return Measurement(name=name, title=title, state="unavailable", how=how, remedy=remedy)


def _allow(machine: Machine) -> str:
    if machine.wsl:
        return ALLOW_IN_WINDOWS
    if machine.container:
        return f"start the container with --cap-add=SYS_ADMIN, or set {ALLOW} on its host"
    return f"set {ALLOW} (option of the module nvidia, then reboot), or run as root"


def is_restricted(driver: str | None, root: Path) -> bool | None:
    """Whether the driver lets administrators alone profile, and this process is none.

    None where the driver's settings are not shown, as under WSL.
    """
    try:
        settings = (root / "proc/driver/nvidia/params").read_text(encoding="utf-8")
    except OSError:
        return None
    if "RmProfilingAdminOnly: 1" not in settings:
        return False
    release = (driver or "").partition(".")[0]
    enough = {CAP_SYS_ADMIN}
    if release.isdigit() and int(release) >= PERFMON_DRIVER:
        enough.add(CAP_PERFMON)
    held = _capabilities(root)
    return not any(held >> number & 1 for number in enough)


def _capabilities(root: Path) -> int:
    """The bits of what the kernel lets this process do beyond its user's rights."""
    try:
        lines = (root / "proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    words = next((line.split() for line in lines if line.startswith("CapEff:")), [])
    return int(words[1], 16) if len(words) == 2 else 0
