from typing import Any

import msgspec
import pytest

from analysis.readers.elements import Elements

CC = [{"c": 3}, {"c": 4}]
NESTED = {"l": {"x": CC}}


def decode(text: bytes) -> list[Any]:
    return msgspec.json.decode(text, type=list[dict[str, Any]])


@pytest.mark.parametrize(
    ("text", "found", "behind"),
    [
        (b'{"a": 1}, {"b": 2}', [{"a": 1}, {"b": 2}], None),
        (b'{"a": 1}], "z": [{"q": 3}]}', [{"a": 1}], b'], "z": [{"q": 3}]}'),
        (b'{"a": NaN}], "z": 3}', [{"a": None}], b'], "z": 3}'),
        (b'{"a": 1}, {"b" 2}], "z": 3}', [{"a": 1}], b'], "z": 3}'),
        (b'{"a": 1}, {"b": "x', None, None),
        (b'{"a": 1}, {"b": [{"c": 1}, ', None, None),
        (b'{"a": "\xff"}, {"b": "x', None, None),
        (b'{"a": 1}, {"b" 2, "c": "d"}]}', [{"a": 1}], b"]}"),
        (b'{"a": 1}, {"b" 2]}, {"c": 3}', [{"a": 1}, {"c": 3}], None),
        (b'{"b" 2}, {"l": {"x": [{"c": 3}, {"c": 4}]}}, {"a": 1}]}', [NESTED, {"a": 1}], b"]}"),
        (b'{"b" 2}, {"a": [{"c": 3}, {"c": 4}]}], "z": 3}', [{"a": CC}], b'], "z": 3}'),
        (b'{"b" 2, "l": {"x": [{"c": 3}, {"c": 4}]}}, {"a": 1}, {"', [{"a": 1}], None),
        (b"", [], None),
    ],
)
def test_a_piece_is_decoded_or_ends_within_an_element(
    text: bytes, found: list[Any] | None, behind: bytes | None
) -> None:
    elements = Elements()
    assert elements.attempt(text, decode) == found
    assert elements.behind == behind


def test_text_that_is_known_to_be_whole_is_never_taken_for_cut() -> None:
    elements = Elements()
    assert elements.whole(b'{"a": 1}, {"b": [}', decode) == [{"a": 1}]
    assert elements.lost == 1
    assert elements.whole(b'{"b" 2}', decode) == []
    assert elements.lost == 2


def test_the_last_text_may_be_broken_where_it_ends() -> None:
    elements = Elements()
    assert elements.attempt(b'{"a": "\\q"}', decode) is None
    assert elements.last(b'{"a": "\\q"}', decode) == [{"a": "\\q"}]
    assert elements.repaired == 1
    assert elements.last(b'{"a": "\xff"}, {"b": "x', decode) is None
    assert elements.repaired == 1
