"""Charts -> SVG within the page, in three widths and both themes, and PNG and SVG beside it."""

import importlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from markupsafe import Markup

from analysis.report.chart import Chart

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FOLDER = "charts"
WIDTHS = {"wide": 10.0, "middle": 6.9, "narrow": 3.46}
"""Inches of a chart at 100 px each, by the class that a style sheet shows one of."""

FILE_WIDTH = 6.9
TAG = re.compile(r"<[a-zA-Z][^<>]*>")
STYLE_ATTRIBUTE = re.compile(r' style="([^"]*)"')


class Module(Protocol):
    """A chart of analysis.charts."""

    def draw(self, *, note: str, width: float, **given: object) -> "Figure":
        """Draw it."""


@dataclass
class Classes:
    """The declarations that charts are styled with, each once, as classes of one style sheet.

    A policy that allows no style attributes would otherwise keep charts without their colours.
    """

    names: dict[str, str] = field(default_factory=dict)

    def replaced(self, svg: str) -> str:
        """The drawing with classes in place of style attributes."""
        return TAG.sub(lambda tag: STYLE_ATTRIBUTE.sub(self._class, tag[0]), svg)

    def _class(self, found: re.Match[str]) -> str:
        return f' class="{self._name(found[1])}"'

    def _name(self, declarations: str) -> str:
        return self.names.setdefault(declarations, f"k{len(self.names)}")

    @property
    def rules(self) -> str:
        """The style sheet."""
        return "".join(f".{name}{{{text}}}" for text, name in self.names.items())


def inline(charts: Iterable[Chart], classes: Classes) -> dict[str, Markup]:
    """The charts that the page shows, by name: each in all widths."""
    return {
        chart.name: Markup("").join(
            Markup('<div class="chart {}">{}</div>').format(name, _inline(chart, name, classes))
            for name in WIDTHS
        )
        for chart in charts
        if chart.shown
    }


def _inline(chart: Chart, width: str, classes: Classes) -> Markup:
    from analysis.charts.save import svg_text
    from analysis.charts.themed import themed

    figure = _draw(chart, "", WIDTHS[width])
    svg = themed(svg_text(figure), f"{chart.name}-{width}", chart.label)
    return Markup(classes.replaced(svg))  # texts in it are escaped


def write(charts: Iterable[Chart], folder: Path) -> list[Path]:
    """Write each chart as PNG and SVG.

    Raises:
        OSError: they can't be written.
    """
    from analysis.charts.save import save

    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for chart in charts:
        written += save(_draw(chart, chart.note, FILE_WIDTH), folder / chart.name, chart.label)
    return written


def _draw(chart: Chart, note: str, width: float) -> "Figure":
    module = cast(Module, importlib.import_module(f"analysis.charts.{chart.module}"))
    return module.draw(**chart.given, note=note, width=width)
