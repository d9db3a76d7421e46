import gc
import time

import pytest

from profilers import marks
from profilers.marks import Marks
from profilers.records import Mark


def same(monotonic_ns: int) -> int:
    return monotonic_ns


def test_each_run_of_the_collector_is_noted_while_it_is_watched() -> None:
    found = Marks()
    gc.disable()
    try:
        with found.of_collector():
            began = time.monotonic_ns()
            gc.collect()
            gc.collect(0)
            ended = time.monotonic_ns()
        gc.collect()
    finally:
        gc.enable()
    rows, left_out = found.take(same)
    assert [(row.kind, row.name) for row in rows] == [
        ("gc", "generation 2"),
        ("gc", "generation 0"),
    ]
    assert left_out == {}
    first, second = rows
    assert began <= first.start_ns
    assert first.duration_ns > 0
    assert first.start_ns + first.duration_ns <= second.start_ns
    assert second.start_ns + second.duration_ns <= ended
    assert found._collecting not in gc.callbacks


def test_the_collector_is_let_go_after_an_error_too() -> None:
    found = Marks()
    before = list(gc.callbacks)
    with pytest.raises(KeyboardInterrupt), found.of_collector():
        raise KeyboardInterrupt
    assert gc.callbacks == before


def test_above_a_number_marks_are_only_counted_until_they_are_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(marks, "MOST", 3)
    found = Marks()
    for moment in range(5):
        found.note("gc", "generation 0", moment, moment + 1)
    found.note("trace", "step", 7, 9)
    rows, left_out = found.take(lambda moment: moment + 100)
    assert [row.start_ns for row in rows] == [100, 101, 102]
    assert left_out == {"gc": 2, "trace": 1}
    assert found.take(same) == ([], {})
    found.note("trace", "step", 7, 9)
    assert found.take(same) == ([Mark("trace", "step", 7, 2)], {})


@pytest.mark.parametrize(
    ("name", "line"),
    [("a\nb\u2028c", "a?b?c"), ("", "?"), ("x" * 5000, "x" * 200), ("<lambda>, é", "<lambda>, é")],
)
def test_a_name_is_one_line(name: str, line: str) -> None:
    found = Marks()
    found.note("trace", name, 0, 1)
    (row,), _ = found.take(same)
    assert row.name == line
