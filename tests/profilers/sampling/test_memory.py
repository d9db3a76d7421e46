import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from profilers.sampling import memory
from profilers.sampling.tree import ProcessTree

MIB = 1 << 20

# Fills 64 MiB, and then has them shared by a child that it forks; 192 MiB more came and went.
SHARING = f"""
import os, sys
block = bytearray(b"x" * {64 * MIB})
gone = bytearray(b"y" * {96 * MIB})
del gone
if os.fork() == 0:
    print("up", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def sharing() -> Iterator[ProcessTree]:
    process = subprocess.Popen(
        [sys.executable, "-c", SHARING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    tree = ProcessTree()
    tree.watch(process.pid)
    tree.members(0)
    yield tree
    process.communicate()


def test_shared_pages_count_once_in_pss_and_not_in_uss(sharing: ProcessTree) -> None:
    found = memory.at_phase_end("timed", 17, sharing)
    assert found is not None
    assert (found.phase, found.time_ns) == ("timed", 17)
    assert found.rss_bytes > 2 * 64 * MIB
    assert found.pss_bytes is not None
    assert found.uss_bytes is not None
    assert 64 * MIB < found.pss_bytes < found.rss_bytes - 60 * MIB
    assert found.uss_bytes < found.pss_bytes - 60 * MIB


def test_the_kernels_peak_is_one_process_own(sharing: ProcessTree) -> None:
    found = memory.at_phase_end("timed", 0, sharing)
    assert found is not None
    assert found.rss_peak_bytes is not None
    assert 250 * MIB < found.rss_peak_bytes < 290 * MIB


def test_what_may_not_be_seen_is_missing_and_not_a_part(
    sharing: ProcessTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, denied = psutil.Process.memory_full_info, []

    def sometimes(self: psutil.Process) -> object:
        if not denied:
            denied.append(self.pid)
            raise psutil.AccessDenied(self.pid)
        return full(self)

    monkeypatch.setattr(psutil.Process, "memory_full_info", sometimes)
    found = memory.at_phase_end("timed", 0, sharing)
    assert found is not None
    assert (found.pss_bytes, found.uss_bytes) == (None, None)
    assert found.rss_bytes > 2 * 64 * MIB


def test_before_there_is_a_child() -> None:
    assert memory.at_phase_end("import", 0, ProcessTree()) is None


@pytest.mark.parametrize(
    "content", [None, "", "Name: x\n", "Name: x\nVmHWM:\n", "Name: x\nVmHWM: 5 MB\nVmRSS: 1 kB\n"]
)
def test_a_status_without_a_peak(tmp_path: Path, content: str | None) -> None:
    (tmp_path / "7").mkdir()
    if content is not None:
        (tmp_path / "7/status").write_text(content)
    assert memory.peak_bytes(7, tmp_path) is None


def test_a_status_with_a_peak(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7/status").write_text("Name:\tx\nVmPeak:\t9 kB\nVmHWM:\t    5 kB\nVmRSS:\t 1 kB\n")
    assert memory.peak_bytes(7, tmp_path) == 5 * 1024
