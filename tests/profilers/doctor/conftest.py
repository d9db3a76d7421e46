"""Machines that are made up: their records, and files below a folder that stands for `/`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from profilers.doctor.record import (
    Examination,
    FrameworkFound,
    Gpu,
    Gpus,
    Machine,
    Measurement,
    SelfTest,
)

MakeFiles = Callable[..., Path]


@pytest.fixture
def files(tmp_path: Path) -> MakeFiles:
    """Write files, by path and content, below a folder that stands for `/`; the folder."""

    def make(contents: dict[str, str] | None = None) -> Path:
        root = tmp_path / "root"
        root.mkdir(exist_ok=True)
        for path, content in (contents or {}).items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(content)
        return root

    return make


@pytest.fixture
def machine() -> Machine:
    return Machine(
        version="0.1.0",
        system="Linux 6.8",
        python="3.11.7",
        cpu_model="Test CPU",
        cpus_usable=8.0,
        cpus_allowed=8,
        cpu_quota=None,
        physical_cores=4,
        memory_bytes=32 << 30,
        memory_limit_bytes=32 << 30,
        container=False,
        wsl=False,
        own_processes=False,
    )


@pytest.fixture
def torch_found() -> FrameworkFound:
    return FrameworkFound(
        name="torch",
        title="PyTorch",
        interpreter="/opt/torch/bin/python",
        usable=True,
        versions={"torch": "2.13.0", "numpy": "2.4.6", "cuda": "13.0", "cudnn": "92400"},
        device="cuda:0",
    )


@pytest.fixture
def gpu() -> Gpu:
    return Gpu(
        index=0,
        device="cuda:0",
        uuid="GPU-00",
        name="NVIDIA L4",
        memory_bytes=24 << 30,
        power_limit_watts=72.0,
        mig=False,
    )


@pytest.fixture
def examination(machine: Machine, torch_found: FrameworkFound, gpu: Gpu) -> Examination:
    """A machine on which all is well."""
    return Examination(
        ready=True,
        machine=machine,
        frameworks=[torch_found],
        gpus=Gpus(driver="580.82", found=[gpu]),
        measurements=[
            Measurement(name="gpu_use", title="GPU use", state="available", how="NVML"),
        ],
        self_test=SelfTest(
            seconds=2.0,
            sample_hz=10.0,
            samples=20,
            expected=20,
            lag_median_ns=400_000,
            lag_largest_ns=2_100_000,
            cpu_ratio=0.007,
        ),
    )
