"""The step by layer: bars of both sides, forward and backward, on one scale."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis import wording
from analysis.report import frames, parts
from analysis.report.chart import Chart
from analysis.report.hero import setting
from analysis.report.names import capital, short
from analysis.report.parts import NO_LAYER, Row
from analysis.report.scale import Scale, scale
from analysis.report.subject import Against, Side, Subject
from analysis.report.tables import Table

MOST_LAYERS = 14
WIDEST = 84.0
"""Percent of its half that the longest bar has; behind it stands its time."""


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
        table=parts.table(name, subject, [row for layer in order for row in grouped[layer]]),
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
