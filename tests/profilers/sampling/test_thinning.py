import pytest
from hypothesis import given
from hypothesis import strategies as st

from profilers.sampling.thinning import Thinning

UNITS = {"work_seconds": "seconds", "held_bytes": "bytes", "why_bits": "bits", "load": "ratio"}
COUNTERS = frozenset({"work_seconds"})


def thinning(sample_hz=10.0, rows_per_rate=4):
    return Thinning(UNITS, COUNTERS, sample_hz, rows_per_rate)


def rows_of(made, readings):
    rows = [row for values in readings if (row := made.add(values)) is not None]
    return [*rows, *filter(None, [made.rest()])]


def test_at_first_each_reading_is_a_row():
    made = thinning()
    assert made.gauges == ["held_bytes", "load"]
    assert made.add([1.5, 7, 4, None]) == [1.5, 7, 4, None, None, None, 1]


def test_rows_stand_for_ever_more_readings_down_to_one_a_second():
    made = thinning(sample_hz=10.0, rows_per_rate=4)
    rows = rows_of(made, [[0.0, 0, 0, 0.0]] * 200)
    assert [row[-1] for row in rows] == [1] * 4 + [2] * 4 + [4] * 4 + [8] * 4 + [10] * 14
    assert made.rest() is None


@pytest.mark.parametrize(
    ("sample_hz", "most"), [(20.0, 20), (7.0, 7), (1.0, 1), (0.5, 1), (2.5, 2)]
)
def test_no_rate_comes_below_one_a_second(sample_hz, most):
    rows = rows_of(thinning(sample_hz, rows_per_rate=2), [[None] * 4] * 200)
    assert max(row[-1] for row in rows[:-1]) == most


def test_a_row_has_the_last_of_counters_mean_and_maximum_of_gauges_all_bits():
    made = thinning(rows_per_rate=1)
    made.add([0.0, 0, 0, 0.0])
    assert made.add([1.0, 10, 1, None]) is None
    assert made.add([3.0, 21, 4, 0.25]) == [3.0, 16, 5, 0.25, 21, None, 2]


def test_empty_cells_take_no_part():
    made = thinning(rows_per_rate=1)
    made.add([0.0, 0, 0, 0.0])
    made.add([1.0, 10, None, None])
    assert made.add([None, None, None, None]) == [1.0, 10, None, None, None, None, 2]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 9), st.none() | st.integers(0, 10**12), st.none() | st.floats(0, 1)
        ),
        max_size=200,
    )
)
def test_nothing_is_lost(readings):
    total, values = 0, []
    for growth, held, load in readings:
        total += growth
        values.append([total, held, None, load])
    rows = rows_of(thinning(rows_per_rate=3), values)
    assert sum(row[-1] for row in rows) == len(readings)
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert (rows[-1][0] if rows else 0) == total
    for column, place in ((1, 4), (3, 5)):
        known = [value[column] for value in values if value[column] is not None]
        written = [row[at] for row in rows for at in (column, place) if row[at] is not None]
        assert max(written, default=None) == pytest.approx(max(known, default=None))
        assert min(written, default=0) >= min(known, default=0)
