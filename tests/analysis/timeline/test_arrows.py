from collections import Counter as Count
from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.blocks import Kind
from analysis.timeline.arrows import GRADIENT, LAUNCH, STEP, numbered
from analysis.timeline.profile_tracks import ProfileTracks
from analysis.timeline.record import Group, Shelf, Slice
from analysis.timeline.shared_clock import TRUE_TIME
from tests.analysis.timeline.sketch import Sketch, folded_of, profile, recorded

RUN = Group("run", 0)


def ends(profile: Any) -> dict[int, list[tuple[Slice, bool]]]:
    """Of each arrow the slices at its ends, and whether it begins there, in order of time."""
    sketch = Sketch()
    tracks = ProfileTracks(
        *(sketch, RUN, Shelf(RUN), TRUE_TIME),
        *(profile.strings, profile.names, profile.ends),
    )
    for folded in profile.windows:
        tracks.take(folded)
    found: dict[int, list[tuple[Slice, bool]]] = defaultdict(list)
    for slices in sketch.shown.values():
        for piece in slices:
            for arrow in piece.arrows:
                found[abs(arrow)].append((piece, arrow > 0))
    return {arrow: sorted(some, key=lambda end: end[0].start_ns) for arrow, some in found.items()}


NUMBERS = st.tuples(
    st.integers(0, 99),
    st.sampled_from((LAUNCH, GRADIENT, STEP)),
    st.integers(0, 2**15 - 1),
    st.integers(0, 2**37 - 1),
)


@given(one=NUMBERS, other=NUMBERS)
def test_numbers_tell_runs_sorts_and_ranks_apart(one: Any, other: Any) -> None:
    found = [
        int(numbered(run, sort, np.array([rank]), np.array([number]))[0])
        for run, sort, rank, number in (one, other)
    ]
    assert min(found) > 0
    assert (found[0] == found[1]) == (one == other)


@pytest.mark.parametrize("rows", [16, 1 << 15])
def test_launches_lead_to_kernels_and_forward_to_backward(rows: int) -> None:
    found = ends(recorded("kineto/mi250-minitoy.json.gz", rows))
    assert len(found) == 20
    kinds = Count(tuple(piece.head.kind for piece, _ in some) for some in found.values())
    assert kinds == {("runtime", "kernel"): 14, ("runtime", "memcpy"): 2, ("op", "op"): 4}
    assert all([begins for _, begins in some] == [True, False] for some in found.values())
    names = {tuple(piece.head.name for piece, _ in some) for some in found.values()}
    assert {pair for pair in names if "addmm" in pair[0]} == {("aten::addmm", "AddmmBackward0")}


def test_one_launch_may_lead_to_many_kernels_and_begins_once() -> None:
    folded = folded_of(
        [
            ("cudaStreamWaitEvent", Kind.RUNTIME, -2, 1),
            ("cudaGraphLaunch", Kind.RUNTIME, 0, 5),
            ("cudaGraphLaunch", Kind.RUNTIME, 6, 1),
            ("one", Kind.KERNEL, 10, 5),
            ("two", Kind.KERNEL, 20, 5),
            ("cudaLaunchKernel", Kind.RUNTIME, 30, 5),
            ("of no launch", Kind.KERNEL, 40, 5),
        ],
        correlation=[3, 3, 3, 3, 3, 9, 8],
        device=[-1, -1, -1, 0, 0, -1, 0],
        stream=[-1, -1, -1, 7, 7, -1, 7],
    )
    (some,) = ends(profile(folded)).values()
    assert [(piece.head.name, begins) for piece, begins in some] == [
        ("cudaGraphLaunch", True),
        ("one", False),
        ("two", False),
    ]


def test_of_nested_operations_the_innermost_forward_and_outermost_backward_ones_are_tied() -> None:
    folded = folded_of(
        [
            ("aten::linear", Kind.OP, 0, 10),
            ("aten::addmm", Kind.OP, 0, 9),
            ("autograd::engine::evaluate_function: AddmmBackward0", Kind.OP, 20, 10),
            ("AddmmBackward0", Kind.OP, 20, 9),
        ],
        flow=[4, 4, 4, 4],
        forward_thread=[0, 0, 1, 1],
    )
    (some,) = ends(profile(folded)).values()
    assert [(piece.head.name, begins) for piece, begins in some] == [
        ("aten::addmm", True),
        ("autograd::engine::evaluate_function: AddmmBackward0", False),
    ]
