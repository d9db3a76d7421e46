import numpy as np
import pytest

from analysis.resources import coverage
from analysis.resources.coverage import Window

S = 1_000_000_000


def window(begin_s: float, end_s: float) -> Window:
    return Window(round(begin_s * S), round(end_s * S))


def test_an_empty_cell_is_no_zero_and_ends_what_the_next_value_stands_for() -> None:
    time_ns = np.array([0, 1, 2, 3], dtype=np.int64) * S
    gauge = np.array([4.0, 8.0, np.nan, 2.0])
    # 1 s of 8 and 1 s of 2; the second between them is not known.
    assert coverage.held_mean(time_ns, gauge, Window(0, 3 * S)) == pytest.approx(5)


@pytest.mark.parametrize(
    ("end_s", "told"),
    [
        (10.0, (45.0, "")),
        (10.4, (pytest.approx(47), "")),
        (10.8, (None, coverage.ONLY_A_PART)),
    ],
)
def test_growth_is_told_of_a_window_that_is_covered(end_s: float, told: object) -> None:
    time_ns = np.arange(0, 101) * S // 10
    counter = np.arange(0, 101) / 2
    assert coverage.growth_of_all(time_ns, counter, window(1, end_s)) == told


def test_growth_without_a_window_or_samples_has_its_reason() -> None:
    time_ns = np.arange(0, 3) * S
    counter = np.array([1.0, np.nan, 2.0])
    assert coverage.growth_of_all(time_ns, counter, None) == (None, coverage.NOT_REACHED)
    assert coverage.growth_of_all(time_ns, counter, window(0.5, 3)) == (None, coverage.TOO_FEW)


@pytest.mark.parametrize(
    ("times_s", "seconds"),
    [
        ([0, 0.1, 0.2, 1.2, 1.3], 1.2),  # a second is bridged
        ([0, 0.1, 0.2, 1.3, 1.4], 0.2),
        ([0, 4, 8, 24, 28], 27.9),  # so are five of the usual gaps
        ([0, 4, 8, 29, 33], 11.9),
        ([], 0),
        ([0.5], 0),
    ],
)
def test_a_gauge_covers_what_lies_between_readings_that_are_near(
    times_s: list[float], seconds: float
) -> None:
    time_ns = (np.array(times_s) * S).round().astype(np.int64)
    end_s = times_s[-1] if times_s else 1.0
    assert coverage.covered_seconds(time_ns, window(0.1, end_s)) == pytest.approx(seconds)
