import io

import pytest

from analysis.exporters.perfetto_packets import BYTES_UNIT, TraceFile, utf8
from analysis.exporters.trace_file import LONGEST
from tests.analysis.exporters.perfetto_decoding import decode

START_NS = 1_790_000_000_000_000_000


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
    for number in range(20_000):
        file.track(number + 1, 0, "track", 0)
    assert len(sink.getvalue()) > 100_000


def test_tracks_have_parents_an_order_and_units() -> None:
    sink = io.BytesIO()
    file = TraceFile(sink, START_NS)
    file.root()
    file.track(1, 0, "host", 3)
    file.track(2, 1, "thread", 5)
    file.counter(3, 1, "RSS", 6, BYTES_UNIT)
    file.counter(4, 1, "power", 7, "W", "power of both")
    file.flush()
    tracks = decode(sink.getvalue()).tracks
    assert tracks[0] == {1: 0, 11: 3}
    assert tracks[1] == {1: 1, 2: b"host", 11: 3, 12: 3, 15: 2}
    assert tracks[2] == {1: 2, 5: 1, 2: b"thread", 11: 3, 12: 5, 15: 2}
    assert tracks[3][8] == b"\x18\x03"
    assert tracks[4][8] == b"\x32\x01W\x3a\x0dpower of both"


@pytest.mark.parametrize(("start_ns", "shown_ns"), [(START_NS, START_NS), (-50, 0)])
def test_what_was_recorded_is_told_as_events_are_shown(start_ns: int, shown_ns: int) -> None:
    sink = io.BytesIO()
    file = TraceFile(sink, start_ns)
    file.recorded(start_ns - 3, start_ns + 20)
    file.flush()
    assert decode(sink.getvalue()).recorded_ns == [max(0, shown_ns - 3), shown_ns + 20]
