import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from analysis.charts import save
from analysis.exporters.tensorboard import images
from tests.analysis.charts import invented


def test_a_chart_keeps_its_size_title_and_colours_in_fewer_bytes(tmp_path: Path) -> None:
    png, _ = save.save(
        invented.chart("waterfall", 6.9), tmp_path / "chart", "From one to the other"
    )
    found = images.picture(png)
    assert found.title == "From one to the other"
    assert len(found.png) < png.stat().st_size / 2
    with Image.open(png) as before, Image.open(io.BytesIO(found.png)) as after:
        assert after.size == before.size == (found.width, found.height)
        pixels = [np.asarray(each.convert("RGB")).astype(int) for each in (before, after)]
    assert np.abs(pixels[0] - pixels[1]).mean() < 2


def test_a_picture_that_is_too_large_is_made_smaller(tmp_path: Path) -> None:
    noise = np.random.default_rng(7).integers(0, 256, (900, 1200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    found = images.picture(tmp_path / "noise.png")
    assert len(found.png) <= images.LARGEST_BYTES
    assert 0 < found.width < 1200
    assert abs(found.width / found.height - 4 / 3) < 0.02
    assert found.title == ""


def test_what_is_no_png_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "chart.png").write_bytes(b"no picture")
    with pytest.raises(OSError, match="cannot identify"):
        images.picture(tmp_path / "chart.png")


def test_the_same_picture_is_packed_the_same(tmp_path: Path) -> None:
    title = PngInfo()
    title.add_text("Title", "one")
    Image.new("RGBA", (8, 8), (255, 0, 0, 255)).save(tmp_path / "a.png", pnginfo=title)
    assert images.picture(tmp_path / "a.png") == images.picture(tmp_path / "a.png")
