import re
import xml.etree.ElementTree as ET

import pytest

from analysis.charts import colours, operations, save, step_times, themed
from tests.analysis.charts import invented

pytestmark = pytest.mark.slow

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {
        name: themed.themed(save.svg_text(invented.chart(name, 3.46, 3)), name, f"{name} & <1>")
        for name in invented.NAMES
    }


def test_every_colour_is_a_variable_that_falls_back(pages: dict[str, str]) -> None:
    known = {key: shade.light for key, shade in colours.variables().items()}
    for page in pages.values():
        found = re.findall(r"var\(--([a-z0-9-]+),(#[0-9a-f]{6})\)", page)
        assert found
        assert all(known[name] == colour for name, colour in found)
        assert "#" not in re.sub(r"var\([^)]*\)|url\(#[^)]*\)|href=\"#[^\"]*\"", "", page)
        assert not re.search(r' (fill|stroke)="', page)


def test_it_is_a_document_with_a_title_that_has_no_style_for_the_whole_page(
    pages: dict[str, str],
) -> None:
    for name, page in pages.items():
        root = ET.fromstring(page)
        assert root.tag == f"{SVG}svg"
        assert root.get("viewBox")
        assert root.get("width") is None
        assert root.findtext(f"{SVG}title") == f"{name} & <1>"
        assert not list(root.iter(f"{SVG}style"))
        assert not list(root.iter(f"{SVG}metadata"))


def test_several_stand_on_one_page(pages: dict[str, str]) -> None:
    ids = [each for page in pages.values() for each in re.findall(r' id="([^"]+)"', page)]
    assert len(set(ids)) == len(ids) > 10
    for page in pages.values():
        used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', page))
        assert used == set(re.findall(r' id="([^"]+)"', page))


def test_the_text_is_that_of_the_figure() -> None:
    names = ['a fill="#dd6b33" id="x"', "url(#y) <g> 0.123456", "#b1400f -->"]
    rows = invented.operation_rows(2)
    rows = rows.assign(op=rows["op"].map(lambda op: names[len(op) % 3]))
    rows = rows.groupby(["op", "side"], as_index=False).sum()
    svg = save.svg_text(operations.draw(invented.sides(2), rows, "a note", 10))
    texts = [text.text for text in ET.fromstring(svg).iter(f"{SVG}text")]
    page = themed.themed(svg, "operations")
    assert [text.text for text in ET.fromstring(page).iter(f"{SVG}text")] == texts
    assert set(names) <= set(texts)


def test_charts_take_little_room(pages: dict[str, str]) -> None:
    assert sum(map(len, pages.values())) < 250_000
    assert max(map(len, pages.values())) < 60_000


def test_a_point_takes_little_more_than_its_place() -> None:
    few, many = (
        themed.themed(
            save.svg_text(step_times.draw(invented.sides(2), *times, 1, "", 10)), "step_times"
        )
        for times in (invented.times(2, 5, 20), invented.times(2, 5, 120))
    )
    assert many.count("<use") - few.count("<use") == 1000
    assert len(many) - len(few) < 65 * 1000


def test_both_themes_name_the_same_variables() -> None:
    light, dark = (dict(re.findall("--([^:]+):([^;]+);", themed.css(t))) for t in ("light", "dark"))
    assert set(light) == set(dark) == set(colours.variables())
    assert light["page"] == "#ffffff"
    assert dark["torch"] == "#ff9a6b"
