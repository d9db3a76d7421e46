"""Markdown as TensorBoard's own renderer shows it."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import wording
from analysis.exporters.tensorboard import markdown

NASTY = (
    "aten::add_",
    "__init__ and __call__",
    "a | b",
    "a \\| b \\",
    "`code` and ``",
    "<img src=x onerror=alert(1)>",
    "[text](http://example.com) ![i](x)",
    "**bold** *it* _em_",
    "# heading",
    "- item",
    "1. item",
    "&amp; &lt;",
    "http://example.com <http://example.com>",
    "---",
    "> quoted",
    "||||",
    "{: #id }",
    "~~~",
)


def rendered(text: str) -> str:
    from tensorboard.plugin_util import markdown_to_safe_html

    found: str = markdown_to_safe_html(text)
    return found


def cells(page: str) -> list[list[str]]:
    """The texts in a table's cells; nothing else may be marked up in them."""
    rows = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    found = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    assert not any("<" in cell for row in found for cell in row)
    return [[html.unescape(cell).strip() for cell in row] for row in found]


def as_shown(text: str) -> str:
    return " ".join(wording.well_formed(wording.plain(" ".join(text.split()))).split())


@given(
    st.lists(
        st.tuples(st.text() | st.sampled_from(NASTY), st.text() | st.sampled_from(NASTY)),
        min_size=1,
        max_size=4,
    )
)
def test_a_table_shows_its_cells_as_they_are(rows: list[tuple[str, str]]) -> None:
    found = cells(rendered(markdown.table(("left", "right"), rows)))
    shown = [[" ".join(cell.split()) for cell in row] for row in found]
    assert shown == [["left", "right"], *([as_shown(cell) for cell in row] for row in rows)]


@given(st.text() | st.sampled_from(NASTY))
def test_a_paragraph_shows_its_text_as_it_is(text: str) -> None:
    page = rendered(markdown.paragraphs(["before", text, "after"]))
    between = [as_shown(text)] if as_shown(text) else []
    assert [
        " ".join(html.unescape(each).split())
        for each in re.findall(r"<p>(.*?)</p>", page, re.DOTALL)
    ] == ["before", *between, "after"]
    assert set(re.findall(r"<(\w+)", page)) == {"p"}


@pytest.mark.parametrize("text", NASTY)
def test_a_list_shows_its_texts_as_they_are(text: str) -> None:
    page = rendered(markdown.items(["before", text]))
    found = [html.unescape(each).strip() for each in re.findall(r"<li>(.*?)</li>", page, re.DOTALL)]
    assert found == ["before", text]


def test_missing_cells_are_dashes() -> None:
    page = rendered(markdown.table(("name", "ms"), [("a", None)]))
    assert cells(page)[1] == ["a", "–"]
