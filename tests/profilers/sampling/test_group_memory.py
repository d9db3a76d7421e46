from pathlib import Path

import pytest

from profilers.sampling.group_memory import GroupMemorySource

SECOND_NS = 10**9
MACHINES = {
    "v2": (
        "0::/job\n",
        "sys/fs/cgroup/job",
        {"memory.max": "9000", "memory.current": "5000\n"},
        "anon 1\ninactive_file 1200\n",
    ),
    "v1": (
        "4:memory:/job\n",
        "sys/fs/cgroup/memory/job",
        {"memory.limit_in_bytes": "9000", "memory.usage_in_bytes": "5000\n"},
        "inactive_file 7\ntotal_inactive_file 1200\n",
    ),
}


def machine(root: Path, version: str) -> Path:
    own, folder, files, statistics = MACHINES[version]
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(own)
    (root / folder).mkdir(parents=True)
    for name, text in {**files, "memory.stat": statistics}.items():
        (root / folder / name).write_text(text)
    return root / folder


@pytest.mark.parametrize("version", MACHINES)
def test_what_is_used_is_without_cached_files_that_can_go(tmp_path: Path, version: str) -> None:
    folder = machine(tmp_path, version)
    source = GroupMemorySource(tmp_path)
    assert source.columns == {"cgroup_memory_used_bytes": "bytes"}
    assert source.capabilities == {"cgroup_memory": "available"}
    assert source.read(SECOND_NS) == [3800]
    assert source.read(SECOND_NS + SECOND_NS // 10) == [None]
    (folder / "memory.stat").write_text("anon 1\n")
    assert source.read(2 * SECOND_NS) == [5000]
    (folder / "memory.stat").write_text("inactive_file 6000\ntotal_inactive_file 6000\n")
    assert source.read(3 * SECOND_NS) == [0]
    source.close()
    assert source.read(4 * SECOND_NS) == [None]


def test_without_a_limit_there_is_no_figure(tmp_path: Path) -> None:
    folder = machine(tmp_path, "v2")
    (folder / "memory.max").write_text("max")
    source = GroupMemorySource(tmp_path)
    assert source.read(SECOND_NS) == [None]
    assert source.capabilities == {"cgroup_memory": "no limit of memory is in force"}


def test_a_limit_without_a_usage_says_so(tmp_path: Path) -> None:
    folder = machine(tmp_path, "v2")
    (folder / "memory.current").unlink()
    source = GroupMemorySource(tmp_path)
    assert source.read(SECOND_NS) == [None]
    assert source.capabilities["cgroup_memory"].startswith("can't be read (No such file")


@pytest.mark.parametrize("content", ["", "lots", "-5"])
def test_any_content_is_survived(tmp_path: Path, content: str) -> None:
    folder = machine(tmp_path, "v2")
    (folder / "memory.current").write_text(content)
    assert GroupMemorySource(tmp_path).read(SECOND_NS) == [None]


def test_this_machine_answers_or_says_why_not() -> None:
    source = GroupMemorySource()
    [value] = source.read(SECOND_NS)
    assert (value is not None) == (source.capabilities["cgroup_memory"] == "available")
    source.close()
