from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.readers.wire import BYTES, Octets, WireError, fields
from analysis.readers.xspace_proto import XEvent, XLine
from analysis.readers.xspace_scan import LINE_EVENTS, scan

INT64 = st.integers(-(2**63), 2**63 - 1)
EVENTS = st.lists(
    st.tuples(st.one_of(st.integers(0, 300), INT64), st.integers(0, 10**12), st.integers(0, 200))
)


def line(events: list[tuple[int, int, int]], **header: Any) -> bytes:
    """A line of such events: metadata id, offset, and how long the text of a stat is."""
    message = XLine(**header)
    for metadata_id, offset_ps, size in events:
        event = message.events.add(metadata_id=metadata_id, offset_ps=offset_ps)
        if size:
            event.stats.add(metadata_id=1, str_value="x" * size)
    data: bytes = message.SerializeToString()
    return data


def one_by_one(data: bytes) -> tuple[list[tuple[int, int]], int]:
    """Where the events lie, and where the last whole field ends."""
    found, stop = [], 0
    try:
        for field in fields(data, 0, len(data)):
            if field.number == LINE_EVENTS and field.form == BYTES:
                found.append((field.content, field.end))
            stop = field.end
    except WireError:
        pass
    return found, stop


def many(data: bytes) -> tuple[list[tuple[int, int]], int]:
    found = scan(Octets(data))
    return list(zip(found.begins.tolist(), found.ends.tolist(), strict=True)), found.stop


@given(EVENTS, st.integers(0, 60))
def test_events_lie_where_the_fields_do(events: list[tuple[int, int, int]], cut: int) -> None:
    data = line(events, id=-4, name='"\x08\x10', timestamp_ns=5, display_name="behind")
    assert many(data) == one_by_one(data)
    assert many(data[: len(data) - cut]) == one_by_one(data[: len(data) - cut])


@given(st.binary(), st.lists(st.sampled_from([b"\x22\x04\x08\x01\x10\x02", b"\x22", b"\x08"])))
def test_any_bytes_are_scanned_up_to_where_they_are_no_field(
    data: bytes, before: list[bytes]
) -> None:
    data = b"".join(before) + data
    assert many(data) == one_by_one(data)


def test_what_looks_like_an_event_within_another_is_none() -> None:
    inner = XEvent(metadata_id=1, offset_ps=2).SerializeToString()
    text = b"\x22" + bytes([len(inner)]) + inner
    message = XLine()
    for _ in range(5):
        event = message.events.add(metadata_id=3, offset_ps=4)
        event.stats.add(metadata_id=1, bytes_value=text * 2)
        event.stats.add(metadata_id=0x10, uint64_value=0x10)
    data = message.SerializeToString()
    assert many(data) == one_by_one(data)
    assert len(scan(Octets(data))) == 5


@pytest.mark.parametrize("size", [120, 200, 20_000])
def test_long_and_unusual_events_and_other_fields_are_found(size: int) -> None:
    message = XLine(id=1, duration_ps=10)
    for number in range(200):
        event = message.events.add(duration_ps=3) if number % 3 else message.events.add()
        event.stats.add(metadata_id=1, str_value="x" * size)
    data = message.SerializeToString()
    found = scan(Octets(data))
    assert (len(found), found.stop, found.is_damaged) == (200, len(data), False)
    assert [field.number for field in found.others] == [1, 9]


def test_damage_is_told_from_a_cut() -> None:
    data = line([(1, 2, 3)] * 4)
    assert not scan(Octets(data[:-1])).is_damaged
    found = scan(Octets(data + b"\x07"))
    assert (found.is_damaged, found.stop) == (True, len(data))
