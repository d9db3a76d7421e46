"""The step by category and by layer, as charts and as tables whose rows add up."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis import wording
from analysis.report import frames, parts
from analysis.report.chart import Chart
from analysis.report.hero import setting
from analysis.report.names import FIXED, UNMAPPED, capital, category_title, short
from analysis.report.parts import NO_LAYER, Row
from analysis.report.scale import Scale, scale
from analysis.report.subject import Against, Side, Subject
from analysis.report.tables import Kind, Table, Value

MOST_LAYERS = 14
WIDEST = 84.0
"""Percent of its half that the longest bar has; behind it stands its time."""

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


@dataclass(frozen=True)
class Half:
    """One side of a mirror's row: forward, backward and other work in percent of the axis."""

    parts: list[tuple[str, float]]
    text: str

    @property
    def width(self) -> float:
        """All of it."""
        return round(sum(width for _, width in self.parts), 2)


@dataclass(frozen=True)
class LayerRow:
    """A layer or a group of layers, with a half for each side; `phase` if it has only one."""

    name: str
    phase: str
    halves: list[Half]


@dataclass(frozen=True)
class Layers:
    """The layers of two sides, or of one alone."""

    sides: Sequence[Side]
    against: Against | None
    unit: str
    rows: list[LayerRow]
    rest: str
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
        table=_table("categories", subject, rows),
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


def layers(subject: Subject) -> list[Layers]:
    """The layers of each other side beside the baseline's; of one side, its own."""
    if not subject.against:
        return [_layers(subject, None, parts.of_all(subject, "layer"))]
    return [
        _layers(subject, each, parts.of_pair(each, "layer"))
        for each in subject.against
        if each.comparable
    ]


def _layers(subject: Subject, against: Against | None, rows: Sequence[Row]) -> Layers:
    both = against.sides if against else tuple(subject.sides[:1])
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        if row.kind == "work" and row.layer not in ("", NO_LAYER):
            grouped.setdefault(row.layer, []).append(row)
    order = sorted(grouped, key=lambda name: -max(parts.whole_ns(grouped[name], s) for s in both))
    longest_ns = (
        max((parts.whole_ns(grouped[order[0]], side) for side in both), default=0) if order else 0
    )
    form = scale([longest_ns])
    name = f"layers-{against.other.number}" if against else "layers"
    fallback = against.levels.fallback if against and against.levels else ""
    return Layers(
        sides=both,
        against=against,
        unit=form.unit,
        rows=[
            LayerRow(
                short(layer, 60),
                _only_phase(grouped[layer], rows),
                [_half(grouped[layer], side, longest_ns, form) for side in both],
            )
            for layer in order[:MOST_LAYERS]
        ],
        rest=_rest(order),
        chart=_layer_chart(subject, both, grouped, name) if order else None,
        empty="" if order else capital(fallback) or NO_LAYERS,
        table=_table(name, subject, [row for layer in order for row in grouped[layer]]),
    )


def _only_phase(own: Sequence[Row], every: Sequence[Row]) -> str:
    """The one phase of a layer, unless all layers have that one alone."""
    phases = {row.phase for row in own}
    others = {row.phase for row in every if row.kind == "work" and row.layer not in ("", NO_LAYER)}
    return short(phases.pop(), 40) if len(phases) == 1 < len(others) else ""


NO_LAYERS = "The profiles name no layers, so the step is parted by phase and kind of work alone."


def _rest(order: Sequence[str]) -> str:
    more = len(order) - MOST_LAYERS
    return f"{wording.counted(more, 'smaller layer')} in tables/layers*.csv." if more > 0 else ""


def _half(rows: Sequence[Row], side: Side, longest_ns: float, form: Scale) -> Half:
    known = [row for row in rows if side.number in row.times_ns]
    if not known:
        return Half([], wording.MISSING)
    sums: dict[str, float] = {}
    for row in known:
        name = row.phase if row.phase in ("forward", "backward") else "other"
        sums[name] = sums.get(name, 0.0) + row.times_ns[side.number]
    widths = [
        (name, round(WIDEST * sums[name] / longest_ns, 2))
        for name in ("forward", "backward", "other")
        if sums.get(name) and longest_ns
    ]
    return Half(widths, form.number(sum(sums.values())))


def _layer_chart(
    subject: Subject, both: Sequence[Side], grouped: dict[str, list[Row]], name: str
) -> Chart:
    return Chart(
        name=name,
        module="layers",
        given={"sides": frames.sides(subject, both), "rows": frames.layers(both, grouped)},
        label="Time of each layer",
        caption="",
        note=setting(subject),
        shown=False,
    )


def _table(name: str, subject: Subject, rows: Sequence[Row]) -> Table:
    found: list[tuple[Value, ...]] = [
        (
            row.key,
            row.kind,
            row.phase,
            row.layer,
            row.category,
            side.label,
            row.times_ns[side.number],
        )
        for row in rows
        for side in subject.sides
        if side.number in row.times_ns
    ]
    columns: dict[str, Kind] = dict.fromkeys(
        ("key", "kind", "phase", "layer", "category", "side"), "text"
    )
    return Table(name, {**columns, "time_ns": "number"}, found)
