"""TensorFlow's devices: which one to use, whether it works, what it is, how much memory it took."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from profilers import tensorflow_cuda
from profilers.environment import describe, nvidia_driver
from profilers.records import Environment, Settings
from profilers.rundir import ProfileError

MATRIX_SIDE = 512
POLICIES = {"fp16": "mixed_float16", "bf16": "mixed_bfloat16"}


def resolve(name: str) -> str:
    """The device of that name, "auto" being the best; ProfileError says what is missing."""
    gpus = tf.config.list_physical_devices("GPU")
    if name == "auto":
        return "cuda:0" if gpus else "cpu"
    kind, _, number = name.partition(":")
    if kind == "mps":
        raise ProfileError("--device mps is not known to TensorFlow; use cpu, cuda or auto.")
    if kind == "cpu":
        return name
    if not gpus:
        raise ProfileError(
            f"--device {name} was asked for, but {tensorflow_cuda.none_seen()}; or use --device "
            "cpu or auto."
        )
    if int(number or 0) >= len(gpus):
        raise ProfileError(
            f"--device {name} was asked for, but TensorFlow sees {len(gpus)} GPU(s), counted "
            "from 0; choose another one, or look at CUDA_VISIBLE_DEVICES."
        )
    return f"cuda:{int(number or 0)}"


def try_out(device: str, settings: Settings) -> list[str]:
    """Multiply two 1 MB matrices; warnings, or ProfileError where the run could not work."""
    if settings.precision == "tf32" and device == "cpu":
        raise ProfileError(f"--precision tf32 is for CUDA GPUs, not {device}; use fp32 or bf16.")
    place = "/CPU:0" if device == "cpu" else f"/GPU:{device.partition(':')[2]}"
    try:
        with tf.device(place):
            ones = tf.ones((MATRIX_SIDE, MATRIX_SIDE))
            total = float(tf.reduce_sum(ones @ ones))
    except tf.errors.OpError as error:
        raise ProfileError(
            f"{device} fails at a first matrix product ({error.message.splitlines()[0]}); "
            "is it used up by another process? See nvidia-smi, or use --device cpu."
        ) from None
    if total != float(MATRIX_SIDE**3):
        raise ProfileError(f"{device} gives a wrong matrix product; use another device.")
    if settings.execution == "xla" and device != "cpu":
        tensorflow_cuda.try_xla(device, place)
    return tensorflow_cuda.unused_gpus() if settings.device == "auto" and device == "cpu" else []


def apply(settings: Settings) -> None:
    """Set device, memory growth, threads and precision as asked; fp32 means TF32 off."""
    gpus = tf.config.list_physical_devices("GPU")
    if settings.device == "cpu":
        tf.config.set_visible_devices([], "GPU")
    else:
        chosen = gpus[int(settings.device.partition(":")[2] or 0)]
        tf.config.set_visible_devices([chosen], "GPU")
        tf.config.experimental.set_memory_growth(chosen, True)
    tf.config.threading.set_intra_op_parallelism_threads(settings.threads)
    tf.config.threading.set_inter_op_parallelism_threads(settings.threads)
    tf.config.experimental.enable_tensor_float_32_execution(settings.precision == "tf32")
    keras.config.set_dtype_policy(POLICIES.get(settings.precision, "float32"))


def compute_type() -> str:
    """The type that layers compute in, as it was set."""
    name: str = keras.config.dtype_policy().compute_dtype
    return name


def check_placement(model: Any, device: str) -> None:
    """Every parameter must lie on the device that the results will name."""
    wanted = "CPU" if device == "cpu" else "GPU"
    for variable in model.variables:
        found = variable.value.device
        if f":{wanted}:" not in found:
            raise ProfileError(f"{variable.path} lies on {found} and not on {device}.")


def memory(device: str) -> dict[str, int]:
    """The peak of TensorFlow's GPU allocator in bytes since the last call; empty on the CPU.

    What it holds beyond that is not told. An allocator without statistics has none.
    """
    if device == "cpu":
        return {}
    try:
        peak = int(tf.config.experimental.get_memory_info("GPU:0")["peak"])
        tf.config.experimental.reset_memory_stats("GPU:0")
    except ValueError:  # cuda_malloc_async and others do not count
        return {}
    return {"allocated_peak_bytes": peak}


def versions() -> dict[str, str]:
    """TensorFlow, Keras, numpy, and on a GPU machine CUDA, cuDNN and the NVIDIA driver."""
    found = {"tensorflow": tf.__version__, "keras": keras.__version__, "numpy": np.__version__}
    build = tf.sysconfig.get_build_info()
    if tf.config.list_physical_devices("GPU"):
        found |= {"cuda": build["cuda_version"], "cudnn": build["cudnn_version"]}
        if driver := nvidia_driver():
            found["driver"] = driver
    return found


def environment(device: str) -> Environment:
    """What the process runs on, as it is in force."""
    threading = tf.config.threading
    return describe(
        versions=versions(),
        build={
            "cuda_build": str(tf.test.is_built_with_cuda()),
            "xla_build": str(tf.test.is_built_with_xla()),
            "git": tf.version.GIT_VERSION,
        },
        device=_device(device),
        threads={
            "intra_op": threading.get_intra_op_parallelism_threads(),
            "inter_op": threading.get_inter_op_parallelism_threads(),
        },
        precision={
            "tensor_float_32": tf.config.experimental.tensor_float_32_execution_enabled(),
            "policy": keras.config.dtype_policy().name,
        },
    )


def _device(device: str) -> dict[str, str | int | None]:
    """A GPU has no UUID in TensorFlow: its number is that of the visible ones, by PCI order."""
    if device == "cpu":
        return {"device": device, "name": None, "uuid": None, "memory_bytes": None}
    gpu = tf.config.get_visible_devices("GPU")[0]
    details = tf.config.experimental.get_device_details(gpu)
    major, minor = details.get("compute_capability", (None, None))
    return {
        "device": device,
        "name": details.get("device_name"),
        "uuid": None,
        "memory_bytes": None,
        "compute_capability": None if major is None else f"{major}.{minor}",
    }
