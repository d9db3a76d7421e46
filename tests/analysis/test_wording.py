import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import wording


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (45_123, "45,100"),
        (2.844, "2.84"),
        (0.8456, "0.846"),
        (0.00123, "0.00123"),
        (99.96, "100"),
        (9.996, "10.0"),
        (0, "0.00"),
        (-0.25, "−0.250"),
        (None, "–"),
        (float("nan"), "–"),
    ],
)
def test_three_significant_digits(value: float | None, text: str) -> None:
    assert wording.number(value) == text


def test_with_decimals_what_would_be_zero_is_below_the_smallest_figure() -> None:
    assert wording.number(0.004, 2) == "<0.01"
    assert wording.number(0.0, 2) == "0.00"
    assert wording.number(0.3, 0) == "<1"


def test_an_interval_has_the_decimals_of_its_value() -> None:
    assert wording.interval(0.3, 12.0, 2) == "0.30 to 12.00"


@pytest.mark.parametrize(
    ("size", "text"), [(400 * 2**20, "400 MiB"), (3 * 2**30, "3.00 GiB"), (None, "–")]
)
def test_memory_in_binary_units(size: float | None, text: str) -> None:
    assert wording.memory(size) == text


@pytest.mark.parametrize(
    ("time_ns", "unit"), [(8_000, "µs"), (3e5, "ms"), (9e9, "ms"), (2e10, "s")]
)
def test_the_unit_of_a_time(time_ns: float, unit: str) -> None:
    assert wording.time_unit(time_ns)[0] == unit


def test_control_characters_and_marks_of_direction_are_left_out() -> None:
    assert wording.plain("a\x1b[31mb\n\u202ec\u009b") == "a[31mbc"


def test_long_names_lose_their_middle() -> None:
    assert wording.shortened("abcdefghij", 10) == "abcdefghij"
    assert wording.shortened("abcdefghijk", 6) == "abc…jk"


@given(st.text(), st.integers(2, 60))
def test_a_name_is_never_wider_than_asked(name: str, width: int) -> None:
    assert len(wording.shortened(name, width)) <= width


@given(st.floats(1e-6, 1e9))
def test_the_written_number_is_near(value: float) -> None:
    assert float(wording.number(value).replace(",", "")) == pytest.approx(value, rel=0.0051)


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0.25, 2, "+0.25"),
        (-0.25, 2, "−0.25"),
        (0.0, 2, "0.00"),
        (0.001, 2, "+<0.01"),
        (-0.001, 2, "−<0.01"),
        (None, 2, "–"),
        (1234.5, 0, "+1,234"),
    ],
)
def test_differences_carry_a_sign(value: float | None, decimals: int, text: str) -> None:
    assert wording.signed(value, decimals) == text


@pytest.mark.parametrize(
    ("value", "low", "high", "text"),
    [
        (45_123.0, 44_444.0, 45_678.0, "44,400 to 45,700"),
        (2.84, 2.8123, 2.8799, "2.81 to 2.88"),
        (0.0, 0.0, 0.1, "0.00 to 0.10"),
        (9.996, 9.9, 10.1, "9.9 to 10.1"),
    ],
)
def test_a_range_has_the_digits_of_the_value_beside_it(
    value: float, low: float, high: float, text: str
) -> None:
    assert wording.range_beside(value, low, high) == text


def test_enumerations() -> None:
    assert wording.listed(["a"]) == "a"
    assert wording.listed([1, 2, 3]) == "1, 2 and 3"
    assert wording.numbered("round", [2]) == "round 2"
    assert wording.numbered("run", [1, 3]) == "runs 1 and 3"


@pytest.mark.parametrize(
    ("text", "encoding", "written"),
    [
        ("aten::mm 漢 é", None, "aten::mm 漢 é"),
        ("a\x1b[31m\x07\x9b\x7f", "utf-8", "a\\u001b[31m\\u0007\\u009b\\u007f"),
        ("\u202e\u2028\n", "utf-8", "\\u202e\\u2028\\u000a"),
        ("é漢", "latin-1", "é\\u6f22"),
        ("👧\ud800", "ascii", "\\ud83d\\udc67\\ud800"),
    ],
)
def test_escapes_are_those_of_json(text: str, encoding: str | None, written: str) -> None:
    assert wording.escaped(text, encoding) == written
    assert json.loads(f'"{written}"') == text


def test_lone_surrogates_are_replaced_and_pairs_are_joined() -> None:
    assert wording.well_formed("a\ud800b \ud83d\udc67 漢👧") == "a\ufffdb 👧 漢👧"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.54, "0.54"),
        (0.0, "0"),
        (13.0, "13"),
        (1e-3, "0.001"),
        (4.4e-16, "4e-16"),
        (-4.4e-16, "−4e-16"),
        (-0.5, "−0.5"),
        (50_890.0, "50,900"),
        (1e9, "1e9"),
        (math.inf, "infinite"),
        (-math.inf, "−infinite"),
        (math.nan, "–"),
        (None, "–"),
    ],
)
def test_numbers_of_any_size(value: float | None, text: str) -> None:
    assert wording.magnitude(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(3.2e-8, "3e-8"), (0.0, "0e0"), (0.01, "1e-2"), (None, "–"), (math.inf, "–")],
)
def test_powers_of_ten(value: float | None, text: str) -> None:
    assert wording.power(value) == text
