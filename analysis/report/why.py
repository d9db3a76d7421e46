"""Why? From one side's step to the other's, part by part: rows that add up to the difference."""

from collections.abc import Iterator
from dataclasses import dataclass

from analysis import wording
from analysis.alignment import findings
from analysis.alignment.record import LEVELS, Levels
from analysis.comparison.values import ranges, times
from analysis.report.names import capital
from analysis.report.reasons import phases
from analysis.report.subject import Against, Subject
from analysis.report.tables import Table, Value
from analysis.report.waterfall import Waterfall, waterfall

ALIKE = ("not found", "equivalent")
"""Kinds of evidence by which the steps of two sides were not found to differ."""


@dataclass(frozen=True)
class Why:
    """`warnings` are what must be known before the rows; `caption` says what they are of."""

    against: Against
    heading: str
    warnings: list[str]
    text: str
    waterfall: Waterfall | None
    empty: str
    caption: str
    table: Table


def why(subject: Subject) -> list[Why]:
    """A section for each side but the baseline; none where sides are not comparable."""
    return [_why(subject, each) for each in subject.against if each.comparable]


def _why(subject: Subject, against: Against) -> Why:
    levels = against.levels
    rows = phases(levels) if levels else []
    if levels is None or not rows:
        return Why(
            against=against,
            heading="No profile says where the steps differ",
            warnings=[],
            text="",
            waterfall=None,
            empty="No pair of runs has profiles that can be read, so nothing explains the "
            "difference.",
            caption="",
            table=_table(against, levels),
        )
    heading = findings.heading(
        levels,
        [side.label for side in against.sides],
        established=against.evidence.kind not in ALIKE,
    )
    return Why(
        against=against,
        heading=heading,
        warnings=list(_warnings(levels, heading)),
        text=(
            f"From the step of {against.baseline.label} to that of {against.other.label}. A bar to "
            f"the right is time that {against.other.label} spends and {against.baseline.label} "
            "doesn't; to the left, the reverse. Rows add up to the difference."
        ),
        waterfall=waterfall(against, levels, rows),
        empty="",
        caption=" ".join(_caption(subject, against, levels)),
        table=_table(against, levels),
    )


def _warnings(levels: Levels, heading: str) -> Iterator[str]:
    if levels.dominated and findings.DOMINATED not in heading:
        yield f"{findings.DOMINATED}."
    if levels.fallback:
        yield capital(levels.fallback)
    yield from map(capital, levels.notes)


def _caption(subject: Subject, against: Against, levels: Levels) -> Iterator[str]:
    """What the rows are of, how much the profiler cost, and how sides were aligned."""
    whose = "device" if levels.budget == "device" else "host"
    pairs = wording.counted(levels.pairs, "pair") if levels.pairs > 1 else "a single pair"
    yield f"Time of the {whose} per profiled step, mean over {pairs} of profiles."
    overheads = [ranges(subject.record, "overhead_ratio")[side.number] for side in against.sides]
    told = [
        f"{times(found.median)} × ({side.label})"
        for found, side in zip(overheads, against.sides, strict=True)
        if found
    ]
    if told:
        yield f"Profiled steps took {wording.listed(told)} as long as unprofiled ones."
    if levels.pairs < len(subject.of(against.other).complete) or levels.pairs < 3:
        yield "Intervals of rows need three pairs of profiles."
    else:
        yield "Below a difference: its 95 % interval over the pairs."
    yield ALIGNED[levels.aligned_by]
    if levels.unaligned_ratio:
        yield f"{wording.percent(levels.unaligned_ratio, 1)} of the time has no counterpart."


ALIGNED = {
    "layers": "The sides are aligned by the layers of their model.",
    "modules": "The sides are aligned by the paths of their modules.",
    "sequence": "The sides are aligned by the order of their operations.",
    "category": "The sides are aligned by kinds of work alone.",
}


def _table(against: Against, levels: Levels | None) -> Table:
    """All rows of all levels, in nanoseconds a step."""
    rows: list[tuple[Value, ...]] = []
    for level in LEVELS:
        for row in levels.rows.get(level, []) if levels else []:
            texts = (level, row.key, row.budget, row.kind, row.phase, row.layer, row.category)
            numbers = (row.baseline_ns, row.other_ns, row.difference_ns, row.low_ns, row.high_ns)
            names = [" | ".join(each[:20]) for each in row.names]
            rows.append((against.other.label, *texts, *numbers, row.share, *row.counts, *names))
    return Table(
        f"levels-{against.other.number}",
        {
            "other": "text",
            "level": "text",
            "key": "text",
            "budget": "text",
            "kind": "text",
            "phase": "text",
            "layer": "text",
            "category": "text",
            "baseline_ns": "number",
            "other_ns": "number",
            "difference_ns": "number",
            "low_ns": "number",
            "high_ns": "number",
            "share_ratio": "number",
            "baseline_calls": "number",
            "other_calls": "number",
            "baseline_names": "text",
            "other_names": "text",
        },
        rows,
    )
