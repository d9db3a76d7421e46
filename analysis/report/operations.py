"""The tables of operations, and of a device's kernels, which the page sorts and searches."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis import wording
from analysis.alignment.record import Level
from analysis.report import frames, parts
from analysis.report.chart import Chart
from analysis.report.hero import setting
from analysis.report.names import (
    UNMAPPED,
    calls,
    capital,
    category_title,
    native,
    short,
    without_phase,
)
from analysis.report.parts import Row
from analysis.report.scale import Scale, scale
from analysis.report.subject import Against, Side, Subject
from analysis.report.tables import Table, Value

MOST_ROWS = 600
SHOWN_ROWS = 20
"""So many rows are shown, and printed, before more are asked for."""

LONGEST_NATIVE = 2000
TITLES: dict[Level, str] = {"op": "Operations", "kernel": "Kernels"}


@dataclass(frozen=True)
class Native:
    """What a side itself calls an operation, and how often a step has it."""

    side: Side
    names: str
    calls: str = ""


@dataclass(frozen=True)
class OperationRow:
    """A row; `values` are in ns and sort the columns, `bars` are in percent of the longest."""

    name: str
    natives: list[Native]
    category: str
    phase: str
    cells: list[str]
    values: list[float | None]
    bars: list[float]
    difference: str
    difference_value: float
    interval: str
    colour: str


@dataclass(frozen=True)
class Operations:
    """One table; `name` is part of the names of its elements."""

    name: str
    title: str
    against: Against | None
    sides: Sequence[Side]
    unit: str
    rows: list[OperationRow]
    shown: int
    totals: list[str]
    total_difference: str
    more: str
    empty: str
    chart: Chart | None
    table: Table


def operations(subject: Subject) -> list[Operations]:
    """For each other side, or for a side alone, its operations and then its kernels."""
    found = []
    pairs: list[Against | None] = [each for each in subject.against if each.comparable]
    for against in pairs if subject.against else [None]:
        for level in TITLES:
            rows = parts.of_pair(against, level) if against else parts.of_all(subject, level)
            if level == "kernel" and not _has_device(subject, rows):
                continue
            found.append(_operations(subject, against, level, rows))
    return found


def _has_device(subject: Subject, rows: Sequence[Row]) -> bool:
    return bool(rows) and parts.budget_of(subject) == "device"


def _operations(
    subject: Subject, against: Against | None, level: Level, every: Sequence[Row]
) -> Operations:
    sides = against.sides if against else tuple(subject.sides[:1])
    rows = [row for row in every if row.kind not in ("gap", "idle") and row.longest_ns > 0]
    differences = [row.difference_ns(sides) for row in rows] if against else []
    totals_ns = [parts.whole_ns(rows, side) for side in sides]
    form = scale(totals_ns, differences)
    rows.sort(key=lambda row: -abs(row.difference_ns(sides)) if against else -row.longest_ns)
    longest_ns = max((row.longest_ns for row in rows), default=0.0)
    shown, left = rows[:MOST_ROWS], len(rows) - MOST_ROWS
    suffix = f"-{against.other.number}" if against else ""
    name = f"{'operations' if level == 'op' else 'kernels'}{suffix}"
    return Operations(
        name=name,
        title=TITLES[level],
        against=against,
        sides=sides,
        unit=form.unit,
        rows=[_row(row, sides, against, form, longest_ns) for row in shown],
        shown=min(SHOWN_ROWS, len(shown)),
        totals=[form.number(each) for each in totals_ns],
        total_difference=form.signed(totals_ns[1] - totals_ns[0]) if len(totals_ns) == 2 else "",
        more=f"{wording.counted(left, 'smaller row')} in tables/{name}.csv." if left > 0 else "",
        empty="" if rows else "No profile could be read, so there are no operations to show.",
        chart=_chart(subject, sides, rows, name) if rows and level == "op" else None,
        table=_table(name, sides, rows),
    )


def _row(
    row: Row, sides: Sequence[Side], against: Against | None, form: Scale, longest_ns: float
) -> OperationRow:
    times = [row.times_ns.get(side.number) for side in sides]
    difference_ns = row.difference_ns(sides) if against else 0.0
    return OperationRow(
        name=without_phase(row.key, row.phase) or "no operation",
        natives=[
            Native(
                side,
                native(row.names.get(side.number, [])),
                calls(row.calls[side.number]) if side.number in row.calls else "",
            )
            for side in sides
            if row.names.get(side.number) or row.calls.get(side.number)
        ],
        category=category_title(row.category or "") or capital(UNMAPPED),
        phase=short(row.phase, 40) or wording.MISSING,
        cells=[form.number(time) for time in times],
        values=times,
        bars=[round(100 * (time or 0.0) / longest_ns, 2) if longest_ns else 0.0 for time in times],
        difference=form.signed(difference_ns) if against else "",
        difference_value=difference_ns,
        interval=" to ".join(map(form.signed, row.interval_ns)) if row.interval_ns else "",
        colour=sides[difference_ns > 0].colour if against and difference_ns else "",
    )


def _chart(subject: Subject, sides: Sequence[Side], rows: Sequence[Row], name: str) -> Chart:
    return Chart(
        name=name,
        module="operations",
        given={"sides": frames.sides(subject, sides), "rows": frames.operations(sides, rows)},
        label="The operations that take longest",
        caption=f"Time of the {parts.budget_of(subject)} per profiled step.",
        note=setting(subject),
    )


def _table(name: str, sides: Sequence[Side], rows: Sequence[Row]) -> Table:
    found: list[tuple[Value, ...]] = []
    for row in rows:
        for side in sides:
            if side.number in row.times_ns:
                names = " | ".join(row.names.get(side.number, []))[:LONGEST_NATIVE]
                numbers = (row.times_ns[side.number], row.calls.get(side.number))
                texts = (row.key[:LONGEST_NATIVE], row.phase, row.category, side.label, names)
                found.append((*texts, *numbers))
    return Table(
        name,
        {
            "key": "text",
            "phase": "text",
            "category": "text",
            "side": "text",
            "names": "text",
            "time_ns_per_step": "number",
            "calls_per_step": "number",
        },
        found,
    )
