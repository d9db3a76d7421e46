import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import alike


def test_texts_that_differ_in_numbers_alone_are_one_with_the_ranges() -> None:
    texts = ["8 of 20 steps in 37.5 %", "a step", "12 of 20 steps in 9 %", "9 of 20 steps in 100 %"]
    assert [alike.ranged(found) for found in alike.grouped(texts).values()] == [
        "8 to 12 of 20 steps in 9 to 100 %",
        "a step",
    ]


def test_thousands_are_numbers_and_one_value_has_one_form() -> None:
    assert alike.ranged(["1,234 J", "90 J"]) == "90 to 1,234 J"
    assert alike.ranged(["90 J", "90.0 J"]) == "90 J"


@pytest.mark.parametrize(
    "name",
    ["conv{}", "torch 2.{}.0", "1e-{}", "1e+{}", "traces/run-{}", "cuda:{}", "run-{}-x", "{}d"],
)
def test_numbers_in_names_and_versions_are_none(name: str) -> None:
    texts = [name.format(1), name.format(2)]
    assert list(alike.grouped(texts)) == texts


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 100)), min_size=1))
def test_ranges_reach_from_the_least_to_the_most(numbers: list[tuple[int, int]]) -> None:
    [found] = alike.grouped(f"{whole:,} of it, {part} %" for whole, part in numbers).values()
    expected = [
        " to ".join(f"{end:,}" for end in sorted({min(values), max(values)}))
        for values in zip(*numbers, strict=True)
    ]
    assert alike.ranged(found) == "{} of it, {} %".format(*expected)


@given(st.lists(st.text(), max_size=5))
def test_any_texts_are_told(texts: list[str]) -> None:
    grouped = alike.grouped(texts)
    assert sum(map(len, grouped.values())) == len(texts)
    for found in grouped.values():
        assert alike.ranged(found[:1]) == found[0]
