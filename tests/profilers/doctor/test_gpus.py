from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pynvml
import pytest

from profilers.doctor import gpus
from profilers.doctor.record import Gpu, GpuProcess, Machine
from tests.fake_nvml.double import PID, TOTAL_BYTES, FakeNvml

MakeFiles = Callable[..., Path]
NVIDIA_CARD = {
    "sys/bus/pci/devices/0000:01:00.0/vendor": "0x10de\n",
    "sys/bus/pci/devices/0000:01:00.0/class": "0x030200\n",
}
NVIDIA_SOUND = {
    "sys/bus/pci/devices/0000:01:00.1/vendor": "0x10de\n",
    "sys/bus/pci/devices/0000:01:00.1/class": "0x040300\n",
}


@pytest.fixture(autouse=True)
def all_visible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(gpus.VARIABLE, raising=False)


def failing(code: int) -> FakeNvml:
    library = FakeNvml()
    library.errors["init", None] = code
    return library


def test_what_the_driver_tells_of_each_gpu(files: MakeFiles, machine: Machine) -> None:
    library = FakeNvml(2)
    library.processes = [SimpleNamespace(pid=7, usedGpuMemory=None)]
    library.drawing = [
        SimpleNamespace(pid=7, usedGpuMemory=5),
        SimpleNamespace(pid=3, usedGpuMemory=9),
    ]
    found = gpus.examine(machine, files(), library)
    assert found.driver == "580.82"
    assert found.found[1] == Gpu(
        index=1,
        device="cuda:1",
        uuid="GPU-1",
        name="NVIDIA Test",
        memory_bytes=TOTAL_BYTES,
        power_limit_watts=72.0,
        mig=False,
        processes=[
            GpuProcess(pid=3, memory_bytes=9, computes=False),
            GpuProcess(pid=7, memory_bytes=5),
        ],
    )
    assert library.calls["shutdown"] == 1
    library.processes = []
    first, _ = gpus.examine(machine, files(), library).found
    assert [each.computes for each in first.processes] == [False, False]


def test_what_the_driver_does_not_tell_is_none(files: MakeFiles, machine: Machine) -> None:
    library = FakeNvml()
    for name in ("memory-v1", "limit", "mig-mode", "processes"):
        library.errors[name, 0] = pynvml.NVML_ERROR_NOT_SUPPORTED
    (gpu,) = gpus.examine(machine, files(), library).found
    assert (gpu.memory_bytes, gpu.power_limit_watts, gpu.mig) == (None, None, None)
    assert gpu.processes == []
    assert gpu.name == "NVIDIA Test"


def test_a_gpu_that_can_not_be_opened_is_still_listed(files: MakeFiles, machine: Machine) -> None:
    library = FakeNvml(2)
    library.errors["handle", 0] = pynvml.NVML_ERROR_NO_PERMISSION
    first, second = gpus.examine(machine, files(), library).found
    assert "Insufficient Permissions" in str(first.problem)
    assert second.problem is None


def test_mig_instances_are_named(files: MakeFiles, machine: Machine) -> None:
    library = FakeNvml()
    library.instances[0] = ["MIG-a", "MIG-b"]
    (gpu,) = gpus.examine(machine, files(), library).found
    assert gpu.mig
    assert gpu.instances == ["MIG-a", "MIG-b"]
    assert gpu.processes[0].pid == PID


@pytest.mark.parametrize(
    ("contents", "changes", "problem", "remedy"),
    [
        ({}, {}, "no NVIDIA GPU in this machine", None),
        (NVIDIA_SOUND, {}, "no NVIDIA GPU in this machine", None),
        (NVIDIA_CARD, {}, "no driver is loaded", "modprobe nvidia"),
        ({"proc/driver/nvidia/version": ""}, {}, "libnvidia-ml", "install NVIDIA's driver"),
        (NVIDIA_CARD, {"container": True}, "this container does not get it", "--gpus all"),
        ({"dev/dxg": ""}, {"wsl": True}, "NVIDIA's library is not found", "driver in Windows"),
    ],
)
def test_why_there_is_no_driver(
    files: MakeFiles,
    machine: Machine,
    contents: dict[str, str],
    changes: dict[str, bool],
    problem: str,
    remedy: str | None,
) -> None:
    machine = msgspec.structs.replace(machine, **changes)
    library = failing(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)
    found = gpus.examine(machine, files(contents), library)
    assert found.found == []
    assert found.expected is (remedy is not None)
    assert problem in str(found.problem)
    assert (remedy or "None") in str(found.remedy)


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH, "reboot"),
        (pynvml.NVML_ERROR_NO_PERMISSION, "/dev/nvidia"),
        (pynvml.NVML_ERROR_UNKNOWN, "install NVIDIA's driver"),
    ],
)
def test_a_driver_that_does_not_answer(
    files: MakeFiles, machine: Machine, code: int, remedy: str
) -> None:
    found = gpus.examine(machine, files(), failing(code))
    assert found.expected
    assert str(found.problem).startswith("the driver does not answer (")
    assert remedy in str(found.remedy)


def test_a_driver_without_a_gpu(files: MakeFiles, machine: Machine) -> None:
    found = gpus.examine(machine, files(), FakeNvml(0))
    assert found.driver == "580.82"
    assert found.expected
    assert "lists no GPU" in str(found.problem)


@pytest.mark.parametrize(
    ("visible", "names"),
    [
        (None, ["cuda:0", "cuda:1", "cuda:2"]),
        ("", [None, None, None]),
        ("-1", [None, None, None]),
        ("2,0", ["cuda:1", None, "cuda:0"]),
        ("1,9,0", [None, "cuda:0", None]),
        ("GPU-b", [None, "cuda:0", None]),
        ("GPU-", [None, None, None]),
        ("MIG-c1,0", [None, None, "cuda:0"]),
        ("MIG-c1,MIG-c2,MIG-x", [None, None, "cuda:0"]),
    ],
)
def test_names_are_those_that_cuda_gives(visible: str | None, names: list[str | None]) -> None:
    known = [Gpu(index=i, device=None, uuid=f"GPU-{letter}") for i, letter in enumerate("abc")]
    known[2] = msgspec.structs.replace(known[2], instances=["MIG-c1", "MIG-c2"])
    assert gpus.device_names(visible, known) == names
