import xml.etree.ElementTree as ET
from pathlib import Path

from PIL import Image

from analysis.charts import save
from tests.analysis.charts import invented


def test_both_files_are_the_same_each_time(tmp_path: Path) -> None:
    first = save.save(invented.chart("categories", 6.9), tmp_path / "one.v1", "A chart")
    second = save.save(invented.chart("categories", 6.9), tmp_path / "two", "A chart")
    assert [path.name for path in first] == ["one.v1.png", "one.v1.svg"]
    for one, two in zip(first, second, strict=True):
        assert one.read_bytes() == two.read_bytes()


def test_the_picture_has_a_margin_and_200_dots_per_inch(tmp_path: Path) -> None:
    figure = invented.chart("energy", 6.9)
    png, svg = save.save(figure, tmp_path / "energy", "Energy")
    with Image.open(png) as picture:
        assert abs(picture.width - 200 * (6.9 + 2 * save.MARGIN_INCHES)) <= 1
        assert picture.convert("RGB").getpixel((2, 2)) == (255, 255, 255)
        assert "Software" not in picture.info
        assert picture.info["Title"] == "Energy"
    root = ET.parse(svg).getroot()
    assert root.get("width") == "514.08pt"
    assert root.findtext("{http://www.w3.org/2000/svg}title") == "Energy"


def test_texts_are_texts_and_nothing_says_when() -> None:
    text = save.svg_text(invented.chart("waterfall", 10))
    assert ">Device idle</text>" in text
    assert "<metadata" not in text
    assert 'width="720pt"' in text
