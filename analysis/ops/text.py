"""The tables of a trace as lines of text."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from rich.cells import cell_len

from analysis import terminal, wording
from analysis.folds.busy import DeviceTime
from analysis.ops.rows import Coverage, Row
from analysis.ops.short_names import padded, told_apart
from analysis.ops.table import GAPS, NO_LAYER, NO_OP, UNMAPPED, Grouping, Table
from analysis.terminal import HEADING, MUTED, WARNING, Line, Page, line

NAME_WIDTH, LEAST_NAME_WIDTH = 26, 12
"""Columns go until the names, if they are that long, have the first; they never have less than the
second."""
WIDE_NAME_WIDTH = 40
"""Until names have this width, what can be told from other columns goes."""
BAR_WIDTH = 10
MOST = 0.995
"""A part of this size or more is all of it, as far as a percentage shows."""
MOST_DEVICES = 4
"""With more of them, one line stands for all."""
APART = 2
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
IN_TIME = ("phase", "step")
ON_DEVICE = ("kernel", "copy")
QUIET = {GAPS, NO_LAYER, NO_OP, UNMAPPED}


class Column(NamedTuple):
    """One column: its heading, its least width, and what stands in a row.

    Where the page is narrow, columns go: those with the lowest `worth` first. A text has a style,
    and stands on the left.
    """

    title: str
    width: int
    cell: Callable[[Row], str]
    worth: int = 1
    style: str | None = None


TOLD_ELSEWHERE, ALWAYS = 0, 9


def lines(
    table: Table, by: Grouping, name: str, limit: int, page: Page | None = None
) -> Iterator[Line]:
    """A table with its largest rows, and how much of the trace it accounts for."""
    page = Page() if page is None else page
    rows = table.rows(by)
    coverage = table.coverage()
    yield line((wording.plain(name), HEADING), (f"   {_what(coverage)}", MUTED))
    yield line()
    if not rows:
        yield line(f"no {TITLES[by].lower()} to show: {_nothing(by, coverage)}")
    else:
        yield from _rows(rows, by, limit, page)
        if by == "shape" and not any(row.shapes for row in rows):
            yield line(("no shapes were recorded", MUTED))
    yield line()
    for each in (*_coverage(table, coverage), *_losses(table, coverage)):
        yield line(*((wording.plain(text), style) for text, style in each.pieces))


def _what(coverage: Coverage) -> str:
    steps = f"{wording.counted(coverage.steps, 'step')}, " if coverage.steps else ""
    return f"{steps}{wording.counted(coverage.events, 'event')} read"


def _nothing(by: Grouping, coverage: Coverage) -> str:
    if by in ("kernel", "copy"):
        work = "copies" if coverage.device_events else "work of an accelerator"
        return f"the trace has no {work}"
    if by in ("phase", "step"):
        return "the trace marks no steps"
    if coverage.device_events:
        return "the trace has work of an accelerator only; --by kernel or --by op shows it"
    return "the trace has no operations"


def _rows(rows: list[Row], by: Grouping, limit: int, page: Page) -> Iterator[Line]:
    shown = rows[:limit]
    keys = [terminal.encodable(wording.plain(row.key), page.encoding) for row in shown]
    longest = max(map(cell_len, [TITLES[by], *keys]))
    columns = _fitting(_columns(rows, by), shown, page.width, longest)
    left = page.width - sum(column.width for column in columns)
    width = min(longest, max(left, LEAST_NAME_WIDTH))
    heads = "".join(_placed(column, column.title) for column in columns)
    yield line((padded(TITLES[by], width) + heads, HEADING))
    shapes = _shapes(shown, page) if by == "shape" else [""] * len(shown)
    for row, name, shape in zip(shown, told_apart(keys, width), shapes, strict=True):
        style = MUTED if row.key in QUIET else ""
        cells = [
            (_placed(column, column.cell(row)), style or column.style or "") for column in columns
        ]
        yield line((padded(name, width), style), *cells)
        if shape:
            yield line((f"  {shape}", MUTED))
    yield from _more(rows[len(shown) :], by)


def _shapes(rows: list[Row], page: Page) -> list[str]:
    return told_apart([row.shapes for row in rows], page.width - APART)


def _placed(column: Column, text: str) -> str:
    """A cell with the blanks that part it from the one before it."""
    if column.style is None:
        return f"{text:>{column.width}}"
    return " " * APART + padded(text, column.width - APART)


def _fitting(columns: list[Column], rows: list[Row], width: int, longest_name: int) -> list[Column]:
    """The columns, as wide as their cells, that have room beside the names."""
    sized = []
    for column in columns:
        longest = max(cell_len(text) for text in (column.title, *map(column.cell, rows)))
        sized.append(column._replace(width=max(column.width, longest + APART)))
    for worth in sorted({column.worth for column in sized} - {ALWAYS}):
        name_width = min(longest_name, WIDE_NAME_WIDTH if worth <= TOLD_ELSEWHERE else NAME_WIDTH)
        while sum(column.width for column in sized) > width - name_width:
            least = [column for column in sized if column.worth == worth]
            if not least:
                break
            sized.remove(least[-1])
    return sized


def _more(left: list[Row], by: Grouping) -> Iterator[Line]:
    if left:
        share = "" if by in IN_TIME else f", {wording.percent(_share(left), 1)} of the time"
        yield line(
            (f"and {wording.counted(len(left), 'row')} more{share} (--top 0 for all)", MUTED)
        )


def _share(rows: list[Row]) -> float | None:
    shares = [row.share for row in rows if row.share is not None]
    return sum(shares) if shares else None


def _time(row: Row, by: Grouping) -> int:
    return row.total_ns if by in (*IN_TIME, *ON_DEVICE) else row.self_ns


def _columns(rows: list[Row], by: Grouping) -> list[Column]:
    """The columns that say something about these rows."""
    columns = [Column(COUNTS.get(by, "calls"), 8, lambda row: wording.count(row.count), 5)]
    whole = _times(rows, "total", lambda row: row.total_ns, 4)
    mean = _times(
        rows, "mean", lambda row: row.total_ns / row.count if row.count else None, TOLD_ELSEWHERE
    )
    if by in ON_DEVICE:
        columns += [whole._replace(worth=ALWAYS), mean]
    elif by in IN_TIME:
        columns += [
            whole._replace(worth=ALWAYS),
            _times(rows, "ops, self", lambda row: row.self_ns, 5),
        ]
    else:
        columns += [_times(rows, "self", lambda row: row.self_ns, ALWAYS), whole, mean]
    columns.append(Column("share", 8, lambda row: wording.percent(row.share, 1), ALWAYS))
    if by not in ON_DEVICE and any(row.device_ns for row in rows):
        columns.append(_times(rows, "device", lambda row: row.device_ns or None, 6))
    if any(row.flops_per_second for row in rows):
        columns.append(Column("GFLOP/s", 9, _gigaflops))
        if any(row.work_ratio not in (None, 1) for row in rows):
            columns.append(Column("known", 7, lambda row: wording.percent(row.work_ratio), 2))
        if any(row.flops_per_second and row.flops_per_byte for row in rows):
            columns.append(Column("FLOP/B", 8, lambda row: wording.number(row.flops_per_byte)))
    if by == "layer" and any(row.phase for row in rows):
        columns.insert(0, Column("phase", 7, lambda row: wording.plain(row.phase), ALWAYS, ""))
    return [*columns, _last(rows, by)]


def _last(rows: list[Row], by: Grouping) -> Column:
    """Categories, or bars as long as the rows' times."""
    if by in WITH_CATEGORY:
        return Column("category", 10, _category, 3, MUTED)
    longest = max((_time(row, by) for row in rows), default=0) or 1
    return Column("", 12, lambda row: "█" * round(BAR_WIDTH * _time(row, by) / longest), -1, "cyan")


def _category(row: Row) -> str:
    """With its part of the time, where calls of one name are of several."""
    name = row.category or UNMAPPED
    if row.category_ratio is None or row.category_ratio > MOST:
        return name
    return f"{name} {wording.percent(row.category_ratio)}"


def _gigaflops(row: Row) -> str:
    rate = row.flops_per_second
    return wording.number(None if rate is None else rate / 1e9)


def _times(rows: list[Row], title: str, of: Callable[[Row], float | None], worth: int) -> Column:
    """A column of times in one unit, with as many decimals as the longest needs."""
    longest = max((of(row) or 0 for row in rows), default=0)
    unit, unit_ns = wording.time_unit(longest)
    decimals = wording.decimals_for(longest / unit_ns)

    def cell(row: Row) -> str:
        time_ns = of(row)
        return wording.number(None if time_ns is None else time_ns / unit_ns, decimals)

    return Column(f"{title}, {unit}", max(10, len(title) + 6), cell, worth)


def _coverage(table: Table, coverage: Coverage) -> Iterator[Line]:
    parts = [
        f"{text} {wording.percent(ratio)}"
        for text, ratio in (
            ("in a phase", coverage.phase_ratio),
            ("in a layer", coverage.layer_ratio),
            ("in a category", coverage.mapped_ratio),
            ("of known work", coverage.work_ratio),
        )
        if ratio
    ]
    if parts:
        yield line((f"Of the operations' time: {', '.join(parts)}", MUTED))
    yield from _devices(table)
    if unlinked := coverage.device_events - coverage.linked:
        work = wording.counted(unlinked, "piece")
        were = "was" if unlinked == 1 else "were"
        yield line((f"{work} of device work {were} launched outside the recording", MUTED))


def _devices(table: Table) -> Iterator[Line]:
    """How long each device had work; of many the shortest and the longest time."""
    times = sorted(table.spans.items(), key=lambda entry: entry[1].busy_ns)
    if len(times) > MOST_DEVICES:
        ends = " to ".join(
            f"{_busy(time)} (device {device}, {_of_span(time)})"
            for device, time in times[:: len(times) - 1]
        )
        yield line((f"{len(times)} devices had work for {ends}", MUTED))
        return
    for device, time in table.spans.items():
        yield line((f"Device {device} had work for {_busy(time)}, {_of_span(time)}", MUTED))


def _busy(time: DeviceTime) -> str:
    unit, unit_ns = wording.time_unit(max(time.busy_ns, 1))
    return f"{wording.number(time.busy_ns / unit_ns)} {unit}"


def _of_span(time: DeviceTime) -> str:
    ratio = wording.percent(time.busy_ns / time.span_ns) if time.span_ns else wording.MISSING
    return f"{ratio} of its span"


def _losses(table: Table, coverage: Coverage) -> Iterator[Line]:
    """What of the file is not in the table."""
    lost = {reason: count for reason, count in table.gathered.dropped_reasons.items() if count}
    for reason, count in sorted(lost.items()):
        yield line((f"{wording.counted(count, 'event')} left out: {reason}", WARNING))
    if coverage.repaired:
        places = wording.counted(coverage.repaired, "place")
        yield line((f"The file's text was mended in {places}", WARNING))
    if coverage.truncated:
        yield line((f"The file is not whole: {coverage.truncated}", WARNING))
    for note in table.gathered.notes:
        yield line((note, WARNING))
