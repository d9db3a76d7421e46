"""Times of several sides by category, layer or operation: what charts and tables both show."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from analysis.alignment.record import Level, LevelRow
from analysis.partition.record import ANY_LAYER, Budget, Part
from analysis.report.names import short
from analysis.report.subject import Against, Side, Subject
from analysis.report.tables import Kind, Table, Value

NO_LAYER = "no layer"


@dataclass
class Row:
    """A part of the step: ns a step for each side by its number, with its names and calls.

    `kind` is that of rows of levels. A side that does not have the row is not in `times_ns`.
    """

    key: str
    kind: str
    phase: str
    category: str | None
    layer: str
    times_ns: dict[int, float] = field(default_factory=dict)
    calls: dict[int, float] = field(default_factory=dict)
    names: dict[int, list[str]] = field(default_factory=dict)
    interval_ns: tuple[float, float] | None = None

    def difference_ns(self, against: Sequence[Side]) -> float:
        """Other less baseline; what a side does not have takes no time there."""
        baseline, other = (self.times_ns.get(side.number, 0.0) for side in against)
        return other - baseline

    @property
    def longest_ns(self) -> float:
        """The time of the side that takes longest."""
        return max(self.times_ns.values(), default=0.0)


def budget_of(subject: Subject) -> Budget:
    """Whose time explains the step: the device's where all sides have one."""
    for each in subject.against:
        if each.levels is not None:
            return each.levels.budget
    partitions = [part for side in subject.sides for part in subject.partitions(side)]
    return "device" if partitions and all(each.devices for each in partitions) else "host"


def of_pair(against: Against, level: Level) -> list[Row]:
    """The rows of a level of two sides, but for what the profiler adds."""
    levels = against.levels
    if levels is None:
        return []
    rows = [row for row in levels.rows.get(level, []) if row.kind != "overhead"]
    if level != "kernel":
        rows = [row for row in rows if row.budget == levels.budget]
    return [_of_level(against, row) for row in rows]


def _of_level(against: Against, row: LevelRow) -> Row:
    found = Row(row.key, row.kind, row.phase, row.category, row.layer)
    times_ns = (row.baseline_ns, row.other_ns)
    for side, time_ns, count, names in zip(
        against.sides, times_ns, row.counts, row.names, strict=True
    ):
        if time_ns is not None:
            found.times_ns[side.number] = time_ns
            found.names[side.number] = names
        if count is not None:
            found.calls[side.number] = count
    if row.low_ns is not None and row.high_ns is not None:
        found.interval_ns = row.low_ns, row.high_ns
    return found


def of_all(subject: Subject, level: Level) -> list[Row]:
    """The rows of a level for all sides: from levels for two, else from the sides' profiles."""
    if len(subject.against) == 1 and subject.against[0].levels is not None:
        return of_pair(subject.against[0], level)
    found: dict[tuple[str, ...], Row] = {}
    budget = budget_of(subject)
    for side in subject.sides:
        partitions = subject.partitions(side)
        for partition in partitions:
            weight = 1 / (max(partition.steps, 1) * len(partitions))
            for part in partition.parts:
                if part.budget == budget:
                    _add(found, level, side, part, weight)
    return list(found.values())


def _add(
    found: dict[tuple[str, ...], Row], level: Level, side: Side, part: Part, weight: float
) -> None:
    """Add a part to its row; what no work fills has one row at each level."""
    kind = part.kind if part.kind in ("gap", "idle") else "work"
    layer = _layer(part)
    keys = {
        "phase": part.phase,
        "layer": layer,
        "category": part.category or "",
        "op": part.op or part.name,
        "kernel": part.name,
    }
    key = keys[level] if kind == "work" else kind
    phase = part.phase if level in ("phase", "layer", "op") and kind == "work" else ""
    place = (kind, key, phase, part.category or "" if level == "op" else "")
    row = found.get(place)
    if row is None:
        category = part.category if level in ("category", "op", "kernel") else None
        row = found[place] = Row(key, kind, phase, category, layer if level == "layer" else "")
    times, calls = row.times_ns, row.calls
    times[side.number] = times.get(side.number, 0.0) + part.time_ns * weight
    calls[side.number] = calls.get(side.number, 0.0) + part.count * weight
    names = row.names.setdefault(side.number, [])
    if part.name and part.name not in names:
        names.append(part.name)


def _layer(part: Part) -> str:
    """The layers that a part works for, joined as a group is."""
    named = [short(layer) for layer in part.layers if layer != ANY_LAYER]
    return " + ".join(named) or NO_LAYER


def whole_ns(rows: Iterable[Row], side: Side) -> float:
    """The sum of a side's times."""
    return sum(row.times_ns.get(side.number, 0.0) for row in rows)


def table(name: str, subject: Subject, rows: Sequence[Row]) -> Table:
    """The rows as a table of the files beside the page: ns a step of each side."""
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
