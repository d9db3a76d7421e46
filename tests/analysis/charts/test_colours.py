import itertools
import re

import pytest

from analysis import sides, wording
from analysis.categories.rules import Category
from analysis.charts import colours
from tests.analysis.charts import seeing

THEMES = ("light", "dark")
FRAMEWORKS = ("torch", "tensorflow", "onnxruntime", "litert")


def test_contrast_is_that_of_the_standard() -> None:
    assert seeing.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert seeing.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_the_distance_is_that_of_known_colours() -> None:
    assert seeing.distance("#000000", "#ffffff", "normal") == pytest.approx(100, abs=0.1)
    assert seeing.distance("#ee4c2c", "#ff6f00", "deutan") < 20


@pytest.mark.parametrize("theme", THEMES)
def test_words_and_areas_stand_out_from_the_page(theme: str) -> None:
    ink = {name: getattr(shade, theme) for name, shade in colours.INK.items()}
    for page in (ink["page"], ink["panel"], ink["shade"], ink["shade-timed"]):
        for name in ("text", "muted"):
            assert seeing.contrast(ink[name], page) >= 4.5, name
    for page in (ink["page"], ink["panel"]):
        for name in ("good", "warn", "bad"):
            assert seeing.contrast(ink[name], page) >= 4.5, name
        for name, side in colours.SIDES.items():
            assert seeing.contrast(getattr(side.fill, theme), page) >= 3, name
            assert seeing.contrast(getattr(side.text, theme), page) >= 4.5, name


@pytest.mark.parametrize("theme", THEMES)
def test_sides_can_be_told_apart(theme: str) -> None:
    fills = {name: getattr(side.fill, theme) for name, side in colours.SIDES.items()}
    for one, other in itertools.combinations(FRAMEWORKS, 2):
        assert seeing.nearest(fills[one], fills[other]) >= 25, (one, other)
    for name in FRAMEWORKS:
        assert seeing.nearest(fills[name], fills[f"{name}-2"]) >= 25, name
    for one, other in itertools.combinations(fills, 2):
        assert seeing.nearest(fills[one], fills[other]) >= 8, (one, other)
    assert seeing.distance(fills["torch"], fills["tensorflow"], "grey") >= 15


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("kinds", ["PHASES", "CATEGORIES"])
def test_kinds_carry_a_label_and_differ(theme: str, kinds: str) -> None:
    fills = {name: getattr(shade, theme) for name, shade in getattr(colours, kinds).items()}
    label = getattr(colours.INK["label"], theme)
    for name, fill in fills.items():
        assert seeing.contrast(label, fill) >= 4.5, name
    beside = itertools.pairwise(fills) if kinds == "PHASES" else itertools.combinations(fills, 2)
    for one, other in beside:
        apart = 14 if kinds == "PHASES" else 4 if {one, other} & {"", "other"} else 6
        assert seeing.nearest(fills[one], fills[other]) >= apart, (one, other)
        assert seeing.distance(fills[one], fills[other], "normal") >= 1.5 * apart, (one, other)


def test_every_kind_of_work_has_a_colour() -> None:
    assert set(colours.CATEGORIES) == {*Category, "", "other"}
    assert set(wording.FRAMEWORKS) == set(FRAMEWORKS) == set(sides.MARKS)


def test_a_light_colour_has_one_name() -> None:
    values = colours.variables()
    assert len({shade.light for shade in values.values()}) == len(values)
    for name, shade in values.items():
        assert re.fullmatch("[a-z0-9-]+", name)
        assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in shade)


def test_each_side_has_colours_of_its_own() -> None:
    assert colours.side_names(["torch", "tensorflow", "torch"]) == [
        "torch",
        "tensorflow",
        "torch-2",
    ]
    many = colours.side_names(["torch"] * 3 + ["own"] * 2)
    assert many[:2] == ["torch", "torch-2"]
    assert many[2:] == ["spare-1", "spare-2", "spare-3"]
    assert len(set(colours.side_names(["own"] * len(colours.SIDES)))) == len(colours.SIDES)
    assert len(colours.side_names(["own"] * 40)) == 40
