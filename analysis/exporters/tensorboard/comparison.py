"""A comparison in TensorBoard: its charts and tables, and how to show its runs together."""

import re
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from analysis.comparison.compare import Compared
from analysis.comparison.record import Comparison
from analysis.exporters.tensorboard import comparison_text, hparams, layout
from analysis.exporters.tensorboard.events import event_file
from analysis.exporters.tensorboard.images import picture
from profilers import rundir

CHART_OF_SIDE = re.compile(r".+-(\d+)")


def write(compared: Compared, files: Iterable[Path] = ()) -> Path:
    """Write COMPARISON/tensorboard anew and return it; what was there before is gone.

    It has the columns of the HParams table, the charts of the tab Custom Scalars, which show all
    runs below the folder that TensorBoard is given, the comparison's charts as images, and its
    verdict, certificate and tables as texts.

    Args:
        compared: what was compared.
        files: what the report consists of; the PNGs among it are the charts.

    Raises:
        OSError: the folder can't be written, or a chart can't be read.
    """
    folder = compared.directory / rundir.TENSORBOARD
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    runs = [run.measured for run in compared.runs]
    created_ns = max((run.record.created_ns for run in runs), default=time.time_ns())
    with event_file(folder, created_ns / 1e9) as events:
        if runs:
            events.add_hparams_columns(hparams.columns())
            events.add_layout(layout.layout([run.samples for run in runs]))
        for tag, text in comparison_text.texts(compared):
            events.add_text(tag, text)
        charts = [path for path in files if path.suffix == ".png"]
        for number, path in enumerate(charts, start=1):
            found = picture(path)
            tag = _tag(compared.record, number, path, found.title)
            events.add_image(tag, found.png, found.width, found.height)
    return folder


def _tag(record: Comparison, number: int, path: Path, title: str) -> str:
    """A chart's place and title; that of one of several other sides has its name, too."""
    of_side = CHART_OF_SIDE.fullmatch(path.stem)
    side = int(of_side[1]) if of_side else -1
    several = len(record.others) > 1 and 0 <= side < len(record.sides)
    behind = f": {record.sides[side]}" if several else ""
    return f"charts/{number:02} {title or path.stem}{behind}"
