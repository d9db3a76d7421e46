"""What is written is read back with a decoder of the tests' own."""

import io
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.exporters.lanes import Lanes
from analysis.exporters.perfetto_packets import (
    BYTES_UNIT,
    LONGEST,
    EventSequence,
    TraceFile,
    utf8,
)
from tests.analysis.exporters.perfetto_decoding import Decoded, decode

START_NS = 1_790_000_000_000_000_000
TEXT = st.text(st.characters(exclude_categories=["C"]), max_size=8)
VALUE = st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), TEXT)
SLICE = st.tuples(
    st.one_of(st.integers(0, 60), st.integers(0, 2**40)),
    st.one_of(st.integers(0, 60), st.integers(0, 2**40)),
    TEXT,
    TEXT,
    st.dictionaries(TEXT, VALUE, max_size=3),
    st.lists(st.integers(0, 2**64 - 1), max_size=2),
)


def written(*slices: tuple[int, int, str, str, dict[str, Any], list[int]]) -> Decoded:
    """The slices, on a track and its lanes."""
    sink = io.BytesIO()
    file = TraceFile(sink, START_NS)
    sequence, lanes = EventSequence(file, 7), Lanes()
    for start, length, name, category, args, flows in slices:
        lane = lanes.place(START_NS + start, START_NS + start + length)
        for end_ns, ended in lanes.ended:
            sequence.end(end_ns, ended and 7 + ended)
        sequence.begin(START_NS + start, name, category, args, flows, lane and 7 + lane)
    for end_ns, ended in lanes.left():
        sequence.end(end_ns, ended and 7 + ended)
    file.flush()
    return decode(sink.getvalue())


@given(slices=st.lists(SLICE, max_size=20))
def test_what_is_written_is_read_back(slices: list[Any]) -> None:
    slices.sort(key=lambda row: (row[0], -row[1]))
    shown = written(*slices).slices
    assert len(shown) == len(slices)
    for row, (start, length, name, category, args, flows) in zip(shown, slices, strict=True):
        assert (row.start_ns, row.end_ns) == (START_NS + start, START_NS + start + length)
        assert (row.name, row.category, row.flows) == (name, category, flows)
        assert row.args == args
        assert [*map(type, row.args.values())] == [*map(type, args.values())]


def test_each_text_is_written_once() -> None:
    args = {"a very long key": "a very long value"}
    sink = io.BytesIO()
    file = TraceFile(sink, START_NS)
    sequence = EventSequence(file, 1)
    for time_ns in range(START_NS, START_NS + 100):
        sequence.begin(time_ns, "a very long name", "a very long category", args)
        sequence.end(time_ns)
    file.flush()
    data = sink.getvalue()
    assert data.count(b"a very long") == 4
    assert len(data) < 100 * 50 + 500


def test_what_is_not_there_is_left_out_and_what_can_not_be_shown_is_an_error() -> None:
    (shown,) = written((0, 1, "n", "", {"a": None, "b": math.inf}, [])).slices
    assert shown.args == {"b": math.inf}
    with pytest.raises(TypeError, match="a is a list"):
        written((0, 1, "n", "", {"a": [1]}, []))


def test_time_does_not_go_back() -> None:
    sequence = EventSequence(TraceFile(io.BytesIO(), START_NS), 1)
    sequence.end(START_NS + 5)
    with pytest.raises(ValueError, match="comes after one"):
        sequence.end(START_NS + 4)


def test_hostile_texts() -> None:
    script = "<script>alert(1)</script>'\"&"
    assert utf8(script).decode() == script
    assert utf8("a\0b\x1b[31m\n\u202ec\ud800").decode() == "ab[31mc"
    long = utf8("é" * 10_000_000).decode()
    assert long == "é" * LONGEST + "… (10,000,000 characters)"
    assert utf8("é" * LONGEST).decode() == "é" * LONGEST


def test_packets_go_on_to_the_stream_before_the_end() -> None:
    sink = io.BytesIO()
    file = TraceFile(sink, START_NS)
    sequence = EventSequence(file, 1)
    for time_ns in range(START_NS, START_NS + 20_000):
        sequence.end(time_ns)
    assert len(sink.getvalue()) > 100_000


def test_tracks_have_parents_an_order_and_units() -> None:
    sink = io.BytesIO()
    file = TraceFile(sink, START_NS)
    file.root()
    file.group(1, "host", 3)
    file.track(2, 1, "thread", 5)
    file.counter(3, 1, "RSS", 6, BYTES_UNIT)
    file.counter(4, 1, "power", 7, "W")
    file.flush()
    tracks = decode(sink.getvalue()).tracks
    assert tracks[0] == {1: 0, 11: 3}
    assert tracks[1] == {1: 1, 2: b"host", 11: 3, 12: 3, 15: 2}
    assert tracks[2] == {1: 2, 5: 1, 2: b"thread", 11: 3, 12: 5, 15: 2}
    assert tracks[3][8] == b"\x18\x03"
    assert tracks[4][8] == b"\x32\x01W"
