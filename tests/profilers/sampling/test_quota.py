from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profilers.sampling import quota
from profilers.sampling.quota import QuotaSource

V2 = "usage_usec 9\nnr_throttled 3\nthrottled_usec {}\n"
V1 = "nr_periods 9\nnr_throttled 3\nthrottled_time {}\nburst_time 5\n"
OWN = {"v2": "0::/\n", "v1": "2:cpu,cpuacct:/\n"}
FILES = {
    "v2": ({"cpu.max": "50000 100000"}, "sys/fs/cgroup", V2, 10**6),
    "v1": (
        {"cpu.cfs_quota_us": "50000", "cpu.cfs_period_us": "100000"},
        "sys/fs/cgroup/cpu,cpuacct",
        V1,
        10**9,
    ),
}


def machine(root: Path, version: str, seconds: float) -> Path:
    """A root with a container's quota of half a CPU; gives its cpu.stat."""
    files, folder, content, per_second = FILES[version]
    texts = {f"{folder}/{name}": text for name, text in files.items()}
    texts |= {"proc/self/cgroup": OWN[version]}
    texts |= {f"{folder}/cpu.stat": content.format(int(seconds * per_second))}
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root / folder / "cpu.stat"


@pytest.mark.parametrize("version", FILES)
def test_the_throttled_time_is_read_again_and_given_in_seconds(
    tmp_path: Path, version: str
) -> None:
    machine(tmp_path, version, 1.5)
    source = QuotaSource(tmp_path)
    assert source.columns == {
        "cgroup_cpu_throttled_seconds": "seconds",
        "cgroup_cpu_throttled_periods": "count",
    }
    assert source.capabilities == {"quota": "available"}
    assert source.read(0) == [1.5, 3]
    machine(tmp_path, version, 2.25)
    assert source.read(1) == [2.25, 3]
    source.close()
    assert source.read(2) == [None, None]


def test_of_several_quotas_the_tightest_one_is_read(tmp_path: Path) -> None:
    machine(tmp_path, "v2", 4)
    inner = tmp_path / "sys/fs/cgroup/job"
    inner.mkdir()
    (inner / "cpu.max").write_text("20000 100000")
    (inner / "cpu.stat").write_text(V2.format(7_000_000))
    (tmp_path / "proc/self/cgroup").write_text("0::/job\n")
    assert QuotaSource(tmp_path).read(0) == [7.0, 3]


def test_without_a_quota_there_is_no_figure(tmp_path: Path) -> None:
    machine(tmp_path, "v2", 4)
    (tmp_path / "sys/fs/cgroup/cpu.max").write_text("max 100000")
    source = QuotaSource(tmp_path)
    assert source.read(0) == [None, None]
    assert source.capabilities == {"quota": "no CPU quota is in force"}


def test_a_quota_without_statistics_says_so(tmp_path: Path) -> None:
    machine(tmp_path, "v1", 1).unlink()
    source = QuotaSource(tmp_path)
    assert source.read(0) == [None, None]
    assert source.capabilities["quota"].startswith("can't be read (No such file")


def test_this_machine_answers_or_says_why_not() -> None:
    source = QuotaSource()
    seconds, _ = source.read(0)
    assert (seconds is not None) == (source.capabilities["quota"] == "available")
    source.close()


@given(st.binary(max_size=100))
def test_any_content_is_survived(content: bytes) -> None:
    assert all(value is None or value >= 0 for value in quota._throttled(content))
