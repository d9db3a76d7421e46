import base64
import hashlib
import re
import time
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest

from analysis.report import drawing, render
from analysis.report.render import named
from analysis.report.subject import Side, Subject

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e\"'><img src=x onerror=alert(1)>"


class Tags(HTMLParser):
    """Every tag with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def hostile(compared: Any, name: str) -> Any:
    """The same comparison with a name wherever files could have one."""
    levels = compared.record.levels[0]
    rows = {
        level: [
            msgspec.structs.replace(each, key=name, layer=name and each.layer and name,
                                    names=([name], [name]))
            for each in found
        ]
        for level, found in levels.rows.items()
    }  # fmt: skip
    environment = msgspec.structs.replace(
        compared.record.compared[0].environment, versions={name: name}
    )
    sides = [
        msgspec.structs.replace(each, environment=environment) for each in compared.record.compared
    ]
    record = msgspec.structs.replace(
        compared.record, levels=[msgspec.structs.replace(levels, rows=rows)], compared=sides,
        cost_notes=[name],
        cost_methods=[],
    )  # fmt: skip
    return type(compared)(compared.directory, record, compared.runs, compared.partitions)


def test_hostile_names_are_harmless(make_compared: Any, html_of: Any) -> None:
    html = html_of(hostile(make_compared(), HOSTILE))
    tags = Tags(html).found
    assert [tag for tag, _ in tags].count("script") == 1
    assert not any(tag == "img" for tag, _ in tags)
    assert not any(name.startswith("on") for _, attributes in tags for name in attributes)
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_a_name_of_ten_megabytes_is_shortened(make_compared: Any, html_of: Any) -> None:
    begin = time.process_time()
    html = html_of(hostile(make_compared(), "x" * 10_000_000))
    assert len(html) < 1_000_000
    assert time.process_time() - begin < 60


def test_the_policy_names_what_is_in_the_page(make_compared: Any, html_of: Any) -> None:
    html = html_of(make_compared())
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]+)"', html)
    for tag in ("style", "script"):
        [content] = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src &#39;sha256-{digest}&#39;" in policy
    assert "unsafe" not in policy
    assert policy.startswith("default-src &#39;none&#39;")


def test_nothing_points_outside(make_compared: Any, html_of: Any) -> None:
    for tag, attributes in Tags(html_of(make_compared())).found:
        assert "style" not in attributes, tag
        for name in ("src", "href"):
            assert (attributes.get(name) or "#").startswith("#"), (tag, attributes)
        assert tag not in ("link", "iframe", "object", "embed", "form")


def test_every_table_has_heads_with_a_scope(make_compared: Any, html_of: Any) -> None:
    heads = [attributes for tag, attributes in Tags(html_of(make_compared())).found if tag == "th"]
    assert len(heads) > 40
    assert {attributes.get("scope") for attributes in heads} == {"col", "row"}


def test_an_id_stands_once(make_compared: Any, html_of: Any) -> None:
    ids = [each["id"] for _, each in Tags(html_of(make_compared())).found if "id" in each]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("kind", ["alone", "foreign"])
def test_other_pages_render(kind: str, make_compared: Any, html_of: Any) -> None:
    html = html_of(getattr(make_compared, kind)())
    for section in ("real", "size", "why", "operations", "cost", "limits", "settings", "repeat"):
        assert f'<section id="{section}">' in html
    assert "None" not in re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)


def test_labels_are_marked_wherever_they_stand() -> None:
    sides = [
        Side(0, "A b", "A", "b", "torch", "●", "torch"),
        Side(1, "A b c", "A", "b c", "torch", "○", "torch-2"),
    ]
    found = str(named("A b c & A b <", sides))
    assert found.count('class="side torch-2"') == 1
    assert found.count('class="side torch"') == 1
    assert "&amp;" in found
    assert found.endswith("&lt;")


def test_styles_of_drawings_become_classes() -> None:
    classes = drawing.Classes()
    svg = '<g style="fill: red"><text style="fill: red"> style="x{}" </text></g>'
    assert classes.replaced(svg) == '<g class="k0"><text class="k0"> style="x{}" </text></g>'
    assert classes.rules == ".k0{fill: red}"


def test_the_subject_is_not_drawn_by_rendering(make_compared: Any) -> None:
    subject = Subject(make_compared())
    assert render.plain("a\x00b\ud800") == "ab"
    assert subject.comparable
