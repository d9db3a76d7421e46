"""The three largest parts of a difference, each with what was seen that makes it up."""

from collections.abc import Iterator
from dataclasses import dataclass

from analysis import wording
from analysis.alignment import findings
from analysis.alignment.record import LevelRow, Levels
from analysis.report.names import capital, row_name
from analysis.report.scale import Scale
from analysis.report.subject import Against, Subject

MOST, SMALLEST_SHARE = 3, 0.01
MAIN_PART, NAMED_PART = 0.5, 0.25
MANY_MORE = 1.5


@dataclass(frozen=True)
class Reason:
    """A part of the step with its difference, and what it is made of."""

    title: str
    text: str


def reasons(subject: Subject) -> list[Reason]:
    """The largest parts of the difference of two sides; of more sides, the largest of each."""
    known = [each for each in subject.against if each.levels is not None]
    if len(known) == 1:
        return _reasons(known[0], MOST)
    return [
        Reason(f"{each.other.label}: {reason.title[:1].lower()}{reason.title[1:]}", reason.text)
        for each in known
        for reason in _reasons(each, 1)
    ]


def _reasons(against: Against, most: int) -> list[Reason]:
    levels = against.levels
    rows = phases(levels) if levels else []
    if levels is None or not rows:
        return []
    form = form_of(levels)
    whole_ns = levels.headline_ns or sum(row.difference_ns for row in rows)
    least_ns = SMALLEST_SHARE * max(abs(whole_ns), max(abs(row.difference_ns) for row in rows))
    largest = [
        row
        for row in rows
        if row.kind != "overhead" and row.difference_ns and abs(row.difference_ns) >= least_ns
    ]
    found = []
    for row in largest[:most]:
        opposite = "The other way. " if whole_ns * row.difference_ns < 0 else ""
        text = " ".join(_sentences(against, levels, row, form))
        if not text and (details := findings.details(levels, row, [s.mark for s in against.sides])):
            text = f"{capital(details)}."
        title = f"{capital(row_name(row))}, {form.signed(row.difference_ns)} {form.unit}."
        found.append(Reason(title, f"{opposite}{text}".strip()))
    return found


def phases(levels: Levels) -> list[LevelRow]:
    """The rows that explain the difference: the largest first, the profiler's own last.

    They are the phases or, where the sides have none in common, categories.
    """
    level = findings.main_level(levels)
    rows = [row for row in levels.rows.get(level, []) if row.budget == levels.budget]
    rows = [row for row in rows if row.difference_ns or row.baseline_ns or row.other_ns]
    return sorted(rows, key=lambda row: (row.kind == "overhead", -abs(row.difference_ns)))


def within(levels: Levels, phase: LevelRow, level: str = "layer") -> list[LevelRow]:
    """The rows of a finer level that make up a phase, the largest difference first."""
    if phase.kind != "work" or not phase.phase or findings.main_level(levels) != "phase":
        return []
    rows = [
        row
        for row in levels.rows.get(level, [])
        if row.budget == levels.budget
        and row.phase == phase.phase
        and row.kind in ("work", "unmapped")
    ]
    return sorted(rows, key=lambda row: -abs(row.difference_ns))


def form_of(levels: Levels) -> Scale:
    """How the times of one difference are written."""
    form = findings.form_of(levels, findings.main_level(levels))
    return Scale(form.unit, form.unit_ns, form.decimals)


def _sentences(against: Against, levels: Levels, row: LevelRow, form: Scale) -> Iterator[str]:
    if row.kind in ("gap", "idle"):
        yield _not_working(against, levels, row)
        return
    if row.kind == "unmapped":
        yield "No profile says which part of the step this work belongs to."
    layer = next((each for each in within(levels, row) if each.layer), None)
    if layer is not None:
        yield from _named(layer, row, form, "of it")
    operations = within(levels, row, "op")
    if operations and (layer is None or operations[0].key != layer.key):
        yield from _named(operations[0], row, form, "by operation")
    yield from _counts(against, operations)


def _named(part: LevelRow, whole: LevelRow, form: Scale, what: str) -> Iterator[str]:
    """What has most of a difference, if that is a part worth naming."""
    share = part.difference_ns / whole.difference_ns
    if share < NAMED_PART or share > 1 / NAMED_PART:
        return
    time = f"{form.signed(part.difference_ns)} {form.unit}"
    how = "Most" if share >= MAIN_PART else "The largest part"
    yield f"{how} {what}: {row_name(part)}, {time}."


def _not_working(against: Against, levels: Levels, row: LevelRow) -> str:
    """How much of either step nothing runs."""
    parts = []
    for number, side in enumerate(against.sides):
        whole_ns = sum(
            (each.baseline_ns, each.other_ns)[number] or 0
            for each in phases(levels)
            if each.kind != "overhead"
        )
        time_ns = (row.baseline_ns, row.other_ns)[number]
        share = wording.percent(time_ns / whole_ns) if time_ns is not None and whole_ns else ""
        parts.append(f"{share or wording.MISSING} of {side.label}'s profiled step")
    what = "the device has no work" if row.kind == "idle" else "no operation runs on the host"
    return f"{capital(what)} for {wording.listed(parts)}."


def _counts(against: Against, operations: list[LevelRow]) -> Iterator[str]:
    """That one side runs many more operations, where it does."""
    counts = [sum(row.counts[number] or 0 for row in operations) for number in (0, 1)]
    if not all(counts):
        return
    few, many = sorted((0, 1), key=lambda number: counts[number])
    if counts[many] >= MANY_MORE * counts[few] and counts[many] - counts[few] >= 2:
        labels = [side.label for side in against.sides]
        yield (
            f"{labels[many]} runs {wording.count(round(counts[many]))} operations where "
            f"{labels[few]} runs {wording.count(round(counts[few]))}."
        )
