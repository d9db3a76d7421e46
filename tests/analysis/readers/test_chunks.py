import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.readers.chunks import ArrayReader, read_blocks
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


def test_every_place_where_a_file_can_be_cut_off_is_noticed(tmp_path: Path) -> None:
    events = [{"name": "},{", "args": {"list": [{"a": 1}, {"b": "]"}]}}] * 3
    text = json.dumps({"a": 1, "traceEvents": events, "z": [{}]}, indent=1).encode()
    path = tmp_path / "trace.json"
    for length in range(len(text)):
        path.write_bytes(text[:length])
        with pytest.raises(ProfileError):
            read(path, 64)
    path.write_bytes(text)
    assert read(path, 64) == events


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
        (b"<html>", "is no JSON object"),
        (b'[{"ph": "X"}]', "is no JSON object"),
        (b'{"a": 1}', "has no traceEvents array"),
        (b'{"traceEvents": 3}', "has no traceEvents array"),
        (b'{"traceEvents": [{"a": 1}, {"a": 2}', "is cut off"),
        (b'{"traceEvents": [{"a": 1}, {"a" 2}]}', "is no valid JSON after byte 32"),
        (b'{"traceEvents": [{"a": NaN}]}', "is no valid JSON after byte 23"),
        (b'{"traceEvents": [{"\xff": 1}]}', "is no valid JSON"),
        (b'{"traceEvents": [{"a":' + b"[" * 9**5 + b"]" * 9**5 + b"}]}", "is no valid JSON"),
        (gzip.compress(b'{"traceEvents": [' + b'{"a": 1}, ' * 999)[:-9], "damaged gzip"),
        (b"\x1f\x8b\x08\x00 no gzip", "damaged gzip"),
        (gzip.compress(b"{}" * 999)[:20] + b"broken", "damaged gzip"),
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


def test_the_byte_of_a_fault_counts_from_the_start_of_the_file(tmp_path: Path) -> None:
    text = b'{"traceEvents": [' + b'{"a": 1},' * 500 + b'{"a": 1 1}' + b',{"a": 1}' * 500 + b"]}"
    path = tmp_path / "trace.json"
    path.write_bytes(text)
    with pytest.raises(ProfileError, match=f"after byte {text.index(b'1 1}') + 2:,} "):
        read(path, 300)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(ProfileError, match="can't be read"):
            list(read_blocks(path))
