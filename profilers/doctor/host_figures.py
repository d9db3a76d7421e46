"""Which figures of CPU, memory and energy are measured here, and what the others would need."""

import os
from collections.abc import Mapping
from pathlib import Path

from profilers.doctor.record import Machine, Measurement
from profilers.sampling.cgroup import ROOT
from profilers.sampling.source import AVAILABLE

NOT_TRIED = "the sampler did not tell; see its self-test"
POWER_PAGE = "docs/power.md"
RAPL = "sys/class/powercap"


def examine(
    machine: Machine, sample_hz: float, capabilities: Mapping[str, str], root: Path = ROOT
) -> list[Measurement]:
    """Process tree, pressure, throttling and energy.

    Args:
        machine: where this runs, which decides what would help.
        sample_hz: how often the sampler looks.
        capabilities: what it said of its sources.
        root: the folder that stands for `/`.
    """
    return [
        _processes(sample_hz, capabilities),
        _cpu_energy(machine, capabilities, root),
        _pressure(capabilities, root),
        _throttling(machine, capabilities, root),
    ]


def _processes(sample_hz: float, capabilities: Mapping[str, str]) -> Measurement:
    name, title = "processes", "CPU, RSS, threads, I/O"
    if capabilities.get("process") != AVAILABLE:
        how = capabilities.get("process", NOT_TRIED)
        return Measurement(name=name, title=title, state="unavailable", how=how)
    storage = capabilities.get("process_io", AVAILABLE)
    if storage != AVAILABLE:
        how = f"process tree, {sample_hz:g} Hz; I/O is {storage}"
        return Measurement(name=name, title=title, state="limited", how=how)
    how = f"process tree, {sample_hz:g} Hz"
    return Measurement(name=name, title=title, state="available", how=how)


def _cpu_energy(machine: Machine, capabilities: Mapping[str, str], root: Path) -> Measurement:
    name, title = "cpu_energy", "CPU energy"
    told = capabilities.get("rapl")
    if told == AVAILABLE:
        how = "RAPL counters, of the whole processor and all that runs on it"
        return Measurement(name=name, title=title, state="available", how=how)
    counters = sorted((root / RAPL).glob("*rapl*/energy_uj"))
    if not counters:
        how, remedy = _no_rapl(machine, root)
    elif not any(os.access(path, os.R_OK) for path in counters):
        how = "RAPL is readable by root only"
        remedy = f"{POWER_PAGE} says how to allow it, and what that exposes"
    else:
        how, remedy = told or "RAPL can be read, but is not recorded", None
    return Measurement(name=name, title=title, state="unavailable", how=how, remedy=remedy)


def _no_rapl(machine: Machine, root: Path) -> tuple[str, str]:
    """(why the kernel shows no RAPL, what would help)."""
    if machine.wsl:
        return "WSL does not pass RAPL on from Windows", "run on Linux itself"
    if _is_virtual(root):
        return (
            "this is a virtual machine, to which RAPL is not passed on",
            "run on the machine itself",
        )
    if machine.container:
        return "RAPL is hidden from this container", f"{POWER_PAGE} says how to let it in"
    return "the kernel shows no RAPL", "load its driver, if the processor has it: see docs/power.md"


def _is_virtual(root: Path) -> bool:
    """Whether the processor says that a hypervisor runs it."""
    try:
        lines = (root / "proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    flags = next((line for line in lines if line.startswith("flags")), "")
    return "hypervisor" in flags.split()


def _pressure(capabilities: Mapping[str, str], root: Path) -> Measurement:
    name, title = "pressure", "CPU pressure"
    told = capabilities.get("pressure")
    if told == AVAILABLE:
        how = "how long processes of the machine waited for a CPU"
        return Measurement(name=name, title=title, state="available", how=how)
    if told is None:
        return Measurement(name=name, title=title, state="unavailable", how=NOT_TRIED)
    if (root / "proc/pressure").exists():
        how, remedy = "the kernel has pressure figures switched off", "boot with psi=1"
    else:
        how = "the kernel has no pressure figures, or they are hidden"
        remedy = "Linux 4.20 or newer with CONFIG_PSI, booted with psi=1"
    return Measurement(name=name, title=title, state="unavailable", how=how, remedy=remedy)


def _throttling(machine: Machine, capabilities: Mapping[str, str], root: Path) -> Measurement:
    name, title = "throttling", "CPU throttling"
    told, version = capabilities.get("quota"), cgroup_version(root)
    if told == AVAILABLE:
        quota = f", quota {machine.cpu_quota:g} CPUs" if machine.cpu_quota is not None else ""
        how = f"{version or 'cgroup'}{quota}"
        return Measurement(name=name, title=title, state="available", how=how)
    if machine.cpu_quota is None:
        where = f"{version}: " if version else "no cgroups: "
        how = f"{where}no CPU quota is in force"
        return Measurement(name=name, title=title, state="absent", how=how)
    how = f"{version or 'cgroup'}: cpu.stat {told or 'was not tried'}"
    return Measurement(name=name, title=title, state="unavailable", how=how)


def cgroup_version(root: Path) -> str | None:
    """Which kind of cgroups limits the CPUs here; None without any."""
    mounts = root / "sys/fs/cgroup"
    if (mounts / "cgroup.controllers").exists():
        return "cgroup v2"
    if any(mounts.glob("cpu*")):
        return "cgroup v1"
    return None
