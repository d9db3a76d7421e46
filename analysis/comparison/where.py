"""Where the profiled steps of the sides go, by phase, and what makes the difference."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis import wording
from analysis.comparison.record import Comparison, SideProfile
from analysis.comparison.values import ranges
from analysis.layout import INDENT, WIDTH
from analysis.ops.table import GAPS
from analysis.sides import Shown
from analysis.terminal import HEADING, MUTED, Line, line

NAME_WIDTH, BAR_WIDTH, NUMBER_WIDTH = 16, 44, 12
PROFILER = "less profiler"
MORE, LESS = "█", "░"


@dataclass(frozen=True)
class Row:
    """One phase, or what the profiler adds: ns a step for each side, None where it has none."""

    name: str
    times_ns: list[float | None]

    @property
    def difference_ns(self) -> float:
        """Second side less first; a phase that a side does not have takes no time there."""
        left, right = (time or 0.0 for time in self.times_ns[:2])
        return right - left


def lines(record: Comparison, shown: Shown) -> Iterator[Line]:
    """The section, or nothing where no side that is shown has a profile."""
    profiles = [record.profiles[number] for number in shown.numbers]
    if not any(profiles):
        return
    medians = [ranges(record, "step_ms")[number] for number in shown.numbers]
    steps_ns = [found.median * 1e6 if found else None for found in medians]
    rows = _rows(profiles, steps_ns)
    yield line()
    if len(profiles) == 2 and all(profiles):
        yield from _waterfall(rows, steps_ns, shown)
    else:
        yield from _columns(rows, steps_ns, shown)
    yield from _busy(profiles, shown)


def _rows(profiles: Sequence[SideProfile | None], steps_ns: Sequence[float | None]) -> list[Row]:
    """The phases by the size of their difference, then the gaps, then the profiler.

    A column adds up to the side's unprofiled step where that is known.
    """
    names = dict.fromkeys(name for found in profiles if found for name in found.phases_ns)
    rows = [
        Row(name, [found.phases_ns.get(name) if found else None for found in profiles])
        for name in names
    ]
    if len(profiles) == 2 and all(profiles):
        rows.sort(key=lambda row: -abs(row.difference_ns))
    else:
        rows.sort(key=lambda row: -max(time or 0 for time in row.times_ns))
    rows.sort(key=lambda row: row.name == GAPS)
    added_ns = [
        step_ns - found.step_ns if found and step_ns is not None else None
        for found, step_ns in zip(profiles, steps_ns, strict=True)
    ]
    return [*rows, Row(PROFILER, added_ns)] if None not in added_ns else rows


def _waterfall(rows: list[Row], steps_ns: Sequence[float | None], shown: Shown) -> Iterator[Line]:
    """Two sides: bars that begin where the last one ended, so that they add up."""
    whole_ns = sum(row.difference_ns for row in rows)
    unit, unit_ns, decimals = _scale(rows, steps_ns, NUMBER_WIDTH)
    left, right = shown.marks
    title = f"{wording.signed(whole_ns / unit_ns)} {unit} a step; "
    title += f"{MORE} more in {right}, {LESS} more in {left}"
    yield line(
        (f"{'Where':<{INDENT}}", HEADING),
        f"{title:<{2 + NAME_WIDTH + BAR_WIDTH - INDENT}}",
        *_marks(shown),
        f"{'diff':>{NUMBER_WIDTH}}",
    )
    if rows[-1].name == PROFILER and abs(rows[-1].difference_ns) > abs(whole_ns) / 2:
        yield line(
            ("  the profiler costs more than half of the difference: rows are indicative", MUTED)
        )
    for row, bar in zip(rows, _bars([row.difference_ns for row in rows]), strict=True):
        muted = row.name in (GAPS, PROFILER)
        style = MUTED if muted else shown.colours[1 if row.difference_ns > 0 else 0]
        times = [None if time is None else time / unit_ns for time in row.times_ns]
        yield line(
            _name(row.name),
            (f"{bar:<{BAR_WIDTH}}", style),
            "".join(f"{wording.number(time, decimals):>{NUMBER_WIDTH}}" for time in times),
            f"{wording.signed(row.difference_ns / unit_ns, decimals):>{NUMBER_WIDTH}}",
        )


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


def _columns(rows: list[Row], steps_ns: Sequence[float | None], shown: Shown) -> Iterator[Line]:
    """More than two sides, or one without a profile: a column for each."""
    width = min(NUMBER_WIDTH, (WIDTH - 2 - NAME_WIDTH) // len(shown.marks))
    unit, unit_ns, decimals = _scale(rows, steps_ns, width)
    yield line(
        (f"{'Where':<{INDENT}}", HEADING),
        f"{unit:<{2 + NAME_WIDTH - INDENT}}",
        *(
            (f"{mark:>{width}}", colour)
            for mark, colour in zip(shown.marks, shown.colours, strict=True)
        ),
    )
    for row in rows:
        times = [None if time is None else time / unit_ns for time in row.times_ns]
        texts = "".join(f"{wording.number(time, decimals):>{width}}" for time in times)
        yield line(_name(row.name), (texts, MUTED if row.name in (GAPS, PROFILER) else ""))


def _name(name: str) -> str:
    return f"  {wording.shortened(name, NAME_WIDTH - 1):<{NAME_WIDTH}}"


def _marks(shown: Shown) -> Iterator[tuple[str, str]]:
    for mark, colour in zip(shown.marks, shown.colours, strict=True):
        yield f"{mark:>{NUMBER_WIDTH}}", colour


def _scale(rows: list[Row], steps_ns: Sequence[float | None], width: int) -> tuple[str, float, int]:
    """One unit for all times: three digits of the longest, two of the largest difference.

    A disturbed profile has times that are longer than a step without the profiler; then that step
    stands for them, so that the phases keep their digits. There are no more decimals than fit.
    """
    longest_ns = max(abs(time) for row in rows for time in row.times_ns if time is not None)
    step_ns = max((each for each in steps_ns if each and each > 0), default=longest_ns)
    unit, unit_ns = wording.time_unit(min(longest_ns, step_ns))
    decimals = wording.decimals_for(min(longest_ns, step_ns) / unit_ns)
    largest_ns = max(abs(row.difference_ns) for row in rows) if len(rows[0].times_ns) == 2 else 0
    if largest_ns:
        decimals = max(decimals, wording.decimals_for(largest_ns / unit_ns) - 1)
    room = width - len(f"- .{longest_ns / unit_ns:,.0f}")
    return unit, unit_ns, max(0, min(decimals, room))


def _busy(profiles: Sequence[SideProfile | None], shown: Shown) -> Iterator[Line]:
    """Beside an accelerator it must be said whose time the phases are."""
    shares = [
        f"{mark} {wording.percent(found.busy_ratio)}"
        for mark, found in zip(shown.marks, profiles, strict=True)
        if found and found.busy_ratio is not None
    ]
    if shares:
        text = f"phases are the host's; the GPU had work for {', '.join(shares)} of the steps"
        yield line((f"  {text}", MUTED))
