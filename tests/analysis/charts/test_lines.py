import numpy as np
import pandas as pd

from analysis.charts import lines


def test_a_pause_parts_the_line() -> None:
    x, y = lines.with_gaps(pd.Series([3.0, 0, 1, 2, 9, 10]), pd.Series([4.0, 1, 2, 3, 5, 6]))
    assert x.tolist() == [0, 1, 2, 3, 6, 9, 10]
    assert np.isnan(y).tolist() == [False] * 4 + [True] + [False] * 2
    assert y[[0, 3, 5]].tolist() == [1, 4, 5]


def test_a_sample_without_a_value_parts_the_line() -> None:
    _, y = lines.with_gaps(pd.Series([0.0, 1, 2]), pd.Series([1.0, np.inf, 3]))
    assert np.isnan(y).tolist() == [False, True, False]
    assert lines.single_points(np.arange(3.0), y).tolist() == [True, False, True]


def test_few_samples_have_no_usual_interval() -> None:
    x, _ = lines.with_gaps(pd.Series([0.0, 50]), pd.Series([1.0, 2]))
    assert x.tolist() == [0, 50]
    assert not lines.with_gaps(pd.Series([], dtype=float), pd.Series([], dtype=float))[0].size


def test_all_columns_are_parted_alike() -> None:
    seconds = pd.Series([0.0, 1, 2, 9])
    x, y, low = lines.with_gaps(seconds, pd.Series([1.0, 2, 3, 4]), pd.Series([0.0, 1, 2, 3]))
    assert len(x) == len(y) == len(low) == 5
    assert low[[0, 4]].tolist() == [0, 3]
    assert np.isnan(low[3])


def test_the_axis_begins_at_zero() -> None:
    end, numbers, texts, room = lines.from_zero(9.0, 46)
    assert end > 9
    assert numbers[0] == 0
    assert texts[0] == "0"
    assert room > 0
    assert lines.from_zero(0.0, 46)[0] == 1
