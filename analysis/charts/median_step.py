"""One median step of every side on a common time axis, coloured by the part of the step."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from analysis import wording
from analysis.charts import colours, style, words
from analysis.charts import side as sides_of
from analysis.charts.sheet import (
    HATCH,
    KEY_LINE_PT,
    MUTED,
    TEXT,
    Entry,
    draw_key,
    empty,
    key_lines,
    plot,
)

ROW_PT = 24.0
BAR_PT = 17.0
HEAD_PT = style.LINE_PT + 3
MOST_LANES = 6
END: dict[str, Any] = {"color": TEXT, "lw": 1.2, "clip_on": False}
BOX = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]


@style.styled
def draw(sides: pd.DataFrame, rows: pd.DataFrame, note: str, width: float) -> Figure:
    """A row per lane (host, devices) of each side; nothing active is hatched.

    `rows` has side, lane, start_ms from the start of the step, duration_ms and phase; stretches
    without a phase ("") are those in which nothing was active.
    """
    known = sides_of.listed(sides)
    rows = sides_of.usable(rows, known, ["start_ms", "duration_ms"])
    rows = rows[rows["duration_ms"] > 0]
    if rows.empty:
        return empty("No profiled step was recorded.", note, width)
    ends = (rows["start_ms"] + rows["duration_ms"]).groupby(rows["side"]).max()
    known = [side for side in known if side.number in ends.index]
    lanes = {side.number: _lanes(rows, side.number) for side in known}
    names = [_name(lane) for found in lanes.values() for lane in found]
    left = min(0.25 * width * 72, words.widest_pt(names) + 8)
    lines = key_lines(_key(rows), width * 72)
    top = KEY_LINE_PT * len(lines) + 2
    made, axes = plot(
        width,
        note,
        height=sum(HEAD_PT + ROW_PT * len(found) + 4 for found in lanes.values()),
        left=left,
        right=14,
        top=top,
        label="ms since the start of the step; hatched: nothing active",
        limits=(0, float(ends.max())),
    )
    draw_key(made, 0, 0, lines)
    pixel_ms = float(ends.max()) / (made.width - left - 14) * 0.5
    y = 0.0
    for side in known:
        own = rows[rows["side"] == side.number]
        end = float(ends[side.number])
        title = words.fitted(f"{side.title}, {wording.number(end)} ms", made.width, bold=True)
        made.text(0, top + y + HEAD_PT / 2, title, colour=side.text, bold=True)
        y += HEAD_PT
        axes.plot([end, end], [y, y + ROW_PT * len(lanes[side.number])], **END)
        for lane in lanes[side.number]:
            name = words.fitted(_name(lane), left - 6)
            made.text(left - 6, top + y + ROW_PT / 2, name, align="right")
            _lane(axes, own[own["lane"] == lane], y + ROW_PT / 2, end, pixel_ms)
            y += ROW_PT
        y += 4
    return made.figure


def _name(lane: str) -> str:
    """A device is known by its name alone."""
    return words.printable(lane.removeprefix("device ") or lane)


def _lanes(rows: pd.DataFrame, side: int) -> list[str]:
    """The host's lane first, then the busiest others in the order they come in."""
    own = rows[(rows["side"] == side)]
    busy = own[own["phase"] != ""].groupby("lane")["duration_ms"].sum()
    order = sorted(dict.fromkeys(own["lane"]), key=lambda lane: lane != "host")
    kept = sorted(order, key=lambda lane: (lane != "host", -float(busy.get(lane, 0.0))))
    return [lane for lane in order if lane in kept[:MOST_LANES]]


def _key(rows: pd.DataFrame) -> list[Entry]:
    present = set(rows["phase"]) - {""}
    entries = [
        Entry(phase, fill=shade.light)
        for phase, shade in colours.PHASES.items()
        if phase in present
    ]
    if present - set(colours.PHASES):
        entries.append(Entry("unknown phase", fill=colours.PHASES[""].light))
    entries.append(Entry("idle", fill=colours.INK["idle"].light, hatched=True))
    lanes = rows.groupby("side")["lane"].nunique()
    if int(lanes.max()) > MOST_LANES:
        rest = wording.counted(int(lanes.max()) - MOST_LANES, "less busy lane")
        entries.append(Entry(f"{rest} left out", MUTED))
    return entries


def _lane(axes: Axes, rows: pd.DataFrame, y: float, end: float, pixel_ms: float) -> None:
    """What ran, on top of a hatched bar as long as the step."""
    low, high = y - BAR_PT / 2, y + BAR_PT / 2
    axes.add_patch(
        Rectangle(
            (0, low),
            end,
            BAR_PT,
            facecolor=colours.INK["idle"].light,
            edgecolor=colours.INK["hatch"].light,
            hatch=HATCH,
            linewidth=0,
        )
    )
    for phase, own in rows[rows["phase"] != ""].groupby("phase", sort=False):
        shade = colours.PHASES.get(str(phase), colours.PHASES[""])
        boxes = [
            Path([(start, low), (stop, low), (stop, high), (start, high), (start, low)], BOX)
            for start, stop in _merged(own.sort_values("start_ms"), pixel_ms)
        ]
        axes.add_patch(PathPatch(Path.make_compound_path(*boxes), facecolor=shade.light, lw=0))


def _merged(rows: pd.DataFrame, pixel_ms: float) -> Iterator[tuple[float, float]]:
    """Stretches of one phase: those that no pixel parts as one, none narrower than that."""
    begun: tuple[float, float] | None = None
    for start, duration in zip(rows["start_ms"], rows["duration_ms"], strict=True):
        stop = start + max(duration, pixel_ms)
        if begun and start - begun[1] < pixel_ms:
            begun = (begun[0], max(begun[1], stop))
            continue
        if begun:
            yield begun
        begun = (start, stop)
    if begun:
        yield begun
