from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.timeline import shared_clock
from analysis.timeline.counters import Counter
from analysis.timeline.record import single
from analysis.timeline.shared_clock import TRUE_TIME, NoCommonStepError, clock, common
from tests.analysis.timeline.sketch import args

TIMES = st.lists(st.integers(0, 60), min_size=1, max_size=8, unique=True).map(sorted)
NAMES = ("one", "other")


@st.composite
def runs(draw: Any) -> list[list[tuple[int, int]]]:
    """Moments of two or three runs, of which some are in all."""
    found = []
    for _ in range(draw(st.integers(2, 3))):
        times = draw(TIMES)
        keys = draw(st.lists(st.integers(0, 9), min_size=len(times), max_size=len(times)))
        found.append([*zip(keys, times, strict=True)])
    return found


def test_wall_shows_true_times() -> None:
    one, other = shared_clock.clocks([[(0, 5)], [(0, 9)]], [0, 0], "wall", NAMES)
    assert one is other is TRUE_TIME
    assert TRUE_TIME.begins(np.array([-3, 0, 7])).tolist() == [-3, 0, 7]


def test_run_shows_the_first_common_moment_at_one_time() -> None:
    moments = [[("a", 5), ("b", 20)], [("x", 1), ("a", 105), ("b", 190)]]
    one, other = shared_clock.clocks(moments, [0, 0], "run", NAMES)
    assert one.begins(np.array([5, 20])).tolist() == [5, 20]
    assert other.begins(np.array([1, 105, 190])).tolist() == [-99, 5, 90]


def test_run_without_a_common_moment_shows_the_first_things_at_one_time() -> None:
    one, other = shared_clock.clocks([[("a", 5)], []], [3, 40], "run", NAMES)
    assert int(one.begins(np.array([3]))[0]) == int(other.begins(np.array([40]))[0]) == 3


def test_step_shows_each_common_moment_at_one_time_and_the_faster_run_waits() -> None:
    moments = [[(0, 10), (1, 20), (2, 50)], [(0, 100), (1, 130), (2, 140)]]
    one, other = shared_clock.clocks(moments, [0, 0], "step", NAMES)
    assert one.begins(np.array([10, 20, 50])).tolist() == [10, 40, 70]
    assert other.begins(np.array([100, 130, 140])).tolist() == [10, 40, 70]
    assert one.span(20, 30) == (40, 30)
    assert one.span(10, 30) == (10, 50)
    assert other.span(100, 30) == (10, 30)


def test_step_without_a_common_moment_says_what_to_do() -> None:
    with pytest.raises(NoCommonStepError, match=r"one and other have no step.*--align run"):
        shared_clock.clocks([[(0, 1)], [(1, 1)]], [0, 0], "step", NAMES)


def test_what_is_stretched_says_how_long_it_is() -> None:
    waiting = clock([0, 10], [0, 100])
    stretched = shared_clock.shown(single(5, 10, "phase", {}, "phase"), waiting)
    assert (stretched.start_ns, stretched.duration_ns) == (5, 100)
    assert args(stretched) == {"true_duration_ns": 10}
    whole = shared_clock.shown(single(10, 10, "step", {}, "step"), waiting)
    assert (whole.start_ns, whole.duration_ns, args(whole)) == (100, 10, {})


def test_counters_are_shown_when_slices_are() -> None:
    found = shared_clock.shifted(
        Counter("CPU", "%", np.array([5, 10, 12]), np.array([1.0, 2.0, 3.0])),
        clock([0, 10], [0, 100]),
    )
    assert (found.name, found.unit) == ("CPU", "%")
    assert (found.time_ns.tolist(), found.values.tolist()) == ([5, 100, 102], [1.0, 2.0, 3.0])


@given(moments=runs())
def test_common_moments_are_in_all_runs_and_in_the_same_order(moments: Any) -> None:
    found = common(moments)
    firsts = [dict(reversed(each)) for each in moments]
    for times, first in zip(found, firsts, strict=True):
        assert all(before < after for before, after in pairwise(times))
        assert set(times) <= set(first.values())
    keys = [
        [next(key for key, at in first.items() if at == time) for time in times]
        for times, first in zip(found, firsts, strict=True)
    ]
    assert all(each == keys[0] for each in keys)
    shared = set.intersection(*(set(first) for first in firsts))
    assert bool(found[0]) == bool(shared)


@given(moments=runs(), spans=st.lists(st.tuples(st.integers(-9, 70), st.integers(0, 40))))
def test_order_and_nesting_stay_and_nothing_becomes_shorter(moments: Any, spans: Any) -> None:
    try:
        clocks = shared_clock.clocks(moments, [0] * len(moments), "step", ["x"] * len(moments))
    except NoCommonStepError:
        return
    times = np.arange(-20, 120)
    for shown in clocks:
        begins, ends = shown.begins(times), shown.ends(times)
        assert (np.diff(begins) >= 1).all()
        assert (np.diff(ends) >= 1).all()
        assert (ends <= begins).all()
        for start, length in spans:
            assert shown.span(start, length)[1] >= length
        for a_start, a_length in spans:
            for b_start, b_length in spans:
                if a_start <= b_start and b_start + b_length <= a_start + a_length and b_length:
                    outer, inner = shown.span(a_start, a_length), shown.span(b_start, b_length)
                    assert outer[0] <= inner[0]
                    assert inner[0] + inner[1] <= outer[0] + outer[1]


@given(moments=runs())
def test_steps_begin_together_and_are_as_long_as_they_are(moments: Any) -> None:
    try:
        clocks = shared_clock.clocks(moments, [0] * len(moments), "step", ["x"] * len(moments))
    except NoCommonStepError:
        return
    found = common(moments)
    begins = [
        shown.begins(np.array(times)).tolist() for shown, times in zip(clocks, found, strict=True)
    ]
    assert all(each == begins[0] for each in begins)
    for shown, times in zip(clocks, found, strict=True):
        for begin, end in pairwise(times):
            assert shown.span(begin, end - begin)[1] == end - begin
