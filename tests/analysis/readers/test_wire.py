import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.readers.wire import Octets, WireError, fields, varint
from analysis.readers.xspace_proto import XLine


def line(names: list[str]) -> bytes:
    message = XLine(id=-5, name="thread", timestamp_ns=2**60)
    for number, name in enumerate(names):
        event = message.events.add(metadata_id=number, duration_ps=len(name))
        event.stats.add(metadata_id=1, double_value=0.5)
    data: bytes = message.SerializeToString()
    return data


@given(st.lists(st.text()))
def test_fields_are_those_that_protobuf_wrote(names: list[str]) -> None:
    data = line(names)
    found = list(fields(data, 0, len(data)))
    assert [field.number for field in found] == [1, 2, 3, *[4] * len(names)]
    assert b"".join(data[field.begin : field.end] for field in found) == data
    parts = [XLine.FromString(data[field.begin : field.end]) for field in found]
    assert [part.events[0].metadata_id for part in parts[3:]] == list(range(len(names)))
    assert data[found[1].content : found[1].end] == b"thread"


@given(st.integers(0, 60))
def test_what_is_cut_off_is_found_out_or_is_a_whole_message(length: int) -> None:
    data = line(["a", "b", "c"])[:length]
    try:
        found = list(fields(data, 0, len(data)))
    except WireError:
        return
    assert found == [] or found[-1].end == len(data)
    XLine.FromString(data)


@given(st.binary())
def test_any_bytes_are_fields_or_an_error(data: bytes) -> None:
    try:
        found = list(fields(data, 0, len(data)))
    except WireError:
        return
    assert sum(field.end - field.begin for field in found) == len(data)


def test_a_number_without_end_is_refused() -> None:
    with pytest.raises(WireError, match="no number ends"):
        list(fields(b"\xff" * 20, 0, 20))


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1), st.binary(max_size=3))
def test_many_numbers_are_read_at_a_time(numbers: list[int], before: bytes) -> None:
    texts = [varint(number) for number in numbers]
    places = np.cumsum([len(before), *map(len, texts)])
    values, lengths = Octets(before + b"".join(texts)).varints(places[:-1])
    assert values.tolist() == numbers
    assert lengths.tolist() == [len(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "value", "length"),
    [
        (b"\x80\x00", 0, 2),
        (b"\xff" * 9 + b"\x7f", 2**64 - 1, 10),
        (b"\xff" * 8 + b"\x80\x00", 2**56 - 1, 10),
        (b"\xff" * 10 + b"\x00", None, -1),
    ],
)
def test_numbers_of_unusual_length(text: bytes, value: int | None, length: int) -> None:
    values, lengths = Octets(text).varints(np.array([0]))
    assert lengths.tolist() == [length]
    assert value is None or values.tolist() == [value]
