import os
from pathlib import Path

import psutil
import pytest

from profilers.sampling import cgroup

V2 = "0::/user.slice/job\n"
V1 = "4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n1:name=systemd:/x\n0::/\n"


def tree(root: Path, own: str, files: dict[str, str]) -> Path:
    for name, content in ({"proc/self/cgroup": own} | files).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


@pytest.fixture
def eight_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))


def siblings(groups: list[str]) -> dict[str, str]:
    return {
        f"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list": f"{group}\n"
        for cpu, group in enumerate(groups)
    }


@pytest.mark.usefixtures("eight_cpus")
def test_v2_takes_the_tightest_of_the_parents(tmp_path: Path) -> None:
    files = {
        "sys/fs/cgroup/user.slice/job/cpu.max": "max 100000\n",
        "sys/fs/cgroup/user.slice/cpu.max": "150000 100000\n",
        "sys/fs/cgroup/user.slice/job/memory.max": "2000000\n",
        "sys/fs/cgroup/user.slice/memory.max": "1000000\n",
    }
    root = tree(tmp_path, V2, files)
    assert cgroup.usable_cpus(root) == 1.5
    assert cgroup.memory_limit_bytes(root) == 1_000_000


def test_v2_in_a_container_that_shows_the_path_of_the_host(tmp_path: Path) -> None:
    files = {"sys/fs/cgroup/cpu.max": "200000 100000", "sys/fs/cgroup/memory.max": "max"}
    root = tree(tmp_path, V2, files)
    assert cgroup.cpu_quota(root) == 2.0
    assert cgroup.cgroup_memory_bytes(root) is None


def test_v2_path_outside_the_namespace(tmp_path: Path) -> None:
    root = tree(tmp_path, "0::/../../other\n", {"sys/fs/cgroup/cpu.max": "50000 100000"})
    assert cgroup.cpu_quota(root) == 0.5


@pytest.mark.parametrize("folder", ["cpu,cpuacct", "cpu"])
def test_v1_under_both_names_of_the_mount(tmp_path: Path, folder: str) -> None:
    files = {
        f"sys/fs/cgroup/{folder}/docker/abc/cpu.cfs_quota_us": "250000\n",
        f"sys/fs/cgroup/{folder}/docker/abc/cpu.cfs_period_us": "100000\n",
        f"sys/fs/cgroup/{folder}/cpu.cfs_quota_us": "-1\n",
        f"sys/fs/cgroup/{folder}/cpu.cfs_period_us": "100000\n",
        "sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": "3000000\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    }
    root = tree(tmp_path, V1, files)
    assert cgroup.cpu_quota(root) == 2.5
    assert cgroup.cgroup_memory_bytes(root) == 3_000_000


def test_v1_without_limits(tmp_path: Path) -> None:
    files = {
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    }
    root = tree(tmp_path, V1, files)
    assert cgroup.cpu_quota(root) is None
    assert cgroup.memory_limit_bytes(root) == psutil.virtual_memory().total


@pytest.mark.usefixtures("eight_cpus")
def test_hybrid_uses_both_trees(tmp_path: Path) -> None:
    files = {
        "sys/fs/cgroup/unified/cpu.max": "300000 100000",
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "400000",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
    }
    assert cgroup.usable_cpus(tree(tmp_path, V1, files)) == 3.0


@pytest.mark.usefixtures("eight_cpus")
@pytest.mark.parametrize("content", ["", "max", "x y", "100000 0", "-5 100000"])
def test_damaged_limit_is_no_limit(tmp_path: Path, content: str) -> None:
    root = tree(tmp_path, V2, {"sys/fs/cgroup/cpu.max": content})
    assert cgroup.usable_cpus(root) == 8.0


@pytest.mark.usefixtures("eight_cpus")
def test_no_cgroups_at_all(tmp_path: Path) -> None:
    assert cgroup.usable_cpus(tmp_path) == 8.0
    assert cgroup.memory_limit_bytes(tmp_path) == psutil.virtual_memory().total


@pytest.mark.usefixtures("eight_cpus")
def test_hardware_threads_of_one_core_count_once(tmp_path: Path) -> None:
    root = tree(tmp_path, V2, siblings(["0,4", "1,5", "2,6", "3,7"] * 2))
    assert cgroup.physical_cores(root) == 4


def test_only_cores_in_the_affinity_mask_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 4, 5})
    root = tree(tmp_path, V2, siblings(["0,4", "1,5", "2,6", "3,7"] * 2))
    assert cgroup.physical_cores(root) == 2


@pytest.mark.usefixtures("eight_cpus")
@pytest.mark.parametrize(("quota", "cores"), [("250000", 2), ("50000", 1), ("900000", 4)])
def test_quota_caps_the_cores_but_leaves_one(tmp_path: Path, quota: str, cores: int) -> None:
    files = siblings(["0,4", "1,5", "2,6", "3,7"] * 2)
    files["sys/fs/cgroup/cpu.max"] = f"{quota} 100000"
    assert cgroup.physical_cores(tree(tmp_path, V2, files)) == cores


@pytest.mark.usefixtures("eight_cpus")
@pytest.mark.parametrize(("counted", "cores"), [(4, 4), (16, 8), (None, 8)])
def test_cores_without_topology_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counted: int | None, cores: int
) -> None:
    monkeypatch.setattr(psutil, "cpu_count", lambda logical: counted)
    assert cgroup.physical_cores(tmp_path) == cores


def test_this_machine() -> None:
    assert 1 <= cgroup.physical_cores() <= len(os.sched_getaffinity(0))
    assert 0 < cgroup.usable_cpus() <= len(os.sched_getaffinity(0))
    assert 0 < cgroup.memory_limit_bytes() <= psutil.virtual_memory().total
