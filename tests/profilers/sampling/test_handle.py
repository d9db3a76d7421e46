import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from profilers import rundir
from profilers.records import ResourcesRecord
from profilers.sampling import handle
from profilers.sampling.handle import SamplerHandle


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


def test_a_sampler_that_does_not_end_is_killed(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handle, "STOP_SECONDS", 0.2)
    sampler = SamplerHandle(run)
    process = psutil.Process(sampler._process.pid)
    process.suspend()
    sampler.stop()
    assert not process.is_running()
