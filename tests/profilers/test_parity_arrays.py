from pathlib import Path

import numpy as np
import pytest

from analysis.parity import arrays as reader
from profilers import parity_arrays
from profilers.parity_arrays import ParityArrays, positions


def saved(folder: Path, **arrays: np.ndarray) -> tuple[dict, dict]:
    made = ParityArrays()
    for name, array in arrays.items():
        made.add(name, array)
    records = made.save(folder / "parity.npz")
    with np.load(folder / "parity.npz", allow_pickle=False) as file:
        return dict(records), dict(file)


def test_positions_follow_from_the_name_and_stay_the_same_for_good() -> None:
    assert positions("output/conv1", 100_000)[:6].tolist() == [34, 63, 65, 84, 127, 148]
    assert positions("gradient/fc1.weight", 70_000)[-3:].tolist() == [69982, 69986, 69998]
    found = positions("x", 10)
    assert len(found) == 4096
    assert (found[0], found[-1]) == (0, 9)


def test_small_arrays_are_whole_and_of_large_ones_those_positions_are_kept(tmp_path: Path) -> None:
    small = np.arange(65_536, dtype=np.float64).reshape(256, 256)
    large = np.arange(65_537, dtype=np.float32)[::-1]
    records, arrays = saved(tmp_path, small=small, large=large)
    assert np.array_equal(arrays["small"], small)
    assert arrays["small"].dtype == np.float64
    assert np.array_equal(arrays["large"], large[positions("large", large.size)])
    assert arrays["large"].dtype == np.float32
    assert records["large"].shape == (65_537,)
    assert records["large"].norm == pytest.approx(np.linalg.norm(large.astype(float)))
    assert records["small"].kept is records["large"].kept is None


def test_an_array_with_what_is_no_number_has_no_norm(tmp_path: Path) -> None:
    records, arrays = saved(tmp_path, broken=np.array([1.0, np.nan, np.inf]))
    assert records["broken"].norm is None
    assert np.isnan(arrays["broken"][1])


def test_more_is_left_out_where_the_file_would_be_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = np.random.default_rng(0)
    given = {f"a{n}": generator.normal(size=5000 * (n + 1)) for n in range(20)}
    for most in (2_000_000, 200_000, 60_000):
        monkeypatch.setattr(parity_arrays, "MOST_FILE_BYTES", most)
        records, arrays = saved(tmp_path, **given)
        assert (tmp_path / "parity.npz").stat().st_size <= most
        for name, array in given.items():
            kept = records[name].kept
            if kept is None:
                expected = array if array.size <= 65_536 else array[positions(name, array.size)]
            else:
                expected = array[positions(name, array.size, kept)]
            assert np.array_equal(arrays[name], expected)
        read = reader.read(tmp_path / "parity.npz", records.values())
        assert all(np.array_equal(read[name], array) for name, array in arrays.items())
    assert len({record.kept for record in records.values()}) == 1
