"""What any framework's process tells of its machine: the processor, the variables that matter."""

import os
import platform
import re
from pathlib import Path

from profilers.rundir import Environment

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
        text = Path("/proc/driver/nvidia/version").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r"Kernel Module\s+(?:for \S+\s+)?(\d+[\d.]+)", text)
    return found[1] if found else None
