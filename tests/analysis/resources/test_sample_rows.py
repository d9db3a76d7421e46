from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.resources import sample_rows
from profilers.rundir import ProfileError

NEW = "time_ns,work_seconds,held_bytes,why_bits,held_bytes_max,sampler_readings"
OLD = "time_ns,work_seconds,held_bytes,why_bits"


def written(folder: Path, text: str) -> Path:
    path = folder / "resources.csv"
    path.write_text(text)
    return path


def folded(path: Path, edges_ns: list[int], most_rows: int) -> sample_rows.Rows:
    return sample_rows.read(path, edges_ns, most_rows, whole_bytes=0)


def test_rows_between_edges_become_few(tmp_path: Path) -> None:
    lines = [f"{n},{n / 10},{100 + n % 4},{n % 2 or ''}" for n in range(40)]
    rows = folded(written(tmp_path, "\n".join([OLD, *lines, ""])), [8, 32], 6)
    assert rows.time_ns.tolist() == [1, 3, 5, 7, 11, 15, 19, 23, 27, 31, 33, 35, 37, 39]
    np.testing.assert_allclose(rows.columns["work_seconds"], rows.time_ns / 10)
    np.testing.assert_allclose(rows.columns["held_bytes"][:5], [100.5, 102.5, 100.5, 102.5, 101.5])
    np.testing.assert_allclose(rows.columns["held_bytes_max"][3:5], [103, 103])
    np.testing.assert_allclose(rows.columns["held_bytes_min"][3:5], [102, 100])
    np.testing.assert_allclose(rows.columns["why_bits"], 1)
    assert rows.columns["sampler_readings"].tolist() == [2] * 4 + [4] * 6 + [2] * 4


def test_rows_that_stand_for_several_already(tmp_path: Path) -> None:
    lines = ["0,1.0,10,2,40,2", "1,2.0,20,,,2", "2,,,,,4", "3,4.0,30,8,30,4"]
    rows = folded(written(tmp_path, "\n".join([NEW, *lines, ""])), [], 1)
    assert rows.time_ns.tolist() == [3]
    assert {name: values.tolist() for name, values in rows.columns.items()} == {
        "work_seconds": [4.0],
        "held_bytes": [20.0],
        "held_bytes_max": [40.0],
        "held_bytes_min": [10.0],
        "why_bits": [8.0],
        "why_bits_max": [10.0],
        "sampler_readings": [12.0],
    }


def test_cells_that_are_all_empty_stay_empty(tmp_path: Path) -> None:
    rows = folded(written(tmp_path, f"{OLD}\n0,,,\n1,,,\n"), [], 1)
    for name in ("work_seconds", "held_bytes", "held_bytes_max", "why_bits"):
        assert np.isnan(rows.columns[name]).all()


def test_of_bits_each_that_was_set_stays(tmp_path: Path) -> None:
    lines = ["0,,,", "1,,,4", "2,,,32", "3,,,1", "4,,,", "5,,,0"]
    rows = folded(written(tmp_path, "\n".join([OLD, *lines, ""])), [1, 4, 5], 1)
    np.testing.assert_equal(rows.columns["why_bits"], [np.nan, 1.0, np.nan, 0.0])
    np.testing.assert_equal(rows.columns["why_bits_max"], [np.nan, 37.0, np.nan, 0.0])


cells = st.tuples(st.integers(0, 9), st.none() | st.integers(0, 10**12), st.integers(1, 10**10))


@settings(deadline=None)
@given(
    st.lists(cells, min_size=1, max_size=300), st.lists(st.integers(0, 10**12)), st.integers(1, 9)
)
def test_parts_and_edges_change_no_total(tmp_path_factory, readings, edges, most) -> None:
    time_ns = total = 0
    lines = []
    for growth, held, passed in readings:
        time_ns, total = time_ns + passed, total + growth
        lines.append(f"{time_ns},{total},{'' if held is None else held},")
    folder = tmp_path_factory.mktemp("rows")
    path = written(folder, "\n".join([OLD, *lines, ""]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample_rows, "PART_BYTES", 256)
        rows = folded(path, edges, most)
    assert rows.columns["sampler_readings"].sum() == len(readings)
    assert rows.time_ns[-1] == time_ns
    assert rows.columns["work_seconds"][-1] == total
    assert (np.diff(rows.time_ns) > 0).all()
    assert len(rows.time_ns) <= (len(edges) + 1) * most
    known = [held for _, held, _ in readings if held is not None]
    if known:
        assert np.nanmax(rows.columns["held_bytes_max"]) == max(known)
        assert np.nanmin(rows.columns["held_bytes_min"]) == min(known)
    else:
        assert np.isnan(rows.columns["held_bytes_max"]).all()


def test_a_small_file_stays_as_it_is(tmp_path: Path) -> None:
    rows = sample_rows.read(written(tmp_path, f"{OLD}\n5,1.5,,3\n9,2.5,7,\n"), [])
    assert rows.time_ns.tolist() == [5, 9]
    assert list(rows.columns) == ["work_seconds", "held_bytes", "why_bits"]
    np.testing.assert_equal(rows.columns["held_bytes"], [np.nan, 7.0])


@pytest.mark.parametrize("whole_bytes", [0, 1000])
@pytest.mark.parametrize(
    "text", [f"{OLD}\n1,2,3\n", f"{OLD}\nx,1,2,3\n", f"{OLD}\n1,y,2,3\n", f"{OLD}\n,1,2,3\n", "a\n"]
)
def test_damage_is_one_sentence(tmp_path: Path, text: str, whole_bytes: int) -> None:
    with pytest.raises(ProfileError, match=r"resources\.csv is damaged \S.*; run profile\.py"):
        sample_rows.read(written(tmp_path, text), [], whole_bytes=whole_bytes)


@pytest.mark.parametrize("whole_bytes", [0, 1000])
@pytest.mark.parametrize("text", ["", OLD, f"{OLD}\n", f"{OLD}\n12,0"])
def test_files_that_broke_off_before_the_first_row(
    tmp_path: Path, text: str, whole_bytes: int
) -> None:
    rows = sample_rows.read(written(tmp_path, text), [], whole_bytes=whole_bytes)
    assert len(rows.time_ns) == 0
    assert all(len(values) == 0 for values in rows.columns.values())
