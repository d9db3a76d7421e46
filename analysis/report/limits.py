"""What are the limits? Each layer's rate under the roofs that were measured."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis import wording
from analysis.anatomy import words
from analysis.anatomy.words import Point, Roof
from analysis.partition.record import ANY_LAYER
from analysis.report import frames
from analysis.report.chart import Chart
from analysis.report.hero import setting
from analysis.report.names import short
from analysis.report.subject import Side, Subject
from analysis.report.tables import Table, Value

MOST_ROWS = 16
GIGA = 1e9


@dataclass(frozen=True)
class RoofRow:
    """A layer with its intensity and, for each side, its rate and that as part of the roof."""

    name: str
    intensity: str
    cells: list[tuple[str, str]]


@dataclass(frozen=True)
class Limits:
    """`roofs` says what was measured of each side's device."""

    heading: str
    rows: list[RoofRow]
    roofs: list[str]
    chart: Chart | None
    empty: str
    table: Table


def limits(subject: Subject) -> Limits:
    """The section."""
    points = [point for side in subject.sides for point in _points(subject, side)]
    roofs = {side.number: roof for side in subject.sides if (roof := subject.roof(side))}
    labels = {side.number: side.label for side in subject.sides}
    names = [labels.get(number, "") for number in range(max(labels, default=0) + 1)]
    shown = points if roofs else []
    return Limits(
        heading=words.limits_heading(points, roofs, names),
        rows=_rows(subject, points, roofs),
        roofs=[
            *(_roof(labels[number], roof) for number, roof in roofs.items()),
            *_unknown(subject, points),
        ],
        chart=_chart(subject, shown, roofs) if shown else None,
        empty="" if roofs else NO_PEAKS,
        table=_table(points, labels),
    )


NO_PEAKS = "No roof is drawn, and no rate is held against one."


def _unknown(subject: Subject, points: Sequence[Point]) -> list[str]:
    """The sides that have profiles, but none with the work of a layer."""
    known = {point.side for point in points}
    unknown = [s.label for s in subject.sides if subject.partitions(s) and s.number not in known]
    if not unknown:
        return []
    whose = "profiles do" if len(unknown) > 1 else "profile does"
    return [f"The {whose} not say what work the layers of {wording.listed(unknown)} are."]


def _points(subject: Subject, side: Side) -> list[Point]:
    """The rate of each layer and phase: the work that is known of it, over all of its time.

    An operation's work is counted for the outermost one, its time mostly for those inside.
    """
    sums: dict[tuple[str, str], list[float]] = {}
    for partition in subject.partitions(side):
        budget = "device" if partition.devices else "host"
        for part in partition.parts:
            named = [short(layer, 60) for layer in part.layers if layer != ANY_LAYER]
            if part.budget == budget and named:
                place = (" + ".join(named), part.phase)
                entry = sums.setdefault(place, [0.0, 0.0, 0.0])
                for at, value in enumerate((part.flops, part.bytes, part.time_ns)):
                    entry[at] += value or 0
    return [
        Point(side.number, _name(layer, phase), flops / moved, flops * 1e9 / time_ns)
        for (layer, phase), (flops, moved, time_ns) in sums.items()
        if flops and moved and time_ns
    ]


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
