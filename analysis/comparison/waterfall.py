"""What makes the difference between the steps of two sides: bars that add up to it."""

from collections.abc import Iterator, Sequence

from analysis import wording
from analysis.alignment import findings
from analysis.alignment.record import LevelRow, Levels
from analysis.comparison.record import Comparison
from analysis.comparison.time_columns import NAME_WIDTH, WIDEST_NUMBER, Scale, named, scale_of
from analysis.comparison.values import ranges
from analysis.layout import INDENT, WIDTH, parted
from analysis.sides import Shown
from analysis.terminal import HEADING, MUTED, Line, line

BAR_WIDTH = 30
SHORTER_RATIO = 0.05
"""By how much of a step profiled steps may be shorter than timed ones before it is said."""
SMALL_RATIO, FEWEST_OTHERS = 0.01, 2
"""Differences below this part of the largest one stand in one row, if there are so many."""
MOST_ROWS = 8
"""Rows of work; what is left is one of them."""
MORE, LESS = "█", "░"


def lines(record: Comparison, found: Levels, shown: Shown) -> Iterator[Line]:
    """Two sides: bars that begin where the last one ended, so that they add up."""
    level = findings.main_level(found)
    rows = _most([row for row in found.rows[level] if row.budget == found.budget])
    if not rows:
        return
    whole_ns = sum(row.difference_ns for row in rows)
    steps_ns = [
        sum(time or 0.0 for time in times) for times in zip(*map(_times, rows), strict=True)
    ]
    differences_ns = [row.difference_ns for row in rows]
    scale = scale_of(list(map(_times, rows)), steps_ns, differences_ns, WIDEST_NUMBER)
    title = f"{wording.signed(whole_ns / scale.unit_ns)} {scale.unit} a step"
    title += " of device time" if found.budget == "device" else ""
    title += "" if level == "phase" else f" by {level}"
    yield from _head(title, scale, shown)
    told = (*_known_first(record, found, shown), *_shorter(rows, steps_ns, shown))
    for text in told:
        yield from (line((f"  {part}", MUTED)) for part in parted(text, WIDTH - 2))
    for row, bar in zip(rows, _bars(differences_ns), strict=True):
        style = shown.colours[1 if row.difference_ns > 0 else 0] if row.kind == "work" else MUTED
        numbers = "".join(map(scale.number, _times(row))) + scale.signed(row.difference_ns)
        room = WIDTH - 2 - NAME_WIDTH - BAR_WIDTH - len(numbers) - 2
        detail = _fitting(findings.details(found, row, shown.marks), room)
        yield line(named(row.key), (f"{bar:<{BAR_WIDTH}}", style), numbers, (f"  {detail}", MUTED))


def _head(title: str, scale: Scale, shown: Shown) -> Iterator[Line]:
    """The columns' heads; what the bars mean stands below where there is no room beside them."""
    left, right = shown.marks
    legend = f"{MORE} more in {right}, {LESS} more in {left}"
    room = 2 + NAME_WIDTH + BAR_WIDTH - INDENT
    (sign, style), *others = scale.marks(shown)
    over = max(0, len(f"{title}; {legend}") - room)
    fits = over < scale.width - 1  # what is empty of the first column
    heading = f"{title}; {legend}" if fits else title
    yield line(
        (f"{'Where':<{INDENT}}", HEADING),
        f"{heading:<{room}}",
        (sign[over:] if fits else sign, style),
        *others,
        f"{'diff':>{scale.width}}",
    )
    if not fits:
        yield line((f"  {legend}", MUTED))


def _known_first(record: Comparison, found: Levels, shown: Shown) -> Iterator[str]:
    """What must be known before the rows are read."""
    if found.dominated:
        yield "the profiler costs more than half of the difference: rows are indicative"
    medians = [ranges(record, "step_ms")[number] for number in shown.numbers]
    if any(each.runs > found.pairs for each in medians if each):
        pairs = wording.counted(found.pairs, "pair")
        yield f"of the {pairs} of runs with profiles; the table is of more runs"
    if found.notes:
        yield "; ".join(found.notes)


def _shorter(rows: Sequence[LevelRow], steps_ns: Sequence[float], shown: Shown) -> Iterator[str]:
    """Which sides' profiled steps were shorter than the timed ones: no profiler does that."""
    overhead = next((row for row in rows if row.kind == "overhead"), None)
    if overhead is None:
        return
    signs = [
        mark
        for mark, less_ns, step_ns in zip(shown.marks, _times(overhead), steps_ns, strict=True)
        if less_ns is not None and less_ns > SHORTER_RATIO * step_ns
    ]
    if signs:
        whose = wording.listed(signs)
        yield f"the profiled steps of {whose} were shorter than the timed ones: rows are indicative"


def _fitting(details: str, room: int) -> str:
    """As many of a row's details as the line has room for, but for the first, which is cut."""
    parts = details.split("; ")
    while len(parts) > 1 and len("; ".join(parts)) > room:
        parts.pop()
    return wording.shortened("; ".join(parts), room)


def _most(rows: Sequence[LevelRow]) -> list[LevelRow]:
    """The largest differences, the other work in one row, then what is no work."""
    work = [row for row in rows if row.kind == "work"]
    others = [row for row in rows if row.kind != "work"]
    largest_ns = max((abs(row.difference_ns) for row in work), default=0.0)
    shown = sum(abs(row.difference_ns) >= SMALL_RATIO * largest_ns for row in work)
    shown = min(shown, MOST_ROWS - (len(work) > MOST_ROWS))
    rest = work[shown:]
    if len(rest) < FEWEST_OTHERS:
        return [*work, *others]
    together = LevelRow(
        key=wording.counted(len(rest), "other"),
        budget=rest[0].budget,
        baseline_ns=_sum([row.baseline_ns for row in rest]),
        other_ns=_sum([row.other_ns for row in rest]),
        difference_ns=sum(row.difference_ns for row in rest),
    )
    return [*work[:shown], together, *others]


def _sum(times_ns: Sequence[float | None]) -> float | None:
    known = [time for time in times_ns if time is not None]
    return sum(known) if known else None


def _times(row: LevelRow) -> tuple[float | None, float | None]:
    return row.baseline_ns, row.other_ns


def _bars(differences_ns: Sequence[float]) -> list[str]:
    """A bar for each difference, from where the last one ended to where this one ends."""
    edges_ns = [0.0]
    for difference_ns in differences_ns:
        edges_ns.append(edges_ns[-1] + difference_ns)
    low_ns, high_ns = min(edges_ns), max(edges_ns)
    if high_ns <= low_ns:
        return [""] * len(differences_ns)
    places = [round((edge - low_ns) / (high_ns - low_ns) * BAR_WIDTH) for edge in edges_ns]
    bars = []
    for begin, end, difference_ns in zip(places[:-1], places[1:], differences_ns, strict=True):
        first = min(begin, end, BAR_WIDTH - 1)
        length = max(abs(end - begin), 1 if difference_ns else 0)
        bars.append(" " * first + (MORE if difference_ns > 0 else LESS) * length)
    return bars
