from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.annotate import Folded, fold, fold_trace
from analysis.blocks import Kind, Strings, from_columns
from analysis.folds.busy import busy_ns
from analysis.groups import every_event, gather_folded
from analysis.ops.rows import Row
from analysis.ops.table import Table
from analysis.readers.kineto import KinetoTrace

DATA = Path(__file__).parents[2] / "data" / "kineto"

# name, kind, start, end
Event = tuple[str, Kind, int, int]

TWO_STEPS: list[Event] = [
    ("step:0", Kind.STEP, 0, 100),
    ("phase:forward", Kind.ANNOTATION, 10, 40),
    ("layer:fc1", Kind.ANNOTATION, 12, 38),
    ("aten::linear", Kind.OP, 14, 34),
    ("aten::addmm", Kind.OP, 16, 30),
    ("phase:optimizer", Kind.ANNOTATION, 50, 90),
    ("aten::mul", Kind.OP, 60, 65),
    ("aten::mul", Kind.OP, 70, 77),
    ("aten::item", Kind.OP, 92, 95),
    ("step:1", Kind.STEP, 200, 260),
    ("phase:forward", Kind.ANNOTATION, 205, 230),
    ("aten::mul", Kind.OP, 210, 213),
    ("phase:optimizer", Kind.ANNOTATION, 250, 270),  # outlives its step
    ("aten::mul", Kind.OP, 300, 400),  # outside
]


def folded_of(events: list[Event], shapes: list[str] | None = None) -> Folded:
    strings = Strings()
    block = from_columns(
        len(events),
        event_id=range(len(events)),
        name=[strings.number(event[0]) for event in events],
        kind=[event[1] for event in events],
        start_ns=[event[2] for event in events],
        duration_ns=[event[3] - event[2] for event in events],
        shapes=[strings.number(text) for text in shapes or [""] * len(events)],
    )
    return fold(block, strings)


def short(rows: list[Row]) -> list[tuple[str, int, int, int]]:
    return [(row.key, row.count, row.total_ns, row.self_ns) for row in rows]


def test_ops_by_name_inside_steps() -> None:
    rows = Table(gather_folded(folded_of(TWO_STEPS))).rows("op")
    assert short(rows) == [
        ("aten::mul", 3, 15, 15),
        ("aten::addmm", 1, 14, 14),
        ("aten::linear", 1, 20, 6),
        ("aten::item", 1, 3, 3),
    ]
    assert [row.share for row in rows] == [15 / 38, 14 / 38, 6 / 38, 3 / 38]
    assert (rows[0].steps, rows[0].count_per_step, rows[2].total_ns_per_step) == (2, 1.5, 10.0)
    assert rows[2].self_ns_per_step == 3.0


def test_rows_can_be_chosen() -> None:
    folded = folded_of(TWO_STEPS)
    every = Table(gather_folded(folded, every_event)).rows("op")
    assert short(every)[0] == ("aten::mul", 4, 115, 115)


def test_phases_and_gaps_add_up_to_the_steps() -> None:
    rows = Table(gather_folded(folded_of(TWO_STEPS))).rows("phase")
    assert short(rows) == [
        ("forward", 2, 55, 23),
        ("optimizer", 2, 50, 12),
        ("gaps", 2, 55, 3),
    ]
    assert sum(row.total_ns for row in rows) == 160
    assert [row.share for row in rows] == [55 / 160, 50 / 160, 55 / 160]


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 120)), max_size=8),
    st.lists(st.integers(1, 90), min_size=1, max_size=4),
)
def test_phases_and_gaps_add_up_whatever_the_ranges(
    ranges: list[tuple[int, int]], lengths: list[int]
) -> None:
    steps = [(f"step:{n}", Kind.STEP, 100 * n, 100 * n + size) for n, size in enumerate(lengths)]
    names = ("data", "forward", "loss")
    phases = [
        (f"phase:{names[n % 3]}", Kind.ANNOTATION, start, start + length)
        for n, (start, length) in enumerate(ranges)
    ]
    rows = Table(gather_folded(folded_of([*steps, *phases]))).rows("phase")
    assert sum(row.total_ns for row in rows) == sum(lengths)
    assert rows[-1].key == "gaps"
    assert all(row.total_ns >= 0 for row in rows)


def test_layers_by_phase() -> None:
    rows = Table(gather_folded(folded_of(TWO_STEPS))).rows("layer")
    assert [(row.key, row.phase, row.count, row.total_ns, row.self_ns) for row in rows] == [
        ("fc1", "forward", 2, 20, 20),
        ("(no layer)", "optimizer", 2, 12, 12),
        ("(no layer)", "", 1, 3, 3),
        ("(no layer)", "forward", 1, 3, 3),
    ]


def test_shapes_part_the_rows_of_an_op() -> None:
    events = [
        ("aten::mm", Kind.OP, 0, 5),
        ("aten::mm", Kind.OP, 5, 9),
        ("aten::mm", Kind.OP, 9, 12),
    ]
    rows = Table(gather_folded(folded_of(events, ["[[2,3]]", "[[4,5]]", "[[2,3]]"]))).rows("shape")
    assert [(row.shapes, row.count, row.self_ns) for row in rows] == [
        ("[[2,3]]", 2, 8),
        ("[[4,5]]", 1, 4),
    ]
    assert rows[0].count_per_step is None


def test_coverage() -> None:
    found = Table(gather_folded(folded_of(TWO_STEPS))).coverage()
    assert (found.events, found.dropped, found.steps, found.steps_ns) == (14, 0, 2, 160)
    assert found.op_self_ns == 38
    assert found.phase_ratio == 35 / 38
    assert found.layer_ratio == 20 / 38


def test_a_trace_without_anything() -> None:
    folded = folded_of([])
    for by in ("op", "shape", "layer", "phase", "kernel", "copy"):
        assert Table(gather_folded(folded)).rows(by) == []  # type: ignore[arg-type]
    assert Table(gather_folded(folded)).coverage().phase_ratio is None


# Kernels: count, ns; copies: ns; busy ns per device; device work with its launch; largest op.
RECORDED = {
    "a100-triton-example": (
        1,
        1_760,
        0,
        {0: 1_760},
        1,
        ("Torch-Compiled Region: 0/0", 1, 1_352_964),
    ),
    "mi250-minitoy": (14, 110_881, 38_161, {2: 149_042}, 16, ("aten::add_", 2, 6_613_603)),
    "h100-bert-small": (60, 307_197, 2_240, {0: 309_437}, 61, ("aten::linear", 26, 1_155_770)),
    "cpu-only-gloo": (0, 0, 0, {}, 0, ("aten::empty", 4, 3_964)),
}


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_traces(name: str) -> None:
    kernels, kernel_ns, copy_ns, busy, launched, (op, count, op_ns) = RECORDED[name]
    folded = fold_trace(KinetoTrace(DATA / f"{name}.json.gz"))
    rows = Table(gather_folded(folded, every_event)).rows("kernel")
    assert sum(row.count for row in rows) == kernels
    assert sum(row.total_ns for row in rows) == kernel_ns
    assert (
        sum(row.total_ns for row in Table(gather_folded(folded, every_event)).rows("copy"))
        == copy_ns
    )
    assert busy_ns(folded.block) == busy
    by_name = {row.key: row for row in Table(gather_folded(folded, every_event)).rows("op")}
    assert (by_name[op].count, by_name[op].total_ns) == (count, op_ns)
    shares = [row.share for row in by_name.values()]
    assert sum(share for share in shares if share is not None) == pytest.approx(1)
    assert folded.linked.sum() == launched
