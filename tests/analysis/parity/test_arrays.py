import contextlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.parity import arrays
from profilers.parity_record import SAMPLED_ELEMENTS, ArrayRecord
from profilers.rundir import ProfileError

Array = np.ndarray[Any, Any]
RECORD = ArrayRecord(name="output/fc1", shape=(2, 3), norm=1.0)
LARGE = ArrayRecord(name="output/fc1", shape=(300, 300), norm=1.0)
VALUES = np.arange(6.0).reshape(2, 3)


def saved(path: Path, **named: Array) -> Path:
    np.savez(path, **{"output/fc1": VALUES, **named})  # type: ignore[arg-type]
    return path


def packed(path: Path, data: bytes, **entry: Any) -> Path:
    with zipfile.ZipFile(path, "w", **entry) as archive:
        archive.writestr("output/fc1.npy", data)
    return path


def npy(array: Array) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", ["<f4", "<f8"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_values_come_in_the_order_of_the_layout(
    tmp_path: Path, order: Any, kind: str, save: Callable[..., None]
) -> None:
    path = tmp_path / "parity.npz"
    save(path, **{"output/fc1": np.asarray(VALUES, kind, order=order), "other": np.ones(3)})
    found = arrays.read(path, [RECORD])
    assert found.keys() == {"output/fc1"}
    assert found["output/fc1"].dtype == np.float64
    assert found["output/fc1"].tolist() == [0, 1, 2, 3, 4, 5]


def test_of_large_arrays_the_kept_positions_are_read(tmp_path: Path) -> None:
    path = tmp_path / "parity.npz"
    saved(path, **{"output/fc1": np.ones(SAMPLED_ELEMENTS)})
    assert arrays.is_sampled(LARGE)
    assert len(arrays.read(path, [LARGE])["output/fc1"]) == SAMPLED_ELEMENTS


@pytest.mark.parametrize(
    ("array", "record", "words"),
    [
        (np.ones((2, 4)), RECORD, "larger|not \\(2, 3\\)"),
        (np.ones((3, 2)), RECORD, r"\(3, 2\), not \(2, 3\)"),
        (np.ones((2, 3), np.int64), RECORD, "not float32 or float64"),
        (np.ones((2, 3), ">f8"), RECORD, "not float32 or float64"),
        (np.array([None] * 6, object), RECORD, "not float32 or float64"),
        (VALUES, LARGE, "not \\(300, 300\\)"),
        (VALUES, ArrayRecord(name="else", shape=(2, 3), norm=1.0), "else is missing"),
        (VALUES, ArrayRecord(name="output/fc1", shape=(-2, -3), norm=1.0), "has the shape"),
    ],
)
def test_other_arrays_are_refused(
    tmp_path: Path, array: Array, record: ArrayRecord, words: str
) -> None:
    path = saved(tmp_path / "parity.npz", **{"output/fc1": array})
    with pytest.raises(ProfileError, match=words):
        arrays.read(path, [record])


def test_one_name_has_one_shape(tmp_path: Path) -> None:
    path = saved(tmp_path / "parity.npz")
    twice = ArrayRecord(name="output/fc1", shape=(3, 2), norm=1.0)
    with pytest.raises(ProfileError, match="output/fc1 has two shapes"):
        arrays.read(path, [RECORD, twice])


def test_more_than_fits_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path / "parity.npz")
    many = [ArrayRecord(name=str(number), shape=(65_536,), norm=1.0) for number in range(200)]
    with pytest.raises(ProfileError, match="are allowed"):
        arrays.read(path, many)
    monkeypatch.setattr(arrays, "MOST_FILE_BYTES", 100)
    with pytest.raises(ProfileError, match="and 100 are allowed"):
        arrays.read(path, [RECORD])


def test_a_member_that_unpacks_to_more_than_it_should_is_refused(tmp_path: Path) -> None:
    data = npy(np.zeros(10_000_000))
    path = packed(tmp_path / "parity.npz", data, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(ProfileError, match="larger than 6 values"):
        arrays.read(path, [RECORD])
    path = packed(tmp_path / "lzma.npz", npy(VALUES), compression=zipfile.ZIP_LZMA)
    with pytest.raises(ProfileError, match="packed in a way"):
        arrays.read(path, [RECORD])
    with pytest.raises(ProfileError, match="No such file"):
        arrays.read(tmp_path / "none.npz", [RECORD])


@given(st.data())
def test_damage_is_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "parity.npz"
    saved(path)
    content = bytearray(path.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=6)):
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    found = {"output/fc1": np.zeros(6)}
    with contextlib.suppress(ProfileError):
        found = arrays.read(path, [RECORD])
    assert found["output/fc1"].shape == (6,)


@given(st.binary(max_size=200))
def test_a_hostile_header_is_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, header: bytes
) -> None:
    path = tmp_path_factory.mktemp("hostile") / "parity.npz"
    packed(path, b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + b"\0" * 48)
    with pytest.raises(ProfileError, match="can't be used"):
        arrays.read(path, [RECORD])
