import gzip
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.readers import chunks
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
    assert reader.header == {k: v for k, v in document.items() if k != "traceEvents"}
    assert (reader.repaired, reader.lost, reader.truncated, reader.notes) == (0, 0, None, [])
    assert ArrayReader(path, "traceEvents", block_bytes).find_header() == before


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
        assert reader.truncated is not None
        assert "breaks off after" in reader.truncated
        assert reader.header == {"a": 1}


def test_a_document_may_be_the_array_and_may_lack_its_bracket(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    for text in (
        b'[{"a": 1},\n {"a": 2}]',
        b'[{"a": 1}, {"a": 2},\n',
        b'\xef\xbb\xbf[{"a": 1},{"a": 2}',
        b'\n\xef\xbb\xbf [{"a": 1},{"a": 2}]\n\n',
    ):
        path.write_bytes(text)
        reader = ArrayReader(path, "traceEvents", 16)
        assert [e for some in reader.lists(decode) for e in some] == [{"a": 1}, {"a": 2}]
        assert reader.truncated is None
        assert reader.notes == []


@pytest.mark.parametrize("block_bytes", [1, 2, 5, 1 << 18])
def test_a_byte_order_mark_may_stand_before_an_object(tmp_path: Path, block_bytes: int) -> None:
    path = tmp_path / "trace.json"
    path.write_bytes(b'\xef\xbb\xbf {"b": 3, "traceEvents": [{"a": 1}]}')
    reader = ArrayReader(path, "traceEvents", block_bytes)
    assert [e for some in reader.lists(decode) for e in some] == [{"a": 1}]
    assert (reader.header, reader.truncated) == ({"b": 3}, None)


@pytest.mark.parametrize("block_bytes", [20, 64, 1 << 18])
@pytest.mark.parametrize(
    ("bad", "kept", "repaired", "lost"),
    [
        (b'{"a": NaN}', {"a": None}, 1, 0),
        (b'{"a": "\xff"}', {"a": "\ufffd"}, 1, 0),
        (b'{"a": "\\q"}', {"a": "\\q"}, 1, 0),
        (b'{"a": "\\ud800"}', {"a": "\ufffd"}, 1, 0),
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
    assert reader.header == {"z": 1}


@pytest.mark.parametrize("end", [b"]}", b"]", b""])
@pytest.mark.parametrize("bad", [b'{"a": "\\q"}', b'{"a": "\\ud800"}', b'{"a": NaN}'])
def test_what_is_broken_at_the_end_is_mended_as_elsewhere(
    tmp_path: Path, bad: bytes, end: bytes
) -> None:
    path = tmp_path / "trace.json"
    path.write_bytes(b'{"traceEvents": [{"n": 1}, ' + bad + end)
    reader = ArrayReader(path)
    found = [event for events in reader.lists(decode) for event in events]
    assert [list(event) for event in found] == [["n"], ["a"]]
    assert (reader.repaired, reader.lost) == (1, 0)
    assert (reader.truncated is None) == (end == b"]}")


FRAMES = ",".join(f'"{n}": {{"name": "f{n}}}]", "parent": "{n - 1}"}}' for n in range(50_000))
LARGE = {
    "an object": f"{{{FRAMES}}}",
    "a text": json.dumps('},{ "[' * 400_000),
    "an array": f"[{','.join(['{}'] * 400_000)}]",
}


@pytest.mark.parametrize("large", LARGE.values(), ids=LARGE)
@pytest.mark.parametrize("packed", [False, True])
def test_large_values_beside_the_array_are_passed_by(
    tmp_path: Path, large: str, packed: bool
) -> None:
    events = ",".join(f'{{"n": {n}}}' for n in range(1000))
    text = f'{{"a": 1, "b": {large}, "traceEvents": [{events}], "c": {large}, "d": [2]}}'
    path = tmp_path / "trace.json"
    path.write_bytes(gzip.compress(text.encode(), 1) if packed else text.encode())
    reader = ArrayReader(path, limited=False)
    found = [event["n"] for some in reader.lists(decode) for event in some]
    assert found == list(range(1000))
    assert (reader.repaired, reader.lost, reader.truncated, reader.notes) == (0, 0, None, [])
    assert reader.header == {"a": 1, "b": None, "c": None, "d": [2]}


@pytest.mark.slow
@pytest.mark.parametrize("too_large", [False, True])
def test_large_elements_and_space_between_elements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, too_large: bool
) -> None:
    monkeypatch.setattr(chunks, "MAX_ELEMENT_BYTES", (1 << 20) if too_large else (64 << 20))
    large = [f'{{"a": {value}}}' for value in LARGE.values()]
    space = " \n" * 300_000
    small = ['{"n": 1}', '{"n": 2}']
    events = [small[0], *large, f"{space}{small[1]}{space}", f"{space}{small[0]}{space}"]
    path = tmp_path / "trace.json"
    path.write_text(f'{{"traceEvents": [{",".join(events)}], "z": 1}}')
    reader = ArrayReader(path)
    found = [event for some in reader.lists(decode) for event in some]
    assert [event["n"] for event in found if "n" in event] == [1, 2, 1]
    assert (len(found), reader.too_large) == ((3, 3) if too_large else (6, 0))
    assert (reader.lost, reader.truncated, reader.header) == (0, None, {"z": 1})


@pytest.mark.parametrize("end", [b"]}", b""])
def test_what_follows_an_element_that_is_too_large_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: bytes
) -> None:
    monkeypatch.setattr(chunks, "MAX_ELEMENT_BYTES", 1 << 19)
    small = b",".join(b'{"n": %d}' % number for number in range(500))
    path = tmp_path / "trace.json"
    path.write_bytes(b'{"traceEvents": [{"x": "' + b"x" * (2 << 20) + b'"},' + small + end)
    reader = ArrayReader(path)
    found = [event["n"] for some in reader.lists(decode) for event in some]
    assert found == list(range(500))
    assert (reader.too_large, reader.lost, reader.truncated is None) == (1, 0, bool(end))


@pytest.mark.parametrize("text", ['{"a": "', '{"a": [{"b": "x"}, '])
def test_a_large_element_that_never_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(chunks, "MAX_ELEMENT_BYTES", 1 << 20)
    path = tmp_path / "trace.json"
    path.write_text('{"traceEvents": [{"n": 1}, ' + text + "x" * 3_000_000)
    reader = ArrayReader(path)
    assert [event for some in reader.lists(decode) for event in some] == [{"n": 1}]
    assert reader.too_large == 1
    assert reader.truncated is not None


@pytest.mark.parametrize(
    ("behind", "words"),
    [
        ("garbage", "follow 7 bytes"),
        ('\n{"traceEvents": []}\n', "follow 20 bytes"),
        ("\n \n", ""),
    ],
)
@pytest.mark.parametrize("block_bytes", [3, 1 << 18])
@pytest.mark.parametrize("document", ['{"traceEvents": [{}], "z": 1}', "[{}]"])
def test_what_follows_the_document_is_told(
    tmp_path: Path, document: str, behind: str, words: str, block_bytes: int
) -> None:
    path = tmp_path / "trace.json"
    path.write_text(document + behind)
    reader = ArrayReader(path, "traceEvents", block_bytes)
    assert [event for some in reader.lists(decode) for event in some] == [{}]
    assert reader.truncated is None
    assert len(reader.notes) == bool(words)
    assert words in "".join(reader.notes)
    assert reader.header == ({"z": 1} if document.startswith("{") else {})


@pytest.mark.parametrize("count", [1, 300_000])
def test_a_second_array_is_told(tmp_path: Path, count: int) -> None:
    second = ",".join(['{"n": 2}'] * count)
    path = tmp_path / "trace.json"
    path.write_text(f'{{"traceEvents": [{{"n": 1}}], "traceEvents": [{second}], "z": 1}}')
    reader = ArrayReader(path)
    assert [event for some in reader.lists(decode) for event in some] == [{"n": 1}]
    assert reader.notes == ["It has a second traceEvents array, which was not read."]
    assert reader.header == {"z": 1}


def test_broken_values_beside_the_array_are_mended_or_told(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    deep = "[" * 3000 + "]" * 3000
    path.write_text(f'{{"a": NaN, "b": {deep}, "traceEvents": [{{}}], "c": [1,], "d" 5, "e": 6}}')
    reader = ArrayReader(path)
    assert [event for some in reader.lists(decode) for event in some] == [{}]
    assert reader.header == {"a": None, "c": [1], "e": 6}
    assert (reader.repaired, reader.lost) == (2, 0)
    assert reader.notes == ["Values beside its events were no JSON and were not read: 2."]


def test_a_wrong_checksum_is_told_and_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "trace.json.gz"
    packed = gzip.compress(b'{"traceEvents": [{"n": 1}, {"n": 2}], "z": 3}', mtime=0)
    path.write_bytes(packed[:-8] + bytes(8))
    reader = ArrayReader(path)
    assert [event["n"] for some in reader.lists(decode) for event in some] == [1, 2]
    assert reader.header == {"z": 3}
    assert reader.truncated is not None
    assert "packed data are damaged after 45 bytes" in reader.truncated


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
        (b'{"x": {"traceEvents": []}}', "has no traceEvents array"),
        (b'{"x": {"y": [', "up to where it ends: it breaks off after 13 bytes"),
        (gzip.compress(b'{"x": 3, "y": 4}' * 3, mtime=0)[:-14], "its packed data break off after"),
        (gzip.compress(b"text", mtime=0)[:10], "damaged gzip file: its packed data break off"),
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
