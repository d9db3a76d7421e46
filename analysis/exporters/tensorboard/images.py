"""Charts small enough for TensorBoard, which keeps all of them in memory."""

import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

COLOURS = (128, 64, 32)
LARGEST_BYTES = 100_000
SMALLER = 0.75
TITLE = "Title"


@dataclass(frozen=True)
class Picture:
    """A PNG with its title, empty where it has none."""

    title: str
    png: bytes
    width: int
    height: int


def picture(path: Path) -> Picture:
    """A chart's PNG in few colours, made smaller until it has at most 100 KB.

    Raises:
        OSError: it can't be read, or is no PNG.
    """
    with Image.open(path, formats=["PNG"]) as file:
        title = str(getattr(file, "text", {}).get(TITLE, ""))
        flat = file.convert("RGB")
    while True:
        for colours in COLOURS:
            png = _packed(flat, colours)
            if len(png) <= LARGEST_BYTES:
                return Picture(title, png, flat.width, flat.height)
        width, height = (max(1, round(side * SMALLER)) for side in flat.size)
        flat = flat.resize((width, height), Image.Resampling.LANCZOS)


def _packed(image: Image.Image, colours: int) -> bytes:
    written = io.BytesIO()
    few = image.quantize(colours, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(written, format="PNG")
    return written.getvalue()
