import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.report import interval
from analysis.report.interval import MARGIN, WIDTH

ratios = st.floats(1e-12, 1e12)


@given(low=ratios, high=ratios)
def test_all_stays_within_the_chart(low: float, high: float) -> None:
    low, high = sorted((low, high))
    place, values = interval._axis(low, high)
    assert 2 <= len(values) <= 12
    places = [place(value) for value in (*values, low, 1.0, high)]
    assert all(MARGIN <= each <= WIDTH - MARGIN for each in places)
    assert place(low) <= place(high)


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (1.18, 1.23, ["0.9", "1.0", "1.1", "1.2", "1.3"]),
        (0.2, 2.45, ["0.1", "1.0", "10"]),
        (1.0, 1.0, ["0.95", "1.0", "1.05"]),
    ],
)
def test_ticks_are_round_numbers(low: float, high: float, texts: list[str]) -> None:
    _, values = interval._axis(low, high)
    assert [interval._tick(value) for value in values] == texts
