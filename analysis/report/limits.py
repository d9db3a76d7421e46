"""What are the limits? Each layer's rate under the roofs that were measured."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from analysis import wording
from analysis.alignment.record import Levels
from analysis.partition.record import ANY_LAYER
from analysis.report import frames
from analysis.report.chart import Chart
from analysis.report.hero import setting
from analysis.report.names import short
from analysis.report.roofs import Point, Roof, cached, heading
from analysis.report.subject import Against, Side, Subject
from analysis.report.tables import Table, Value

MOST_ROWS = 16
GIGA = 1e9

Work = tuple[float, float]
"""Operations and bytes a step."""


@dataclass(frozen=True)
class RoofRow:
    """A layer with its intensity and, for each side, its rate and that as part of the roof."""

    name: str
    intensity: str
    cells: list[tuple[str, str]]


@dataclass(frozen=True)
class Limits:
    """`roofs` says what was measured of each side's device, `more` where the other rows are."""

    heading: str
    rows: list[RoofRow]
    more: str
    roofs: list[str]
    chart: Chart | None
    empty: str
    table: Table


def limits(subject: Subject) -> Limits:
    """The section."""
    points, own = _points(subject)
    roofs = {side.number: roof for side in subject.sides if (roof := subject.roof(side))}
    labels = {side.number: side.label for side in subject.sides}
    names = [labels.get(number, "") for number in range(max(labels, default=0) + 1)]
    shown = points if roofs else []
    return Limits(
        heading=heading(points, roofs, names),
        rows=_rows(subject, points, roofs),
        more=_more(points),
        roofs=[
            *(_roof(labels[number], roof) for number, roof in roofs.items()),
            *_told(subject, points, own),
            *filter(None, [cached(points, roofs)]),
        ],
        chart=_chart(subject, shown, roofs) if shown else None,
        empty="" if roofs else NO_PEAKS,
        table=_table(points, labels),
    )


NO_PEAKS = "No roof is drawn, and no rate is held against one."


def _told(subject: Subject, points: Sequence[Point], own: set[int]) -> list[str]:
    """Sides whose work is known by another one's, or not at all."""
    known = {point.side for point in points}
    lent = [side.label for side in subject.sides if side.number in known - own]
    unknown = [
        side.label
        for side in subject.sides
        if subject.partitions(side) and side.number not in known
    ]
    found = []
    if lent:
        found.append(
            f"The operations and bytes of {wording.listed(lent)} are those that the other side's "
            "profile tells of the same layers: both do the same arithmetic."
        )
    if unknown:
        whose = "profiles do" if len(unknown) > 1 else "profile does"
        found.append(f"The {whose} not say what work the layers of {wording.listed(unknown)} are.")
    return found


def _points(subject: Subject) -> tuple[list[Point], set[int]]:
    """The rate of each layer and phase, and the sides whose own profiles tell of the work.

    Two sides that do the same arithmetic have the same work in a layer, so where the profile of one
    does not tell of it, that of the other does.
    """
    against = subject.against
    if len(against) == 1 and against[0].levels is not None and not against[0].levels.fallback:
        return _shared(against[0], against[0].levels)
    found = [point for side in subject.sides for point in _own(subject, side)]
    return found, {point.side for point in found}


def _shared(against: Against, levels: Levels) -> tuple[list[Point], set[int]]:
    """Of both sides, by the rows that they have in common."""
    points: list[Point] = []
    own: set[int] = set()
    work_of = {
        (row.budget, row.key): (row.flops, row.bytes) for row in levels.rows.get("layer", [])
    }
    for row in levels.rows.get("layer", []):
        if row.budget != levels.budget or not row.layer or row.kind != "work":
            continue
        works: list[Work | None] = []
        for number in range(2):
            tried = (work_of.get((budget, row.key)) for budget in (levels.budget, "host"))
            pairs = ((each[0][number], each[1][number]) for each in tried if each is not None)
            works.append(next(((f, b) for f, b in pairs if f and b), None))
        own |= {side.number for side, work in zip(against.sides, works, strict=True) if work}
        times_ns = (row.baseline_ns, row.other_ns)
        for side, work, lent, time_ns in zip(
            against.sides, works, reversed(works), times_ns, strict=True
        ):
            flops, moved = work or (lent if against.certified else None) or (0.0, 0.0)
            if flops and moved and time_ns:
                point = Point(side.number, short(row.key, 60), flops / moved, flops * 1e9 / time_ns)
                points.append(point)
    return points, own


def _own(subject: Subject, side: Side) -> list[Point]:
    """Of one side, by its own profiles.

    An operation's work is counted for the outermost one, its time mostly for those inside; the work
    of a device is mostly known of the operations of the host that launched it.
    """
    sums: dict[tuple[str, str], dict[str, float]] = {}
    for partition in subject.partitions(side):
        budget = "device" if partition.devices else "host"
        for part in partition.parts:
            named = [short(layer, 60) for layer in part.layers if layer != ANY_LAYER]
            if not named:
                continue
            entry = sums.setdefault((" + ".join(named), part.phase), defaultdict(float))
            entry["time_ns"] += part.time_ns if part.budget == budget else 0
            entry[f"{part.budget} flops"] += part.flops or 0
            entry[f"{part.budget} bytes"] += part.bytes or 0
    points = []
    for (layer, phase), entry in sums.items():
        told = "device" if entry["device flops"] else "host"
        flops, moved = entry[f"{told} flops"], entry[f"{told} bytes"]
        if flops and moved and entry["time_ns"]:
            rate = flops * 1e9 / entry["time_ns"]
            points.append(Point(side.number, _name(layer, phase), flops / moved, rate))
    return points


def _name(layer: str, phase: str) -> str:
    return f"{layer}, {phase}" if phase else layer


def _rows(subject: Subject, points: Sequence[Point], roofs: dict[int, Roof]) -> list[RoofRow]:
    by_name: dict[str, dict[int, Point]] = {}
    for point in points:
        by_name.setdefault(point.name, {})[point.side] = point
    fastest = sorted(by_name, key=lambda n: -max(p.flops_per_second for p in by_name[n].values()))
    return [
        RoofRow(
            name,
            wording.number(max(p.flops_per_byte for p in by_name[name].values())),
            [_cell(by_name[name].get(side.number), roofs) for side in subject.sides],
        )
        for name in fastest[:MOST_ROWS]
    ]


def _more(points: Sequence[Point]) -> str:
    left = len({point.name for point in points}) - MOST_ROWS
    if left <= 0:
        return ""
    slower = wording.counted(left, "slower row")
    return f"{slower} {'is' if left == 1 else 'are'} left out; tables/roofline.csv has all."


def _cell(point: Point | None, roofs: dict[int, Roof]) -> tuple[str, str]:
    if point is None:
        return wording.MISSING, ""
    share = wording.percent(roofs[point.side].share(point)) if point.side in roofs else ""
    return wording.number(point.flops_per_second / GIGA), share


def _roof(label: str, roof: Roof) -> str:
    flops = wording.number(roof.flops_per_second / GIGA)
    moved = wording.number(roof.bytes_per_second / GIGA)
    return f"{label}: {flops} GFLOP/s in a test of matrix products, {moved} GB/s in one of copies."


def _chart(subject: Subject, points: Sequence[Point], roofs: dict[int, Roof]) -> Chart:
    return Chart(
        name="roofline",
        module="roofline",
        given={
            "sides": frames.sides(subject),
            "points": frames.points(points),
            "roofs": frames.roofs(roofs),
        },
        label="Rates of the layers under the measured roofs",
        caption=(
            "Both axes logarithmic. Operations and bytes come from shapes, time from the profile."
        ),
        note=setting(subject),
    )


def _table(points: Sequence[Point], labels: dict[int, str]) -> Table:
    rows: list[tuple[Value, ...]] = [
        (labels[point.side], point.name, point.flops_per_byte, point.flops_per_second)
        for point in points
    ]
    return Table(
        "roofline",
        {"side": "text", "name": "text", "flops_per_byte": "number", "flops_per_second": "number"},
        rows,
    )
