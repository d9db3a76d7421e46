"""The GPUs that NVIDIA's driver lists, who holds them, and why there are none."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pynvml

from profilers.doctor.record import Gpu, GpuProcess, Gpus, Machine
from profilers.sampling import mig
from profilers.sampling.cgroup import ROOT
from profilers.sampling.visible import VARIABLE, Known, visible

NVIDIA_VENDOR, DISPLAY_CLASSES = "0x10de", ("0x0300", "0x0302")
"""In PCI's numbers: NVIDIA; a display controller with and one without a monitor."""

CONTAINER = "start the container with --gpus all, which needs the NVIDIA Container Toolkit"
WSL = "install NVIDIA's driver in Windows, and none inside WSL"
INSTALL = "install NVIDIA's driver, or load it: modprobe nvidia"


def examine(machine: Machine, root: Path = ROOT, library: Any = pynvml) -> Gpus:
    """Ask the driver.

    Args:
        machine: where this runs, which decides what would help.
        root: the folder that stands for `/`.
        library: the module to ask.
    """
    try:
        library.nvmlInit()
    except library.NVMLError as error:
        return _unreachable(library, error, machine, root)
    try:
        count = library.nvmlDeviceGetCount()
        driver = _asked(library, library.nvmlSystemGetDriverVersion)
        found = _named([_gpu(library, index) for index in range(count)])
    except library.NVMLError as error:
        return Gpus(expected=True, problem=f"the driver does not answer ({error})", remedy=INSTALL)
    finally:
        _asked(library, library.nvmlShutdown)
    if not found:
        remedy = CONTAINER if machine.container else None
        problem = "the driver is there, and lists no GPU"
        return Gpus(driver=driver, expected=True, problem=problem, remedy=remedy)
    return Gpus(driver=driver, found=found)


def _named(found: list[Gpu]) -> list[Gpu]:
    names = device_names(os.environ.get(VARIABLE), found)
    return [
        msgspec.structs.replace(gpu, device=name) for gpu, name in zip(found, names, strict=True)
    ]


def device_names(variable: str | None, gpus: Sequence[Gpu]) -> list[str | None]:
    """What `--device` calls each GPU of the driver's list: cuda:N, or None for a hidden one.

    A MIG instance stands for its GPU here.
    """
    names: list[str | None] = [None] * len(gpus)
    known = [Known(gpu.uuid, gpu.instances) for gpu in gpus]
    for number, device in enumerate(visible(variable, known)):
        names[device.index] = names[device.index] or f"cuda:{number}"
    return names


def _gpu(library: Any, index: int) -> Gpu:
    """What the driver tells of a GPU; what it does not is None."""
    try:
        handle = library.nvmlDeviceGetHandleByIndex(index)
    except library.NVMLError as error:
        return Gpu(index=index, device=None, problem=f"it can't be opened ({error})")
    memory = _asked(library, library.nvmlDeviceGetMemoryInfo, handle)
    limit_milliwatts = _asked(library, library.nvmlDeviceGetEnforcedPowerLimit, handle)
    return Gpu(
        index=index,
        device=None,
        uuid=_asked(library, library.nvmlDeviceGetUUID, handle),
        name=_asked(library, library.nvmlDeviceGetName, handle),
        memory_bytes=memory and memory.total,
        power_limit_watts=limit_milliwatts and limit_milliwatts / 1000,
        mig=mig.is_split(library, handle),
        instances=mig.instances(library, handle),
        processes=_processes(library, handle),
    )


def _processes(library: Any, handle: Any) -> list[GpuProcess]:
    """Those that compute and those that draw; one that does both is listed twice by the driver."""
    computing = _asked(library, library.nvmlDeviceGetComputeRunningProcesses, handle) or []
    drawing = _asked(library, library.nvmlDeviceGetGraphicsRunningProcesses, handle) or []
    held: dict[int, int | None] = {}
    for process in (*computing, *drawing):
        held[process.pid] = held.get(process.pid) or process.usedGpuMemory
    pids = {process.pid for process in computing}
    return [
        GpuProcess(pid=pid, memory_bytes=held[pid], computes=pid in pids) for pid in sorted(held)
    ]


def _unreachable(library: Any, error: Any, machine: Machine, root: Path) -> Gpus:
    """No driver: whether there is a GPU all the same, and what would help to reach it."""
    loaded = (root / "proc/driver/nvidia/version").exists()
    present = loaded or has_nvidia_gpu(root)
    absent = (library.NVML_ERROR_LIBRARY_NOT_FOUND, library.NVML_ERROR_DRIVER_NOT_LOADED)
    if error.value not in absent:
        remedy = INSTALL
        if error.value == library.NVML_ERROR_LIB_RM_VERSION_MISMATCH:
            remedy = "reboot: the driver was updated while an older one is loaded"
        elif error.value == library.NVML_ERROR_NO_PERMISSION:
            remedy = "let this user read and write /dev/nvidia*"
        return Gpus(expected=True, problem=f"the driver does not answer ({error})", remedy=remedy)
    if machine.wsl and (root / "dev/dxg").exists():
        problem = "Windows gives WSL a GPU, but NVIDIA's library is not found"
        return Gpus(expected=True, problem=problem, remedy=WSL)
    if not present:
        return Gpus(problem="no NVIDIA GPU in this machine")
    if machine.container:
        problem = "the machine has an NVIDIA GPU, but this container does not get it"
        return Gpus(expected=True, problem=problem, remedy=CONTAINER)
    what = "its library (libnvidia-ml) is not found" if loaded else "no driver is loaded"
    problem = f"the machine has an NVIDIA GPU, but {what}"
    return Gpus(expected=True, problem=problem, remedy=INSTALL)


def has_nvidia_gpu(root: Path) -> bool:
    """Whether the PCI bus has an NVIDIA GPU, with a driver or without."""
    for folder in (root / "sys/bus/pci/devices").glob("*"):
        try:
            vendor, kind = ((folder / name).read_text().strip() for name in ("vendor", "class"))
        except OSError:
            continue
        if vendor == NVIDIA_VENDOR and kind.startswith(DISPLAY_CLASSES):
            return True
    return False


def _asked(library: Any, call: Callable[..., Any], *arguments: Any) -> Any:
    """An answer of the driver, or None if it does not tell."""
    try:
        return call(*arguments)
    except library.NVMLError:
        return None
