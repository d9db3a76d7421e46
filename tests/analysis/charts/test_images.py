"""Every chart looks as it did: pictures beside those in baseline/.

After a wanted change: UPDATE_BASELINE=1 python -m pytest tests/analysis/charts/test_images.py,
and look at the pictures before they are committed.
"""

import math
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from analysis.charts import style, waterfall
from tests.analysis.charts import invented

pytestmark = pytest.mark.slow

BASELINE = Path(__file__).parent / "baseline"
DOTS_PER_INCH = 60
COARSE = 4
"""Pixels a side that are compared as one: each matplotlib sets letters a little otherwise."""

TOLERANCE = 10.0
"""Root mean square over 255 levels."""

PICTURES: dict[str, Callable[[], Figure]] = {
    **{name: lambda name=name: invented.chart(name, 6.9) for name in invented.NAMES},
    "waterfall-narrow": lambda: invented.chart("waterfall", 3.46),
    "layers-narrow": lambda: invented.chart("layers", 3.46),
    "layers-three-sides": lambda: invented.chart("layers", 6.9, 3),
    "resources-narrow-three-sides": lambda: invented.chart("resources", 3.46, 3),
    "step_times-one-side": lambda: invented.chart("step_times", 3.46, 1),
    "waterfall-no-difference": lambda: waterfall.draw(
        invented.sides(2),
        invented.WATERFALL.assign(difference_ms=0.0),
        2.84,
        2.84,
        invented.NOTE,
        6.9,
    ),
}


def picture(figure: Figure, path: Path) -> Path:
    with style.look():
        figure.savefig(path, dpi=DOTS_PER_INCH, metadata={"Software": None})
    return path


def coarse(path: Path) -> np.ndarray:
    with Image.open(path) as read:
        small = read.convert("RGB").reduce(COARSE)
    return np.asarray(small, dtype=float)


def difference(expected: Path, drawn: Path) -> float:
    """Root mean square of the difference; infinite if the sizes differ."""
    one, other = coarse(expected), coarse(drawn)
    return float(np.sqrt(np.mean((one - other) ** 2))) if one.shape == other.shape else math.inf


@pytest.mark.parametrize("name", PICTURES)
def test_the_chart_looks_as_it_did(name: str, tmp_path: Path) -> None:
    expected = BASELINE / f"{name}.png"
    if os.environ.get("UPDATE_BASELINE"):
        picture(PICTURES[name](), expected)
    drawn = picture(PICTURES[name](), tmp_path / f"{name}.png")
    assert difference(expected, drawn) < TOLERANCE


def test_a_bar_of_another_length_is_seen(tmp_path: Path) -> None:
    rows = invented.WATERFALL.copy()
    rows.loc[1, "difference_ms"] = 0.12
    other = waterfall.draw(invented.sides(2), rows, 2.84, 3.41, invented.NOTE, 6.9)
    drawn = picture(other, tmp_path / "waterfall.png")
    assert difference(BASELINE / "waterfall.png", drawn) > 2 * TOLERANCE
