"""The tables of a trace as lines of text."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from analysis import wording
from analysis.ops import GAPS, NO_LAYER, NO_OP, UNMAPPED, Coverage, Grouping, Row, Table
from analysis.terminal import HEADING, MUTED, WARNING, Line, line

NAME_WIDTH = 40
SHAPES_WIDTH = 40
BAR_WIDTH = 10
WITH_CATEGORY = ("op", "native", "shape")
"""These tables have a category in each row, and no room for bars."""
TITLES: dict[Grouping, str] = {
    "op": "Operation",
    "native": "Operation as recorded",
    "category": "Category",
    "layer": "Layer",
    "phase": "Phase",
    "kernel": "Kernel",
    "copy": "Copy",
    "shape": "Operation and shapes",
    "step": "Step",
}
COUNTS = {"phase": "times", "step": "ops"}
QUIET = {GAPS, NO_LAYER, NO_OP, UNMAPPED}


class Column(NamedTuple):
    """One column of figures: its heading, its width, and what stands in a row."""

    title: str
    width: int
    cell: Callable[[Row], str]


def lines(table: Table, by: Grouping, name: str, limit: int) -> Iterator[Line]:
    """A table with its largest rows, and how much of the trace it accounts for."""
    rows = table.rows(by)
    coverage = table.coverage()
    yield line((wording.plain(name), HEADING), (f"   {_what(table, coverage)}", MUTED))
    yield line()
    if not rows:
        yield line(f"no {TITLES[by].lower()} to show: {_nothing(by)}")
    else:
        yield from _rows(rows, by, limit)
    yield line()
    yield from _coverage(table, coverage)


def _what(table: Table, coverage: Coverage) -> str:
    steps = f"{wording.counted(coverage.steps, 'step')}, " if coverage.steps else ""
    return f"{steps}{wording.counted(coverage.events, 'event')}"


def _nothing(by: Grouping) -> str:
    if by in ("kernel", "copy"):
        return "the trace has no work of an accelerator"
    if by in ("phase", "step"):
        return "the trace marks no steps"
    return "the trace has no operations"


def _rows(rows: list[Row], by: Grouping, limit: int) -> Iterator[Line]:
    in_time = by in ("phase", "step")
    shown = rows[:limit]
    columns = _columns(rows, by)
    heads = "".join(f"{column.title:>{column.width}}" for column in columns)
    heads += "  category" if by in WITH_CATEGORY else ""
    yield line((f"{TITLES[by]:<{NAME_WIDTH + 2}}{heads}", HEADING))
    longest = max((_time(row, by) for row in rows), default=0)
    for row in shown:
        cells = "".join(f"{column.cell(row):>{column.width}}" for column in columns)
        last = "█" * round(BAR_WIDTH * _time(row, by) / longest) if longest else ""
        last_style = "cyan"
        if by in WITH_CATEGORY:
            last, last_style = row.category or UNMAPPED, MUTED
        style = MUTED if row.key in QUIET else ""
        yield line(
            (f"{_name(row, by):<{NAME_WIDTH + 2}}{cells}  ", style), (last, style or last_style)
        )
        if by == "shape" and row.shapes:
            yield line((f"  {wording.shortened(row.shapes, 2 * SHAPES_WIDTH)}", MUTED))
    if len(rows) > len(shown):
        left = rows[len(shown) :]
        share = "" if in_time else f", {wording.percent(_share(left), 1)} of the time"
        yield line(
            (f"and {wording.counted(len(left), 'row')} more{share} (--top 0 for all)", MUTED)
        )


def _share(rows: list[Row]) -> float | None:
    shares = [row.share for row in rows if row.share is not None]
    return sum(shares) if shares else None


def _name(row: Row, by: Grouping) -> str:
    if by == "layer" and row.phase:
        width = NAME_WIDTH - len(row.phase) - 2
        return f"{wording.shortened(row.key, width)}  {row.phase}"
    return wording.shortened(row.key, NAME_WIDTH)


def _time(row: Row, by: Grouping) -> int:
    return row.total_ns if by in ("phase", "step", "kernel", "copy") else row.self_ns


def _columns(rows: list[Row], by: Grouping) -> list[Column]:
    """The columns that say something about these rows."""
    columns = [Column(COUNTS.get(by, "calls"), 8, lambda row: wording.count(row.count))]
    whole = _times(rows, "total", lambda row: row.total_ns)
    mean = _times(rows, "mean", lambda row: row.total_ns / row.count if row.count else None)
    if by in ("kernel", "copy"):
        columns += [whole, mean]
    elif by in ("phase", "step"):
        columns += [whole, _times(rows, "ops, self", lambda row: row.self_ns)]
    else:
        columns += [_times(rows, "self", lambda row: row.self_ns), whole, mean]
    columns.append(Column("share", 8, lambda row: wording.percent(row.share, 1)))
    if by not in ("kernel", "copy") and any(row.device_ns for row in rows):
        columns.append(_times(rows, "device", lambda row: row.device_ns or None))
    if any(row.flops_per_second for row in rows):
        columns.append(Column("GFLOP/s", 9, _gigaflops))
    return columns


def _gigaflops(row: Row) -> str:
    rate = row.flops_per_second
    return wording.number(None if rate is None else rate / 1e9)


def _times(rows: list[Row], title: str, of: Callable[[Row], float | None]) -> Column:
    """A column of times in one unit, with as many decimals as the longest needs."""
    longest = max((of(row) or 0 for row in rows), default=0)
    unit, unit_ns = wording.time_unit(longest)
    decimals = wording.decimals_for(longest / unit_ns)

    def cell(row: Row) -> str:
        time_ns = of(row)
        return wording.number(None if time_ns is None else time_ns / unit_ns, decimals)

    return Column(f"{title}, {unit}", max(10, len(title) + 6), cell)


def _coverage(table: Table, coverage: Coverage) -> Iterator[Line]:
    parts = [
        f"{text} {wording.percent(ratio)}"
        for text, ratio in (
            ("in a phase", coverage.phase_ratio),
            ("in a layer", coverage.layer_ratio),
            ("in a category", coverage.mapped_ratio),
        )
        if ratio
    ]
    if parts:
        yield line((f"Of the operations' time: {', '.join(parts)}", MUTED))
    for device, busy_ns in table.busy_ns.items():
        spans = {key: time for key, time in table.spans.items() if key == device}
        span_ns = spans[device].span_ns if spans else 0
        ratio = wording.percent(busy_ns / span_ns) if span_ns else wording.MISSING
        unit, unit_ns = wording.time_unit(max(busy_ns, 1))
        busy = wording.number(busy_ns / unit_ns)
        yield line((f"Device {device} had work for {busy} {unit}, {ratio} of its span", MUTED))
    if unlinked := coverage.device_events - coverage.linked:
        work = wording.counted(unlinked, "piece")
        yield line((f"{work} of device work were launched outside the recording", MUTED))
    for reason, count in sorted(table.gathered.dropped_reasons.items()):
        yield line((f"{wording.counted(count, 'event')} left out: {reason}", WARNING))
    if coverage.repaired:
        places = wording.counted(coverage.repaired, "place")
        yield line((f"The file's text was mended in {places}", WARNING))
    if coverage.truncated:
        yield line((f"The file is not whole: {coverage.truncated}", WARNING))
    for note in table.gathered.notes:
        yield line((note, WARNING))
