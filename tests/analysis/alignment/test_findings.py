import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.alignment.findings import UNKNOWN, details, heading
from analysis.alignment.places import DEVICE_IDLE, HOST_GAP, OVERHEAD, UNMAPPED
from analysis.alignment.record import LevelRow, Levels, RowKind

LABELS = ("PyTorch eager", "TensorFlow function")
MARKS = ("●", "◆")
MS = 1e6


def row(
    key: str,
    baseline_ms: float | None,
    other_ms: float | None,
    kind: RowKind = "work",
    *,
    phase: str = "",
    layer: str = "",
    category: str | None = None,
    counts: tuple[float | None, float | None] = (None, None),
) -> LevelRow:
    baseline_ns, other_ns = (None if ms is None else ms * MS for ms in (baseline_ms, other_ms))
    return LevelRow(
        key=key,
        budget="host",
        kind=kind,
        phase=phase,
        layer=layer,
        category=category,
        baseline_ns=baseline_ns,
        other_ns=other_ns,
        difference_ns=(other_ns or 0.0) - (baseline_ns or 0.0),
        counts=counts,
    )


def phase(name: str, baseline_ms: float | None, other_ms: float | None, **more: object) -> LevelRow:
    return row(name, baseline_ms, other_ms, phase=name, **more)  # type: ignore[arg-type]


def gap(baseline_ms: float, other_ms: float) -> LevelRow:
    return row(HOST_GAP.key, baseline_ms, other_ms, HOST_GAP.kind)


def levels(*rows: LevelRow, **finer: list[LevelRow]) -> Levels:
    return Levels(
        rows={"phase": list(rows), **finer},
        budget="host",
        headline_ns=sum(row.difference_ns for row in rows),
        aligned_by="layers",
        unaligned_ratio=0.0,
        pairs=3,
    )


def said(*rows: LevelRow) -> str:
    return heading(levels(*rows), LABELS)


def test_the_largest_part_explains_the_difference() -> None:
    assert (
        said(phase("backward", 1.08, 1.62), phase("loss", 0.06, 0.09), gap(1, 1))
        == "The backward pass explains +0.540 of the +0.570 ms"
    )


def test_gaps_are_the_sides_that_has_more_of_them() -> None:
    rows = (phase("forward", 5, 5.2), gap(3, 1))
    assert (
        said(*rows) == "PyTorch eager's host gaps differ by −2.00 ms, more than the step's −1.80 ms"
    )
    idle = row(DEVICE_IDLE.key, 1, 2, DEVICE_IDLE.kind)
    assert (
        said(phase("forward", 5, 5.2), idle)
        == "TensorFlow function's idle device explains +1.00 of the +1.20 ms"
    )


def test_parts_that_are_less_than_half_explain_it_together() -> None:
    rows = [phase(name, 1, 1.3) for name in ("forward", "backward", "optimizer")]
    assert (
        said(*rows, gap(1, 1.1))
        == "The forward pass and the backward pass together explain +0.60 of the +1.00 ms"
    )


def test_a_part_that_goes_the_other_way_is_said() -> None:
    assert (
        said(phase("forward", 5, 2), phase("backward", 2, 4), phase("optimizer", 1, 2.5))
        == "The forward pass differs by −3.00 ms, against the step's +0.50 ms"
    )


def test_a_part_that_reads_like_the_whole_is_not_more_than_it() -> None:
    text = "The forward pass explains +6.43 of the +6.43 ms"
    assert said(phase("forward", 3.8, 10.234), phase("loss", 0.065, 0.06)) == text


def test_sides_that_hardly_differ_are_said_to() -> None:
    assert (
        said(phase("forward", 50, 50.0204), phase("backward", 50, 50))
        == "No phase differs by more than 0.021 ms"
    )
    assert said(phase("forward", 50, 50)) == "No phase differs"


def test_the_profiler_may_cost_too_much_to_say() -> None:
    dominated = msgspec.structs.replace(levels(phase("forward", 1, 2)), dominated=True)
    assert heading(dominated, LABELS).startswith("The profiler costs more than half")


def test_without_phases_in_common_categories_are_named() -> None:
    found = levels(
        row(UNMAPPED.key, 4, 6, UNMAPPED.kind),
        row("runtime", 1, 1, category="runtime"),
        category=[row("layout", 2, 4, category="layout"), row("matmul", 2, 2, category="matmul")],
    )
    assert (
        heading(found, LABELS) == "The category “copies and layout” explains +2.00 of the +2.00 ms"
    )


@pytest.mark.parametrize(
    ("level", "finer", "text"),
    [
        (
            "layer",
            row("fc1, forward", 1, 2, phase="forward", layer="fc1"),
            "Layer fc1 in the forward pass",
        ),
        ("layer", row("Linear_0", 1, 2, layer="Linear_0"), "Layer Linear_0"),
        ("op", row("matmul, forward", 1, 2, phase="forward"), "Operation matmul, forward"),
        ("category", row("odd", 1, 2, category="odd"), "The category “odd”"),
        ("layer", row("optimizer", 1, 2, phase="optimizer"), "The optimizer"),
        (
            "layer",
            row("no layer, backward", 1, 2, phase="backward"),
            "Work of no layer in the backward pass",
        ),
        (
            "layer",
            row("layout, loss", 1, 2, phase="loss", category="layout"),
            "The category “copies and layout” in the loss",
        ),
        ("layer", row(UNMAPPED.key, 1, 2, UNMAPPED.kind), "Work of no known layer"),
        ("op", row(UNMAPPED.key, 1, 2, UNMAPPED.kind), "Work of no known category"),
        ("phase", row("runtime", 1, 2, category="runtime"), "The framework's runtime"),
    ],
)
def test_a_level_that_is_asked_for_has_its_own_names(
    level: str, finer: LevelRow, text: str
) -> None:
    found = levels(phase("forward", 1, 2))
    found.rows[level] = [finer]
    assert heading(found, LABELS, level) == f"{text} explains +1.00 of the +1.00 ms"  # type: ignore[arg-type]


def test_several_layers_explain_in_the_plural() -> None:
    found = levels(phase("forward", 1, 2))
    for layer, subject in (("conv1 + relu1", "Layers conv1 + relu1"), ("all layers", "All layers")):
        found.rows["layer"] = [row(f"{layer}, forward", 1, 2, phase="forward", layer=layer)]
        text = f"{subject} in the forward pass explain +1.00 of the +1.00 ms"
        assert heading(found, LABELS, "layer") == text


def test_without_rows_nothing_is_said() -> None:
    assert said() == UNKNOWN


TIMES_MS = st.floats(0, 1000)
ROWS = st.dictionaries(
    st.sampled_from(["forward", "backward", "optimizer", "loss", "data"]),
    st.tuples(TIMES_MS, TIMES_MS),
    min_size=1,
)


@given(ROWS, st.tuples(TIMES_MS, TIMES_MS))
def test_a_heading_agrees_with_its_rows(
    times: dict[str, tuple[float, float]], gaps: tuple[float, float]
) -> None:
    found = levels(*(phase(name, *each) for name, each in times.items()), gap(*gaps))
    text = heading(found, LABELS)
    largest_ns = max((row.difference_ns for row in found.rows["phase"]), key=abs)
    if "explain" in text or "more than the step's" in text:
        part, whole = (
            float(figure.replace("−", "-").replace(",", "").replace("<", ""))
            for figure in re.findall(r"[+−]?<?\d(?:[\d,.]*\d)?", text)
        )
        assert part * whole >= 0
        assert abs(part) <= abs(whole) if "explain" in text else abs(part) > abs(whole)
    elif "No phase differs by" in text:
        limit, unit = re.findall(r"([\d,.]+) (ms|µs|s)$", text)[0]
        limit_ns = float(limit.replace(",", "")) * {"s": 1e9, "ms": 1e6, "µs": 1e3}[unit]
        assert abs(largest_ns) <= limit_ns * (1 + 1e-9)


def test_a_row_of_one_side_is_marked_as_its() -> None:
    left, right = phase("loss", 1, None), phase("data", None, 1)
    found = levels(left, right)
    assert [details(found, each, MARKS) for each in (left, right)] == ["● only", "◆ only"]


def test_a_phase_names_the_finer_row_that_makes_most_of_it_and_counts_far_apart() -> None:
    backward = phase("backward", 1.08, 1.62, counts=(9, 62))
    layers = [
        row("conv2 + relu2, backward", 0.46, 0.78, phase="backward", layer="conv2 + relu2"),
        row("conv1, backward", 0.4, 0.5, phase="backward", layer="conv1"),
        row("conv1, forward", 0.4, 5, phase="forward", layer="conv1"),
    ]
    found = levels(backward, layer=layers)
    assert details(found, backward, MARKS) == "conv2 + relu2 +0.320; 62 operations, not 9"
    one = msgspec.structs.replace(backward, counts=(9.0, 1.0))
    assert details(found, one, MARKS).endswith("1 operation, not 9")


def test_where_layers_fell_back_a_phase_names_a_category() -> None:
    forward = phase("forward", 1, 3, counts=(10, 11))
    parts = [
        row(f"{name}, forward", 0.5, other, phase="forward", category=name)
        for name, other in (("layout", 2.4), ("matmul", 0.6))
    ]
    assert details(levels(forward, layer=parts), forward, MARKS) == "copies and layout +1.90"


def test_a_phase_of_one_finer_row_does_not_name_it() -> None:
    optimizer = phase("optimizer", 1, 2)
    part = row("optimizer", 1, 2, phase="optimizer", layer="embed")
    assert details(levels(optimizer, layer=[part]), optimizer, MARKS) == ""


def test_calls_of_a_runtime_are_called_so() -> None:
    runtime = row("runtime", 1, 3, category="runtime", counts=(2, 49))
    assert details(levels(runtime), runtime, MARKS) == "49 calls, not 2"


def test_what_is_no_work_has_no_details() -> None:
    rows = (gap(1, 2), row(OVERHEAD.key, -1, -2, OVERHEAD.kind))
    assert [details(levels(*rows), each, MARKS) for each in rows] == ["", ""]
