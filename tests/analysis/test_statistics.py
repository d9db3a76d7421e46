from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import statistics
from profilers.summaries import Spread


def test_quartiles_of_the_timed_rows_alone(make_run: Any) -> None:
    assert statistics.timed_step(make_run.steps) == Spread(
        pytest.approx(0.4), pytest.approx(0.3), pytest.approx(0.5), 5
    )


def test_profiled_rows_have_a_spread_of_their_own(make_run: Any) -> None:
    found = statistics.profiled_step(make_run.steps)
    assert found is not None
    assert found.median == pytest.approx(0.55)


def test_a_window_counts_as_its_mean_step(make_run: Any) -> None:
    window = make_run.step("timed", 0, 60.0, kind="window", count=20)
    assert statistics.timed_step([window]) == Spread(3.0, 3.0, 3.0, 1)


def test_no_rows_have_no_spread() -> None:
    assert statistics.timed_step([]) is None
    assert statistics.over_runs([]) is None


def test_runs_are_summed_up_by_median_and_range() -> None:
    assert statistics.over_runs([0.4, 0.2, 0.9]) == Spread(0.4, 0.2, 0.9, 3)


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_the_middle_half_holds_the_median(values: list[float]) -> None:
    found = statistics.spread(np.array(values))
    assert found is not None
    assert min(values) <= found.low <= found.median <= found.high <= max(values)


def test_outliers_are_beyond_one_and_a_half_medians() -> None:
    count, mean_ratio = statistics.outliers(np.array([2.0, 2.0, 2.0, 3.0, 3.1]))
    assert (count, mean_ratio) == (1, pytest.approx(2.42 / 2))
    assert statistics.outliers(np.array([])) == (0, 1.0)
    assert statistics.outliers(np.array([0.0, 0.0, 1.0])) == (0, 1.0)
