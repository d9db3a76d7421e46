"""Writes the page of a comparison or of runs: report.html, and its tables and charts beside it."""

from pathlib import Path
from typing import TYPE_CHECKING

from analysis.output_file import replacing
from analysis.report import drawing, tables
from analysis.report.page import page
from analysis.report.render import render
from analysis.report.subject import Subject
from profilers import rundir

if TYPE_CHECKING:
    from analysis.comparison.compare import Compared


def write(compared: "Compared", place: Path | None = None) -> list[Path]:
    """Write the page with tables/ and charts/ in its folder, replacing each file in one step.

    Args:
        compared: what was compared; of runs of one side, what these are.
        place: the page's file; report.html in the folder of the comparison if None.

    Returns:
        Every file that was written, the page first.

    Raises:
        OSError: a file can't be written.
    """
    place = compared.directory / rundir.REPORT if place is None else place
    made = page(Subject(compared))
    classes = drawing.Classes()
    charts = drawing.inline(made.charts(), classes)
    text = render(made, charts, classes.rules)
    place.parent.mkdir(parents=True, exist_ok=True)
    with replacing(place) as temporary:
        temporary.write_text(text, encoding="utf-8")
    beside = tables.write(made.tables(), place.parent / tables.FOLDER)
    return [place, *beside, *drawing.write(made.charts(), place.parent / drawing.FOLDER)]
