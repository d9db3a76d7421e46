"""What any framework's process tells of its machine: the processor, the variables that matter."""

import os
import platform
import re
from pathlib import Path

from profilers.records import Environment

PREFIXES = (
    "CUDA_",
    "KMP_",
    "MKL_",
    "NCCL_",
    "NVIDIA_TF32_",
    "NVIDIA_VISIBLE_",
    "OMP_",
    "OPENBLAS_",
    "TF_CPP_",
    "TF_CUDNN_",
    "TF_DETERMINISTIC_",
    "TF_ENABLE_",
    "TF_FORCE_",
    "TF_GPU_",
    "TF_NUM_",
    "TF_XLA_",
    "TORCHINDUCTOR_",
    "TORCH_",
    "XLA_",
)
NAMES = ("LD_PRELOAD", "MALLOC_ARENA_MAX", "PYTHONHASHSEED", "PYTORCH_CUDA_ALLOC_CONF")
PRIVATE = ("KEY", "PASSWORD", "SECRET", "TOKEN")
KERNELS_UNSEEN = "GPU kernels will not be recorded"
"""What a warning begins with where a framework's profiler was not let see them."""
NVIDIA = Path("/proc/driver/nvidia")
DEVICES = Path("/dev")


def describe(
    *,
    versions: dict[str, str],
    build: dict[str, str | None],
    device: dict[str, str | int | None],
    threads: dict[str, int],
    precision: dict[str, bool | str],
) -> Environment:
    """environment.json: what the framework says of itself, with what any process can tell."""
    return Environment(
        python=platform.python_version(),
        platform=platform.platform(),
        cpu_model=cpu_model(),
        versions=versions,
        build=build,
        devices=[device],
        threads=threads,
        precision=precision,
        variables=relevant_variables(),
    )


def cpu_model() -> str | None:
    """The processor's name as the kernel gives it, or None."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or None
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else None


def relevant_variables() -> dict[str, str]:
    """Environment variables that change what a framework does; no others, they may be private."""
    return {
        name: value
        for name, value in sorted(os.environ.items())
        if (name.startswith(PREFIXES) or name in NAMES)
        and not any(word in name for word in PRIVATE)
    }


def nvidia_driver() -> str | None:
    """The version of the NVIDIA driver that the kernel has loaded, or None."""
    try:
        text = (NVIDIA / "version").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r"Kernel Module\s+(?:for \S+\s+)?(\d+[\d.]+)", text)
    return found[1] if found else None


def nvidia_gpus() -> list[str]:
    """The models of the GPUs that the NVIDIA driver lists, whether or not we may use them.

    In a container these are those of the machine.
    """
    models = [_model(path) for path in sorted(NVIDIA.glob("gpus/*/information"))]
    return models or (_nvml_gpus() if _is_wsl() else [])


def has_gpu_files() -> bool:
    """Whether there are the files in /dev through which a process reaches NVIDIA GPUs."""
    return any(DEVICES.glob("nvidia[0-9]*")) or _is_wsl()


def _is_wsl() -> bool:
    """Linux in Windows: the driver is that of Windows, which only NVML knows."""
    return (DEVICES / "dxg").exists()


def _model(information: Path) -> str:
    try:
        text = information.read_text(encoding="utf-8")
    except OSError:
        text = ""
    found = re.search(r"^Model:\s*(\S.*?)\s*$", text, re.MULTILINE)
    return found[1] if found else "an NVIDIA GPU"


def _nvml_gpus() -> list[str]:
    try:
        import pynvml
    except ImportError:  # a framework's own environment need not have it
        return []
    try:
        pynvml.nvmlInit()
        numbers = range(pynvml.nvmlDeviceGetCount())
        return [pynvml.nvmlDeviceGetName(pynvml.nvmlDeviceGetHandleByIndex(n)) for n in numbers]
    except pynvml.NVMLError:
        return []
