"""Torch's devices: which one to use, whether it works, what it is, and how much memory it took."""

import os
import shutil
from importlib.util import find_spec
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch import nn

from profilers.environment import KERNELS_UNSEEN, describe, nvidia_driver
from profilers.records import Environment, Settings
from profilers.rundir import ProfileError

CACHE_VARIABLES = ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR")
TF32_CAPABILITY = (8, 0)
MATRIX_SIDE = 512
FEW_ROWS = 16


def resolve(name: str) -> torch.device:
    """The device of that name, "auto" being the best; ProfileError says what is missing."""
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda:0")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    kind, _, number = name.partition(":")
    if kind == "cuda":
        return _cuda(int(number or 0))
    if kind == "mps" and not torch.backends.mps.is_available():
        raise ProfileError(
            "--device mps was asked for, but this machine or this torch has no Metal device; "
            "use --device cpu or --device auto."
        )
    return torch.device(kind)


def _cuda(number: int) -> torch.device:
    wanted = "--device cuda was asked for"
    if torch.version.cuda is None and torch.version.hip is None:
        raise ProfileError(
            f"{wanted}, but this torch {torch.__version__} is a CPU build; "
            "use --device cpu or --device auto, or install a CUDA build of torch."
        )
    try:
        torch.cuda.init()
    except (RuntimeError, AssertionError) as error:
        reason = " ".join(str(error).split()).split(". ")[0].rstrip(".")
        raise ProfileError(
            f"{wanted}, but torch {torch.__version__} can't start it ({reason}); "
            "use --device cpu or --device auto, or install a matching driver."
        ) from None
    if number >= torch.cuda.device_count():
        raise ProfileError(
            f"--device cuda:{number} was asked for, but torch sees {torch.cuda.device_count()} "
            "GPU(s), counted from 0; choose another one, or look at CUDA_VISIBLE_DEVICES."
        )
    return torch.device("cuda", number)


def try_out(device: torch.device, settings: Settings) -> list[str]:
    """Multiply two 1 MB matrices; warnings, or ProfileError where the run could not work."""
    if settings.precision == "tf32" and device.type != "cuda":
        raise ProfileError(f"--precision tf32 is for CUDA GPUs, not {device}; use fp32 or bf16.")
    if settings.precision == "tf32" and torch.cuda.get_device_capability(device) < TF32_CAPABILITY:
        raise ProfileError(f"{device} is older than TF32 (compute capability 8.0); use fp32.")
    needs_bf16 = settings.precision == "bf16" and device.type == "cuda"
    if needs_bf16 and not torch.cuda.is_bf16_supported(including_emulation=False):
        raise ProfileError(f"{device} has no bf16; use --precision fp16 or fp32.")
    try:
        ones = torch.ones(MATRIX_SIDE, MATRIX_SIDE, device=device)
        total = float((ones @ ones).sum())
    except RuntimeError as error:
        raise ProfileError(
            f"{device} fails at a first matrix product ({str(error).splitlines()[0]}); "
            "is it used up by another process? See nvidia-smi, or use --device cpu."
        ) from None
    if total != float(MATRIX_SIDE**3):
        raise ProfileError(f"{device} gives a wrong matrix product; use another device.")
    return _kernel_warnings(device)


def _kernel_warnings(device: torch.device) -> list[str]:
    """Whether the profiler is let see kernels: CUPTI needs rights that drivers may withhold."""
    if device.type != "cuda":
        return []
    ones = torch.ones(FEW_ROWS, FEW_ROWS, device=device)
    with torch.profiler.profile(activities=activities(device)) as profiler:
        (ones @ ones).sum()
        torch.cuda.synchronize(device)
    kinds = {event.device_type for event in profiler.events()}
    if torch._C._autograd.DeviceType.CUDA in kinds:
        return []
    return [
        f"{KERNELS_UNSEEN}: the driver restricts profiling or CUPTI is missing; "
        "set NVreg_RestrictProfilingToAdminUsers=0 or run as root."
    ]


def can_compile(device: torch.device) -> bool:
    """Whether torch.compile finds what it generates code with."""
    compiler = os.environ.get("CXX", "g++")
    has_compiler = any(shutil.which(name) for name in (compiler, "c++", "clang++"))
    return has_compiler and (device.type != "cuda" or find_spec("triton") is not None)


def apply(settings: Settings) -> None:
    """Set threads and TF32 as asked; fp32 means TF32 off."""
    torch.set_num_threads(settings.threads)
    if torch.get_num_interop_threads() != settings.threads:  # torch lets it be set only once
        torch.set_num_interop_threads(settings.threads)
    tf32 = settings.precision == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32


def fresh_compile_cache() -> "TemporaryDirectory[str] | None":
    """An empty cache for torch.compile, so that every run pays for compiling; None if one is set.

    It is removed with the object that is returned.
    """
    if any(name in os.environ for name in CACHE_VARIABLES):
        return None
    folder = TemporaryDirectory(prefix="crossprof-compile-", ignore_cleanup_errors=True)
    os.environ.update(dict.fromkeys(CACHE_VARIABLES, folder.name))
    return folder


def activities(device: torch.device) -> list[torch.profiler.ProfilerActivity]:
    """CPU, and CUDA (ROCm builds too) where the work runs there."""
    chosen = [torch.profiler.ProfilerActivity.CPU]
    if device.type == "cuda":
        chosen.append(torch.profiler.ProfilerActivity.CUDA)
    return chosen


def synchronise(device: torch.device) -> None:
    """Wait for an asynchronous device; nothing to do on the CPU."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def check_placement(model: nn.Module, device: torch.device) -> None:
    """Every parameter must lie on the device that the results will name."""
    wanted = torch.empty(0, device=device).device
    for name, parameter in model.named_parameters():
        if parameter.device != wanted:
            raise ProfileError(f"{name} lies on {parameter.device} and not on {device}.")


def memory(device: torch.device) -> dict[str, int]:
    """Peaks of torch's CUDA allocator in bytes since the last call; empty on other devices."""
    if device.type != "cuda":
        return {}
    peaks = {
        "allocated_peak_bytes": torch.cuda.max_memory_allocated(device),
        "reserved_peak_bytes": torch.cuda.max_memory_reserved(device),
    }
    torch.cuda.reset_peak_memory_stats(device)
    return peaks


def versions() -> dict[str, str]:
    """Torch, numpy, and where there are some CUDA, cuDNN, ROCm and the NVIDIA driver."""
    found = {"torch": str(torch.__version__), "numpy": np.__version__}
    if torch.version.cuda:
        found["cuda"] = torch.version.cuda
        found["cudnn"] = str(torch.backends.cudnn.version())
        if driver := nvidia_driver():
            found["driver"] = driver
    if torch.version.hip:
        found["rocm"] = torch.version.hip
    return found


def environment(device: torch.device) -> Environment:
    """What the process runs on, as it is in force."""
    return describe(
        versions=versions(),
        build={
            "cpu_capability": torch.backends.cpu.get_cpu_capability(),
            "mkldnn": str(torch.backends.mkldnn.is_available()),
            "git": torch.version.git_version,
        },
        device=_device(device),
        threads={
            "intra_op": torch.get_num_threads(),
            "inter_op": torch.get_num_interop_threads(),
        },
        precision={
            "matmul_allow_tf32": torch.backends.cuda.matmul.allow_tf32,
            "cudnn_allow_tf32": torch.backends.cudnn.allow_tf32,
            "cudnn_benchmark": torch.backends.cudnn.benchmark,
            "deterministic": torch.are_deterministic_algorithms_enabled(),
        },
    )


def _device(device: torch.device) -> dict[str, str | int | None]:
    if device.type != "cuda":
        return {"device": str(device), "name": None, "uuid": None, "memory_bytes": None}
    found = torch.cuda.get_device_properties(device)
    return {
        "device": str(device),
        "name": found.name,
        "uuid": f"GPU-{found.uuid}",
        "memory_bytes": found.total_memory,
        "compute_capability": f"{found.major}.{found.minor}",
        "multiprocessors": found.multi_processor_count,
    }
