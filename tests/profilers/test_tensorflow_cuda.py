"""No GPU is needed: what the driver, the files in /dev and TensorFlow say of one is made up."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from profilers.rundir import ProfileError
from tests import frameworks

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CARD = "NVIDIA H100 80GB HBM3"
INSTALL = f"{sys.executable} -m pip install -e '{ROOT}[tensorflow-cuda]'"


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module, on a machine whose driver lists a card that a CUDA build does not see."""
    frameworks.tensorflow()
    from profilers import tensorflow_cuda

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(tensorflow_cuda, "nvidia_gpus", lambda: [CARD])
    monkeypatch.setattr(tensorflow_cuda, "nvidia_driver", lambda: "470.57.02")
    monkeypatch.setattr(tensorflow_cuda, "has_gpu_files", lambda: True)
    monkeypatch.setattr(tensorflow_cuda.tf.test, "is_built_with_cuda", lambda: True)
    build = {"cuda_version": "12.5.1"}
    monkeypatch.setattr(tensorflow_cuda.tf.sysconfig, "get_build_info", lambda: build)
    installed(monkeypatch, tensorflow_cuda, {})
    return tensorflow_cuda


def installed(monkeypatch: pytest.MonkeyPatch, cuda: Any, versions: dict[str, str]) -> None:
    monkeypatch.setattr(cuda, "_version", versions.get)


def check_sentence(text: str) -> None:
    assert text.isprintable()
    assert not text.endswith(".")


def test_missing_libraries_are_answered_with_the_command_of_the_extra(cuda: Any) -> None:
    said = cuda.none_seen()
    check_sentence(said)
    assert f"sees no GPU, though the driver lists {CARD}: probably because" in said
    assert "does not find its CUDA 12.5.1 libraries" in said
    assert said.endswith(f"install the extra tensorflow-cuda: {INSTALL}")


def test_the_command_installs_an_extra_that_there_is(cuda: Any) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (requirement,) = project["optional-dependencies"][cuda.EXTRA]
    assert requirement.startswith("tensorflow[and-cuda]")


def test_beside_pytorchs_libraries_it_gets_an_environment_of_its_own(
    cuda: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = ROOT / ".venv-tensorflow"
    commands = f"{sys.executable} -m venv {own} && {own}/bin/python -m pip install -e '{ROOT}"
    for versions in ({"torch": "2.13.0"}, {"torch": "2.13.0", "nvidia-cudnn-cu12": "9.3.0.75"}):
        installed(monkeypatch, cuda, versions)
        assert (
            f"environment of its own, as PyTorch's CUDA libraries are in this one: {commands}"
            in (cuda.none_seen())
        )
    installed(monkeypatch, cuda, {"torch": "2.13.0+cpu"})
    assert INSTALL in cuda.none_seen()


def test_a_build_for_the_cpu_is_said(cuda: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda.tf.test, "is_built_with_cuda", lambda: False)
    monkeypatch.setattr(cuda.tf.sysconfig, "get_build_info", dict)
    said = cuda.none_seen()
    assert (
        f"this TensorFlow is built for the CPU alone; install the extra tensorflow-cuda: {INSTALL}"
        in said
    )


def test_a_container_without_the_card_is_said(cuda: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "has_gpu_files", lambda: False)
    assert cuda.none_seen().endswith("if this is a container, start it with --gpus all")


def test_with_all_libraries_the_driver_is_the_last_suspect(
    cuda: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(monkeypatch, cuda, {"nvidia-cudnn-cu12": "9.3.0.75"})
    monkeypatch.setattr(cuda, "nvidia_gpus", lambda: [CARD, "NVIDIA A100"])
    said = cuda.none_seen()
    check_sentence(said)
    assert f"lists 2 GPUs, the first being {CARD}" in said
    assert "driver 470.57.02 is too old for CUDA 12.5.1" in said
    command = said.partition("see what it says with ")[2]
    variables = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(["bash", "-c", command], env=variables, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("visible", "hidden"),
    [
        ("", True),
        ("-1", True),
        ("1", True),
        ("none", True),
        ("0", False),
        ("0,7", False),
        ("GPU-5e2d", False),
    ],
)
def test_a_variable_that_hides_the_card_is_said(
    cuda: Any, monkeypatch: pytest.MonkeyPatch, visible: str, hidden: bool
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert ("leaves none visible; unset it" in cuda.none_seen()) == hidden


def test_without_a_driver_nothing_is_advised(cuda: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "nvidia_gpus", list)
    assert cuda.none_seen().endswith(
        "sees no GPU, and the machine has no NVIDIA driver that lists one"
    )
    assert cuda.unused_gpus() == []


def test_an_unused_card_is_a_warning_unless_it_is_hidden_on_purpose(
    cuda: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (warning,) = cuda.unused_gpus()
    assert warning == f"this run is on the CPU; {cuda.none_seen()}."
    for visible in ("", "-1"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        assert cuda.unused_gpus() == []


def test_xla_that_works_is_no_error(cuda: Any) -> None:
    cuda.try_xla("cpu", "/CPU:0")


@pytest.mark.parametrize(
    ("message", "missing"),
    [
        ("libdevice not found at ./libdevice.10.bc [Op:__inference_<lambda>_8]", "libdevice"),
        ("No PTX compilation provider is available. Neither ptxas/nvlink nor nvjtlink is", "ptxas"),
    ],
)
def test_a_part_of_nvidias_compiler_that_is_missing_is_said(
    cuda: Any, monkeypatch: pytest.MonkeyPatch, message: str, missing: str
) -> None:
    broken(monkeypatch, cuda, message)
    with pytest.raises(ProfileError, match=f"does not find NVIDIA's {missing} ") as caught:
        cuda.try_xla("cuda:0", "/CPU:0")
    said = str(caught.value)
    assert said.isprintable()
    assert said.endswith("; or use --execution function.")
    assert INSTALL in said
    assert "XLA_FLAGS=--xla_gpu_cuda_data_dir=DIR" in said
    assert "[Op:" not in said


def test_another_failure_of_xla_is_said(cuda: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch, cuda, "no kernel image is available\nat a.cc:8")
    with pytest.raises(ProfileError) as caught:
        cuda.try_xla("cuda:1", "/CPU:0")
    assert str(caught.value) == (
        "XLA can't compile for cuda:1 (no kernel image is available); use --execution function."
    )


def broken(monkeypatch: pytest.MonkeyPatch, cuda: Any, message: str) -> None:
    """XLA fails so; the rest of TensorFlow stays as it is."""

    def function(work: object, **options: bool) -> Any:
        assert options["jit_compile"]

        def fail(inputs: object) -> None:
            raise cuda.tf.errors.InternalError(None, None, message)

        return fail

    monkeypatch.setattr(cuda.tf, "function", function)
