"""Where the profiled steps of the sides go, by phase, and what limits them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis import wording
from analysis.alignment.places import HOST_GAP, OVERHEAD
from analysis.anatomy.record import Anatomy
from analysis.comparison import waterfall
from analysis.comparison.record import Comparison
from analysis.comparison.time_columns import NAME_WIDTH, WIDEST_NUMBER, named, scale_of
from analysis.comparison.values import ranges
from analysis.layout import INDENT, NO_BREAK_SPACE, WIDTH, parted, tied
from analysis.sides import Shown
from analysis.terminal import HEADING, MUTED, Line, line


@dataclass(frozen=True)
class Row:
    """One phase, or what is no work: ns a step for each side, None where it has none."""

    name: str
    times_ns: list[float | None]
    work: bool = True


def lines(record: Comparison, shown: Shown) -> Iterator[Line]:
    """The section, or nothing where no side that is shown has a profile."""
    anatomies = [record.anatomies[number] for number in shown.numbers]
    if not any(anatomies):
        return
    found = record.levels[record.others.index(shown.numbers[1])] if len(anatomies) == 2 else None
    yield line()
    if found is not None:
        yield from waterfall.lines(record, found, shown)
    else:
        yield from _columns(record, anatomies, shown)
    if found is None or found.budget == "host":
        yield from _busy(anatomies, shown)
    yield from _limits(anatomies, shown)


def _columns(
    record: Comparison, anatomies: Sequence[Anatomy | None], shown: Shown
) -> Iterator[Line]:
    """More than two sides, or one without a profile: a column for each."""
    medians = [ranges(record, "step_ms")[number] for number in shown.numbers]
    steps_ns = [found.median * 1e6 if found else None for found in medians]
    rows = _rows(anatomies, steps_ns)
    widest = min(WIDEST_NUMBER, (WIDTH - 2 - NAME_WIDTH) // len(shown.marks))
    scale = scale_of([row.times_ns for row in rows], steps_ns, [], widest)
    yield line(
        (f"{'Where':<{INDENT}}", HEADING),
        f"{scale.unit:<{2 + NAME_WIDTH - INDENT}}",
        *scale.marks(shown),
    )
    for row in rows:
        numbers = "".join(map(scale.number, row.times_ns))
        yield line(named(row.name), (numbers, "" if row.work else MUTED))


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
        yield line(named(name), part.replace(NO_BREAK_SPACE, " "))
        name = ""
