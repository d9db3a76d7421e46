import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from profilers import environment
from profilers.environment import (
    cpu_model,
    has_gpu_files,
    nvidia_driver,
    nvidia_gpus,
    relevant_variables,
)

VERSION = (
    "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.133.20  Release Build  (x)\n"
)
INFORMATION = "Model: \t\t NVIDIA H100 80GB HBM3\nIRQ:   \t\t 165\nGPU UUID: \t GPU-0\n"


def test_the_processor_is_named_as_the_kernel_names_it() -> None:
    info = Path("/proc/cpuinfo")
    if not info.exists() or "model name" not in info.read_text():
        pytest.skip("this machine's kernel does not name its processor")
    assert cpu_model() in info.read_text()


def test_only_variables_that_matter_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    private = ("MY_SECRET_TOKEN", "TF_VAR_db_password", "TF_TOKEN_app", "TORCH_API_TOKEN")
    for name in private:
        monkeypatch.setenv(name, "x")
    kept = relevant_variables()
    assert kept["OMP_NUM_THREADS"] == "3"
    assert not set(private) & set(kept)
    assert "PATH" not in kept


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without the driver: "nvidia" stands for its folder in /proc, "dev" for /dev."""
    (tmp_path / "dev").mkdir()
    monkeypatch.setattr(environment, "NVIDIA", tmp_path / "nvidia")
    monkeypatch.setattr(environment, "DEVICES", tmp_path / "dev")
    return tmp_path


@pytest.mark.usefixtures("machine")
def test_without_the_driver_there_is_nothing() -> None:
    assert (nvidia_driver(), nvidia_gpus(), has_gpu_files()) == (None, [], False)


def test_the_driver_names_itself_and_its_gpus(machine: Path) -> None:
    for slot, text in (("0000:04:00.0", INFORMATION), ("0000:05:00.0", "IRQ: 166\n")):
        (machine / "nvidia" / "gpus" / slot).mkdir(parents=True)
        (machine / "nvidia" / "gpus" / slot / "information").write_text(text)
    (machine / "nvidia" / "version").write_text(VERSION)
    assert nvidia_driver() == "570.133.20"
    assert nvidia_gpus() == ["NVIDIA H100 80GB HBM3", "an NVIDIA GPU"]
    for name in ("nvidiactl", "nvidia-uvm"):
        (machine / "dev" / name).touch()
    assert not has_gpu_files()
    (machine / "dev" / "nvidia3").touch()
    assert has_gpu_files()


class NvmlError(Exception):
    """As NVML has one of its own."""


def test_under_windows_nvml_is_asked_where_it_is_installed(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking() -> None:
        raise NvmlError

    library = SimpleNamespace(
        NVMLError=NvmlError,
        nvmlInit=lambda: None,
        nvmlDeviceGetCount=lambda: 2,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetName=lambda handle: f"card {handle}",
    )
    monkeypatch.setitem(sys.modules, "pynvml", library)
    assert nvidia_gpus() == []
    (machine / "dev" / "dxg").touch()
    assert nvidia_gpus() == ["card 0", "card 1"]
    assert has_gpu_files()
    library.nvmlInit = lacking
    assert nvidia_gpus() == []
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert nvidia_gpus() == []
