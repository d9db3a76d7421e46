from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.anatomy import times
from analysis.partition.record import Part, Partition

HOST_KINDS = ("op", "runtime", "python", "gap")
hosts = st.builds(
    Part,
    budget=st.just("host"),
    kind=st.sampled_from(HOST_KINDS),
    phase=st.sampled_from(("", "data", "forward")),
    name=st.sampled_from(("aten::add", "IteratorGetNext", "cudaStreamSynchronize")),
    time_ns=st.integers(0, 10**12),
    active_ns=st.integers(0, 10**12),
)


@given(st.lists(hosts))
def test_the_times_of_the_host_add_up_exactly(parts: list[Part]) -> None:
    steps_ns = sum(part.time_ns for part in parts)
    found = times.times(Partition(steps=3, marked=True, steps_ns=steps_ns, parts=parts))
    assert found.data_ns + found.ops_ns + found.outside_ns == steps_ns
    assert 0 <= found.waiting_ns <= steps_ns
    assert found.work_ns >= 0


def test_the_data_phase_is_one_with_its_python_and_gaps(part_steps: Any) -> None:
    found = times.times(
        part_steps(
            ("op", "data", "aten::index_select", 1),
            ("python", "data", "collate", 2),
            ("gap", "data", "", 4),
            ("op", "", "IteratorGetNext", 8),
            ("op", "forward", "aten::conv2d", 16),
            ("python", "forward", "step", 32),
            ("gap", "", "", 64),
        )
    )
    assert found.data_ns == 2 * 15e6
    assert (found.ops_ns, found.python_ns, found.gap_ns) == (2 * 16e6, 2 * 32e6, 2 * 64e6)


@pytest.mark.parametrize(
    "name",
    [
        *("cudaDeviceSynchronize", "cudaStreamSynchronize", "cudaEventSynchronize"),
        *("hipDeviceSynchronize", "cuCtxSynchronize", "hipMemcpyWithStream"),
        *("zeEventHostSynchronize", "cudaStreamSynchronize_ptsz"),
    ],
)
def test_calls_that_wait_for_the_device(part_steps: Any, name: str) -> None:
    made = part_steps(("runtime", "", name, 3), ("op", "", name, 1), ("idle", "", "", 4), devices=1)
    assert times.times(made).waiting_ns == 2 * 3e6


@pytest.mark.parametrize(
    "name", ["cudaLaunchKernel", "cudaMemcpyAsync", "cudaStreamWaitEvent", "aten::synchronize"]
)
def test_calls_that_do_not_wait(part_steps: Any, name: str) -> None:
    made = part_steps(("runtime", "", name, 3), ("idle", "", "", 3), devices=1)
    assert times.times(made).waiting_ns == 0


def test_waiting_inside_operations_counts_and_is_no_longer_than_the_steps(part_steps: Any) -> None:
    made = part_steps(("op", "", "aten::item", 5), ("runtime", "", "cudaStreamSynchronize", 1))
    part = msgspec.structs.replace(made.parts[1], active_ns=8_000_000)
    inside = msgspec.structs.replace(made, parts=[made.parts[0], part])
    assert times.times(inside).waiting_ns == 8_000_000
    part = msgspec.structs.replace(part, active_ns=80_000_000)
    inside = msgspec.structs.replace(made, parts=[made.parts[0], part])
    assert times.times(inside).waiting_ns == made.steps_ns


def test_the_longest_waiting_call_comes_first(part_steps: Any) -> None:
    made = part_steps(
        ("runtime", "forward", "cudaStreamSynchronize", 2),
        ("runtime", "loss", "cudaDeviceSynchronize", 3),
        ("runtime", "backward", "cudaStreamSynchronize", 2),
    )
    assert times.waiting_names(made) == ["cudaStreamSynchronize", "cudaDeviceSynchronize"]


def test_times_of_devices_are_means_over_them(part_steps: Any) -> None:
    found = times.times(
        part_steps(
            ("op", "", "aten::add", 10),
            ("kernel", "", "add", 8, 4),
            ("kernel", "", "ncclAllReduce", 3, 2),
            ("copy", "", "Memcpy HtoD", 1),
            ("idle", "", "", 8),
            devices=2,
        )
    )
    assert (found.busy_ns, found.idle_ns) == (2 * 6e6, 2 * 4e6)
    assert found.busy_ns + found.idle_ns == found.steps_ns
    assert found.communication_ns == 2 * 1.5e6
    assert (found.kernels, found.kernel_ns) == (2 * 6, 2 * 11e6)


@pytest.mark.parametrize("name", ["cu" + "Launch" * 200_000 + "!", "cu" + "Synchronize_a" * 99_999])
def test_endless_names_of_calls_are_no_waits_and_no_launches(part_steps: Any, name: str) -> None:
    found = times.times(part_steps(("runtime", "", name, 8), ("op", "", "aten::mm", 8)))
    assert (found.waiting_ns, found.launched) == (0, False)
    assert found.calls_ns == found.ops_ns > 0
