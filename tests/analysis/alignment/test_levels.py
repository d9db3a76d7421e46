import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.alignment.levels import FOREIGN, levels
from analysis.alignment.record import LEVELS, LevelRow, Levels
from analysis.partition.record import ANY_LAYER, Call, Part, Partition

SUMMED = LEVELS[:4]
UNPROFILED = ([90.0], [120.0])


def op(
    name: str, time_ns: int, phase: str = "forward", *layers: str, category: str | None = "matmul"
) -> Part:
    return Part(
        budget="host",
        kind="op",
        phase=phase,
        layers=layers,
        category=category,
        op=name,
        name=f"native {name}",
        count=2,
        time_ns=time_ns,
        active_ns=2 * time_ns,
    )


def kernel(name: str, time_ns: int, canonical: str, launcher: str, *layers: str) -> Part:
    return Part(
        budget="device",
        kind="kernel",
        phase="forward",
        layers=layers,
        category="matmul",
        op=canonical,
        name=name,
        launcher=launcher,
        count=1,
        time_ns=time_ns,
        active_ns=time_ns,
    )


def gap(time_ns: int, phase: str = "") -> Part:
    return Part(budget="host", kind="gap", phase=phase, time_ns=time_ns)


def idle(time_ns: int) -> Part:
    return Part(budget="device", kind="idle", time_ns=time_ns)


def partition(*parts: Part, steps: int = 1, calls: Sequence[Call] = ()) -> Partition:
    totals = {
        budget: sum(part.time_ns for part in parts if part.budget == budget)
        for budget in ("host", "device")
    }
    return Partition(
        steps=steps,
        marked=True,
        steps_ns=totals["host"],
        device_ns=totals["device"],
        devices=["0"] if totals["device"] else [],
        parts=list(parts),
        calls=list(calls),
        phases_known=any(part.phase for part in parts),
        layers_known=any(part.layers for part in parts),
    )


def own(baseline: Partition, other: Partition) -> Levels:
    return levels([baseline], [other], UNPROFILED, certified=True)


def foreign(baseline: Partition, other: Partition) -> Levels:
    return levels([baseline], [other], None, certified=False)


def times(found: Levels, level: str) -> dict[str, tuple[float | None, float | None]]:
    return {
        row.key: (row.baseline_ns, row.other_ns)
        for row in found.rows[level]
        if row.budget == found.budget and row.kind != "overhead"
    }


def test_rows_are_matched_by_what_they_have_in_common_at_each_level() -> None:
    left = partition(
        op("linear", 40, "forward", "fc1"),
        op("relu", 10, "forward", "relu1", category="activation"),
        op("linear_backward", 30, "backward", "fc1"),
        gap(5, "forward"),
        gap(15),
    )
    right = partition(
        op("linear", 30, "forward", "fc1"),
        op("linear_backward", 60, "backward", "fc1"),
        op("custom", 20, "forward", category=None),
        gap(10),
    )
    found = own(left, right)
    assert found.aligned_by == "layers"
    assert times(found, "phase") == {
        "forward": (50, 50),
        "backward": (30, 60),
        "host gap": (20, 10),
    }
    assert times(found, "layer") == {
        "fc1, forward": (40, 30),
        "fc1, backward": (30, 60),
        "relu1, forward": (10, None),
        "no layer, forward": (None, 20),
        "host gap": (15, 10),
        "host gap, forward": (5, None),
    }
    assert times(found, "category") == {
        "matmul": (70, 90),
        "activation": (10, None),
        "unmapped": (None, 20),
        "host gap": (20, 10),
    }
    assert times(found, "op") == {
        "linear, forward": (40, 30),
        "linear_backward, backward": (30, 60),
        "relu, forward": (10, None),
        "unmapped": (None, 20),
        "host gap": (20, 10),
    }
    assert found.unaligned_ratio == pytest.approx(30 / 190)


def test_the_profilers_overhead_takes_each_column_to_the_unprofiled_step() -> None:
    found = own(partition(op("linear", 100), gap(10)), partition(op("linear", 130)))
    [overhead] = [row for row in found.rows["phase"] if row.kind == "overhead"]
    assert overhead == found.rows["phase"][-1]
    assert (overhead.baseline_ns, overhead.other_ns, overhead.difference_ns) == (-20, -10, 10)
    assert found.headline_ns == 30
    assert overhead.share == pytest.approx(1 / 3)
    assert not found.dominated


def test_an_overhead_above_half_of_the_difference_is_said() -> None:
    found = own(partition(op("linear", 100)), partition(op("linear", 150)))
    assert found.dominated


def test_a_step_is_a_mean_over_steps_and_runs_and_a_part_missing_in_a_run_is_nothing() -> None:
    left = [partition(op("linear", 200), steps=2), partition(op("linear", 50), op("relu", 10))]
    right = [partition(op("linear", 100)), partition(op("linear", 100))]
    found = levels(left, right, ([70.0, 80.0], [70.0, 90.0]), certified=True)
    assert times(found, "op")["linear, forward"] == (75, 100)
    assert times(found, "op")["relu, forward"] == (5, None)
    assert found.headline_ns == 5
    assert found.pairs == 2


def test_from_three_pairs_on_a_difference_has_an_interval() -> None:
    left = [partition(op("linear", time)) for time in (100, 102, 104)]
    right = [partition(op("linear", time)) for time in (110, 114, 112)]
    steps_ns = ([90.0] * 3, [95.0] * 3)
    [row, _] = levels(left, right, steps_ns, certified=True).rows["phase"]
    # Differences 10, 12 and 8: their deviation is 2, and t with two degrees of freedom 4.303.
    assert row.difference_ns == 10
    assert row.low_ns == pytest.approx(10 - 4.3027 * 2 / math.sqrt(3), rel=1e-4)
    assert row.high_ns == pytest.approx(10 + 4.3027 * 2 / math.sqrt(3), rel=1e-4)
    [row, _] = levels(left[:2], right[:2], ([1.0], [2.0]), certified=True).rows["phase"]
    assert (row.low_ns, row.high_ns) == (None, None)


def test_rows_say_their_names_counts_and_how_many_ran_at_once() -> None:
    found = own(
        partition(op("linear", 40), op("relu", 60), gap(5)), partition(op("linear", 50), steps=2)
    )
    [row] = [row for row in found.rows["phase"] if row.key == "forward"]
    assert row.names == (["native relu", "native linear"], ["native linear"])
    assert row.counts == (4, 1)
    assert row.concurrency == (2, 2)


def test_where_both_have_a_device_its_time_explains_and_the_hosts_stands_beside() -> None:
    left = partition(op("linear", 90), gap(10), kernel("gemm", 60, "matmul", "mm"), idle(40))
    right = partition(op("linear", 70), gap(50), kernel("gemm", 90, "matmul", "mm"), idle(30))
    found = own(left, right)
    assert found.budget == "device"
    assert times(found, "phase") == {"forward": (60, 90), "device idle": (40, 30)}
    host = [row for row in found.rows["phase"] if row.budget == "host"]
    assert {row.key: row.difference_ns for row in host} == {"forward": -20, "host gap": 40}
    assert [row.share for row in host] == [None, None]


def test_times_of_several_devices_are_their_mean() -> None:
    alone = partition(op("linear", 100), kernel("gemm", 60, "matmul", "mm"), idle(40))
    both = Partition(
        steps=1,
        marked=True,
        steps_ns=100,
        device_ns=200,
        devices=["0", "1"],
        parts=[op("linear", 100), kernel("gemm", 100, "matmul", "mm"), idle(100)],
        phases_known=True,
    )
    found = own(alone, both)
    assert times(found, "phase") == {"forward": (60, 50), "device idle": (40, 50)}
    assert "times of devices are means over 1 device and 2 devices" in found.notes


def test_with_one_device_alone_the_hosts_are_compared() -> None:
    found = own(
        partition(op("linear", 100)),
        partition(op("linear", 90), kernel("gemm", 80, "matmul", "mm"), idle(10)),
    )
    assert found.budget == "host"
    assert found.notes == ["one side alone has a device: what is compared is the hosts' time"]
    device = [row for row in found.rows["phase"] if row.budget == "device"]
    assert {(row.baseline_ns, row.other_ns) for row in device} == {(None, 80), (None, 10)}


def test_the_largest_difference_stands_first_and_what_is_no_work_last() -> None:
    found = own(
        partition(op("a", 10), op("b", 50, "backward"), op("c", 5, "data"), gap(10)),
        partition(op("a", 20), op("b", 10, "backward"), op("c", 5, "data"), gap(900)),
    )
    assert [row.key for row in found.rows["phase"]] == [
        "backward",
        "forward",
        "data",
        "host gap",
        "profiler overhead",
    ]


def test_the_frameworks_own_work_outside_of_phases_is_no_unmapped_work() -> None:
    found = own(
        partition(op("linear", 50), op("call", 20, "", category="runtime")),
        partition(op("linear", 50), op("odd", 20, "")),
    )
    assert times(found, "phase") == {
        "forward": (50, 50),
        "runtime": (20, None),
        "unmapped": (None, 20),
    }


def test_an_operation_of_several_categories_has_a_row_for_each() -> None:
    left = partition(op("add", 10), op("add", 20, category="normalisation"))
    assert times(own(left, left), "op") == {
        "add (matmul), forward": (10, 10),
        "add (normalisation), forward": (20, 20),
    }


def test_operations_without_a_canonical_name_have_their_own() -> None:
    left = partition(op("", 10, category="optimizer"))
    assert list(times(own(left, left), "op")) == ["native, forward"]


def test_phases_that_one_side_does_not_know_do_not_part_operations() -> None:
    found = foreign(partition(op("mm", 40, "forward")), partition(op("mm", 50, "")))
    assert times(found, "op") == {"mm": (40, 50)}
    assert "one side names no phases" in found.notes


# Layers: what the two frameworks are known to do differently.


def layer_times(left: Partition, right: Partition) -> dict[str, tuple[float | None, float | None]]:
    found = own(left, right)
    assert found.fallback == ""
    return times(found, "layer")


REST = op("linear", 500, "backward", "fc9")


def test_a_layer_whose_weights_are_shared_and_one_that_is_called_twice_are_one_layer() -> None:
    left = partition(op("linear", 40, "forward", "shared"), op("relu", 5, "forward", "relu"), REST)
    right = partition(
        op("linear", 20, "forward", "shared"),
        op("linear", 30, "forward", "shared_1"),
        op("relu", 3, "forward", "relu"),
        op("relu", 4, "forward", "relu_1"),
        REST,
    )
    found = layer_times(left, right)
    assert found["shared, forward"] == (40, 50)
    assert found["relu, forward"] == (5, 7)


def test_a_layer_that_is_called_conv_1_stays_itself() -> None:
    sides = [
        partition(
            op("convolution", time, "forward", "conv"),
            op("convolution", 2 * time, "forward", "conv_1"),
            REST,
        )
        for time in (10, 20)
    ]
    found = layer_times(*sides)
    assert found["conv, forward"] == (10, 20)
    assert found["conv_1, forward"] == (20, 40)


def test_a_sum_of_gradients_that_is_of_no_layer_is_a_row_of_one_side() -> None:
    left = partition(op("mm", 40, "backward", "fc1"), REST)
    right = partition(op("mm", 40, "backward", "fc1"), op("add", 5, "backward"), REST)
    assert layer_times(left, right)["no layer, backward"] == (None, 5)


def test_the_optimizers_work_on_an_embedding_is_compared_with_the_others() -> None:
    left = partition(op("lerp", 30, "optimizer"), REST)
    right = partition(op("sqrt", 25, "optimizer"), op("scatter", 9, "optimizer", "embed"), REST)
    assert layer_times(left, right)["optimizer"] == (30, 34)


def test_a_forward_operation_that_is_recomputed_counts_in_the_backward_pass() -> None:
    left = partition(op("mm", 40, "backward", "fc1"), op("linear", 9, "backward", "fc1"), REST)
    right = partition(op("mm", 40, "backward", "fc1"), REST)
    assert layer_times(left, right)["fc1, backward"] == (49, 40)
    assert times(own(left, right), "op")["linear, backward"] == (509, 500)


def test_a_residual_that_is_a_function_on_one_side_and_a_layer_on_the_other_stays_apart() -> None:
    left = partition(op("linear", 40, "forward", "fc1"), op("add", 6), REST)
    right = partition(op("linear", 40, "forward", "fc1"), op("add", 7, "forward", "add1"), REST)
    found = layer_times(left, right)
    assert found["no layer, forward"] == (6, None)
    assert found["add1, forward"] == (None, 7)


def test_a_fused_operation_unites_its_layers_on_both_sides() -> None:
    left = partition(op("linear", 40, "forward", "fc1"), op("relu", 10, "forward", "relu1"), REST)
    right = partition(op("fused", 45, "forward", "fc1", "relu1"), REST)
    found = layer_times(left, right)
    assert found["fc1 + relu1, forward"] == (50, 45)
    assert found["fc9, backward"] == (500, 500)


def fused_convolution(time_ns: int, layer: str) -> Part:
    return Part(
        budget="host",
        kind="op",
        phase="forward",
        layers=(layer,),
        category="convolution",
        op="convolution",
        name="_FusedConv2D",
        time_ns=time_ns,
    )


def test_a_fused_operation_in_its_activation_alone_unites_that_with_the_layer_it_began() -> None:
    convolutions = [op("convolution", 40 + n, "forward", f"conv{n}") for n in (2, 10)]
    activations = [op("relu", n, "forward", f"relu{n + 1}") for n in (2, 10)]
    reads = [op("read", 1, "forward", f"conv{n}", category="layout") for n in (2, 10)]
    left = partition(*convolutions, *activations, REST)
    right = partition(*(fused_convolution(20 + n, f"relu{n + 1}") for n in (2, 10)), *reads, REST)
    found = layer_times(left, right)
    assert found["conv2 + relu3, forward"] == (44, 23)
    assert found["conv10 + relu11, forward"] == (60, 31)


def test_fused_operations_that_no_number_orders_unite_all_their_layers() -> None:
    left = partition(*(op("convolution", 9, "forward", name) for name in ("stem", "head")), REST)
    right = partition(fused_convolution(8, "act1"), fused_convolution(7, "act2"), REST)
    assert layer_times(left, right)["all layers, forward"] == (18, 15)


def test_work_for_unnamed_layers_unites_those_of_its_phase() -> None:
    left = partition(op("linear", 40, "forward", "fc1"), op("linear", 40, "forward", "fc2"), REST)
    right = partition(
        op("fused", 30, "forward", ANY_LAYER), op("linear", 40, "forward", "fc2"), REST
    )
    found = layer_times(left, right)
    assert found["all layers, forward"] == (80, 70)
    assert found["fc9, backward"] == (500, 500)


def test_a_replayed_graph_falls_back_to_phases_and_categories() -> None:
    left = partition(
        kernel("gemm", 90, "matmul", "mm", "fc1"),
        kernel("gemm", 80, "matmul", "mm", "fc2"),
        idle(30),
    )
    graph = Part(
        budget="device",
        kind="kernel",
        layers=(ANY_LAYER,),
        category="matmul",
        op="matmul",
        name="gemm",
        launcher="cudaGraphLaunch",
        count=100,
        time_ns=150,
        active_ns=150,
    )
    found = own(left, partition(graph, idle(10)))
    assert found.fallback == "layers not separable in this mode"
    assert found.aligned_by == "category"
    assert times(found, "layer") == {"matmul": (170, 150), "device idle": (30, 10)}


def test_layers_that_one_side_does_not_name_fall_back_too() -> None:
    left = partition(op("linear", 30, "forward", "fc1"), op("lerp", 70, "optimizer"))
    right = partition(op("linear", 30), op("lerp", 70, "optimizer"))
    assert own(left, right).fallback == "one side names no layers"
    assert own(right, right).fallback == "neither side names layers"
    assert list(times(own(left, right), "layer")) == ["matmul, optimizer", "matmul, forward"]


def test_one_layer_may_be_most_of_a_step() -> None:
    side = partition(op("lstm", 90, "forward", "lstm"), op("linear", 10, "forward", "fc"))
    assert own(side, side).fallback == ""


def test_what_autograds_thread_does_is_compared_in_the_backward_pass_of_its_layer() -> None:
    autograd = op("autograd", 4, "backward", "fc1", category="runtime")
    left = partition(op("mm", 40, "backward", "fc1"), autograd, REST)
    right = partition(op("mm", 30, "backward", "fc1"), REST)
    assert layer_times(left, right)["fc1, backward"] == (44, 30)


# Traces of other tools.


def test_foreign_traces_are_stamped_and_aligned_by_their_modules() -> None:
    left = partition(op("linear", 40, "", "Linear_0"), op("linear", 20, "", "Linear_1"))
    right = partition(op("linear", 30, "", "Linear_0"), op("linear", 50, "", "Linear_1"))
    found = foreign(left, right)
    assert (found.aligned_by, found.stamp) == ("modules", FOREIGN)
    assert times(found, "layer") == {"Linear_0": (40, 30), "Linear_1": (20, 50)}
    assert found.headline_ns == 20
    assert all(row.kind != "overhead" for row in found.rows["phase"])
    assert own(left, right).stamp == ""


def calls(*names: str) -> list[Call]:
    return [Call("", name, name, "", 10) for name in names]


def test_without_common_modules_the_order_of_operations_aligns_if_most_of_it_agrees() -> None:
    left = partition(op("mm", 40, "", "Dense_0"), calls=calls("mm", "add", "mm", "relu", "mm"))
    right = partition(op("mm", 40, "", "Linear_0"), calls=calls("mm", "add", "mm", "gelu", "mm"))
    found = foreign(left, right)
    assert found.aligned_by == "sequence"
    assert found.unaligned_ratio == pytest.approx(0.2)
    assert found.fallback == "the sides have no layers of the same names"
    apart = partition(op("mm", 40, "", "Linear_0"), calls=calls("mm", "tanh", "copy"))
    found = foreign(left, apart)
    assert found.aligned_by == "category"
    assert found.unaligned_ratio == 0


def test_unmarked_steps_are_said() -> None:
    whole = Partition(steps=1, marked=False, steps_ns=10, parts=[op("mm", 10)], phases_known=True)
    found = foreign(whole, partition(op("mm", 20)))
    assert found.notes == [
        "one side does not mark steps: a whole recording counts as one step there"
    ]


# Kernels.


def test_kernels_of_one_name_are_one_row_and_others_are_matched_by_their_job() -> None:
    left = partition(
        kernel("void cut<4>(int)", 30, "relu", "aten::relu", "relu1"),
        kernel("sm90_gemm", 50, "matmul", "aten::mm", "fc1"),
        kernel("lonely", 5, "softmax", "aten::softmax", "fc1"),
        REST,
    )
    right = partition(
        kernel("void cut<8>(int)", 20, "relu", "Relu", "relu1"),
        kernel("Cijk_gemm", 70, "matmul", "MatMul", "fc1"),
        kernel("other_gemm", 7, "matmul", "MatMul", "fc2"),
        REST,
    )
    rows = {row.key: row for row in own(left, right).rows["kernel"]}
    assert {key: (row.baseline_ns, row.other_ns) for key, row in rows.items()} == {
        "cut": (30, 20),
        "sm90_gemm / Cijk_gemm": (50, 70),
        "lonely": (5, None),
        "other_gemm": (None, 7),
    }
    assert rows["sm90_gemm / Cijk_gemm"].names == (["sm90_gemm"], ["Cijk_gemm"])


# Whatever the partitions are.

PARTS = st.builds(
    Part,
    budget=st.just("host"),
    kind=st.sampled_from(["op", "runtime", "python", "gap"]),
    phase=st.sampled_from(["", "forward", "backward", "optimizer"]),
    layers=st.lists(
        st.sampled_from(["fc1", "fc2", "fc2_1", "net/fc1", ANY_LAYER]), max_size=2, unique=True
    ).map(tuple),
    category=st.sampled_from([None, "matmul", "fused", "runtime"]),
    op=st.sampled_from(["", "mm", "add"]),
    name=st.sampled_from(["", "a", "_FusedMatMul"]),
    count=st.integers(0, 9),
    time_ns=st.integers(0, 10**12),
    active_ns=st.integers(0, 10**12),
) | st.builds(
    Part,
    budget=st.just("device"),
    kind=st.sampled_from(["kernel", "copy", "idle"]),
    phase=st.sampled_from(["", "forward"]),
    layers=st.sampled_from([(), ("fc1",), (ANY_LAYER,)]),
    category=st.sampled_from([None, "matmul"]),
    op=st.sampled_from(["", "mm"]),
    name=st.sampled_from(["k<1>", "gemm"]),
    launcher=st.sampled_from(["", "aten::mm"]),
    time_ns=st.integers(0, 10**12),
)
PARTITIONS = st.builds(
    Partition,
    steps=st.integers(1, 30),
    marked=st.booleans(),
    steps_ns=st.just(0),
    devices=st.sampled_from([[], ["0"], ["0", "1"]]),
    parts=st.lists(PARTS, max_size=12),
    phases_known=st.booleans(),
    layers_known=st.booleans(),
)
RUNS = st.integers(1, 4).flatmap(
    lambda runs: st.tuples(
        *(st.lists(PARTITIONS, min_size=runs, max_size=runs) for _ in range(2)),
        st.none()
        | st.tuples(
            *(st.lists(st.floats(1, 1e12), min_size=runs, max_size=runs) for _ in range(2))
        ),
    )
)


def column(rows: Sequence[LevelRow], name: str) -> float:
    return math.fsum(getattr(row, name) or 0.0 for row in rows)


@given(RUNS)
def test_rows_and_columns_add_up(
    runs: tuple[list[Partition], list[Partition], tuple[list[float], list[float]] | None],
) -> None:
    left, right, steps_ns = runs
    found = levels(left, right, steps_ns, certified=True)
    assert found.headline_ns is not None
    for level in SUMMED:
        rows = [row for row in found.rows.get(level, []) if row.budget == found.budget]
        scale_ns = 1 + sum(abs(row.baseline_ns or 0) + abs(row.other_ns or 0) for row in rows)
        difference_ns = column(rows, "difference_ns")
        assert difference_ns == pytest.approx(found.headline_ns, rel=1e-9, abs=1e-9 * scale_ns)
        columns = column(rows, "other_ns") - column(rows, "baseline_ns")
        assert columns == pytest.approx(found.headline_ns, rel=1e-9, abs=1e-9 * scale_ns)
        assert len({(row.key, row.budget) for row in found.rows[level]}) == len(found.rows[level])


@given(RUNS)
def test_a_side_does_not_differ_from_itself(
    runs: tuple[list[Partition], list[Partition], tuple[list[float], list[float]] | None],
) -> None:
    side, _, steps_ns = runs
    found = levels(side, side, (steps_ns[0], steps_ns[0]) if steps_ns else None, certified=True)
    rows = [row for rows in found.rows.values() for row in rows]
    assert all(row.difference_ns == 0 for row in rows)
    assert all(row.baseline_ns == row.other_ns is not None for row in rows)
    assert found.unaligned_ratio in (None, 0)


@given(RUNS)
def test_exchanged_sides_differ_the_other_way(
    runs: tuple[list[Partition], list[Partition], tuple[list[float], list[float]] | None],
) -> None:
    left, right, steps_ns = runs
    there = levels(left, right, steps_ns, certified=True)
    back = levels(right, left, steps_ns and (steps_ns[1], steps_ns[0]), certified=True)
    assert there.fallback == back.fallback
    for level in SUMMED:
        assert {
            (row.key, row.budget): (row.baseline_ns, row.other_ns, row.difference_ns)
            for row in there.rows.get(level, [])
        } == {
            (row.key, row.budget): (row.other_ns, row.baseline_ns, -row.difference_ns)
            for row in back.rows.get(level, [])
        }


def test_sides_without_runs_are_refused() -> None:
    with pytest.raises(ValueError, match="as many runs"):
        levels([], [], None, certified=False)
