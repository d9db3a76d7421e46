from typing import Any

import pytest

from analysis.anatomy.anatomy import anatomy
from analysis.partition.record import Partition


def test_phases_of_work_and_the_host_gap_add_up_to_the_mean_step(part_steps: Any) -> None:
    found = anatomy(
        part_steps(
            ("python", "", "loop", 0.5),
            ("op", "optimizer", "adam", 2),
            ("runtime", "forward", "cudaLaunchKernel", 1),
            ("op", "forward", "aten::conv2d", 3),
            ("gap", "forward", "", 0.25),
            ("op", "data", "aten::index_select", 4),
            ("op", "warm", "aten::add", 1),
            ("gap", "", "", 0.25),
        )
    )
    assert found.step_ns == 12e6
    assert list(found.phases_ns) == ["data", "forward", "optimizer", "warm", ""]
    assert found.phases_ns["forward"] == 4e6
    assert found.host_gap_ns == 0.5e6
    assert sum(found.phases_ns.values()) + found.host_gap_ns == found.step_ns


def test_without_a_device_its_times_are_missing_and_not_zero(part_steps: Any) -> None:
    found = anatomy(part_steps(("op", "", "aten::add", 1)))
    assert (found.device_busy_ns, found.device_idle_ns, found.waiting_ns) == (None, None, None)


def test_a_device_is_busy_or_idle(part_steps: Any) -> None:
    found = anatomy(
        part_steps(
            ("op", "", "aten::add", 6),
            ("runtime", "", "cudaDeviceSynchronize", 4),
            ("kernel", "", "add", 8),
            ("copy", "", "Memcpy HtoD", 1),
            ("idle", "", "", 1),
            devices=1,
        )
    )
    assert (found.device_busy_ns, found.device_idle_ns, found.waiting_ns) == (9e6, 1e6, 4e6)
    assert found.host_gap_ns == 0


def test_no_step_has_zeros_and_no_limit() -> None:
    found = anatomy(Partition(steps=0, marked=False, steps_ns=0, parts=[]))
    assert (found.step_ns, found.phases_ns, found.limited.limit) == (0, {}, None)
    assert found.limited.evidence == ["no step was recorded"]


@pytest.mark.parametrize("steps_ns", [1, 7, 10**9 + 7])
def test_odd_nanoseconds_are_not_lost(steps_ns: int, part_steps: Any) -> None:
    made = part_steps(("op", "", "aten::add", 0.5))
    part = made.parts[0]
    parts = [type(part)(budget="host", kind="op", phase="loss", time_ns=steps_ns)]
    found = anatomy(Partition(steps=3, marked=True, steps_ns=steps_ns, parts=parts))
    assert found.phases_ns["loss"] == found.step_ns == steps_ns / 3
