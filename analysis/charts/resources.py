"""What a run took of the machine over its time: a row per measure, a column per side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.charts import colours, lines, style, words
from analysis.charts import side as sides_of
from analysis.charts.sheet import (
    MUTED,
    TICKS_PT,
    Sheet,
    axis_label,
    empty,
    label_height,
    sheet,
    x_ticks,
)

PLOT_PT = 46.0
LABEL = "seconds since the start of the run; shaded: phases of the run, the timed one darkest"


@dataclass(frozen=True)
class Grid:
    """Measures in rows, sides in columns, and where they stand in points.

    `until` is in seconds; `scales` are the end of each measure's axis, its numbers and their texts.
    """

    measures: Sequence[str]
    numbers: float
    above: bool
    starts: Sequence[float]
    length: float
    head: float
    row: float
    until: float
    scales: Mapping[str, tuple[float, list[float], list[str]]]


@style.styled
def draw(
    sides: pd.DataFrame, samples: pd.DataFrame, phases: pd.DataFrame, note: str, width: float
) -> Figure:
    """Lines over time, on equal scales in every column; missing samples part a line.

    `samples` has side, seconds, measure (name and unit), value, and low and high, between which
    there is a band where they differ; `phases` has side, phase, start_s and duration_s. Sides that
    have no room beside the others stand below them.
    """
    known = sides_of.listed(sides)
    samples = sides_of.usable(samples, known, ["seconds"])
    measured = samples.dropna(subset="value")
    if measured.empty:
        return empty("No use of resources was sampled.", note, width)
    samples = samples[samples["measure"].isin(set(measured["measure"]))]
    phases = sides_of.usable(phases, known, ["start_s", "duration_s"])
    known = [side for side in known if side.number in set(samples["side"])]
    ends = [samples["seconds"].max(), (phases["start_s"] + phases["duration_s"]).max()]
    grid = _grid(known, samples, float(pd.Series(ends).max()), width)
    columns = len(grid.starts)
    block = grid.head + grid.row * len(grid.measures) + TICKS_PT - (0 if grid.above else 8)
    blocks = [known[at : at + columns] for at in range(0, len(known), columns)]
    made = sheet(width, block * len(blocks) + label_height(LABEL, width * 72), note)
    for number, shown in enumerate(blocks):
        for column, side in enumerate(shown):
            own = phases[phases["side"] == side.number]
            _column(made, grid, column, number * block, side, samples, own)
    axis_label(made, 0, block * len(blocks), LABEL)
    return made.figure


def _grid(
    known: Sequence[sides_of.Side], samples: pd.DataFrame, until: float, width: float
) -> Grid:
    above = width < style.NARROW_INCHES
    columns = min(len(known), 2 if width < 8 else 3)
    largest = samples.groupby("measure", sort=False)["high"].max()
    scales = {str(name): lines.from_zero(float(most), PLOT_PT) for name, most in largest.items()}
    numbers = max(room for *_, room in scales.values())
    names = [words.printable(measure) for measure in scales]
    left = numbers + (0 if above else min(0.25 * width * 72, words.widest_pt(names) + 6))
    gap = 14.0 if above else 20.0
    length = (width * 72 - left - 8 - gap * (columns - 1)) / columns
    title_lines = max(len(words.wrapped(side.title, length, bold=True)) for side in known)
    return Grid(
        measures=list(scales),
        numbers=numbers,
        above=above,
        starts=[left + at * (length + gap) for at in range(columns)],
        length=length,
        head=(title_lines + 1) * style.LINE_PT + 8,
        row=PLOT_PT + (style.LINE_PT + 6 if above else 12),
        until=until or 1.0,
        scales={name: (end, at, texts) for name, (end, at, texts, _) in scales.items()},
    )


def _column(
    made: Sheet,
    grid: Grid,
    column: int,
    top: float,
    side: sides_of.Side,
    samples: pd.DataFrame,
    phases: pd.DataFrame,
) -> None:
    """All measures of a side; the first column has the names of the measures and the numbers."""
    x = grid.starts[column]
    for number, line in enumerate(words.wrapped(side.title, grid.length, bold=True)):
        y = top + (number + 0.5) * style.LINE_PT
        made.text(x, y, line, colour=side.text, bold=True)
    names_y = top + grid.head - style.LINE_PT / 2 - 4 - (2 if grid.above else 0)
    _phase_names(made, x, names_y, grid.length / grid.until, phases)
    for number, measure in enumerate(grid.measures):
        y = top + grid.head + grid.row * number + (style.LINE_PT if grid.above else 0)
        rows = samples[samples["measure"] == measure]
        axes = made.axes(x, y, grid.length, PLOT_PT)
        end, numbers, texts = grid.scales[measure]
        axes.set(xlim=(0, grid.until), ylim=(0, end))
        axes.set_yticks(numbers, texts)
        axes.grid(True, axis="y")
        axes.tick_params(axis="y", labelleft=column == 0)
        x_ticks(made, axes, room=36)
        axes.tick_params(axis="x", labelbottom=number == len(grid.measures) - 1)
        _shade(axes, phases)
        _line(axes, side, rows[rows["side"] == side.number])
        if column == 0 and grid.above:
            made.text(0, y - style.LINE_PT / 2 - 1, words.fitted(measure, x + grid.length))
        elif column == 0:
            room = x - grid.numbers - 3
            made.text(room, y + PLOT_PT / 2, words.fitted(measure, room), align="right")


def _phase_names(
    made: Sheet, x: float, y: float, points_per_second: float, phases: pd.DataFrame
) -> None:
    """The names of the phases that are long enough for theirs."""
    for phase, start, long in zip(
        phases["phase"], phases["start_s"], phases["duration_s"], strict=True
    ):
        name = words.printable(phase)
        if words.width_pt(name, style.SMALL_PT) + 2 < long * points_per_second:
            middle = x + (start + long / 2) * points_per_second
            made.text(middle, y, name, colour=MUTED, size=style.SMALL_PT, align="center")


def _shade(axes: Axes, phases: pd.DataFrame) -> None:
    for number, (phase, start, long) in enumerate(
        zip(phases["phase"], phases["start_s"], phases["duration_s"], strict=True)
    ):
        if phase == "timed" or number % 2 == 0:
            ink = colours.INK["shade-timed" if phase == "timed" else "shade"]
            axes.axvspan(start, start + long, color=ink.light, lw=0, zorder=0)


def _line(axes: Axes, side: sides_of.Side, samples: pd.DataFrame) -> None:
    columns = (samples[name] for name in ("value", "low", "high"))
    x, y, low, high = lines.with_gaps(samples["seconds"], *columns)
    lines.band(axes, x, low, high, side.fill)
    axes.plot(x, y, color=side.fill)
    alone = lines.single_points(x, y)
    axes.plot(x[alone], y[alone], ".", ms=3, color=side.fill)
