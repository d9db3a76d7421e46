"""The step by category, as a chart and as a table whose rows add up."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis import wording
from analysis.report import frames, parts
from analysis.report.chart import Chart
from analysis.report.hero import setting
from analysis.report.names import FIXED, UNMAPPED, capital, category_title
from analysis.report.parts import Row
from analysis.report.scale import Scale, scale
from analysis.report.subject import Subject
from analysis.report.tables import Table

SMALLEST_NAMED = 0.05


@dataclass(frozen=True)
class CategoryRow:
    """A kind of work with a time for each side, and a difference where there are two."""

    name: str
    swatch: str
    cells: list[str]
    difference: str
    colour: str


@dataclass(frozen=True)
class Categories:
    """`findings` are sentences made from the rows; `total` is the last row."""

    unit: str
    rows: list[CategoryRow]
    total: CategoryRow | None
    findings: list[str]
    mapped: str
    chart: Chart | None
    empty: str
    table: Table


def categories(subject: Subject) -> Categories:
    """The step of all sides by kind of work."""
    rows = parts.of_all(subject, "category")
    rows.sort(key=lambda row: (row.kind in ("gap", "idle"), -row.longest_ns))
    differences = _differences(subject, rows)
    form = scale([parts.whole_ns(rows, side) for side in subject.sides], differences)
    shown = sorted(
        (row for row in rows if row.longest_ns > 0),
        key=lambda row: -abs(row.difference_ns(subject.sides) if differences else row.longest_ns),
    )
    return Categories(
        unit=form.unit,
        rows=[_category(subject, row, form) for row in shown],
        total=_total(subject, rows, form) if rows else None,
        findings=list(_category_findings(subject, shown, form)),
        mapped=_mapped(subject, rows),
        chart=_category_chart(subject, rows) if rows else None,
        empty="" if rows else "No profile could be read, so nothing is said of kinds of work.",
        table=parts.table("categories", subject, rows),
    )


def category_name(row: Row) -> str:
    """How a kind of work is called."""
    if row.kind in ("gap", "idle"):
        return FIXED[row.kind]
    return category_title(row.category or row.key) or UNMAPPED


def swatch(row: Row) -> str:
    """The class of a row's colour."""
    if row.kind in ("gap", "idle"):
        return "hatched"
    return f"category-{row.category}" if row.category else "category-unmapped"


def _differences(subject: Subject, rows: Sequence[Row]) -> list[float]:
    if len(subject.sides) != 2:
        return []
    return [row.difference_ns(subject.sides) for row in rows]


def _category(subject: Subject, row: Row, form: Scale) -> CategoryRow:
    difference_ns = row.difference_ns(subject.sides) if len(subject.sides) == 2 else None
    return CategoryRow(
        name=capital(category_name(row)),
        swatch=swatch(row),
        cells=[form.number(row.times_ns.get(side.number)) for side in subject.sides],
        difference="" if difference_ns is None else form.signed(difference_ns),
        colour=subject.sides[difference_ns > 0].colour if difference_ns else "",
    )


def _total(subject: Subject, rows: Sequence[Row], form: Scale) -> CategoryRow:
    sums = [parts.whole_ns(rows, side) for side in subject.sides]
    difference = form.signed(sums[1] - sums[0]) if len(sums) == 2 else ""
    of = " of the device" if parts.budget_of(subject) == "device" else ""
    return CategoryRow(
        f"Profiled step{of}", "", [form.number(each) for each in sums], difference, ""
    )


def _category_findings(subject: Subject, rows: Sequence[Row], form: Scale) -> list[str]:
    """The largest kind of work, and the largest difference, in the numbers of the table."""
    work = [row for row in rows if row.kind == "work" and row.category]
    if not work:
        return []
    largest = max(work, key=lambda row: row.longest_ns)
    found = [f"The largest kind of work is {_largest(subject, rows, work)}."]
    if len(subject.sides) == 2:
        one_sided = [row for row in work if len(row.times_ns) == 1]
        if one_sided and one_sided[0].longest_ns > SMALLEST_NAMED * largest.longest_ns:
            row = one_sided[0]
            [number] = row.times_ns
            side = next(each for each in subject.sides if each.number == number)
            found.append(
                f"Only {side.label} has {category_name(row)}, {form.time(row.times_ns[number])}."
            )
    return found


def _largest(subject: Subject, rows: Sequence[Row], work: Sequence[Row]) -> str:
    """What each side spends most of its step on, told once where all have the same."""
    own = []
    for side in subject.sides:
        row = max(work, key=lambda row: row.times_ns.get(side.number, 0.0))
        time, whole = row.times_ns.get(side.number), parts.whole_ns(rows, side)
        if time and whole:
            own.append((category_name(row), f"{wording.percent(time / whole)} of {side.label}'s"))
    if len({name for name, _ in own}) == 1:
        return f"{own[0][0]}: {wording.listed(share for _, share in own)} step"
    return f"not the same: {wording.listed(f'{name}, {share} step' for name, share in own)}"


def _mapped(subject: Subject, rows: Sequence[Row]) -> str:
    """Which part of the time in which something runs has a category."""
    shares = []
    for side in subject.sides:
        busy = sum(r.times_ns.get(side.number, 0) for r in rows if r.kind not in ("gap", "idle"))
        named = sum(
            row.times_ns.get(side.number, 0) for row in rows if row.kind == "work" and row.category
        )
        shares.append(wording.percent(named / busy if busy else None, None))
    return wording.listed(shares) if any(row.times_ns for row in rows) else ""


def _category_chart(subject: Subject, rows: Sequence[Row]) -> Chart:
    return Chart(
        name="categories",
        module="categories",
        given={"sides": frames.sides(subject), "rows": frames.categories(subject, rows)},
        label="The profiled step of each side by kind of work",
        caption=(
            f"Time of the {parts.budget_of(subject)} per profiled step; hatched: nothing runs. "
            "Classified by phase first, then layer, then operation."
        ),
        note=setting(subject),
    )
