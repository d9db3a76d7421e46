import os
import pickle
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workloads.data import array_pickle
from workloads.data.array_pickle import StoredArray
from workloads.spec import WorkloadError

PIXELS = np.arange(48, dtype=np.uint8).reshape(4, 12)


class Payload:
    """Pickles into a call of any function."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.call


def read(path: Path, content: bytes) -> object:
    path.write_bytes(content)
    return array_pickle.read(path)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("writable", [True, False])
def test_arrays_of_every_protocol_are_read(protocol: int, writable: bool, tmp_path: Path) -> None:
    array = PIXELS.copy()
    array.flags.writeable = writable
    held = read(tmp_path / "batch", pickle.dumps({"data": array, "labels": [1, 2]}, protocol))
    assert isinstance(held, dict)
    data, labels = (held.get(key, held.get(key.encode())) for key in ("data", "labels"))
    assert labels == [1, 2]
    assert isinstance(data, StoredArray)
    assert (data.pixels(12) == PIXELS).all()


def test_a_payload_is_named_and_does_not_run(tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    payloads = {
        r"posix\.system": Payload(os.system, f"touch {trace}"),
        r"(builtins|__builtin__)\.exec": Payload(exec, f"open({str(trace)!r}, 'w')"),
        r"numpy\.load": Payload(np.load, "/dev/null"),
    }
    for name, payload in payloads.items():
        for protocol in (0, 2, 4):
            content = pickle.dumps({"data": payload}, protocol)
            with pytest.raises(WorkloadError, match=rf"batch would run {name} when unpickled"):
                read(tmp_path / "batch", content)
    assert not trace.exists()


def test_a_forbidden_name_stays_in_its_line(tmp_path: Path) -> None:
    name = b"a\n\x1b[2J" + b"b" * 500
    parts = b"".join(b"X" + struct.pack("<I", len(part)) + part for part in (b"os", name))
    with pytest.raises(WorkloadError) as caught:
        read(tmp_path / "batch", b"\x80\x04" + parts + b"\x93.")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x05\x96" + struct.pack("<Q", 1 << 40) + b"x.",  # a bytearray of a terabyte
        b"\x80\x04\x8e" + struct.pack("<Q", 1 << 40) + b"x.",  # bytes of a terabyte
        b"\x80\x02Nr\xff\xff\xff\x7f",  # place 2,147,483,647 of the memory for repeated values
        b"\x80\x02cnumpy\nndarray\n(J\xff\xff\xff\x7ftR",  # an array of two gigabytes
    ],
)
def test_sizes_that_are_only_claimed_take_no_memory(content: bytes, tmp_path: Path) -> None:
    import tracemalloc

    tracemalloc.start()
    try:
        with pytest.raises(WorkloadError, match=f"ends after {len(content)} bytes, inside"):
            read(tmp_path / "batch", content)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (PIXELS.astype(np.int16), "unsigned bytes"),
        (np.asfortranarray(PIXELS), "row by row"),
        (PIXELS.reshape(2, 24), r"48 bytes and the shape \(2, 24\), not \(images, 12\)"),
        (PIXELS[:, :10], "40 bytes"),
    ],
)
def test_arrays_of_another_kind_are_refused(array: np.ndarray, words: str, tmp_path: Path) -> None:
    for protocol in (2, 5):
        held = read(tmp_path / "batch", pickle.dumps(array, protocol))
        assert isinstance(held, StoredArray)
        with pytest.raises(ValueError, match=words):
            held.pixels(12)


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "batch").open("wb") as file:
        file.truncate(array_pickle.MAX_BYTES + 1)
    with pytest.raises(WorkloadError, match="no file of at most"):
        array_pickle.read(tmp_path / "batch")


@settings(max_examples=300)
@given(st.binary(max_size=80))
def test_any_bytes_are_a_value_or_a_workload_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    with suppress(WorkloadError):
        read(tmp_path_factory.getbasetemp() / "any-batch", content)
