from typing import Any

import msgspec
import pytest

from analysis.anatomy.limits import limited
from analysis.anatomy.record import Limited

CONV = ("op", "forward", "aten::conv2d")
LAUNCH = ("runtime", "forward", "cudaLaunchKernel")


def test_a_planted_wait_for_data_is_input_bound(part_steps: Any) -> None:
    found = limited(
        part_steps(
            ("python", "data", "sleep", 30),
            ("op", "data", "aten::index_select", 0.2),
            (*CONV, 9.8),
            ("gap", "", "", 1.0),
        )
    )
    assert found == Limited(
        "input-bound",
        ["fetching data takes 30.2 of 41.0 ms a step, 74 %; 30.0 ms of it in Python (sleep)"],
    )


def test_a_wait_that_nothing_was_recorded_in_is_input_bound(part_steps: Any) -> None:
    found = limited(part_steps(("gap", "data", "", 30), (*CONV, 10)))
    assert found.limit == "input-bound"
    assert found.evidence == [
        "fetching data takes 30.0 of 40.0 ms a step, 75 %; 30.0 ms of it in host gap"
    ]


def test_an_iterator_of_a_graph_is_fetching(part_steps: Any) -> None:
    found = limited(part_steps(("op", "", "IteratorGetNext", 3), ("op", "forward", "Conv2D", 6)))
    assert found.limit == "input-bound"
    assert "in IteratorGetNext" in found.evidence[0]
    behind = part_steps(("op", "", "Iterator::Prefetch", 3), ("op", "forward", "Conv2D", 6))
    assert limited(behind).limit == "compute-bound"


@pytest.mark.parametrize(
    ("data", "ops", "gap", "limit"),
    [
        (2.5, 7.5, 0, "input-bound"),
        (2.4, 7.6, 0, None),
        (0, 8, 2, "compute-bound"),
        (0, 7.9, 2.1, None),
        (0, 6.1, 3.9, None),
        (0, 6, 4, "host-bound"),
        (2.6, 3, 4.4, "input-bound"),
    ],
)
def test_thresholds_without_a_device(
    part_steps: Any, data: float, ops: float, gap: float, limit: str | None
) -> None:
    made = part_steps(("op", "data", "gather", data), (*CONV, ops), ("gap", "", "", gap))
    assert limited(made).limit == limit


def test_a_processor_in_the_runtime_and_in_python_is_host_bound(part_steps: Any) -> None:
    found = limited(
        part_steps(
            (*CONV, 5),
            ("runtime", "", "EagerExecute", 2),
            ("python", "", "train", 1),
            ("gap", "", "", 2),
        )
    )
    assert found.limit == "host-bound"
    assert found.evidence == [
        "the host is in no operation for 5.00 of 10.0 ms a step, 50 %, "
        "of which 1.00 ms in Python and 2.00 ms in the runtime"
    ]


def test_operations_that_fill_the_step_are_compute_bound(part_steps: Any) -> None:
    found = limited(part_steps((*CONV, 9.4), ("gap", "", "", 0.6)))
    assert found == Limited("compute-bound", ["operations fill 9.40 of 10.0 ms a step, 94 %"])


def test_no_single_limit_says_what_there_is(part_steps: Any) -> None:
    made = part_steps(("op", "data", "gather", 1), (*CONV, 6), ("gap", "", "", 3))
    assert limited(made) == Limited(
        None,
        [
            "operations fill 6.00 of 10.0 ms a step, 60 %",
            "fetching data takes 1.00 of 10.0 ms a step, 10 %; 1.00 ms of it in gather",
            "the host is in no operation for 3.00 of 10.0 ms a step, 30 %",
        ],
    )


def test_a_busy_device_is_device_bound_whatever_the_host_does(part_steps: Any) -> None:
    found = limited(
        part_steps(
            ("op", "data", "gather", 4),
            ("op", "loss", "aten::item", 1),
            ("runtime", "", "cudaStreamSynchronize", 5),
            ("kernel", "", "conv", 6.1, 30),
            ("kernel", "", "ncclAllReduce", 3, 1),
            ("idle", "", "", 0.9),
            devices=1,
        )
    )
    assert found == Limited(
        "device-bound",
        [
            "the device is busy for 9.10 of 10.0 ms a step, 91 %; 3.00 ms of it with communication",
            "the host waits for it 5.00 of 10.0 ms a step, 50 %, mostly in cudaStreamSynchronize",
        ],
    )


def test_work_that_ends_after_its_step_is_busy_time_too(part_steps: Any) -> None:
    found = limited(
        part_steps((*CONV, 4), ("kernel", "", "conv", 18), ("idle", "", "", 2), devices=1)
    )
    assert found == Limited("device-bound", ["the device is busy for 18.0 of 20.0 ms a step, 90 %"])


def test_a_device_that_waits_for_data_is_input_bound(part_steps: Any) -> None:
    found = limited(
        part_steps(
            ("gap", "data", "", 30),
            (*CONV, 11),
            ("kernel", "", "conv", 8, 100),
            ("idle", "data", "", 33),
            devices=1,
        )
    )
    assert found.limit == "input-bound"
    assert found.evidence == [
        "fetching data takes 30.0 of 41.0 ms a step, 73 %; 30.0 ms of it in host gap",
        "the device is idle for 33.0 of 41.0 ms a step, 80 %",
    ]


def test_many_short_kernels_are_launch_bound(part_steps: Any) -> None:
    found = limited(
        part_steps(
            (*CONV, 7), (*LAUNCH, 2), ("gap", "", "", 1), ("kernel", "", "add", 2, 500),
            ("idle", "", "", 8), devices=1,
        )
    )  # fmt: skip
    assert found.limit == "launch-bound"
    assert found.evidence == [
        "the device is idle for 8.00 of 10.0 ms a step, 80 %",
        "500 kernels a step take 4.00 µs each, and operations and launch calls of the host "
        "18.0 µs for each of them",
    ]


@pytest.mark.parametrize(
    ("ops", "gap", "busy", "kernels", "limit"),
    [
        (9, 1, 2, 20, "launch-bound"),
        (9, 1, 2, 19, "host-bound"),
        (5, 5, 2, 500, "launch-bound"),
        (4.9, 5.1, 2, 500, "host-bound"),
        (25, 5, 2, 25, "launch-bound"),
        (25.1, 5, 2, 25, "host-bound"),
        (9, 1, 6, 500, "launch-bound"),
        (9, 1, 6.1, 500, None),
        (9, 1, 7.9, 500, None),
        (9, 1, 8, 500, "device-bound"),
    ],
)
def test_thresholds_with_a_device(
    part_steps: Any, ops: float, gap: float, busy: float, kernels: int, limit: str | None
) -> None:
    made = part_steps(
        (*CONV, ops), ("gap", "", "", gap), ("kernel", "", "add", busy, kernels),
        ("idle", "", "", ops + gap - busy), devices=1,
    )  # fmt: skip
    assert limited(made).limit == limit


def test_a_host_that_is_at_work_for_few_kernels_says_so(part_steps: Any) -> None:
    found = limited(
        part_steps(
            (*CONV, 9), ("python", "", "loop", 0.09), ("gap", "", "", 0.91),
            ("kernel", "", "add", 0.1, 5), ("idle", "", "", 9.9), devices=1,
        )
    )  # fmt: skip
    assert found == Limited(
        "host-bound",
        [
            "the device is idle for 9.90 of 10.0 ms a step, 99 %",
            "operations and calls of the host take 9.00 of 10.0 ms a step, 90 %, "
            "for 5 kernels a step",
        ],
    )


def test_little_that_is_known_of_the_time_in_no_operation_is_left_out(part_steps: Any) -> None:
    found = limited(part_steps((*CONV, 1), ("python", "", "loop", 0.5), ("gap", "", "", 8.5)))
    assert found.evidence == ["the host is in no operation for 9.00 of 10.0 ms a step, 90 %"]


def test_waiting_for_the_device_is_no_launching(part_steps: Any) -> None:
    made = part_steps(
        (*CONV, 3), ("runtime", "", "cudaDeviceSynchronize", 6), ("gap", "", "", 1),
        ("kernel", "", "add", 5, 500), ("idle", "", "", 5), devices=1,
    )  # fmt: skip
    assert limited(made).limit == "host-bound"


def test_several_devices_are_told_as_a_mean(part_steps: Any) -> None:
    made = part_steps((*CONV, 10), ("kernel", "", "add", 18), ("idle", "", "", 2), devices=2)
    [sentence] = limited(made).evidence
    assert sentence == "the 2 devices are on average busy for 9.00 of 10.0 ms a step, 90 %"


def test_a_device_alone_says_nothing_of_the_host(part_steps: Any) -> None:
    made = part_steps(
        ("gap", "", "", 10), ("kernel", "", "add", 2, 500), ("idle", "", "", 8), devices=1
    )
    assert limited(made) == Limited(
        None,
        [
            "the device is busy for 2.00 of 10.0 ms a step, 20 %",
            "nothing of the host was recorded",
        ],
    )


def test_launches_without_recorded_work_have_no_limit(part_steps: Any) -> None:
    found = limited(part_steps((*CONV, 9), (*LAUNCH, 1)))
    assert found == Limited(None, ["work was launched on a device, but none of it was recorded"])


def test_steps_without_operations_have_no_limit(part_steps: Any) -> None:
    assert limited(part_steps(("gap", "", "", 9))).limit is None


def test_what_the_source_does_not_mark_is_said(part_steps: Any) -> None:
    made = part_steps((*CONV, 9.5), ("gap", "", "", 0.5), marked=False)
    found = limited(msgspec.structs.replace(made, phases_known=False))
    assert found.evidence == [
        "operations fill 9.50 of 10.0 ms of the recording, 95 %",
        "the source marks no steps: all that it recorded counts as one",
        "phases are not known, so fetching data could not be told apart",
    ]


def test_names_cant_reach_the_terminal_with_control_characters(part_steps: Any) -> None:
    made = part_steps(("op", "data", "load\x1b[2J", 9), (*CONV, 1))
    assert "\x1b" not in limited(made).evidence[0]
