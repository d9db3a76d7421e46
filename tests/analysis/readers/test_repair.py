import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.readers.repair import elements, repaired

TEXTS = st.text(st.sampled_from('ab"\\{}[],: \n\té\x7fNaN'), max_size=12)


@pytest.mark.parametrize(
    ("text", "expected", "places"),
    [
        (b'{"a": "x\xffy"}', {"a": "x\ufffdy"}, 1),
        (b'{"a": "C:\\windows"}', {"a": "C:\\windows"}, 1),
        (b'{"a": "\\u00zz"}', {"a": "\\u00zz"}, 1),
        (b'{"a": "x\\ud800y\\udc00\\ud83d\\ude00"}', {"a": "x\ufffdy\ufffd\U0001f600"}, 2),
        (b'{"a": "\\ud800\\ud800\\\\ud800"}', {"a": "\ufffd\ufffd\\ud800"}, 2),
        (b'{"a": "line\nbreak"}', {"a": "line break"}, 1),
        (b'{"a": NaN, "b": [-Infinity, 1]}', {"a": None, "b": [None, 1]}, 2),
        (b'{"a": [1, 2,], }', {"a": [1, 2]}, 2),
        (b'{"a": "NaN", "b": "\\\\n"}', {"a": "NaN", "b": "\\n"}, 0),
    ],
)
def test_what_is_mended(text: bytes, expected: object, places: int) -> None:
    mended, count = repaired(text)
    assert json.loads(mended) == expected
    assert count == places


@given(
    st.dictionaries(
        TEXTS, TEXTS | st.floats(allow_nan=False, allow_infinity=False) | st.none(), max_size=4
    )
)
def test_text_that_is_json_keeps_its_strings(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=1)
    mended, _ = repaired(text.encode())
    assert json.loads(mended) == value


def test_elements_are_taken_apart_where_one_seems_to_end() -> None:
    assert list(elements(b'{"a": 1}, {"b": 2} ,\n{"c": {}}')) == [
        (0, b'{"a": 1}'),
        (10, b'{"b": 2}'),
        (21, b'{"c": {}}'),
    ]
