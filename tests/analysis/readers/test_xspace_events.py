from typing import Any

import numpy as np
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from analysis.readers.wire import Octets, varint
from analysis.readers.xspace_columns import FORMS, REFERENCE, STRING, Codes, Events
from analysis.readers.xspace_events import decode
from analysis.readers.xspace_proto import XEvent, XLine
from analysis.readers.xspace_scan import scan

INT64 = st.integers(-(2**63), 2**63 - 1)
UINT64 = st.integers(0, 2**64 - 1)
SMALL = st.integers(0, 200)
WANTED = (1, 2, 3, 150, 2**40)
STATS = st.lists(
    st.tuples(
        st.one_of(st.sampled_from(WANTED), SMALL, INT64),
        st.one_of(
            st.tuples(st.sampled_from(["int64_value"]), INT64),
            st.tuples(st.sampled_from(["uint64_value", "ref_value"]), st.one_of(SMALL, UINT64)),
            st.tuples(st.just("double_value"), st.floats(allow_nan=False)),
            st.tuples(st.just("str_value"), st.text(max_size=200)),
            st.tuples(st.just("bytes_value"), st.binary(max_size=20)),
            st.none(),
        ),
    ),
    max_size=6,
)
NUMBER = st.one_of(SMALL, st.integers(0, 2**60), INT64)
EVENTS = st.lists(
    st.fixed_dictionaries(
        {"stats": STATS},
        optional={
            "metadata_id": NUMBER,
            "offset_ps": NUMBER,
            "duration_ps": NUMBER,
            "num_occurrences": NUMBER,
        },
    ),
    max_size=12,
)


def event_of(values: dict[str, Any]) -> Any:
    event = XEvent(**{name: value for name, value in values.items() if name != "stats"})
    for metadata_id, value in values["stats"]:
        event.stats.add(metadata_id=metadata_id, **(dict([value]) if value else {}))
    return event


def seen(events: Events) -> list[tuple[Any, ...]]:
    """Numbers and stats of each event."""
    stats: list[list[tuple[Any, ...]]] = [[] for _ in range(len(events))]
    columns = (events.stats.event, events.stats.code, events.stats.form, events.stats.value)
    for event, code, form, value in zip(*(column.tolist() for column in columns), strict=True):
        told = events.stats.texts[value] if form in (STRING, FORMS["bytes_value"]) else value
        stats[event].append((WANTED[code], form, told))
    numbers = (events.metadata_id, events.offset_ps, events.duration_ps, events.occurrences)
    return list(zip(*(column.tolist() for column in numbers), map(tuple, stats), strict=True))


def expected(event: Any) -> tuple[Any, ...]:
    """The same of one event, by protobuf."""
    stats = []
    for stat in event.stats:
        kind = stat.WhichOneof("value")
        if stat.metadata_id in WANTED and kind is not None:
            value = getattr(stat, kind)
            if isinstance(value, bytes):
                value = value.decode("utf-8", "replace")
            elif isinstance(value, float):
                value = int(np.float64(value).view(np.uint64))
            elif isinstance(value, int):
                value %= 2**64
            stats.append((stat.metadata_id, FORMS[kind], value))
    numbers = (event.metadata_id, event.offset_ps, event.duration_ps, event.num_occurrences)
    return *numbers, tuple(stats)


def field(content: bytes) -> bytes:
    return b"\x22" + varint(len(content)) + content


def decoded(data: bytes) -> Events:
    octets = Octets(data)
    return decode(octets, scan(octets), Codes(WANTED))


@given(EVENTS)
def test_events_are_what_protobuf_reads(values: list[dict[str, Any]]) -> None:
    events = [event_of(value) for value in values]
    found = decoded(XLine(events=events).SerializeToString())
    assert seen(found) == [expected(event) for event in events]
    assert found.damaged == 0


@given(st.lists(st.one_of(st.binary(max_size=30), EVENTS.map(str)), max_size=6), st.data())
def test_any_bytes_are_an_event_or_counted(parts: list[bytes | str], data: st.DataObject) -> None:
    bodies = []
    for part in parts:
        if isinstance(part, bytes):
            bodies.append(part)
            continue
        values = data.draw(EVENTS)
        text = bytearray(b"".join(event_of(value).SerializeToString() for value in values[:2]))
        if text:
            text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
        bodies.append(bytes(text))
    good, bad = [], 0
    for body in bodies:
        try:
            good.append(expected(XEvent.FromString(body)))
        except DecodeError:
            bad += 1
    found = decoded(b"".join(map(field, bodies)))
    assert len(found) + found.damaged == len(bodies)
    # What protobuf refuses may be read where only a stat that nobody asked for is damaged.
    if found.damaged == bad:
        assert seen(found) == good
    assert found.damaged <= bad


@pytest.mark.parametrize(
    "order",
    [b"\x10\x05\x08\x01\x18\x07", b"\x18\x07\x10\x05\x08\x01", b"\x08\x09\x10\x05\x18\x07\x08\x01"],
)
def test_fields_may_come_in_any_order_and_twice(order: bytes) -> None:
    assert seen(decoded(field(order) * 3)) == [(1, 5, 7, 0, ())] * 3


def test_a_later_part_of_a_choice_replaces_an_earlier_one() -> None:
    both = b"\x08\x01\x10\x05\x28\x00", b"\x08\x01\x28\x03\x10\x05"
    assert seen(decoded(b"".join(map(field, both)))) == [(1, 0, 0, 0, ()), (1, 5, 0, 0, ())]


def test_codes_are_places_among_the_ids() -> None:
    assert Codes((7, 3, 65_000)).of(np.array([3, 65_000, 7, 4, -1, 2**40])).tolist() == [
        *(0, 2, 1),
        *(-1, -1, -1),
    ]
    assert Codes((2**40, -5)).of(np.array([-5, 2**40, 0, 2**63 - 1])).tolist() == [0, 1, -1, -1]
    assert Codes(()).of(np.array([0, 1, 65_535])).tolist() == [-1, -1, -1]


def test_a_shared_text_is_a_reference() -> None:
    event = XEvent()
    event.stats.add(metadata_id=150, ref_value=9)
    assert seen(decoded(XLine(events=[event]).SerializeToString()))[0][4] == ((150, REFERENCE, 9),)
