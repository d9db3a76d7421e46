import os
from collections.abc import Callable
from pathlib import Path

import pytest

from profilers.doctor import machine

MakeFiles = Callable[..., Path]


def test_this_machine() -> None:
    found = machine.examine()
    assert found.system.split()[0] in ("Linux", "Darwin")
    assert 0 < found.cpus_usable <= found.cpus_allowed
    assert 1 <= found.physical_cores <= found.cpus_allowed
    assert 0 < found.memory_limit_bytes <= found.memory_bytes


def test_limits_of_a_cgroup(files: MakeFiles) -> None:
    root = files(
        {
            "proc/self/cgroup": "0::/box\n",
            "sys/fs/cgroup/box/cpu.max": "50000 100000\n",
            "sys/fs/cgroup/box/memory.max": "1073741824\n",
        }
    )
    found = machine.examine(root)
    assert found.cpus_usable == found.cpu_quota == 0.5
    assert found.memory_limit_bytes == 1 << 30
    assert found.memory_bytes > 1 << 30


def test_without_files_nothing_is_claimed(
    files: MakeFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("container", raising=False)
    found = machine.examine(files())
    assert (found.container, found.wsl, found.own_processes) == (False, False, False)
    assert found.cpu_quota is None


@pytest.mark.parametrize("mark", [".dockerenv", "run/.containerenv"])
def test_a_container_by_its_mark(files: MakeFiles, mark: str) -> None:
    assert machine.is_container(files({mark: ""}))


def test_a_container_by_its_variable(files: MakeFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("container", "podman")
    assert machine.is_container(files())


def test_wsl_by_its_kernel(files: MakeFiles) -> None:
    version = "Linux version 5.15.153.1-microsoft-standard-WSL2 (root@941d701f84f1)\n"
    assert machine.is_wsl(files({"proc/version": version}))
    assert not machine.is_wsl(files({"proc/version": "Linux version 6.8.0-45-generic\n"}))


@pytest.mark.parametrize(("number", "own"), [("4026531836", False), ("4026532591", True)])
def test_process_numbers_of_ones_own(files: MakeFiles, number: str, own: bool) -> None:
    root = files()
    (root / "proc/self/ns").mkdir(parents=True)
    os.symlink(f"pid:[{number}]", root / "proc/self/ns/pid")
    assert machine.has_own_processes(root) is own
