"""What a run took of the machine over its time: a row per measure, a column per side."""

from collections.abc import Sequence

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
    linear_ticks,
    sheet,
)

PLOT_PT = 46.0
LABEL = "seconds since the start of the run; shaded: phases of the run, the timed one darkest"


@style.styled
def draw(
    sides: pd.DataFrame, samples: pd.DataFrame, phases: pd.DataFrame, note: str, width: float
) -> Figure:
    """Lines over time, on equal scales in every column; missing samples part a line.

    `samples` has side, seconds, measure (name and unit) and value; `phases` has side, phase,
    start_s and duration_s.
    """
    known = sides_of.listed(sides)
    samples = sides_of.usable(samples, known, ["seconds"])
    measured = samples.dropna(subset="value")
    if measured.empty:
        return empty("No use of resources was sampled.", note, width)
    samples = samples[samples["measure"].isin(set(measured["measure"]))]
    phases = sides_of.usable(phases, known, ["start_s", "duration_s"])
    known = [side for side in known if side.number in set(samples["side"])]
    measures = list(dict.fromkeys(samples["measure"]))
    above = width < style.NARROW_INCHES
    columns = min(len(known), 2 if width < 8 else 3)
    blocks = [known[at : at + columns] for at in range(0, len(known), columns)]
    row = PLOT_PT + (style.LINE_PT + 6 if above else 12)
    head = 2 * style.LINE_PT + 8
    block = head + row * len(measures) + TICKS_PT
    made = sheet(width, block * len(blocks) + label_height(LABEL, width * 72), note)
    ends = [samples["seconds"].max(), (phases["start_s"] + phases["duration_s"]).max()]
    until = float(pd.Series(ends).max()) or 1.0
    for number, shown in enumerate(blocks):
        _block(made, number * block, shown, columns, measures, samples, phases, until)
    axis_label(made, 0, block * len(blocks), LABEL)
    return made.figure


def _block(
    made: Sheet,
    top: float,
    shown: Sequence[sides_of.Side],
    columns: int,
    measures: Sequence[str],
    samples: pd.DataFrame,
    phases: pd.DataFrame,
    until: float,
) -> None:
    """The columns of some sides, with the names of the measures before or above them."""
    above = made.width < style.NARROW_INCHES * 72
    names = [words.printable(measure) for measure in measures]
    numbers = 26.0
    left = numbers if above else words.widest_pt(names) + numbers + 6
    gap = 14.0 if above else 20.0
    long = (made.width - left - 8 - gap * (columns - 1)) / columns
    head = 2 * style.LINE_PT + 8
    row = PLOT_PT + (style.LINE_PT + 6 if above else 12)
    for column, side in enumerate(shown):
        x = left + column * (long + gap)
        title = words.fitted(side.title, long, bold=True)
        made.text(x, top + style.LINE_PT / 2, title, colour=side.text, bold=True)
        own = phases[phases["side"] == side.number]
        _phase_names(made, x, top + style.LINE_PT * 1.5 + 3, long / until, own)
        for number, measure in enumerate(measures):
            y = top + head + row * number + (style.LINE_PT if above else 0)
            largest = float(samples.loc[samples["measure"] == measure, "value"].max())
            axes = made.axes(x, y, long, PLOT_PT)
            axes.set(xlim=(0, until))
            lines.value_axis(axes, largest, PLOT_PT)
            axes.tick_params(axis="y", labelleft=column == 0, labelsize=style.SMALL_PT)
            linear_ticks(axes, long, room=36)
            axes.tick_params(axis="x", labelbottom=number == len(measures) - 1)
            _shade(axes, own)
            _line(axes, side, samples[samples["measure"] == measure])
            if column == 0 and above:
                made.text(0, y - style.LINE_PT / 2 - 1, names[number])
            elif column == 0:
                made.text(left - numbers, y + PLOT_PT / 2, names[number], align="right")


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
    own = samples[samples["side"] == side.number]
    x, y = lines.with_gaps(own["seconds"], own["value"])
    axes.plot(x, y, color=side.fill)
    alone = lines.single_points(x, y)
    axes.plot(x[alone], y[alone], ".", ms=3, color=side.fill)
