import re

from hypothesis import given
from hypothesis import strategies as st

from analysis.view.pattern import literal


@given(st.text(), st.text())
def test_a_text_is_matched_and_no_other(text: str, other: str) -> None:
    assert re.fullmatch(literal(text), text)
    assert bool(re.fullmatch(literal(text), other)) == (text == other)


def test_only_what_javascript_lets_one_escape_is_escaped() -> None:
    marks = "".join(map(chr, range(0x20, 0x7F)))
    assert "".join(re.findall(r"\\(.)", literal(marks))) == "$()*+./?[\\]^{|}"
