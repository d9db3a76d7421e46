"""One median step: what it is made of, what limits it, and what the first step cost."""

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.anatomy.anatomy import PHASES
from analysis.anatomy.record import Anatomy
from analysis.report import frames, headings
from analysis.report.chart import Chart
from analysis.report.hero import setting
from analysis.report.names import GAP, IDLE, capital, short
from analysis.report.scale import scale
from analysis.report.subject import Side, Subject
from analysis.report.tables import Table

NO_PROFILE = "No profile could be read, so nothing is said of what a step is made of."
NOT_ORDERED = "The profiles name no phases, so no single step is drawn."


@dataclass(frozen=True)
class Limit:
    """What a side waits for, and what was seen that says so."""

    side: Side
    limit: str
    evidence: list[str]


@dataclass(frozen=True)
class Row:
    """A part of the step, with a time for each side."""

    name: str
    phase: str
    cells: list[str]
    muted: bool


@dataclass(frozen=True)
class MedianStep:
    """`break_even` are sentences on the first step, one for each other side that has one."""

    heading: str
    limits: list[Limit]
    unit: str
    rows: list[Row]
    chart: Chart | None
    empty: str
    break_even: list[str]
    table: Table


def median_step(subject: Subject) -> MedianStep:
    """The section."""
    found = {side.number: subject.anatomy(side) for side in subject.sides}
    known = {number: each for number, each in found.items() if each is not None}
    form = scale([each.step_ns for each in known.values()])
    chart = _chart(subject)
    return MedianStep(
        heading=headings.limited(
            [found[side.number] for side in subject.sides],
            [side.label for side in subject.sides],
        ),
        limits=[
            Limit(
                side,
                each.limited.limit or "no single limit",
                [capital(text) for text in each.limited.evidence],
            )
            for side in subject.sides
            if (each := found[side.number]) is not None
        ],
        unit=form.unit,
        rows=[
            Row(
                capital(name),
                phase,
                [form.number(values.get(side.number)) for side in subject.sides],
                muted,
            )
            for name, phase, values, muted in (_rows(known) if known else ())
        ],
        chart=chart,
        empty="" if chart else NOT_ORDERED if known else NO_PROFILE,
        break_even=[
            each.evidence.break_even.sentence
            for each in subject.against
            if each.evidence.break_even
        ],
        table=_table(subject, known),
    )


def _rows(
    known: dict[int, Anatomy],
) -> Iterator[tuple[str, str, dict[int, float | None], bool]]:
    """Phases in the order of a step, then what no work fills, then the device and the whole."""
    names = dict.fromkeys(name for each in known.values() for name in each.phases_ns)
    for name in sorted(names, key=_order):
        times: dict[int, float | None] = {
            number: each.phases_ns.get(name) for number, each in known.items()
        }
        yield short(name) or "no phase", name if name in PHASES else "unknown", times, False
    yield GAP, "gap", {number: each.host_gap_ns for number, each in known.items()}, True
    whole = {number: each.step_ns for number, each in known.items()}
    yield "profiled step", "", dict(whole), False
    others = {
        "device busy": {number: each.device_busy_ns for number, each in known.items()},
        IDLE: {number: each.device_idle_ns for number, each in known.items()},
        "host waits for the device": {number: each.waiting_ns for number, each in known.items()},
    }
    for name, times in others.items():
        if any(time is not None for time in times.values()):
            yield name, "", times, True


def _order(name: str) -> tuple[int, str]:
    return (PHASES.index(name) if name in PHASES else len(PHASES), name)


def _chart(subject: Subject) -> Chart | None:
    rows = frames.median_step(subject)
    if rows.empty:
        return None
    several = len(subject.sides) > 1
    return Chart(
        name="median-step",
        module="median_step",
        given={"sides": frames.sides(subject), "rows": rows},
        label=f"One median step{' of each side' if several else ''}: host and device on one axis",
        caption=f"{_drawn(subject)} Hatched: nothing runs.",
        note=setting(subject),
    )


def _drawn(subject: Subject) -> str:
    """Which step it is, and of which run where there are several."""
    several = len(subject.sides) > 1
    if any(len(subject.partitions(side)) > 1 for side in subject.sides):
        mean = "the side's mean" if several else "the mean"
        return f"The profiled step of median length, of the run where it is nearest to {mean}."
    return f"The profiled step of median length{' of each side' if several else ''}."


def _table(subject: Subject, known: dict[int, Anatomy]) -> Table:
    rows = [
        (side.label, name, times[side.number])
        for name, _, times, _ in _rows(known)
        for side in subject.sides
        if side.number in times
    ]
    return Table("step", {"side": "text", "part": "text", "time_ns": "number"}, rows)
