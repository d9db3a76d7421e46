"""Tests of analysis.ops.merged: which category stands for a row whose calls are of several."""

from analysis.ops.merged import Merged
from analysis.sums import Sums


def test_the_category_of_the_most_self_time_stands_for_the_row() -> None:
    merged = Merged()
    merged.add(Sums(count=2, total_ns=50, self_ns=30), "attention", outermost=False)
    merged.add(Sums(count=1, total_ns=20, self_ns=10), "elementwise", outermost=False)
    merged.add_device(Sums(count=9, total_ns=500), "elementwise")
    assert (merged.category, merged.category_ratio) == ("attention", 0.75)
    assert (merged.count, merged.total_ns, merged.self_ns, merged.device_ns) == (3, 70, 40, 500)


def test_device_time_decides_where_no_op_of_the_host_has_any() -> None:
    merged = Merged()
    merged.add_device(Sums(count=1, total_ns=10), None)
    merged.add_device(Sums(count=1, total_ns=30), "layout")
    assert (merged.category, merged.category_ratio) == ("layout", 0.75)


def test_nothing_has_no_category() -> None:
    assert (Merged().category, Merged().category_ratio) == (None, None)
    merged = Merged()
    merged.add(Sums(count=1), "layout", outermost=False)
    assert (merged.category, merged.category_ratio) == ("layout", None)


def test_what_lies_in_others_of_its_place_is_in_the_outermost_total_once() -> None:
    merged = Merged()
    merged.add(Sums(count=2, total_ns=15, self_ns=10, outermost_ns=10), None, outermost=True)
    assert merged.total_ns == 10
