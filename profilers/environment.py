"""What any framework's process tells of its machine: the processor, the variables that matter."""

import os
import platform
from pathlib import Path

PREFIXES = (
    "CUDA_",
    "KMP_",
    "MKL_",
    "NCCL_",
    "NVIDIA_",
    "OMP_",
    "OPENBLAS_",
    "TF_",
    "TORCH",
    "XLA_",
)
NAMES = ("LD_PRELOAD", "MALLOC_ARENA_MAX", "PYTHONHASHSEED", "PYTORCH_CUDA_ALLOC_CONF")


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
        if name.startswith(PREFIXES) or name in NAMES
    }
