from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from profilers.doctor import gpu_figures
from profilers.doctor.record import FrameworkFound, Gpu, Gpus, Machine, Measurement
from profilers.environment import KERNELS_UNSEEN
from profilers.sampling.source import AVAILABLE

MakeFiles = Callable[..., Path]
changed = msgspec.structs.replace
DESCRIBED = [{"index": 0, "power_kind": "instant"}, {"index": 1, "power_kind": "average-1s"}]
RESTRICTED = {
    "proc/driver/nvidia/params": "EnableMSI: 1\nRmProfilingAdminOnly: 1\n",
    "proc/self/status": "Name:\tpython\nCapEff:\t0000000000000000\n",
}


@pytest.fixture
def two(gpu: Gpu) -> Gpus:
    return Gpus(driver="580.82", found=[gpu, changed(gpu, index=1, device="cuda:1")])


@pytest.fixture
def examine(
    files: MakeFiles, machine: Machine, torch_found: FrameworkFound, two: Gpus
) -> Callable[..., dict[str, Measurement]]:
    """What is found of two GPUs that give everything, with changes."""

    def made(
        told: dict[str, str] | None = None,
        *,
        gpus: Gpus = two,
        contents: dict[str, str] | None = None,
        framework: FrameworkFound = torch_found,
        **changes: bool,
    ) -> dict[str, Measurement]:
        here = changed(machine, **changes)
        capabilities = {"gpu": AVAILABLE, **(told or {})}
        root = files(contents)
        rows = gpu_figures.examine(gpus, here, [framework], capabilities, DESCRIBED, root)
        return {row.name: row for row in rows}

    return made


Examine = Callable[..., dict[str, Measurement]]


def test_two_gpus_that_give_everything(examine: Examine) -> None:
    found = examine()
    assert {row.state for row in found.values()} == {"available"}
    assert found["gpu_power"].how == "instantaneous (cuda:0), mean of the last second (cuda:1)"
    assert "1/6 s" in found["gpu_use"].how
    assert "nothing under 1 s" in found["gpu_energy"].how


@pytest.mark.parametrize(("expected", "state"), [(True, "unavailable"), (False, "absent")])
def test_without_a_gpu_there_is_one_row(examine: Examine, expected: bool, state: str) -> None:
    gpus = Gpus(expected=expected, problem="none", remedy="a driver" if expected else None)
    found = examine(gpus=gpus)
    assert [(row.name, row.state, row.how) for row in found.values()] == [("gpu", state, "none")]


def test_hidden_gpus_are_not_told_of(examine: Examine, two: Gpus) -> None:
    hidden = changed(two.found[0], device=None)
    found = examine({"gpu0": "lost"}, gpus=changed(two, found=[hidden, two.found[1]]))
    assert {row.state for row in found.values()} == {"available"}
    assert found["gpu_power"].how == "mean of the last second"
    (row,) = examine(gpus=changed(two, found=[hidden])).values()
    assert (row.state, row.how) == ("absent", "CUDA_VISIBLE_DEVICES hides every GPU")


def test_power_of_a_whole_module_is_named_so(files: MakeFiles, machine: Machine, two: Gpus) -> None:
    described = [{"index": 0, "power_kind": "instant", "power_scope": "module"}]
    one = changed(two, found=two.found[:1])
    rows = gpu_figures.examine(one, machine, [], {"gpu": AVAILABLE}, described, files())
    (power,) = (row for row in rows if row.name == "gpu_power")
    assert power.how == "instantaneous of the whole module, the processor's included"


def test_a_figure_that_one_gpu_does_not_give(examine: Examine) -> None:
    found = examine({"gpu1_utilization_ratio": "not supported"})["gpu_use"]
    assert found.state == "limited"
    assert found.how.endswith("not on cuda:1 (not supported)")
    assert found.remedy is None


def test_a_figure_that_no_gpu_gives(examine: Examine) -> None:
    found = examine({f"gpu{n}_memory_used_bytes": "not supported" for n in (0, 1)})
    assert (found["gpu_memory"].state, found["gpu_memory"].how) == ("unavailable", "not supported")


def test_a_lost_gpu_gives_nothing(examine: Examine) -> None:
    found = examine({"gpu0": "lost: the driver can't reach it any more"})
    for name in ("gpu_use", "gpu_memory", "gpu_power", "gpu_energy"):
        assert found[name].state == "limited"
        assert "not on cuda:0 (lost" in found[name].how


def test_energy_without_a_counter_is_that_of_power(examine: Examine) -> None:
    found = examine({"gpu0_energy_joules": "not supported"})["gpu_energy"]
    assert found.state == "limited"
    assert found.how == "no counter on cuda:0: power is added up over time"
    both = {
        f"gpu{n}_{figure}": "not supported"
        for n in (0, 1)
        for figure in ("energy_joules", "power_watts")
    }
    found = examine(both)["gpu_energy"]
    assert (found.state, found.how) == ("unavailable", "not supported")


def test_a_gpu_that_mig_splits(examine: Examine, two: Gpus) -> None:
    split = changed(two.found[0], mig=True, instances=["MIG-a"])
    gpus = changed(two, found=[split, two.found[1]])
    found = examine({"gpu0_utilization_ratio": "not supported"}, gpus=gpus)
    assert "nvidia-smi -mig 0" in str(found["gpu_use"].remedy)
    for name in ("gpu_power", "gpu_energy"):
        assert found[name].state == "limited"
        assert "on cuda:0 of the whole GPU" in found[name].how


@pytest.mark.parametrize(
    ("changes", "words", "remedy"),
    [
        ({"own_processes": True}, "numbers that this container does not see", "--pid=host"),
        ({"wsl": True}, "under WSL", "peaks"),
    ],
)
def test_where_the_runs_own_memory_is_not_known(
    examine: Examine, changes: dict[str, bool], words: str, remedy: str
) -> None:
    found = examine(**changes)["gpu_process_memory"]
    assert found.state == "unavailable"
    assert words in found.how
    assert remedy in str(found.remedy)


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        (
            {},
            "set NVreg_RestrictProfilingToAdminUsers=0 (option of the module nvidia, then reboot)",
        ),
        ({"container": True}, "--cap-add=SYS_ADMIN"),
        ({"wsl": True}, "in Windows"),
    ],
)
def test_kernels_that_the_driver_hides(
    examine: Examine, torch_found: FrameworkFound, changes: dict[str, bool], remedy: str
) -> None:
    torch_found = changed(torch_found, warnings=[f"{KERNELS_UNSEEN}: for some reason."])
    found = examine(contents=RESTRICTED, framework=torch_found, **changes)["gpu_kernels"]
    assert found.state == "unavailable"
    assert found.how.endswith("(CUPTI_ERROR_INSUFFICIENT_PRIVILEGES)")
    assert remedy in str(found.remedy)


def test_kernels_that_were_not_seen_for_another_reason(
    examine: Examine, torch_found: FrameworkFound
) -> None:
    torch_found = changed(torch_found, warnings=[f"{KERNELS_UNSEEN}: for some reason."])
    found = examine(framework=torch_found)["gpu_kernels"]
    assert found.how == "it seems that the driver restricts profiling"
    allowed = {"proc/driver/nvidia/params": "RmProfilingAdminOnly: 0\n"}
    found = examine(contents=allowed, framework=torch_found)["gpu_kernels"]
    assert "does not restrict it" in found.how
    assert "CUPTI may be missing" in str(found.remedy)
    found = examine(contents={"proc/driver/nvidia/params": ""}, framework=torch_found)[
        "gpu_kernels"
    ]
    assert found.state == "unavailable"


def test_kernels_without_a_framework_that_tries(
    examine: Examine, torch_found: FrameworkFound
) -> None:
    on_cpu = changed(torch_found, device="cpu")
    assert examine(framework=on_cpu)["gpu_kernels"].state == "limited"
    found = examine(contents=RESTRICTED, framework=on_cpu)["gpu_kernels"]
    assert found.state == "unavailable"
    assert "CUPTI_ERROR_INSUFFICIENT_PRIVILEGES" in found.how


@pytest.mark.parametrize(
    ("held", "driver", "restricted"),
    [
        (0, "580.82", True),
        (1 << gpu_figures.CAP_SYS_ADMIN, "535.1", False),
        (1 << gpu_figures.CAP_PERFMON, "580.82", False),
        (1 << gpu_figures.CAP_PERFMON, "535.1", True),
        (1 << gpu_figures.CAP_PERFMON, None, True),
    ],
)
def test_rights_that_lift_the_restriction(
    files: MakeFiles, held: int, driver: str | None, restricted: bool
) -> None:
    root = files({**RESTRICTED, "proc/self/status": f"CapEff:\t{held:016x}\n"})
    assert gpu_figures.is_restricted(driver, root) is restricted


def test_settings_that_the_driver_does_not_show(files: MakeFiles) -> None:
    assert gpu_figures.is_restricted("580.82", files()) is None
