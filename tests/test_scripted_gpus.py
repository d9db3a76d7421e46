"""GPUs that play a script, from the driver's library through the real sampler to what is said.

The library is a fake one (tests/fake_nvml), which the real pynvml loads.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from analysis import cost_text, measured
from analysis.measured import Measured
from analysis.resources import coverage, energy, samples, sensors
from analysis.resources.samples import Samples
from profilers import rundir
from profilers.records import Environment, Phase, ResourcesRecord, RunRecord
from profilers.sampling.handle import SamplerHandle
from tests.fake_nvml import library
from tests.fake_nvml.script import (
    GIB,
    GPU_IS_LOST,
    NOT_SUPPORTED,
    Constant,
    Counter,
    Fault,
    Gpu,
    Ramp,
    Script,
    Square,
)

pytestmark = pytest.mark.slow

MakeRecord = Callable[..., RunRecord]
Record = Callable[[Script, float], Path]
"""Plays a script while the sampler records for so many seconds; the run's directory."""


@contextmanager
def in_environment(variables: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def sampled(run: Path, record: RunRecord, seconds: float, variables: dict[str, str]) -> Path:
    """A run of a process that does nothing, as the sampler sees it."""
    run.mkdir()
    rundir.write_json(run / rundir.RUN, record)
    with in_environment(variables):
        sampler = SamplerHandle(run)
    child = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    )
    sampler.watch(child.pid)
    begin_ns = time.time_ns()
    time.sleep(seconds)
    rundir.append_rows(
        run / rundir.PHASES, [Phase("timed", begin_ns, time.time_ns() - begin_ns)], Phase
    )
    time.sleep(0.3)
    assert sampler.trouble() is None
    sampler.stop()
    child.communicate()
    return run


@pytest.fixture
def play(nvml_library: Path, tmp_path: Path, make_record: MakeRecord) -> Record:
    def record(script: Script, seconds: float) -> Path:
        variables = library.variables(nvml_library, script, tmp_path)
        return sampled(tmp_path / "run", make_record(device="cuda:0"), seconds, variables)

    return record


def use(run: Path, uuid: str) -> Measured:
    """The run as the analysis reads it, if its process had named this GPU as the one it used."""
    device: dict[str, str | int | None] = {"device": "cuda:0", "uuid": uuid}
    environment = Environment(
        python="3.11",
        platform="",
        cpu_model=None,
        versions={},
        build={},
        devices=[device],
        threads={},
        precision={},
        variables={},
    )
    rundir.write_json(run / rundir.ENVIRONMENT, environment)
    return measured.read(run)


def samples_of(run: Path) -> Samples:
    found = samples.read(run)
    assert found is not None
    return found


def capabilities_of(run: Path) -> dict[str, str]:
    record = rundir.read_json(run / rundir.RESOURCES_RECORD, ResourcesRecord)
    assert record.ended == "stopped"
    return record.capabilities


def said(run: Measured) -> str:
    return "\n".join((*cost_text.sentences(run), *cost_text.missing(run)))


def script_window(run: Path, script: Script, begin_s: float, end_s: float) -> coverage.Window:
    """A stretch of the script's time in Unix time, as the samples tie the two together."""
    found = samples_of(run)
    unix_ns = int(found.time_ns[0]) - int(found.column("monotonic_ns")[0]) + script.origin_ns
    return coverage.Window(unix_ns + round(begin_s * 1e9), unix_ns + round(end_s * 1e9))


def test_energy_of_two_gpus_is_the_integral_of_what_they_played(play: Record) -> None:
    script = Script()
    now_s = script.now_s()
    square = Square(100_000, 300_000, 1.0, 0.4)
    ramp = Ramp(80_000, 350_000, now_s + 1.5, now_s + 5.0)
    for gpu, power in zip(script.gpus, (square, ramp), strict=True):
        gpu.signals |= {"power": power, "energy": Counter(hold_s=0.02)}
    run = play(script, 6.0)
    begin_s = np.ceil(script.seconds(int(samples_of(run).column("monotonic_ns")[0])) + 0.5)
    window = script_window(run, script, begin_s + 0.7, begin_s + 4.7)
    for number, gpu in enumerate(script.gpus):
        found = energy.of_window(sensors.of_gpu(use(run, gpu.uuid).samples), window)
        scripted_joules = script.joules(number, begin_s + 0.7, begin_s + 4.7)
        assert found.method == "counter"
        assert found.joules == pytest.approx(scripted_joules, rel=0.01)
        assert found.check_joules == pytest.approx(scripted_joules, rel=0.05)
    watts = samples_of(run).column("gpu0_power_watts")
    assert set(watts[~np.isnan(watts)]) == {100.0, 300.0}


def test_two_gpus_with_what_they_do_not_support_have_their_reasons(play: Record) -> None:
    script = Script([Gpu("GPU-00"), Gpu("GPU-11"), Gpu("GPU-22")])
    del script.gpus[0].signals["energy"]
    script.faults = [
        Fault("field:186", NOT_SUPPORTED, gpu=1),
        Fault("nvmlDeviceGetPowerUsage", NOT_SUPPORTED, gpu=1),
        Fault("nvmlDeviceGetTotalEnergyConsumption", NOT_SUPPORTED, gpu=1),
        Fault("field:186", NOT_SUPPORTED, gpu=2),
    ]
    run = play(script, 1.6)
    found, told = samples_of(run), capabilities_of(run)
    assert told["gpu"] == "available"
    for column in ("gpu0_energy_joules", "gpu1_power_watts", "gpu1_energy_joules"):
        assert np.isnan(found.column(column)).all()
        assert told[column] == "not supported"
    assert np.nanmax(found.column("gpu0_power_watts")) == 100.0
    assert np.nanmax(found.column("gpu2_power_watts")) == 100.0
    assert "(power, added up, each 0.1 s)" in said(use(run, "GPU-00"))
    assert "power and energy: not supported" in said(use(run, "GPU-11")).splitlines()
    kinds = [gpu["power_kind"] for gpu in found.record.gpus]
    assert kinds == ["instant", None, "average-1s"]


def test_a_part_of_a_split_gpu_has_its_own_memory_and_the_power_of_the_whole(play: Record) -> None:
    script = Script([Gpu("GPU-00", instances=("MIG-a", "MIG-b"))])
    script.gpus[0].signals |= {"mig": Constant(1), "energy": Counter(hold_s=0.1)}
    del script.gpus[0].signals["utilization"]
    run = play(script, 2.4)
    used = use(run, "MIG-a")
    assert used.samples is not None
    assert used.samples.gpu == 0
    assert np.nanmax(used.samples.gpu_column("memory_used_bytes")) == GIB
    assert np.nanmax(used.samples.power_watts()) == 100.0
    assert capabilities_of(run)["gpu0_utilization_ratio"] == "not supported"
    assert "GPU use: not supported · VRAM peak 1.00 GiB of all processes" in said(used)
    assert "power and energy are those of the whole GPU, not of the MIG instance" in said(used)
    seconds = used.phases[0].duration_ns / 1e9
    assert used.energy.joules == pytest.approx(100 * seconds, rel=0.05)


def test_a_gpu_lost_in_the_run_leaves_empty_cells_and_the_other_gpu(play: Record) -> None:
    script = Script()
    script.faults = [Fault("*", GPU_IS_LOST, gpu=0, begin_s=script.now_s() + 2.5)]
    run = play(script, 4.0)
    found, told = samples_of(run), capabilities_of(run)
    sampled_s = (found.column("monotonic_ns") - script.origin_ns) / 1e9
    lost = sampled_s > script.faults[0].begin_s
    joules = found.column("gpu0_energy_joules")
    assert lost.any()
    assert np.isnan(joules[lost]).all()
    assert not np.isnan(joules[~lost]).all()
    assert not np.isnan(found.column("gpu1_energy_joules")[lost]).all()
    assert told["gpu0"] == "the GPU was lost, the driver can't reach it any more"
    assert "gpu1" not in told
    told_by_summary = said(use(run, script.gpus[0].uuid))
    assert f"GPU use, power and energy: {told['gpu0']} · VRAM peak" in told_by_summary
    assert use(run, script.gpus[0].uuid).figures.power_watts is None
    assert use(run, script.gpus[1].uuid).energy.joules is not None
