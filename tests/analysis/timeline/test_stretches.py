from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.annotate import fold_trace
from analysis.blocks import Kind
from analysis.readers.xspace import XSpaceTrace
from analysis.timeline import stretches
from analysis.timeline.record import by_start, single
from analysis.timeline.shared_clock import TRUE_TIME, clock
from analysis.timeline.stretches import GAP_NS, Row, Stretch, layer_pieces, phase_pieces
from tests.analysis.timeline.sketch import BASE_NS, DATA, args, folded_of


def piece(start_ns: int, end_ns: int, name: str = "forward", step: int = 0) -> Stretch:
    return Stretch(name, name, step, start_ns, end_ns, 1)


def test_pieces_of_one_stretch_are_joined_until_one_is_not_near() -> None:
    row = Row("phase", TRUE_TIME)
    row.grow(0, piece(0, 100), 20)
    row.grow(0, piece(120, 150), 20)
    row.grow(0, piece(140, 145), 20)
    row.grow(0, piece(171, 180), 20)
    found = row.rest()
    assert [(each.start_ns, each.duration_ns, args(each)["ops"]) for each in found] == [
        (0, 150, 3),
        (171, 9, 1),
    ]
    assert {each.head.kind for each in found} == {"phase"}
    assert row.made == 2


def test_what_has_another_name_phase_or_step_ends_a_stretch() -> None:
    row = Row("layer", TRUE_TIME)
    for number, each in enumerate((piece(0, 1), piece(2, 3, "loss"), piece(4, 5, "loss", 1))):
        row.grow("thread", each)
        assert row.made == number
    row.end("thread")
    row.end("thread")
    assert [(each.head.name, args(each)["step"]) for each in row.released()] == [
        ("forward", 0),
        ("loss", 0),
        ("loss", 1),
    ]


def test_what_begins_after_a_growing_stretch_waits_for_it() -> None:
    row = Row("layer", TRUE_TIME)
    row.grow("slow", piece(10, 20))
    row.add([single(start, 1, "range", {}, "annotation") for start in (5, 15)])
    assert [each.start_ns for each in row.released()] == [5]
    row.grow("slow", piece(30, 40))
    assert row.released() == []
    row.end_steps([0])
    assert [(each.start_ns, each.duration_ns) for each in row.released()] == [(10, 30), (15, 1)]


def test_memory_is_bounded_though_a_stretch_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "MOST_WAITING", 3)
    row = Row("layer", TRUE_TIME)
    row.grow("gone", piece(0, 1))
    for start in (2, 3, 4):
        row.add([single(start, 1, "range", {}, "annotation")])
        assert row.released() == []
    row.add([single(5, 1, "range", {}, "annotation")])
    assert [each.start_ns for each in row.released()] == [0, 2, 3, 4, 5]


def test_stretches_that_ended_long_before_are_over() -> None:
    row = Row("phase", TRUE_TIME)
    row.grow(0, piece(0, 10))
    row.end_before(20, 10)
    assert row.made == 0
    row.end_before(21, 10)
    assert row.made == 1


def test_a_stretch_that_waits_says_how_long_it_is() -> None:
    row = Row("phase", clock([0, 50], [0, 80]))
    row.grow(0, piece(40, 60))
    (found,) = row.rest()
    assert (found.start_ns, found.duration_ns) == (40, 50)
    assert args(found)["true_duration_ns"] == 20


SPANS = st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 30), st.integers(0, 2)), min_size=1, max_size=30
)


@given(spans=SPANS, windows=st.sets(st.integers(0, 200)))
def test_windows_change_no_stretch(spans: Any, windows: set[int]) -> None:
    spans.sort()

    def drawn(edges: list[int]) -> list[tuple[int, int, object]]:
        row = Row("phase", TRUE_TIME)
        found, before = [], -1
        for edge in [*edges, 1000]:
            for start, length, step in spans:
                if before < start <= edge:
                    row.grow(step, piece(start, start + length, step=step), 5)
            row.end_before(edge + 1, 5)
            found += row.released()
            before = edge
        found += row.rest()
        assert found == sorted(found, key=by_start)
        assert len(found) == row.made
        return sorted((each.start_ns, each.duration_ns, args(each)["step"]) for each in found)

    assert drawn(sorted(windows)) == drawn([])


def test_backward_ops_of_a_layer_make_stretches_on_their_thread() -> None:
    autograd = "autograd::engine::evaluate_function: "
    folded = folded_of(
        [
            ("layer:fc1", Kind.ANNOTATION, 0, 10),
            ("aten::addmm", Kind.OP, 1, 5),
            ("layer:fc2", Kind.ANNOTATION, 10, 10),
            ("aten::addmm", Kind.OP, 11, 5),
            (autograd + "AddmmBackward0", Kind.OP, 30, 5),
            ("aten::mm", Kind.OP, 31, 2),
            (autograd + "TBackward0", Kind.OP, 36, 2),
            (autograd + "AccumulateGrad", Kind.OP, 40, 1),
            (autograd + "AddmmBackward0", Kind.OP, 50, 5),
        ],
        sequence=[-1, 1, -1, 2, 2, -1, 2, -1, 1],
        forward_thread=[-1, 0, -1, 0, 1, -1, 1, -1, 1],
    )
    found = [
        (place, each.name, each.phase, each.start_ns - BASE_NS, each.end_ns - BASE_NS, each.ops)
        for place, each in layer_pieces(folded)
        if each is not None
    ]
    thread = (0, 1, 5, -1)
    assert found == [
        (thread, "fc2", "backward", 30, 38, 2),
        (thread, "fc1", "backward", 50, 55, 1),
    ]


def test_paths_name_phases_which_other_phases_part() -> None:
    folded = fold_trace(XSpaceTrace(DATA / "xspace" / "tensorflow-function.xplane.pb"))
    found = [each for _, each in phase_pieces(folded)]
    assert {each.name for each in found} == {"forward", "loss", "backward", "optimizer"}
    assert [each.start_ns for each in found] == sorted(each.start_ns for each in found)
    assert {each.step for each in found} == {0, 1, 2}
    assert all(each.end_ns > each.start_ns for each in found)
    for name in {each.name for each in found}:
        some = [each for each in found if each.name == name]
        for before, after in pairwise(some):
            assert before.step != after.step or after.start_ns - before.end_ns > GAP_NS
