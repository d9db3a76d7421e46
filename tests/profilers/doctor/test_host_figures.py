import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from profilers.doctor import host_figures
from profilers.doctor.record import Machine, Measurement
from profilers.sampling.source import AVAILABLE

MakeFiles = Callable[..., Path]
ALL = {"process": AVAILABLE, "process_io": AVAILABLE, "pressure": AVAILABLE, "rapl": AVAILABLE}
COUNTER = {"sys/class/powercap/intel-rapl:0/energy_uj": "1\n"}


def of(machine: Machine, root: Path, told: dict[str, str]) -> dict[str, Measurement]:
    return {each.name: each for each in host_figures.examine(machine, 10.0, told, root)}


def test_where_the_sampler_has_all(files: MakeFiles, machine: Machine) -> None:
    machine = msgspec.structs.replace(machine, cpu_quota=1.5)
    root = files({"sys/fs/cgroup/cgroup.controllers": ""})
    found = of(machine, root, {**ALL, "quota": AVAILABLE})
    assert {each.state for each in found.values()} == {"available"}
    assert found["processes"].how == "process tree, 10 Hz"
    assert found["throttling"].how == "cgroup v2, quota 1.5 CPUs"


def test_where_the_sampler_told_nothing(files: MakeFiles, machine: Machine) -> None:
    found = of(machine, files(), {})
    for name in ("processes", "pressure", "cpu_energy"):
        assert found[name].state == "unavailable"
    assert "self-test" in found["processes"].how


def test_a_system_without_input_and_output_of_processes(files: MakeFiles, machine: Machine) -> None:
    found = of(machine, files(), {**ALL, "process_io": "not reported by this system"})
    assert found["processes"].state == "limited"
    assert "I/O is not reported" in found["processes"].how


@pytest.mark.parametrize(
    ("contents", "words", "remedy"),
    [
        ({"proc/pressure/cpu": ""}, "switched off", "psi=1"),
        ({}, "no pressure figures", "CONFIG_PSI"),
    ],
)
def test_a_kernel_without_pressure(
    files: MakeFiles, machine: Machine, contents: dict[str, str], words: str, remedy: str
) -> None:
    told = {**ALL, "pressure": "this kernel does not report CPU pressure"}
    pressure = of(machine, files(contents), told)["pressure"]
    assert pressure.state == "unavailable"
    assert words in pressure.how
    assert remedy in str(pressure.remedy)


@pytest.mark.parametrize(
    ("contents", "version"),
    [
        ({"sys/fs/cgroup/cgroup.controllers": ""}, "cgroup v2"),
        ({"sys/fs/cgroup/cpu,cpuacct/cpu.shares": ""}, "cgroup v1"),
        ({}, "no cgroups"),
    ],
)
def test_without_a_quota_there_is_nothing_to_measure(
    files: MakeFiles, machine: Machine, contents: dict[str, str], version: str
) -> None:
    told = {**ALL, "quota": "no CPU quota is in force"}
    throttling = of(machine, files(contents), told)["throttling"]
    assert throttling.state == "absent"
    assert throttling.how == f"{version}: no CPU quota is in force"


def test_a_quota_whose_throttling_can_not_be_read(files: MakeFiles, machine: Machine) -> None:
    machine = msgspec.structs.replace(machine, cpu_quota=2.0)
    told = {**ALL, "quota": "can't be read (Permission denied)"}
    throttling = of(machine, files(), told)["throttling"]
    assert throttling.state == "unavailable"
    assert "cpu.stat can't be read" in throttling.how


@pytest.mark.parametrize(
    ("contents", "changes", "words"),
    [
        ({}, {}, "the kernel shows no RAPL"),
        ({}, {"container": True}, "hidden from this container"),
        ({}, {"wsl": True}, "WSL"),
        ({"proc/cpuinfo": "flags\t\t: fpu hypervisor avx\n"}, {}, "virtual machine"),
    ],
)
def test_why_there_is_no_rapl(
    files: MakeFiles,
    machine: Machine,
    contents: dict[str, str],
    changes: dict[str, bool],
    words: str,
) -> None:
    machine = msgspec.structs.replace(machine, **changes)
    told = {**ALL, "rapl": "not there"}
    energy = of(machine, files(contents), told)["cpu_energy"]
    assert energy.state == "unavailable"
    assert words in energy.how
    assert energy.remedy


def test_rapl_that_only_root_may_read(
    files: MakeFiles, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = files(COUNTER)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    energy = of(machine, root, {**ALL, "rapl": "not permitted"})["cpu_energy"]
    assert energy.how == "RAPL is readable by root only"
    assert "docs/power.md" in str(energy.remedy)


def test_rapl_that_is_there_but_fails(files: MakeFiles, machine: Machine) -> None:
    energy = of(machine, files(COUNTER), {**ALL, "rapl": "energy_uj is empty"})["cpu_energy"]
    assert (energy.state, energy.how) == ("unavailable", "energy_uj is empty")
