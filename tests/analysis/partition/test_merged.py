import msgspec

from analysis.partition.merged import merged
from analysis.partition.record import Part, Partition

CONV = Part(
    budget="host", kind="op", phase="forward", layers=("conv1",), name="aten::conv2d", count=2,
    time_ns=60, active_ns=70, flops=100, bytes=8,
)  # fmt: skip
GAP = Part(budget="host", kind="gap", time_ns=40)


def partition(*parts: Part, steps: int = 1) -> Partition:
    host_ns = sum(part.time_ns for part in parts if part.budget == "host")
    return Partition(
        steps=steps, marked=True, steps_ns=host_ns, parts=list(parts), median_step_ns=host_ns
    )


def test_work_of_one_kind_is_added_up_and_the_rest_stays() -> None:
    other = msgspec.structs.replace(CONV, time_ns=20, count=1, active_ns=20)
    pool = msgspec.structs.replace(CONV, layers=("pool1",), time_ns=5)
    found = merged([partition(CONV, GAP), partition(other, pool, GAP, steps=2)])
    assert (found.steps, found.steps_ns, found.median_step_ns) == (3, 165, 100)
    both = msgspec.structs.replace(CONV, count=3, time_ns=80, active_ns=90, flops=200, bytes=16)
    assert found.parts == [both, msgspec.structs.replace(GAP, time_ns=80), pool]


def test_what_is_unknown_once_is_unknown() -> None:
    unknown = msgspec.structs.replace(CONV, flops=None)
    [part] = merged([partition(CONV), partition(unknown)]).parts
    assert (part.flops, part.bytes) == (None, 16)


def test_devices_are_matched_by_their_order() -> None:
    left = msgspec.structs.replace(
        partition(CONV), devices=["0"], busy_ns={"0": 5}, device_ns=60, notes=["cut"]
    )
    right = msgspec.structs.replace(
        partition(CONV), devices=["3"], busy_ns={"3": 7}, device_ns=60, notes=["cut"]
    )
    found = merged([left, right])
    assert (found.devices, found.busy_ns, found.device_ns) == (["0"], {"0": 12}, 120)
    assert found.notes == ["cut"]


def test_one_profile_is_itself() -> None:
    one = partition(CONV)
    assert merged([one]) is one
