import numpy as np
import pytest

from analysis.exporters.tensorboard.series import Series, thinned


def test_a_long_curve_is_thinned_evenly() -> None:
    rows = 4001
    ramp = np.arange(rows)
    series = Series("train/loss", ramp, ramp / 10, ramp * 1.0)
    thin = thinned(series)
    assert len(thin.values) == 2000
    assert thin.step[-1] == rows - 1
    assert thin.values[0] == pytest.approx(0.5)
    lengths = np.diff(thin.step, prepend=-1)
    assert set(lengths.tolist()) == {2, 3}
    np.testing.assert_allclose(np.average(thin.values, weights=lengths), 2000)


def test_thinning_keeps_the_peak_of_memory() -> None:
    rows = np.arange(5000)
    series = Series(
        "resources/rss_mib", rows, rows * 1.0, np.where(rows == 777, 9.0, 1.0), peaks=True
    )
    assert thinned(series).values.max() == 9


def test_thinning_keeps_each_flag() -> None:
    rows = np.arange(5000)
    bits = np.where(rows == 777, 32.0, np.where(rows % 3 == 0, 4.0, 1.0))
    thin = thinned(Series("gpu0/throttle_bits", rows, rows * 1.0, bits, flags=True))
    assert set(thin.values.tolist()) == {1.0, 5.0, 33.0}
