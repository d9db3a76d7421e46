"""The waterfall: rows from one side's step to the other's, each where the last one ended."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis import wording
from analysis.alignment import findings
from analysis.alignment.record import LevelRow, Levels
from analysis.report.names import MUTED, capital, part_name, row_name, short
from analysis.report.reasons import form_of, within
from analysis.report.scale import Scale
from analysis.report.subject import Against

NESTED, SMALLEST_SHARE = 3, 0.005
MARGIN = 0.03
"""Room beside the outermost bars, as a part of the axis."""


@dataclass(frozen=True)
class Bar:
    """Where a bar begins and how long it is, in percent of the axis; `colour` is a class."""

    left: float
    width: float
    colour: str


@dataclass(frozen=True)
class Step:
    """A row of the waterfall; nested ones stand below the part that they make up."""

    name: str
    detail: str
    nested: bool
    muted: bool
    bar: Bar
    baseline: str
    other: str
    difference: str
    interval: str
    share: str
    colour: str


@dataclass(frozen=True)
class Waterfall:
    """The rows, and where on the axis the steps of both sides end; `whole` is the last row."""

    unit: str
    zero: float
    end: float
    baseline_step: str
    other_step: str
    headline: str
    steps: list[Step]
    whole: Step


def waterfall(against: Against, levels: Levels, rows: Sequence[LevelRow]) -> Waterfall:
    """The rows of a level, the largest parts of each below it, and the whole step."""
    form = form_of(levels)
    headline_ns = levels.headline_ns
    if headline_ns is None:
        headline_ns = sum(row.difference_ns for row in rows)
    edges_ns = [0.0]
    for row in rows:
        edges_ns.append(edges_ns[-1] + row.difference_ns)
    nested = [_nested(levels, row, headline_ns) for row in rows]
    inner_ns = [
        start_ns + sum(part.difference_ns for part in parts[:count])
        for start_ns, parts in zip(edges_ns, nested, strict=False)
        for count in range(1, len(parts) + 1)
    ]
    axis = _Axis(against, form, headline_ns, [*edges_ns, *inner_ns, headline_ns])
    marks = [side.mark for side in against.sides]
    steps = []
    for start_ns, row, parts in zip(edges_ns, rows, nested, strict=False):
        detail = short(findings.details(levels, row, marks))
        steps.append(axis.step(_Part.of(row, row_name(row)), start_ns, detail))
        for part in parts:
            steps.append(axis.step(part, start_ns, nested=True))
            start_ns += part.difference_ns
    totals = [sum(times) for times in zip(*(_times(row) for row in rows), strict=True)]
    of_device = levels.budget == "device" and all(row.kind != "overhead" for row in rows)
    whole = _Part("Step of the device" if of_device else "Step", totals[0], totals[1], headline_ns)
    return Waterfall(
        unit=form.unit,
        zero=axis.place(0),
        end=axis.place(headline_ns),
        baseline_step=form.time(totals[0]),
        other_step=form.time(totals[1]),
        headline=f"{form.signed(headline_ns)} {form.unit}",
        steps=steps,
        whole=axis.step(whole, 0.0),
    )


@dataclass(frozen=True)
class _Part:
    """A row's numbers in ns; None where a side does not have it."""

    name: str
    baseline_ns: float | None
    other_ns: float | None
    difference_ns: float
    low_ns: float | None = None
    high_ns: float | None = None
    muted: bool = False

    @classmethod
    def of(cls, row: LevelRow, name: str) -> "_Part":
        """A row of a level."""
        return cls(
            name,
            row.baseline_ns,
            row.other_ns,
            row.difference_ns,
            row.low_ns,
            row.high_ns,
            row.kind in MUTED,
        )


@dataclass(frozen=True)
class _Axis:
    """The axis of a waterfall: from the leftmost to the rightmost edge, with some room."""

    against: Against
    form: Scale
    headline_ns: float
    edges_ns: Sequence[float]

    def place(self, time_ns: float) -> float:
        """A place in percent."""
        low, high = min(self.edges_ns), max(self.edges_ns)
        span = (high - low) or 1.0
        return round(100 * (MARGIN + (time_ns - low) / span * (1 - 2 * MARGIN)), 2)

    def step(self, part: _Part, start_ns: float, detail: str = "", nested: bool = False) -> Step:
        """A row as it is shown."""
        left, right = sorted(map(self.place, (start_ns, start_ns + part.difference_ns)))
        side = self.against.sides[part.difference_ns > 0].colour
        share = part.difference_ns / self.headline_ns if self.headline_ns else None
        ends = (part.low_ns, part.high_ns)
        return Step(
            name=capital(part.name) if not nested else part.name,
            detail=detail,
            nested=nested,
            muted=part.muted,
            bar=Bar(left, max(round(right - left, 2), 0.35), "none" if part.muted else side),
            baseline=self.form.number(part.baseline_ns),
            other=self.form.number(part.other_ns),
            difference=self.form.signed(part.difference_ns),
            interval="" if None in ends else " to ".join(map(self.form.signed, ends)),
            share=_percent(share),
            colour="" if part.muted or not part.difference_ns else side,
        )


def _nested(levels: Levels, phase: LevelRow, headline_ns: float) -> list[_Part]:
    """The largest parts of a phase, then the sum of the others."""
    rows = within(levels, phase)
    if len(rows) < 2:
        return []
    least_ns = SMALLEST_SHARE * abs(headline_ns)
    count = min(NESTED, sum(abs(row.difference_ns) >= least_ns for row in rows))
    shown, others = rows[:count], rows[count:]
    parts = [_Part.of(row, part_name(row)) for row in shown]
    if shown and others:
        sums = [sum(times) for times in zip(*map(_times, others), strict=True)]
        name = wording.counted(len(others), "other group")
        parts.append(_Part(name, sums[0], sums[1], sum(row.difference_ns for row in others)))
    return parts


def _times(row: LevelRow) -> tuple[float, float]:
    return row.baseline_ns or 0.0, row.other_ns or 0.0


def _percent(share: float | None) -> str:
    """A share with its sign; what is too small for one needs none."""
    if share is None:
        return wording.MISSING
    small = 0 < abs(share) < SMALLEST_SHARE
    return wording.percent(abs(share)) if small else f"{wording.signed(100 * share, 0)} %"
