"""What goes wrong with a GPU leaves a run complete, its cells empty, and one line that says why.

The driver's library is a fake one (tests/fake_nvml). The run computes on the CPU; that it used the
first GPU is written into its record afterwards, and the analysis made anew.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from profilers import rundir
from tests.conftest import run_analysis, run_profile
from tests.fake_nvml import library, used
from tests.fake_nvml.script import (
    DRIVER_NOT_LOADED,
    GIB,
    GPU_IS_LOST,
    NOT_SUPPORTED,
    Fault,
    Gpu,
    Holder,
    Script,
)

pytestmark = pytest.mark.slow

SHORT = ("--steps", "5", "--warmup", "1", "--profile-steps", "1", "--threads", "1")
UUID, LISTED_UUID = "GPU-0000-test", "GPU-1111-test"
POWER = (
    "power_watts",
    "power_kind",
    "energy_joules",
    "energy_method",
    "energy_joules_to_accuracy",
    "energy_joules_per_step",
    "energy_joules_per_1000_samples",
    "energy_net_joules",
    "energy_net_joules_per_1000_samples",
)
VRAM, OWN_VRAM = "vram_peak_bytes", "process_vram_peak_bytes"
ALL = ("gpu_percent", VRAM, OWN_VRAM, *POWER)
NO_LIBRARY: None = None


def unsupported(script: Script) -> None:
    for figure in ("power", "energy", "utilization"):
        del script.gpus[0].signals[figure]
    script.faults = [Fault("nvmlDeviceGetComputeRunningProcesses_v3", NOT_SUPPORTED)]


def lost_after_a_second(script: Script) -> None:
    """Of the sampler's: the run imports its framework then."""
    script.origin_ns = 0
    script.faults = [Fault("*", GPU_IS_LOST, gpu=0, begin_s=1.0)]


def without_driver(script: Script) -> None:
    script.faults = [Fault("nvmlInitWithFlags", DRIVER_NOT_LOADED)]


def held_by_another(script: Script) -> None:
    script.holders = [Holder(0, 1 << 22, GIB)]


def of_another_uuid(script: Script) -> None:
    script.gpus[0] = Gpu(LISTED_UUID)


@dataclass(frozen=True)
class Case:
    """A fault, the cells that it empties, and what is said of it beside `known` cells."""

    change: Callable[[Script], None] | None
    empty: tuple[str, ...]
    told: str
    known: dict[str, int] = field(default_factory=dict)
    on_the_cpu: str = "as the run was on the CPU"
    warned: bool = False


CASES = {
    "not supported": Case(
        unsupported,
        ("gpu_percent", OWN_VRAM, *POWER),
        "GPU use, power and energy: not supported · VRAM peak 4.00 GiB of all processes; of this "
        "run not known, not supported",
        {VRAM: 4 * GIB},
    ),
    "lost at t": Case(
        lost_after_a_second,
        ("gpu_percent", OWN_VRAM, *POWER),
        "GPU use, power and energy: the GPU was lost, the driver can't reach it any more · "
        "VRAM peak 4.00 GiB of all processes",
        {VRAM: 4 * GIB},
        warned=True,
    ),
    "driver missing": Case(
        without_driver,
        ALL,
        "GPU, power and energy: not measured, NVIDIA's driver is installed, but not loaded",
        on_the_cpu="NVIDIA's driver is installed, but not loaded",
    ),
    "library missing": Case(
        NO_LIBRARY,
        ALL,
        "GPU, power and energy: not measured, no NVIDIA driver on this machine",
        on_the_cpu="no NVIDIA driver on this machine",
    ),
    "PID missing": Case(
        held_by_another,
        (OWN_VRAM,),
        "VRAM peak 4.00 GiB of all processes; of this run not known, the driver does not list the "
        "measured process on this GPU",
        {VRAM: 4 * GIB},
    ),
    "wrong UUID": Case(
        of_another_uuid,
        ALL,
        "GPU, power and energy: not measured, the driver does not list the GPU that the run used",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_fault_leaves_a_complete_run(nvml_library: Path, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    script = Script([Gpu(UUID)])
    if case.change is None:
        variables = library.variables_without(tmp_path)
    else:
        case.change(script)
        variables = library.variables(nvml_library, script, tmp_path)
    asked = ("--framework", "torch", "--workload", "mnist-mlp", "--device", "cpu", *SHORT)
    done = run_profile(*asked, "--output", str(tmp_path / "traces"), "--json", env=variables)
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["runs"]
    assert row["status"] == "complete"
    assert {row[cell] for cell in ALL} == {None}
    text = " ".join(done.stderr.split())
    assert text.count(f"GPU, power and energy: not measured, {case.on_the_cpu}") == 1
    assert text.count("GPU") == 1 + case.warned

    run = Path(row["path"])
    used.use(run, "cuda:0", UUID)
    again = run_analysis("finish", str(run))
    assert again.returncode == 0, again.stderr
    text = " ".join(again.stderr.split())
    assert text.count(case.told) == 1, text
    cost = text.partition(" Trust ")[0].partition(" Cost ")[2]
    assert cost.count(case.told[: case.told.index(",") + 1]) == 1
    assert text.count("warning: GPU 0 (NVIDIA Test) was lost") == case.warned
    summary = json.loads((run / rundir.SUMMARY).read_text())
    assert {summary[cell] for cell in case.empty} == {None}
    assert {cell: summary[cell] for cell in case.known} == case.known
    reasons = {summary["missing"].get(cell) for cell in case.empty if cell in summary["missing"]}
    assert reasons
    assert all(reasons)
