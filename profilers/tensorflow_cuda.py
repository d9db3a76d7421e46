"""Why TensorFlow does not use a GPU that is there, and what to do about it."""

import os
import shlex
import sys
from importlib import metadata

import tensorflow as tf

from profilers.environment import has_gpu_files, nvidia_driver, nvidia_gpus
from profilers.interpreters import ROOT
from profilers.rundir import ProfileError

EXTRA = "tensorflow-cuda"
VISIBLE = "CUDA_VISIBLE_DEVICES"
HIDDEN_ON_PURPOSE = ("", "-1")
FEW = 16


def none_seen() -> str:
    """The reason for TensorFlow's seeing no GPU, as far as it can be told, with the remedy."""
    said = f"TensorFlow {tf.__version__} sees no GPU"
    gpus = nvidia_gpus()
    if not gpus:
        return f"{said}, and the machine has no NVIDIA driver that lists one"
    which = gpus[0] if len(gpus) == 1 else f"{len(gpus)} GPUs, the first being {gpus[0]}"
    return f"{said}, though the driver lists {which}: {_cause(len(gpus))}"


def unused_gpus() -> list[str]:
    """A warning, where the driver lists GPUs that TensorFlow does not see and nobody hid."""
    if os.environ.get(VISIBLE) in HIDDEN_ON_PURPOSE or not nvidia_gpus():
        return []
    return [f"this run is on the CPU; {none_seen()}."]


def try_xla(device: str, place: str) -> None:
    """Compile what needs NVIDIA's device library and assembler, as a step of training does."""
    compiled = tf.function(lambda x: tf.exp(x) + tf.pow(x, x), jit_compile=True, autograph=False)
    try:
        with tf.device(place):
            compiled(tf.ones(FEW)).numpy()
    except tf.errors.OpError as error:
        reason = error.message.partition("\n")[0].partition(" [Op:")[0]
        missing = next((part for part in ("libdevice", "ptxas") if part in error.message), None)
        if missing is None:
            raise ProfileError(
                f"XLA can't compile for {device} ({reason}); use --execution function."
            ) from None
        raise ProfileError(
            f"XLA can't compile for {device}, as it does not find NVIDIA's {missing} ({reason}); "
            f"{_install()}; or name the folder of a CUDA toolkit, the one that nvvm/libdevice lies "
            "in, with XLA_FLAGS=--xla_gpu_cuda_data_dir=DIR; or use --execution function."
        ) from None


def _cause(count: int) -> str:
    visible = os.environ.get(VISIBLE)
    cuda = tf.sysconfig.get_build_info().get("cuda_version", "")
    if visible is not None and not _names_a_gpu(visible, count):
        return f"{VISIBLE}={shlex.quote(visible)} leaves none visible; unset it"
    if not tf.test.is_built_with_cuda():
        return f"this TensorFlow is built for the CPU alone; {_install()}"
    if not has_gpu_files():
        return "/dev has no file of a GPU; if this is a container, start it with --gpus all"
    if _beside_torch() or _version(f"nvidia-cudnn-cu{cuda.partition('.')[0]}") is None:
        return f"probably because it does not find its CUDA {cuda} libraries; {_install()}"
    look = shlex.join([sys.executable, "-c", "import tensorflow; tensorflow.constant(0)"])
    driver = f"driver {nvidia_driver() or '(of unknown version)'}"
    return f"probably because {driver} is too old for CUDA {cuda}; see what it says with {look}"


def _names_a_gpu(visible: str, count: int) -> bool:
    """Whether the first entry is a GPU: CUDA reads no further than an entry that is none."""
    first = visible.partition(",")[0].strip()
    return first.startswith(("GPU-", "MIG-")) or (first.isdecimal() and int(first) < count)


def _install() -> str:
    """What to install and how: the extra overwrites CUDA libraries of torch beside it."""
    extra = f"{ROOT}[{EXTRA}]"
    if not _beside_torch():
        command = shlex.join([sys.executable, "-m", "pip", "install", "-e", extra])
        return f"install the extra {EXTRA}: {command}"
    own = ROOT / ".venv-tensorflow"
    make = shlex.join([sys.executable, "-m", "venv", str(own)])
    fill = shlex.join([f"{own}/bin/python", "-m", "pip", "install", "-e", extra])
    return (
        f"install the extra {EXTRA} in an environment of its own, as PyTorch's CUDA libraries are "
        f"in this one: {make} && {fill}"
    )


def _beside_torch() -> bool:
    """Whether a torch with CUDA libraries is in this environment."""
    torch = _version("torch")
    return torch is not None and not torch.endswith("+cpu")


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
