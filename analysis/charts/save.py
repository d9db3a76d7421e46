"""Write a figure as PNG and SVG, byte for byte the same each time."""

import io
from pathlib import Path

from matplotlib.figure import Figure

from analysis.charts import style

MARGIN_INCHES = 0.12
NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


def save(figure: Figure, path_without_suffix: Path, title: str) -> tuple[Path, Path]:
    """Write <path>.png at 200 dots per inch and <path>.svg, with a margin; give back both paths.

    Both have the title among their metadata. Raises OSError where they can't be written.
    """
    png = path_without_suffix.with_name(path_without_suffix.name + ".png")
    svg = path_without_suffix.with_name(path_without_suffix.name + ".svg")
    with style.look():
        box = figure.bbox_inches.padded(MARGIN_INCHES)
        figure.savefig(png, bbox_inches=box, metadata={"Software": None, "Title": title})
        figure.savefig(svg, bbox_inches=box, metadata={**NO_METADATA, "Title": title})
    return png, svg


def svg_text(figure: Figure) -> str:
    """The figure without a margin as an SVG document, its texts as text."""
    written = io.StringIO()
    with style.look():
        figure.savefig(written, format="svg", metadata=NO_METADATA)
    return written.getvalue()
