import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.readers.wire import WireError, fields
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
