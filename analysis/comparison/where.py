"""Where the profiled steps of the sides go, by phase, and what makes the difference."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis import wording
from analysis.alignment import findings
from analysis.alignment.places import HOST_GAP, OVERHEAD
from analysis.alignment.record import LevelRow, Levels
from analysis.anatomy.record import Anatomy
from analysis.comparison.record import Comparison
from analysis.comparison.values import ranges
from analysis.layout import INDENT, NO_BREAK_SPACE, WIDTH, parted, tied
from analysis.sides import Shown
from analysis.terminal import HEADING, MUTED, Line, line

NAME_WIDTH, BAR_WIDTH = 18, 30
NUMBER_WIDTH, WIDEST_NUMBER = 9, 12
SHORTER_RATIO = 0.05
"""By how much of a step profiled steps may be shorter than timed ones before it is said."""
SMALL_RATIO, FEWEST_OTHERS = 0.01, 2
"""Differences below this part of the largest one stand in one row, if there are so many."""
MOST_ROWS = 8
"""Rows of work; what is left is one of them."""
LONG, SHORT = " operations", " ops"
MORE, LESS = "█", "░"


@dataclass(frozen=True)
class Row:
    """One phase, or what is no work: ns a step for each side, None where it has none."""

    name: str
    times_ns: list[float | None]
    work: bool = True


@dataclass(frozen=True)
class Scale:
    """How times are written: their unit, its length, and the decimals and width of a column."""

    unit: str
    unit_ns: float
    decimals: int
    width: int

    def number(self, time_ns: float | None) -> str:
        """A time in its column; a dash for a missing one."""
        time = None if time_ns is None else time_ns / self.unit_ns
        return f"{wording.number(time, self.decimals):>{self.width}}"

    def signed(self, difference_ns: float) -> str:
        """A difference in its column."""
        text = wording.signed(difference_ns / self.unit_ns, self.decimals)
        return f"{text:>{self.width}}"

    def marks(self, shown: Shown) -> Iterator[tuple[str, str]]:
        """The sides' signs above their columns."""
        for mark, colour in zip(shown.marks, shown.colours, strict=True):
            yield f"{mark:>{self.width}}", colour


def lines(record: Comparison, shown: Shown) -> Iterator[Line]:
    """The section, or nothing where no side that is shown has a profile."""
    anatomies = [record.anatomies[number] for number in shown.numbers]
    if not any(anatomies):
        return
    found = record.levels[record.others.index(shown.numbers[1])] if len(anatomies) == 2 else None
    yield line()
    if found is not None:
        yield from _waterfall(record, found, shown)
    else:
        yield from _columns(record, anatomies, shown)
    if found is None or found.budget == "host":
        yield from _busy(anatomies, shown)
    yield from _limits(anatomies, shown)


def _waterfall(record: Comparison, found: Levels, shown: Shown) -> Iterator[Line]:
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
    scale = _scale(list(map(_times, rows)), steps_ns, differences_ns, WIDEST_NUMBER)
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
        yield line(_name(row.key), (f"{bar:<{BAR_WIDTH}}", style), numbers, (f"  {detail}", MUTED))


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
    text = "; ".join(parts)
    return wording.shortened(text if len(text) <= room else text.replace(LONG, SHORT), room)


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


def _columns(
    record: Comparison, anatomies: Sequence[Anatomy | None], shown: Shown
) -> Iterator[Line]:
    """More than two sides, or one without a profile: a column for each."""
    medians = [ranges(record, "step_ms")[number] for number in shown.numbers]
    steps_ns = [found.median * 1e6 if found else None for found in medians]
    rows = _rows(anatomies, steps_ns)
    widest = min(WIDEST_NUMBER, (WIDTH - 2 - NAME_WIDTH) // len(shown.marks))
    scale = _scale([row.times_ns for row in rows], steps_ns, [], widest)
    yield line(
        (f"{'Where':<{INDENT}}", HEADING),
        f"{scale.unit:<{2 + NAME_WIDTH - INDENT}}",
        *scale.marks(shown),
    )
    for row in rows:
        numbers = "".join(map(scale.number, row.times_ns))
        yield line(_name(row.name), (numbers, "" if row.work else MUTED))


def _rows(anatomies: Sequence[Anatomy | None], steps_ns: Sequence[float | None]) -> list[Row]:
    """Phases by their time, host gap, and the profiler: a column adds up to the unprofiled step."""
    names = dict.fromkeys(name for found in anatomies if found for name in found.phases_ns)
    rows = [
        Row(name or "other", [found.phases_ns.get(name) if found else None for found in anatomies])
        for name in names
    ]
    rows.sort(key=lambda row: -max(time or 0 for time in row.times_ns))
    gaps = [found.host_gap_ns if found else None for found in anatomies]
    rows.append(Row(HOST_GAP.key, gaps, work=False))
    added_ns = [
        step_ns - found.step_ns if found and step_ns is not None else None
        for found, step_ns in zip(anatomies, steps_ns, strict=True)
    ]
    return [*rows, Row(OVERHEAD.key, added_ns, work=False)] if None not in added_ns else rows


def _name(name: str) -> str:
    return f"  {wording.shortened(name, NAME_WIDTH - 1):<{NAME_WIDTH}}"


def _scale(
    times_ns: Sequence[Sequence[float | None]],
    steps_ns: Sequence[float | None],
    differences_ns: Sequence[float],
    widest: int,
) -> Scale:
    """One unit for all times: three digits of the longest, two of the largest difference.

    A disturbed profile has times that are longer than a step without the profiler; then that step
    stands for them, so that the phases keep their digits. Where the numbers would not fit into the
    widest column, the unit is a longer one, or there are fewer decimals.
    """
    longest_ns = max((abs(time) for times in times_ns for time in times if time), default=0.0)
    step_ns = max((each for each in steps_ns if each and each > 0), default=longest_ns)
    unit, unit_ns = wording.time_unit(min(longest_ns, step_ns))
    if len(f"- {longest_ns / unit_ns:,.0f}") > widest:
        unit, unit_ns = wording.time_unit(longest_ns)
    decimals = wording.decimals_for(min(longest_ns, step_ns) / unit_ns)
    largest_ns = max(map(abs, differences_ns), default=0.0)
    if largest_ns:
        decimals = max(decimals, wording.decimals_for(largest_ns / unit_ns) - 1)
    whole = len(f"- .{longest_ns / unit_ns:,.0f}")
    decimals = max(0, min(decimals, widest - whole))
    return Scale(unit, unit_ns, decimals, min(max(NUMBER_WIDTH, whole + decimals), widest))


def _busy(anatomies: Sequence[Anatomy | None], shown: Shown) -> Iterator[Line]:
    """Beside an accelerator it must be said whose time the rows are."""
    shares = [
        f"{mark} {wording.percent(1 - found.device_idle_ns / found.step_ns)}"
        for mark, found in zip(shown.marks, anatomies, strict=True)
        if found is not None and found.device_idle_ns is not None and found.step_ns
    ]
    if shares:
        text = f"times are the host's; the GPU had work for {', '.join(shares)} of the steps"
        yield line((f"  {text}", MUTED))


def _limits(anatomies: Sequence[Anatomy | None], shown: Shown) -> Iterator[Line]:
    """What each side's step waits for, as far as something was seen that says so."""
    found = [
        tied(f"{mark} {anatomy.limited.limit or 'by no single resource'}")
        for mark, anatomy in zip(shown.marks, anatomies, strict=True)
        if anatomy is not None
    ]
    if not any(anatomy and anatomy.limited.limit for anatomy in anatomies):
        return
    name = "limited"
    for part in parted(", ".join(found), WIDTH - 2 - NAME_WIDTH):
        yield line(_name(name), part.replace(NO_BREAK_SPACE, " "))
        name = ""
