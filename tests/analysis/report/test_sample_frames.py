import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.report.sample_frames import MOST_SAMPLES, Envelope, envelope


def line(values: list[float]) -> Envelope:
    made = np.array(values, float)
    return Envelope(np.arange(len(made)) / 10, made, made, made)


def test_a_short_run_is_drawn_sample_by_sample() -> None:
    short = line([float(n % 7) for n in range(MOST_SAMPLES)])
    assert envelope(short) is short


def test_no_peak_of_a_long_run_is_lost() -> None:
    values = [1.0] * 50_000
    values[31_234], values[7] = 9.0, 0.0
    made = envelope(line(values))
    assert len(made.seconds) == 300
    assert (made.low.min(), made.high.max()) == (0.0, 9.0)
    assert 0.99 < made.values.min() < 1 < made.values.max() < 1.1
    assert (made.low <= made.values).all()
    assert (made.values <= made.high).all()
    at = int(made.high.argmax())
    assert abs(made.seconds[at] - 3123.4) < 5000 / 300


def test_where_nothing_was_sampled_there_is_no_point() -> None:
    long = line([1.0] * 10_000)
    kept = (long.seconds < 200) | (long.seconds > 700)
    columns = (long.seconds, long.values, long.low, long.high)
    made = envelope(Envelope(*(column[kept] for column in columns)))
    assert not ((made.seconds > 205) & (made.seconds < 695)).any()
    assert np.diff(made.seconds).max() > 400


def test_parts_without_values_are_empty() -> None:
    made = envelope(line([*[1.0] * 2000, *[np.nan] * 2000, *[2.0] * 2000]))
    assert np.isnan(made.values).sum() == 100
    assert np.isnan(made.low).sum() == np.isnan(made.high).sum() == 100


@given(
    st.lists(st.floats(-1e9, 1e9) | st.just(np.nan), min_size=1, max_size=200),
    st.integers(1, 50),
    st.integers(1, 20),
)
def test_few_points_that_enclose_all(values: list[float], most: int, parts: int) -> None:
    made = envelope(line(values), most, parts)
    assert len(made.seconds) <= max(most, parts)
    assert (np.diff(made.seconds) > 0).all()
    if not np.isnan(values).all():
        assert np.nanmin(made.low) == np.nanmin(values)
        assert np.nanmax(made.high) == np.nanmax(values)
