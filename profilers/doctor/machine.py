"""The machine: its system, and what of its CPUs and memory a run may use."""

import os
import platform
from pathlib import Path

import psutil

from profilers.doctor.record import Machine
from profilers.environment import cpu_model
from profilers.rounds import VERSION
from profilers.sampling import cgroup

FIRST_PID_NAMESPACE = "pid:[4026531836]"
"""The kernel's own number for the one that all others lie in (PROC_PID_INIT_INO)."""


def examine(root: Path = cgroup.ROOT) -> Machine:
    """What the machine is, by files below `root`, which stands for `/`."""
    return Machine(
        version=VERSION,
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        cpu_model=cpu_model(),
        cpus_usable=cgroup.usable_cpus(root),
        cpus_allowed=cgroup.allowed_cpus(),
        cpu_quota=cgroup.cpu_quota(root),
        physical_cores=cgroup.physical_cores(root),
        memory_bytes=psutil.virtual_memory().total,
        memory_limit_bytes=cgroup.memory_limit_bytes(root),
        container=is_container(root),
        wsl=is_wsl(root),
        own_processes=has_own_processes(root),
    )


def is_container(root: Path) -> bool:
    """Whether Docker, Podman or another runtime of containers says so."""
    if any((root / path).exists() for path in (".dockerenv", "run/.containerenv")):
        return True
    return "container" in os.environ


def is_wsl(root: Path) -> bool:
    """Whether this is Linux in Windows, whose kernel has Microsoft in its name."""
    try:
        return "microsoft" in (root / "proc/version").read_text(encoding="utf-8").lower()
    except OSError:
        return False


def has_own_processes(root: Path) -> bool:
    """Whether processes have other numbers here than on the machine (a PID namespace)."""
    try:
        return os.readlink(root / "proc/self/ns/pid") != FIRST_PID_NAMESPACE
    except OSError:
        return False
