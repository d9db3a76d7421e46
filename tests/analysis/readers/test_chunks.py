import gzip
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.readers.chunks import ArrayReader
from profilers.rundir import ProfileError

# Texts that look like the places where an array may be cut.
TEXTS = st.sampled_from(["", "a", "},{", "}, {", '"', "\\", "]", "]}", "[{", "é", "\n"])
VALUES = st.recursive(
    TEXTS | st.integers(-(2**40), 2**40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
EVENTS = st.lists(st.dictionaries(TEXTS, VALUES, max_size=4), max_size=12)
KEYS = st.dictionaries(st.sampled_from(["schema", "deviceProperties", "other"]), VALUES)


def decode(text: bytes) -> list[Any]:
    return msgspec.json.decode(text, type=list[dict[str, Any]])


def read(path: Path, block_bytes: int = 1 << 21) -> list[Any]:
    reader = ArrayReader(path, "traceEvents", block_bytes)
    return [event for events in reader.lists(decode) for event in events]


@given(
    events=EVENTS,
    before=KEYS,
    behind=KEYS,
    indent=st.sampled_from([None, 0, 2, 7]),
    separators=st.sampled_from([(",", ":"), (", ", ": "), (" ,\r\n ", " : ")]),
    block_bytes=st.integers(1, 200),
    packed=st.booleans(),
)
def test_any_layout_and_any_block_size_give_the_same_elements(
    tmp_path_factory: pytest.TempPathFactory,
    events: list[Any],
    before: dict[str, Any],
    behind: dict[str, Any],
    indent: int | None,
    separators: tuple[str, str],
    block_bytes: int,
    packed: bool,
) -> None:
    document = {**before, "traceEvents": events, **{f"{key}2": behind[key] for key in behind}}
    text = json.dumps(document, indent=indent, separators=separators, ensure_ascii=False).encode()
    path = tmp_path_factory.mktemp("trace") / "trace.json"
    path.write_bytes(gzip.compress(text) if packed else text)
    reader = ArrayReader(path, "traceEvents", block_bytes)
    assert [event for some in reader.lists(decode) for event in some] == events
    whole = msgspec.json.decode(reader.head + reader.tail)
    assert whole == document | {"traceEvents": []}


def test_everything_before_the_place_where_a_file_is_cut_off_is_used(tmp_path: Path) -> None:
    events = [{"name": "},{", "args": {"list": [{"a": 1}, {"b": "]"}]}}] * 3
    text = json.dumps({"a": 1, "traceEvents": events, "z": [{}]}, indent=1).encode()
    path = tmp_path / "trace.json"
    begin = text.index(b"[") + 1
    ends = [match.end() for match in re.finditer(rb"\n  \}", text)]
    assert len(ends) == len(events)
    for length in range(begin, len(text)):
        path.write_bytes(text[:length])
        reader = ArrayReader(path, "traceEvents", 64)
        found = [event for some in reader.lists(decode) for event in some]
        assert found == events[: sum(end <= length for end in ends)]
        if length < text.index(b"]", ends[-1]):
            assert reader.truncated is not None
            assert "breaks off after" in reader.truncated


def test_a_document_may_be_the_array_and_may_lack_its_bracket(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    for text in (
        b'[{"a": 1},\n {"a": 2}]',
        b'[{"a": 1}, {"a": 2},\n',
        b'\xef\xbb\xbf[{"a": 1},{"a": 2}',
    ):
        path.write_bytes(text)
        reader = ArrayReader(path, "traceEvents", 16)
        assert [e for some in reader.lists(decode) for e in some] == [{"a": 1}, {"a": 2}]
        assert reader.truncated is None


@pytest.mark.parametrize("block_bytes", [20, 64, 1 << 18])
@pytest.mark.parametrize(
    ("bad", "kept", "repaired", "lost"),
    [
        (b'{"a": NaN}', {"a": None}, 1, 0),
        (b'{"a": "\xff"}', {"a": "\ufffd"}, 1, 0),
        (b'{"a": "\\q"}', {"a": "\\q"}, 1, 0),
        (b'{"a" 5}', None, 0, 1),
        (b'{"a":' + b"[" * 3000 + b"]" * 3000 + b"}", None, 0, 1),
    ],
)
def test_what_is_broken_is_mended_or_left_out_and_counted(
    tmp_path: Path, bad: bytes, kept: Any, repaired: int, lost: int, block_bytes: int
) -> None:
    good = [b'{"n": %d}' % number for number in range(20)]
    path = tmp_path / "trace.json"
    path.write_bytes(
        b'{"traceEvents": [' + b", ".join([*good[:10], bad, *good[10:]]) + b'], "z": 1}'
    )
    reader = ArrayReader(path, "traceEvents", block_bytes)
    found = [event for some in reader.lists(decode) for event in some]
    assert [event for event in found if "a" in event] == ([] if kept is None else [kept])
    assert [event["n"] for event in found if "n" in event] == list(range(20))
    assert (reader.repaired, reader.lost, reader.truncated) == (repaired, lost, None)
    assert json.loads(reader.head + reader.tail) == {"traceEvents": [], "z": 1}


def test_a_file_much_larger_than_a_block_streams_in_parts(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    path.write_text(json.dumps({"traceEvents": [{"n": n} for n in range(1000)]}))
    parts = list(ArrayReader(path, "traceEvents", 1000).lists(decode))
    assert len(parts) > 10
    assert max(len(part) for part in parts) < 200


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"<html>", "is no trace"),
        (b"PK\x03\x04", "is no trace"),
        (b'{"a": 1}', "has no traceEvents array"),
        (b'{"traceEvents": 3}', "has no traceEvents array"),
        (b"\x1f\x8b\x08\x00 no gzip", "damaged gzip"),
    ],
)
def test_damage_is_one_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "trace.json.gz"
    path.write_bytes(content)
    with pytest.raises(ProfileError) as caught:
        read(path)
    message = str(caught.value)
    assert words in message
    assert str(path) in message
    assert "\n" not in message
