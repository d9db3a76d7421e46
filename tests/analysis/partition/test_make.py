from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.blocks import Kind
from analysis.partition.make import partition_of, partition_of_folded
from analysis.partition.record import ANY_LAYER, Part, Partition
from analysis.timeorder import TimeOrder
from tests.analysis.partition.events import Event, FakeTrace, folded_of

STEP = Event("step:0", Kind.STEP, 0, 0, 100)
HOST = (Kind.OP, Kind.RUNTIME, Kind.PYTHON)
DEVICE = (Kind.KERNEL, Kind.MEMCPY)
NAMES = ("aten::mm", "aten::add", "threading.py(359): wait", "queue")
RANGES = ("phase:forward", "phase:loss", "layer:fc1")
TIMES = (st.integers(0, 60), st.integers(0, 20))


def part_of(partition: Partition, **wanted: Any) -> Part:
    [found] = [
        part
        for part in partition.parts
        if all(getattr(part, name) == value for name, value in wanted.items())
    ]
    return found


def times(partition: Partition, budget: str = "host") -> dict[tuple[str, str, str], int]:
    found: Counter[tuple[str, str, str]] = Counter()
    for part in partition.parts:
        if part.budget == budget:
            found[part.kind, part.phase, part.name] += part.time_ns
    return {key: time_ns for key, time_ns in found.items() if time_ns}


def any_of(kinds: Sequence[Kind], names: Sequence[str]) -> st.SearchStrategy[Event]:
    drawn = st.tuples(
        st.sampled_from(names), st.sampled_from(kinds), st.integers(0, 2), *TIMES, st.integers(0, 1)
    )
    return drawn.map(lambda d: Event(d[0], d[1], d[2], d[3], d[3] + d[4], {"rank": d[5]}))


EVENTS = st.lists(
    any_of(HOST, NAMES)
    | any_of(DEVICE, ("a_kernel", "loop_add_fusion"))
    | any_of((Kind.ANNOTATION,), RANGES),
    min_size=1,
    max_size=25,
)
STEPS = st.lists(any_of((Kind.STEP,), ("step:0", "step:1", "step:2")), max_size=3)


@given(EVENTS, STEPS)
def test_parts_add_up_exactly(events: list[Event], steps: list[Event]) -> None:
    found = partition_of_folded(folded_of([*events, *steps]))
    marked = {at for step in steps for at in range(step.start_ns, step.end_ns)}
    low, high = min(e.start_ns for e in events), max(e.end_ns for e in events)
    inside = marked if steps else set(range(low, high))
    if not inside:
        assert found.parts == []
        return
    assert found.marked == bool(steps)
    assert sum(times(found).values()) == found.steps_ns == len(inside)
    assert sum(times(found, "device").values()) == found.device_ns
    active = {
        at for e in events if e.kind in HOST for at in range(e.start_ns, e.end_ns) if at in inside
    }
    gaps_ns = sum(part.time_ns for part in found.parts if part.kind == "gap")
    assert gaps_ns == len(inside) - len(active)
    devices: dict[int, set[int]] = {e.others["rank"]: set() for e in events if e.kind in DEVICE}
    for event in events:
        if event.kind in DEVICE:
            devices[event.others["rank"]] |= set(range(event.start_ns, event.end_ns))
    begin = min(inside)
    busy = {rank: {at for at in some if at >= begin} for rank, some in devices.items()}
    assert [*found.busy_ns.values()] == [len(busy[rank]) for rank in sorted(busy)]
    assert found.device_ns == sum(len(inside | some) for some in busy.values())
    idle_ns = sum(part.time_ns for part in found.parts if part.kind == "idle")
    assert idle_ns == sum(len(inside - some) for some in busy.values())
    assert bool(found.notes) == any(at < begin for some in devices.values() for at in some)


@given(EVENTS, STEPS, st.integers(1, 9), st.integers(1, 4))
def test_windows_of_any_size_give_the_same(
    events: list[Event], steps: list[Event], rows: int, blocks: int
) -> None:
    def of(rows: int, blocks: int) -> Partition:
        trace = FakeTrace([*events, *steps], blocks)
        return partition_of(trace, order=TimeOrder(rows=rows, memory_bytes=0))  # type: ignore[arg-type]

    whole, parted = of(1 << 15, 1), of(rows, blocks)
    by_text = [sorted(map(msgspec.json.encode, each.parts)) for each in (whole, parted)]
    assert by_text[0] == by_text[1]
    rest = [msgspec.structs.replace(each, parts=[], stretches=[]) for each in (whole, parted)]
    assert rest[0] == rest[1]
    assert Counter(whole.stretches) == Counter(parted.stretches)


def test_each_instant_is_parted_among_the_threads_that_are_active() -> None:
    found = partition_of_folded(
        folded_of(
            [
                STEP,
                Event("phase:forward", Kind.ANNOTATION, 1, 0, 60),
                Event("frame", Kind.PYTHON, 1, 0, 90),
                Event("aten::linear", Kind.OP, 1, 10, 40),
                Event("aten::addmm", Kind.OP, 1, 20, 40),
                Event("aten::relu", Kind.OP, 2, 30, 50),
                Event("cudaLaunchKernel", Kind.RUNTIME, 2, 48, 55),
            ]
        )
    )
    # 0 frame, 10 linear, 20 addmm, 30 addmm and relu, 40 relu, 50 the call, 55 frame, 90 nothing
    assert times(found) == {
        ("op", "forward", "aten::linear"): 10,
        ("op", "forward", "aten::addmm"): 15,
        ("op", "forward", "aten::relu"): 15,
        ("runtime", "forward", "cudaLaunchKernel"): 5,
        ("python", "forward", "frame"): 45,
        ("gap", "", ""): 10,
    }
    addmm = part_of(found, name="aten::addmm")
    assert (addmm.active_ns, addmm.count, addmm.category, addmm.op) == (20, 1, "matmul", "matmul")
    assert part_of(found, name="aten::relu").active_ns == 20
    assert part_of(found, name="frame").active_ns == 45
    assert (found.steps, found.steps_ns, found.device_ns, found.devices) == (1, 100, 0, [])


def test_streams_share_their_device_and_idle_counts_inside_steps_alone() -> None:
    launch = {"correlation": 1}
    found = partition_of_folded(
        folded_of(
            [
                Event("early", Kind.KERNEL, 7, -20, 5),
                STEP,
                Event("step:1", Kind.STEP, 0, 150, 250),
                Event("aten::mm", Kind.OP, 1, 10, 30),
                Event("cudaLaunchKernel", Kind.RUNTIME, 1, 20, 25, launch),
                Event("a_kernel", Kind.KERNEL, 7, 40, 80, launch),
                Event("b_kernel", Kind.KERNEL, 8, 60, 120),
                Event("Memcpy HtoD", Kind.MEMCPY, 7, 240, 300),
            ]
        )
    )
    assert times(found, "device") == {
        ("kernel", "", "early"): 5,
        ("kernel", "", "a_kernel"): 30,
        ("kernel", "", "b_kernel"): 50,
        ("copy", "", "Memcpy HtoD"): 60,
        ("idle", "", ""): 35 + 90,
    }
    assert found.busy_ns == {"0": 145}
    assert found.device_ns == 200 + 20 + 50  # two steps, work between them and behind the last
    assert part_of(found, name="a_kernel").launcher == "aten::mm"
    assert part_of(found, name="b_kernel").active_ns == 60
    assert found.notes == [
        "Device 0 had 2e-05 ms of work before the first step, which is no part of it."
    ]


def test_a_gap_has_the_phase_and_layer_whose_range_is_open() -> None:
    found = partition_of_folded(
        folded_of(
            [
                STEP,
                Event("phase:forward", Kind.ANNOTATION, 1, 10, 50),
                Event("layer:fc1", Kind.ANNOTATION, 1, 20, 30),
                Event("aten::mm", Kind.OP, 1, 22, 25),
                Event("a_kernel", Kind.KERNEL, 7, 28, 60),
            ]
        )
    )
    free = {(p.budget, p.phase, p.layers): p.time_ns for p in found.parts if not p.name}
    assert free == {
        ("host", "", ()): 60,
        ("host", "forward", ()): 30,
        ("host", "forward", ("fc1",)): 7,
        ("device", "", ()): 50,
        ("device", "forward", ()): 10,
        ("device", "forward", ("fc1",)): 8,
    }
    assert (found.phases_known, found.layers_known) == (True, True)


def test_fused_work_whose_layer_is_not_known_may_be_that_of_any() -> None:
    rows = [
        ("loop_add_multiply_fusion.3", "phase_forward/model/"),
        ("add_fusion", "phase_forward/model/{conv1,relu1}/"),
        ("triton_poi_fused_relu_0", ""),
        ("cpp_fused_relu_threshold_backward_1", "phase_forward/model/fc1/x"),
        ("aten::mm", ""),
        ("fused_of_loss_fusion", "phase_loss/x"),
    ]
    events = [
        Event(name, Kind.OP, 1, at * 10, at * 10 + 5, {"path": path} if path else {})
        for at, (name, path) in enumerate(rows)
    ]
    found = partition_of_folded(folded_of([STEP, *events]))
    assert {part.name: part.layers for part in found.parts if part.name} == {
        "loop_add_multiply_fusion.3": (ANY_LAYER,),
        "add_fusion": ("conv1", "relu1"),
        "triton_poi_fused_relu_0": (ANY_LAYER,),
        "cpp_fused_relu_threshold_backward_1": ("fc1",),
        "aten::mm": (),
        "fused_of_loss_fusion": (),
    }


def test_kernels_of_a_graph_may_be_of_any_layer() -> None:
    graph, one = {"correlation": 4}, {"correlation": 5}
    events = [
        Event("cudaGraphLaunch", Kind.RUNTIME, 1, 0, 5, graph),
        Event("cudaLaunchKernel", Kind.RUNTIME, 1, 5, 6, one),
        Event("gemm", Kind.KERNEL, 7, 10, 20, graph),
        Event("relu", Kind.KERNEL, 7, 20, 30, graph),
        Event("plain", Kind.KERNEL, 7, 30, 40, one),
    ]
    found = partition_of_folded(folded_of([STEP, *events]))
    layers = {part.name: part.layers for part in found.parts if part.kind == "kernel"}
    assert layers == {"gemm": (ANY_LAYER,), "relu": (ANY_LAYER,), "plain": ()}


def test_work_that_lies_in_other_work_is_not_added_up() -> None:
    mm = {"shapes": "[[2, 3], [3, 5]]"}
    found = partition_of_folded(
        folded_of(
            [
                STEP,
                Event("aten::mm", Kind.OP, 1, 0, 20, mm),
                Event("aten::mm", Kind.OP, 1, 30, 40, mm),
                Event("aten::mm", Kind.OP, 1, 99, 140, mm),
                Event("aten::mm", Kind.OP, 1, 110, 120, mm),
                Event("aten::add", Kind.OP, 1, 5, 10, {"shapes": "[[4], [4]]"}),
            ]
        )
    )
    product = part_of(found, name="aten::mm")
    assert (product.flops, product.count) == (180, 3)
    assert part_of(found, name="aten::add").flops is None
    assert product.bytes is None  # no types of elements


def test_a_thread_that_waits_has_no_part_while_another_works() -> None:
    events = [
        Event("monitor.py(60): run", Kind.PYTHON, 2, 0, 100),
        Event("threading.py(359): wait", Kind.PYTHON, 2, 0, 100),
        Event("train.py(3): step", Kind.PYTHON, 1, 20, 60),
    ]
    assert times(partition_of_folded(folded_of([STEP, *events]))) == {
        ("python", "", "train.py(3): step"): 40,
        ("python", "", "threading.py(359): wait"): 60,
    }


def test_steps_of_several_ranks_count_once() -> None:
    events = [
        Event(f"step:{number}", Kind.STEP, 0, start, end, {"rank": rank})
        for rank, number, start, end in (
            (0, 0, 0, 100),
            (1, 0, 10, 130),
            (0, 1, 130, 200),
            (1, 1, 140, 210),
        )
    ]
    found = partition_of_folded(folded_of(events))
    assert (found.steps, found.steps_ns, found.median_step_ns) == (2, 210, 80)


@pytest.mark.parametrize("events", [[], [Event("aten::mm", Kind.OP, 1, 5, 5)]])
def test_a_trace_in_which_nothing_takes_time_has_no_parts(events: list[Event]) -> None:
    found = partition_of(FakeTrace(events))  # type: ignore[arg-type]
    assert (found.steps, found.steps_ns, found.parts) == (0, 0, [])
    assert found.notes == ["a note of the reader"]
