import json

import msgspec
import pytest

from analysis.readers.kineto_events import (
    ArrowStart,
    Instant,
    Named,
    Other,
    Span,
    decoder,
    nanoseconds,
    text_of,
    tolerant,
)


def test_microseconds_become_whole_nanoseconds() -> None:
    values = [0.0, 0.0015, 2.675, 4309152889777.976, 1694039959123457.0, -1.5]
    expected = [0, 2, 2675, 4309152889777976, 1694039959123457000, -1500]
    assert nanoseconds(values).tolist() == expected


def test_a_name_that_is_no_valid_text_stays_readable() -> None:
    assert text_of(msgspec.Raw(b'"caf\\u00e9"')) == "café"
    assert text_of(msgspec.Raw(b'"a\xffb"')) == '"a\ufffdb"'
    assert text_of(msgspec.Raw(b"3")) == "3"


@pytest.mark.parametrize(
    "event",
    [
        {"ph": "X", "cat": "cpu_op", "name": "a", "pid": 1, "tid": "x", "ts": 1, "dur": 2.5},
        {"ph": "X", "cat": "kernel", "pid": 0, "tid": 7, "args": {"correlation": 3, "device": 0}},
        {"ph": "X", "cat": "cpu_op", "args": {"Input Dims": [[1], []], "Sequence number": 4}},
        {"ph": "i", "cat": "cpu_instant_event", "name": "[memory]", "args": {"Bytes": -5}},
        {
            "ph": "X",
            "cat": "kernel",
            "args": {"grid": [8, 1, 1], "shared memory": 3, "block": None},
        },
        {"ph": "s", "cat": "fwdbwd", "id": 7, "ts": 3.5},
        {"ph": "M", "name": "process_name", "pid": 5, "args": {"name": "é"}},
    ],
)
def test_both_ways_of_decoding_agree(event: dict[str, object]) -> None:
    text = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
    [known] = decoder(known=True, memory=True, details=True).decode(b"[" + text + b"]")
    loose = tolerant(msgspec.Raw(text))
    assert msgspec.json.encode(known) == msgspec.json.encode(loose)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"ph": "X", "ts": "12.5", "pid": 3.0, "name": 5}', Span(name="5", ts=12.5, pid=3)),
        (b'{"ph": "X", "pid": 36893488147419103232}', Other("unexpected type of a value")),
        (b'{"ph": "X", "ts": "soon"}', Other("unexpected type of a value")),
        (b'{"ph": "B"}', Other("not a complete event")),
        (b"3", Other("not an event")),
    ],
)
def test_other_types_are_understood_as_far_as_they_can_be(text: bytes, expected: object) -> None:
    found = tolerant(msgspec.Raw(text))
    if isinstance(found, Span):
        found.args = None
    assert found == expected


def test_arguments_that_are_no_whole_numbers_are_left_out() -> None:
    text = (
        b'{"ph": "X", "args": {"correlation": 18446744073709551616, "stream": "7", "device": 1.5,'
        b'"bytes": 8}}'
    )
    found = tolerant(msgspec.Raw(text))
    assert isinstance(found, Span)
    assert found.args is not None
    args = found.args
    assert (args.correlation, args.stream, args.device, args.moved_bytes) == (-1, -1, -1, 8)


def test_the_kinds_of_events() -> None:
    kinds = [type(tolerant(msgspec.Raw(b'{"ph": "%s"}' % p.encode()))) for p in "iIstfM"]
    assert kinds == [Instant, Instant, ArrowStart, ArrowStart, ArrowStart, Named]
