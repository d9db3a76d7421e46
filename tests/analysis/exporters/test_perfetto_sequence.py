"""What is written is read back with a decoder of the tests' own."""

import io
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.exporters import perfetto_sequence
from analysis.exporters.lanes import Lanes
from analysis.exporters.perfetto_packets import TraceFile
from analysis.exporters.perfetto_sequence import EventSequence
from analysis.timeline.record import Head, Slice, single
from tests.analysis.exporters.perfetto_decoding import Decoded, decode

START_NS = 1_790_000_000_000_000_000
TEXT = st.text(st.characters(exclude_categories=["C"]), max_size=8)
VALUE = st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), TEXT)
NUMBER = st.one_of(st.integers(-1, 300), st.integers(0, 2**63 - 1))
SPAN = st.one_of(st.integers(0, 60), st.integers(0, 2**40))
HEAD = st.builds(
    Head, TEXT, TEXT, st.dictionaries(TEXT, VALUE, max_size=3), st.sampled_from([(), ("n",)])
)


@st.composite
def slices(draw: Any) -> list[Slice]:
    """Slices in order, of which several have the same head."""
    heads = draw(st.lists(HEAD, min_size=1, max_size=4))
    found = []
    for _ in range(draw(st.integers(0, 20))):
        head = draw(st.sampled_from(heads))
        found.append(
            Slice(
                START_NS + draw(SPAN),
                draw(SPAN),
                head,
                (draw(NUMBER),) * len(head.keys),
                tuple(draw(st.lists(st.integers(1, 2**63 - 1), max_size=2))),
                draw(NUMBER),
            )
        )
    return sorted(found, key=lambda piece: (piece.start_ns, -piece.duration_ns))


def written(*some: Slice) -> Decoded:
    """The slices, on a track and its lanes."""
    sink = io.BytesIO()
    file = TraceFile(sink, START_NS)
    sequence, lanes = EventSequence(file, 7), Lanes()
    for piece in some:
        lane = lanes.place(piece.start_ns, piece.start_ns + piece.duration_ns)
        for end_ns, ended in lanes.ended:
            sequence.end(end_ns, ended and 7 + ended)
        sequence.begin(piece, lane and 7 + lane)
    for end_ns, ended in lanes.left():
        sequence.end(end_ns, ended and 7 + ended)
    file.flush()
    return decode(sink.getvalue())


@given(some=slices())
def test_what_is_written_is_read_back(some: list[Slice]) -> None:
    shown = written(*some).slices
    assert len(shown) == len(some)
    for row, piece in zip(shown, some, strict=True):
        head = piece.head
        assert (row.start_ns, row.end_ns) == (piece.start_ns, piece.start_ns + piece.duration_ns)
        assert (row.name, row.category) == (head.name, head.kind)
        assert row.flows == [*piece.arrows]
        assert row.correlation == (piece.correlation if piece.correlation >= 0 else None)
        known = zip(head.keys, piece.numbers, strict=True)
        args = [*head.args.items(), *((key, number) for key, number in known if number >= 0)]
        assert row.arguments == args
        assert [type(value) for _, value in row.arguments] == [type(value) for _, value in args]


def test_where_an_arrow_ends_it_has_the_number_that_it_began_with() -> None:
    one, other = written(
        single(START_NS, 1, "a", {}, "")._replace(arrows=(5,)),
        single(START_NS + 2, 1, "b", {}, "")._replace(arrows=(-5,)),
    ).slices
    assert one.flows == other.flows == [5]


def test_each_text_is_written_once() -> None:
    args = {"a very long key": "a very long value"}
    sink = io.BytesIO()
    file = TraceFile(sink, START_NS)
    sequence = EventSequence(file, 1)
    for time_ns in range(START_NS, START_NS + 100):
        sequence.begin(single(time_ns, 0, "a very long name", args, "a very long category"))
        sequence.end(time_ns)
    file.flush()
    data = sink.getvalue()
    assert data.count(b"a very long") == 4
    assert len(data) < 100 * 50 + 500


def test_more_heads_than_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perfetto_sequence, "MOST_HEADS", 2)
    heads = [Head(f"op {number}", "op", {}) for number in range(5)]
    some = [Slice(START_NS + place, 0, heads[place % 5]) for place in range(20)]
    assert [row.name for row in written(*some).slices] == [piece.head.name for piece in some]


def test_what_is_not_there_is_left_out_and_what_can_not_be_shown_is_an_error() -> None:
    (shown,) = written(single(START_NS, 1, "n", {"a": None, "b": math.inf}, "")).slices
    assert shown.args == {"b": math.inf}
    with pytest.raises(TypeError, match="a is a list"):
        written(single(START_NS, 1, "n", {"a": [1]}, ""))


def test_time_does_not_go_back() -> None:
    sequence = EventSequence(TraceFile(io.BytesIO(), START_NS), 1)
    sequence.end(START_NS + 5)
    with pytest.raises(ValueError, match="comes after one"):
        sequence.end(START_NS + 4)
    with pytest.raises(ValueError, match="is from before"):
        sequence.values(np.array([START_NS + 4]), np.array([1.0]))


@given(rows=st.lists(st.tuples(SPAN, st.floats(allow_nan=False, allow_infinity=False))))
def test_values_are_read_back(rows: list[tuple[int, float]]) -> None:
    rows.sort()
    sink = io.BytesIO()
    file = TraceFile(sink, START_NS)
    sequence = EventSequence(file, 3)
    for part in (rows[:2], rows[2:]):
        times = np.array([START_NS + time for time, _ in part], dtype=np.int64)
        sequence.values(times, np.array([value for _, value in part]))
    file.flush()
    expected = [(START_NS + time, value) for time, value in rows]
    assert decode(sink.getvalue()).values.get(3, []) == expected
