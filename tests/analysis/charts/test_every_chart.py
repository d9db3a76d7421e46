"""What holds for every chart, at each width of the page, whatever the frames have in them."""

import itertools
import warnings
from collections.abc import Callable

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from analysis.charts import (
    accuracy,
    categories,
    energy,
    layers,
    median_step,
    memory,
    operations,
    resources,
    roofline,
    save,
    step_times,
    style,
    sweep,
    waterfall,
)
from tests.analysis.charts import invented
from tests.analysis.charts.looking import shown, words

pytestmark = pytest.mark.slow

WIDTHS = (10, 6.9, 3.46)
NOTE = invented.NOTE


def check_texts(figure: Figure, *, apart: bool = True) -> None:
    """Every text is large enough, within the figure and on no other."""
    with style.look():
        renderer = FigureCanvasAgg(figure).get_renderer()
        figure.draw(renderer)
        boxes = [(text, text.get_window_extent(renderer)) for text in shown(figure)]
    for text, box in boxes:
        assert text.get_fontsize() >= style.SMALL_PT, text.get_text()
        assert box.x0 >= -1.5, text.get_text()
        assert box.x1 <= figure.bbox.width + 1.5, text.get_text()
        assert box.y0 >= -2, text.get_text()
        assert box.y1 <= figure.bbox.height + 2, text.get_text()
    for (one, first), (two, second) in itertools.combinations(boxes, 2):
        wide = min(first.x1, second.x1) - max(first.x0, second.x0)
        high = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert not apart or wide < 2 or high < 4, (one.get_text(), two.get_text())


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", invented.NAMES)
def test_texts_are_whole_and_apart(name: str, width: float) -> None:
    figure = invented.chart(name, width)
    check_texts(figure)
    assert "cifar10-cnn3" in words(figure)
    assert figure.get_figwidth() == width
    assert NOTE.replace(" ", "") in words(figure).replace("\n", "").replace(" ", "")


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("name", invented.NAMES)
def test_one_side_and_many(name: str, count: int) -> None:
    check_texts(invented.chart(name, 3.46 if count > 1 else 6.9, count))


def named(frame: pd.DataFrame, column: str, names: list[str]) -> pd.DataFrame:
    """The frame with these names in the place of its own."""
    own = list(dict.fromkeys(frame[column]))
    return frame.assign(**{column: frame[column].map(dict(zip(own, names * 9, strict=False)))})


ODD = ["$x_1$ \\frac", "日本語 😀", "a\x00b\x1b[31m\nc", "<b>&amp;</b>", "n" * 300, "w " * 200, ""]


def test_odd_names_are_shown_without_a_warning() -> None:
    width = 3.46
    sides = invented.sides(5).assign(label=ODD[:5])
    two = sides.head(2)
    figures = [
        operations.draw(sides, named(invented.operation_rows(5), "op", ODD), NOTE, width),
        layers.draw(two, named(invented.layer_rows(2), "layer", ODD), ODD[1], width),
        layers.draw(sides, named(invented.layer_rows(5), "layer", ODD), ODD[4], width),
        waterfall.draw(two, named(invented.WATERFALL, "key", ODD), 2.84, 3.41, ODD[5], width),
        median_step.draw(two, named(invented.step_rows(2), "phase", ODD), NOTE, width),
        categories.draw(sides, named(invented.category_rows(5), "category", ODD), NOTE, width),
        sweep.draw(two, invented.sweep_rows(2), ODD[0], ODD[4], NOTE, width),
    ]
    names = named(invented.roofline_rows(2)[0], "name", ODD)
    figures.append(roofline.draw(two, names, invented.roofline_rows(2)[1], NOTE, width))
    samples, phases = invented.samples(2)
    odd = named(samples, "measure", ODD), named(phases, "phase", ODD)
    figures.append(resources.draw(two, *odd, NOTE, width))
    figures.append(memory.draw(two, named(invented.memory_rows(2), "series", ODD), NOTE, width))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for figure in figures:
            check_texts(figure, apart=False)
            assert "\x1b" not in save.svg_text(figure)


Frames = list[pd.DataFrame]
DRAWN: dict[str, tuple[Callable[..., Figure], Frames, list[object]]] = {
    "step_times": (step_times.draw, [*invented.times(2)], [50]),
    "waterfall": (waterfall.draw, [invented.WATERFALL], [2.84, 3.41]),
    "categories": (categories.draw, [invented.category_rows(2)], []),
    "operations": (operations.draw, [invented.operation_rows(2)], []),
    "layers": (layers.draw, [invented.layer_rows(2)], []),
    "median_step": (median_step.draw, [invented.step_rows(2)], []),
    "resources": (resources.draw, [*invented.samples(2)], []),
    "energy": (energy.draw, [invented.energy_rows(2)], []),
    "roofline": (roofline.draw, [*invented.roofline_rows(2)], []),
    "memory": (memory.draw, [invented.memory_rows(2)], []),
    "sweep": (sweep.draw, [invented.sweep_rows(2)], ["x", "y"]),
    "accuracy": (accuracy.draw, [invented.accuracy_rows(2)], []),
}


@pytest.mark.parametrize("name", [name for name in invented.NAMES if name != "waterfall"])
def test_nothing_to_show_is_said_in_one_sentence(name: str) -> None:
    draw, frames, more = DRAWN[name]
    bare = [pd.DataFrame(columns=frame.columns) for frame in frames]
    values = [column for column in frames[0].columns if frames[0][column].dtype == float]
    missing = [frames[0].assign(**dict.fromkeys(values, np.nan)), *frames[1:]]
    for given in (bare, [frame.head(0) for frame in frames], missing):
        figure = draw(invented.sides(2), *given, *more, NOTE, 3.46)
        check_texts(figure)
        assert words(figure).partition("each\n")[2].startswith(("No ", "Nothing "))
        assert not figure.axes
    assert not draw(invented.sides(2).head(0), *frames, *more, NOTE, 10).axes


@pytest.mark.parametrize("name", invented.NAMES)
@pytest.mark.parametrize("kind", ["zeros", "one row", "some missing", "huge"])
def test_odd_values_are_drawn(name: str, kind: str) -> None:
    draw, frames, more = DRAWN[name]

    def odd(frame: pd.DataFrame) -> pd.DataFrame:
        if kind == "one row":
            return frame.head(1)
        values = [column for column in frame.columns if frame[column].dtype == float]
        if kind == "zeros":
            return frame.assign(**dict.fromkeys(values, 0.0))
        if kind == "some missing":
            return frame.assign(**{c: frame[c].where(frame.index % 3 != 0) for c in values})
        return frame.assign(**{column: frame[column] * 1e5 for column in values})

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = draw(invented.sides(2), *map(odd, frames), *more, NOTE, 3.46)
        check_texts(figure)


def test_of_many_rows_the_largest_are_shown_and_the_rest_counted() -> None:
    sides = invented.sides(2)
    many = pd.DataFrame(
        [(f"row {at}", at % 2, 1.0 + at) for at in range(500)], columns=["name", "side", "time_ms"]
    )
    ops = words(operations.draw(sides, many.rename(columns={"name": "op"}), NOTE, 10))
    assert "row 499" in ops
    assert "488 smaller operations left out" in ops
    layered = many.rename(columns={"name": "layer"}).assign(phase="forward")
    found = words(layers.draw(sides, layered, NOTE, 10))
    assert "row 499" in found
    assert "480 smaller layers left out" in found
    steps = many.rename(columns={"name": "key", "time_ms": "difference_ms"}).assign(kind="work")
    found = words(waterfall.draw(sides, steps, 1.0, 1.0 + steps["difference_ms"].sum(), NOTE, 10))
    assert "487 smaller rows" in found
    assert "Not explained" not in found
    points = many.rename(columns={"time_ms": "flops_per_second"}).assign(flops_per_byte=2.0)
    roofs = invented.roofline_rows(2)[1]
    assert "460 slower operations left out" in words(roofline.draw(sides, points, roofs, NOTE, 10))


def test_drawing_leaves_the_users_settings_alone() -> None:
    before = dict(mpl.rcParams)
    mpl.rcParams["font.size"] = 31.0
    try:
        figure = invented.chart("waterfall", 6.9)
        save.svg_text(figure)
        assert mpl.rcParams["font.size"] == 31.0
        assert max(text.get_fontsize() for text in shown(figure)) < 10
    finally:
        mpl.rcParams["font.size"] = before["font.size"]
    assert dict(mpl.rcParams) == before
