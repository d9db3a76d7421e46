import tomllib
from importlib import resources
from pathlib import Path

import matplotlib as mpl

from analysis.charts import style

ROOT = Path(__file__).parents[3]


def test_the_look_is_in_force_only_inside() -> None:
    before = dict(mpl.rcParams)
    with style.look():
        assert mpl.rcParams["svg.fonttype"] == "none"
        assert mpl.rcParams["font.size"] == style.TEXT_PT
    assert dict(mpl.rcParams) == before


def test_the_style_comes_with_the_package() -> None:
    assert resources.files("analysis.charts").joinpath("crossprof.mplstyle").is_file()
    with (ROOT / "pyproject.toml").open("rb") as file:
        data = tomllib.load(file)["tool"]["setuptools"]["package-data"]
    assert data["analysis.charts"] == ["*.mplstyle"]
