import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from profilers import rundir
from profilers.records import ResourcesRecord
from profilers.sampling import handle
from profilers.sampling.handle import SamplerHandle


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not come true within 20 s"
        time.sleep(0.01)


def test_a_sampler_writes_until_it_is_stopped(run: Path) -> None:
    sampler = SamplerHandle(run)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])
    try:
        assert sampler.started
        sampler.watch(child.pid)
        time.sleep(0.3)
        assert sampler.trouble() is None
    finally:
        child.kill()
        child.wait()
        sampler.stop()
    record = rundir.read_json(run / rundir.RESOURCES_RECORD, ResourcesRecord)
    assert record.ended == "stopped"
    assert record.samples >= 10
    cells = (run / rundir.RESOURCES).read_text().splitlines()[-1].split(",")
    assert all(cells[:4])


def test_memory_is_read_when_a_phase_ends(run: Path) -> None:
    sampler = SamplerHandle(run)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])
    try:
        sampler.phase_ended("before there is a child")
        sampler.watch(child.pid)
        sampler.phase_ended("import")
        sampler.phase_ended("timed")
    finally:
        sampler.stop()
        child.kill()
        child.wait()
    record = rundir.read_json(run / rundir.RESOURCES_RECORD, ResourcesRecord)
    assert [end.phase for end in record.phase_ends] == ["import", "timed"]
    assert abs(record.phase_ends[0].time_ns - time.time_ns()) < 60e9


def test_a_full_disk_ends_the_samples_and_says_so(run: Path) -> None:
    sampler = SamplerHandle(run)
    path, process = run / rundir.RESOURCES, sampler._process
    wait_until(lambda: path.stat().st_size > 12_000)
    limit = path.stat().st_size + 1000
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, limit))
    wait_until(lambda: process.poll() is not None)
    assert process.returncode == 0
    assert sampler.trouble() is None
    reason = "resources.csv could not be written (File too large)"
    full = "resources.csv could not be written (No space left on device)"
    [notice] = sampler.notices()
    assert notice in {
        f"{each}: CPU, memory and GPU use are missing from then on." for each in (reason, full)
    }
    sampler.phase_ended("timed")
    sampler.stop()
    record = rundir.read_json(run / rundir.RESOURCES_RECORD, ResourcesRecord)
    assert record.ended in (reason, full)
    assert record.samples == path.read_bytes().count(b"\n") - 1


def test_a_sampler_that_is_asked_to_end_by_others_says_so(run: Path) -> None:
    sampler = SamplerHandle(run)
    sampler._process.terminate()
    wait_until(lambda: sampler._process.poll() is not None)
    assert sampler.notices() == [
        "the sampler was terminated: CPU, memory and GPU use are missing from then on."
    ]
    sampler.stop()


def test_a_sampler_that_is_killed_is_trouble(run: Path) -> None:
    sampler = SamplerHandle(run)
    sampler._process.kill()
    sampler._process.wait()
    assert "ended early" in str(sampler.trouble())
    sampler.watch(1)
    sampler.stop()


def test_a_sampler_that_can_not_start_is_trouble_and_no_error(tmp_path: Path) -> None:
    sampler = SamplerHandle(tmp_path / "no such run")
    assert not sampler.started
    assert "did not start" in str(sampler.trouble())
    sampler.stop()


def test_a_sampler_that_is_late_may_still_begin(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handle, "READY_SECONDS", 0.0)
    sampler = SamplerHandle(run)
    try:
        assert "had not begun after 0 s" in str(sampler.trouble())
        wait_until(lambda: bool(sampler.notices()) or sampler.started)
        assert sampler.trouble() is None
    finally:
        sampler.stop()


def test_a_sampler_that_does_not_end_is_killed(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handle, "STOP_SECONDS", 0.2)
    sampler = SamplerHandle(run)
    process = psutil.Process(sampler._process.pid)
    process.suspend()
    sampler.stop()
    assert not process.is_running()
