import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.readers import outline
from analysis.readers.outline import Members, Nesting

TEXTS = st.text(st.sampled_from('ab"\\{}[],: \n\té'), max_size=8)
VALUES = st.recursive(
    TEXTS | st.integers(-(2**40), 2**40) | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=6)
INDENTS = st.sampled_from([None, 0, 3])


def pieces(text: bytes, sizes: list[int]) -> list[bytes]:
    """The text in pieces of these sizes, over and over."""
    found, place = [], 0
    while place < len(text):
        size = sizes[len(found) % len(sizes)]
        found.append(text[place : place + size])
        place += size
    return found


def depths(text: str) -> list[int]:
    """The level behind each character, found one by one."""
    level, quoted, escaped, found = 0, False, False, []
    for character in text:
        if escaped:
            escaped = False
        elif quoted:
            escaped = character == "\\"
            quoted = character != '"'
        elif character == '"':
            quoted = True
        level += 0 if quoted else {"{": 1, "[": 1, "}": -1, "]": -1}.get(character, 0)
        found.append(level + quoted)
    return found


@given(value=VALUES, indent=INDENTS, sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_levels_are_those_of_a_reader_of_single_characters(
    value: Any, indent: int | None, sizes: list[int]
) -> None:
    text = json.dumps(value, indent=indent) + "]"
    nesting = Nesting()
    found = [level for piece in pieces(text.encode(), sizes) for level in nesting.of(piece)]
    assert found == depths(text)
    assert nesting.level == -1


@given(
    members=OBJECTS,
    indent=INDENTS,
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    behind=st.sampled_from(["", "}", ', "a": 1}', "\n{}"]),
)
def test_members_of_an_object_in_any_pieces(
    members: dict[str, Any], indent: int | None, sizes: list[int], behind: str
) -> None:
    text = json.dumps(members, indent=indent)[1:].encode()
    found = Members()
    place = 0
    for piece in pieces(text + behind.encode(), sizes):
        if (end := found.take(piece)) is not None:
            place += end
            break
        place += len(piece)
    assert found.values == members
    assert (found.ended, place) == (True, len(text))
    assert (found.unread, found.repaired) == (0, 0)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_it_stops_behind_the_bracket_of_an_array(size: int) -> None:
    text = b' "a": {"t": [1]}, "b": "\\"t\\": [", "t": 3, "\\u0074" :\n [{"c": 4}]}'
    found = Members("t")
    for number, piece in enumerate(pieces(text, [size])):
        if (end := found.take(piece)) is not None:
            assert text[number * size + end :] == b'{"c": 4}]}'
            break
    else:
        pytest.fail("the array was not found")
    assert not found.ended
    assert found.values == {"a": {"t": [1]}, "b": '"t": [', "t": 3}


def test_large_members_are_none_and_too_many_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outline, "MAX_MEMBER_BYTES", 100)
    monkeypatch.setattr(outline, "MAX_MEMBERS_BYTES", 300)
    members = {"large": "x" * 200, "number": 10**150, **{f"n{n}": "x" * 50 for n in range(4)}}
    found = Members()
    for piece in pieces(json.dumps(members)[1:].encode(), [30]):
        found.take(piece)
    assert found.values == {
        "large": None,
        "number": None,
        "n0": "x" * 50,
    }
    assert (found.unread, found.ended) == (0, True)


def test_a_member_that_was_cut_is_left_out() -> None:
    found = Members()
    assert found.take(b'"a": 1, "b": 123') is None
    assert found.values == {"a": 1}
    assert not found.ended
