import numpy as np
from google.protobuf.internal.decoder import _DecodeVarint  # type: ignore[import-not-found]
from hypothesis import given
from hypothesis import strategies as st

from analysis.exporters.protobuf import number_field, varint
from analysis.exporters.xspace.wire_columns import Messages, varint_sizes
from analysis.readers.xspace_proto import XEvent, XLine

NUMBERS = st.integers(-(2**63), 2**63 - 1)
ROWS = st.tuples(NUMBERS, st.integers(0, 2**63 - 1), st.none() | NUMBERS, st.booleans())


@given(st.lists(st.integers(0, 2**64 - 1), max_size=20))
def test_sizes_are_those_of_the_encoded_numbers(numbers: list[int]) -> None:
    found = varint_sizes(np.array(numbers, dtype=np.uint64))
    assert found.tolist() == [len(varint(number)) for number in numbers]


@given(st.lists(ROWS, max_size=12))
def test_protobuf_reads_what_was_given(
    rows: list[tuple[int, int, int | None, bool]],
) -> None:
    ids, offsets = ([row[place] for row in rows] for place in (0, 1))
    with_stat = [number for number, row in enumerate(rows) if row[2] is not None]
    flagged = [number for number, row in enumerate(rows) if row[3]]
    messages = Messages(len(rows))
    messages.number(b"\x08", np.array(ids, dtype=np.int64))
    messages.number(b"\x10", np.array(offsets, dtype=np.int64))
    values = [row[2] for row in rows if row[2] is not None]
    chosen = np.array(with_stat, dtype=np.intp)
    messages.wrapped(b"\x22", b"\x08\x05\x20", np.array(values, dtype=np.int64), chosen)
    flag = b"\x22" + varint(4) + number_field(1, 6) + number_field(4, 1)
    messages.constant(flag, np.array(flagged, dtype=np.intp))
    octets, ends = messages.framed(b"\x22")
    line = XLine.FromString(octets.tobytes())
    assert [event.metadata_id for event in line.events] == ids
    assert [event.offset_ps for event in line.events] == offsets
    stats = [
        [(stat.metadata_id, stat.int64_value) for stat in event.stats] for event in line.events
    ]
    expected = [[(5, row[2])] * (row[2] is not None) + [(6, 1)] * row[3] for row in rows]
    assert stats == expected
    begin = 0
    for end, event in zip(ends.tolist(), line.events, strict=True):
        field = octets[begin:end].tobytes()
        size = _size_of(field[1:])
        assert XEvent.FromString(field[len(field) - size :]) == event
        begin = end


def _size_of(data: bytes) -> int:
    size, _ = _DecodeVarint(data, 0)
    return int(size)
