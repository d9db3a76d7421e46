"""What the rows of a level say, in words for headings and notes: made by rules, never by hand."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis import wording
from analysis.alignment.groups import ALL_LAYERS, WITHOUT_LAYERS
from analysis.alignment.places import RUNTIME
from analysis.alignment.record import Level, LevelRow, Levels
from analysis.categories.rules import TITLES
from analysis.comparison.ratios import MARGIN

UNKNOWN = "Where the steps differ"
DOMINATED = "The profiler costs more than half of the difference; rows are indicative"
NOT_ESTABLISHED = "No difference is established"
MOST_TOGETHER = 3
MAIN_RATIO, NAMED_RATIO = 0.5, 0.25
MANY_MORE = 1.5
PASSES = {
    "data": "loading data",
    "forward": "the forward pass",
    "loss": "the loss",
    "backward": "the backward pass",
    "optimizer": "the optimizer",
}
UNMAPPED: dict[Level, str] = {"phase": "work of no known phase", "layer": "work of no known layer"}
NOUNS: dict[Level, str] = {
    "phase": "phase",
    "layer": "layer",
    "category": "category",
    "op": "operation",
    "kernel": "kernel",
}
LONGEST_NAME = 60


@dataclass(frozen=True)
class Form:
    """How the differences of two sides are written."""

    unit: str
    unit_ns: float
    decimals: int

    def signed(self, time_ns: float) -> str:
        """With a sign, without the unit."""
        return wording.signed(time_ns / self.unit_ns, self.decimals)


def heading(
    levels: Levels, labels: Sequence[str], level: Level | None = None, *, established: bool = True
) -> str:
    """What explains the difference, as a sentence without a full stop.

    Args:
        levels: of two sides.
        labels: what the two are called, the baseline first.
        level: the one whose rows stand below; phases, or else categories, if there is none.
        established: whether the unprofiled steps of the two were found to differ.
    """
    level = level or main_level(levels)
    rows = [row for row in _own(levels, level) if row.kind != "overhead" and row.difference_ns]
    whole_ns = levels.headline_ns
    if whole_ns is None or not _own(levels, level):
        return UNKNOWN
    if levels.dominated:
        return DOMINATED
    rows.sort(key=lambda row: -abs(row.difference_ns))
    form = form_of(levels, level)
    if all(_is_small(levels, each_ns) for each_ns in (whole_ns, *(r.difference_ns for r in rows))):
        return _equal(level, rows, form)
    if not established:
        name = _name(rows[0], level, labels)
        size = f"{form.signed(rows[0].difference_ns)} {form.unit}"
        return f"{NOT_ESTABLISHED}; in the profiles {name} {_verb(name, 'differs')} by {size}"
    text = _explained(rows, whole_ns, form, [_name(row, level, labels) for row in rows])
    return text[:1].upper() + text[1:]


def details(levels: Levels, row: LevelRow, marks: Sequence[str]) -> str:
    """What a row's difference is made of, in a few words; empty where there is nothing to say.

    `marks` are the signs of both sides, the baseline first.
    """
    if row.kind == "gap":
        return "".join(_open_phase(levels, row))
    if row.kind not in ("work", "unmapped"):
        return ""
    if row.baseline_ns is None or row.other_ns is None:
        return f"{marks[0] if row.other_ns is None else marks[1]} only"
    return "; ".join((*_part(levels, row), *_counts(row)))


def form_of(levels: Levels, level: Level = "phase") -> Form:
    """The unit of the steps, with three digits of the largest difference."""
    rows = _own(levels, level)
    times_ns = [time_ns or 0.0 for row in rows for time_ns in (row.baseline_ns, row.other_ns)]
    unit, unit_ns = wording.time_unit(max(times_ns, default=0.0))
    differences_ns = [levels.headline_ns or 0.0, *(row.difference_ns for row in rows)]
    largest_ns = max(map(abs, differences_ns))
    return Form(unit, unit_ns, min(3, wording.decimals_for(largest_ns / unit_ns)))


def _own(levels: Levels, level: Level) -> list[LevelRow]:
    return [row for row in levels.rows.get(level, []) if row.budget == levels.budget]


def main_level(levels: Levels) -> Level:
    """Phases if both sides have one in common, else categories."""
    rows = [row for row in _own(levels, "phase") if row.phase]
    shared = any(row.baseline_ns is not None and row.other_ns is not None for row in rows)
    return "phase" if shared else "category"


def _is_small(levels: Levels, difference_ns: float) -> bool:
    """Whether it is within the margin of equality, as a part of the baseline's step."""
    step_ns = sum(row.baseline_ns or 0.0 for row in _own(levels, "phase"))
    return abs(difference_ns) <= MARGIN * abs(step_ns)


def _equal(level: Level, rows: Sequence[LevelRow], form: Form) -> str:
    if not rows:
        return f"No {NOUNS[level]} differs"
    scale: float = 10**form.decimals
    largest = math.ceil(abs(rows[0].difference_ns) / form.unit_ns * scale) / scale
    limit = f"{wording.number(largest, form.decimals)} {form.unit}"
    return f"No {NOUNS[level]} differs by more than {limit}"


def _explained(rows: Sequence[LevelRow], whole_ns: float, form: Form, names: Sequence[str]) -> str:
    largest_ns = rows[0].difference_ns
    whole = f"{form.signed(whole_ns)} {form.unit}"
    ratio = largest_ns / whole_ns if whole_ns else math.inf
    is_whole = form.signed(largest_ns) == form.signed(whole_ns)
    if not whole_ns or (not 0 < ratio <= 1 and not (ratio > 1 and is_whole)):
        size = f"{form.signed(largest_ns)} {form.unit}"
        relation = "more than" if 1 < ratio < math.inf else "against"
        return f"{names[0]} {_verb(names[0], 'differs')} by {size}, {relation} the step's {whole}"
    chosen: list[int] = []
    explained_ns = 0.0
    for number, row in enumerate(rows):
        if explained_ns / whole_ns >= MAIN_RATIO or len(chosen) == MOST_TOGETHER:
            break
        if (row.difference_ns > 0) == (whole_ns > 0):
            chosen.append(number)
            explained_ns += row.difference_ns
    subject = wording.listed(names[number] for number in chosen)
    verb = "together explain" if len(chosen) > 1 else _verb(names[chosen[0]], "explains")
    return f"{subject} {verb} {form.signed(explained_ns)} of the {whole}"


def _name(row: LevelRow, level: Level, labels: Sequence[str]) -> str:
    if row.kind in ("gap", "idle"):
        label = labels[1 if row.difference_ns > 0 else 0]
        return f"{label}'s {'host gaps' if row.kind == 'gap' else 'idle device'}"
    if row.kind == "unmapped":
        return UNMAPPED.get(level, "work of no known category")
    if row.category == RUNTIME.category and not row.phase:
        return "the framework's runtime"
    if level == "phase":
        return PASSES.get(row.phase, f"the phase {_short(row.phase)}")
    if level in ("op", "kernel"):
        return f"{NOUNS[level]} {_short(row.key)}"
    where = f" in {PASSES.get(row.phase, row.phase)}" if row.phase else ""
    if row.category is not None:
        return f"the category “{_title(row.category)}”{where}"
    if row.phase in WITHOUT_LAYERS and not row.layer:
        return PASSES[row.phase]
    return f"{_layers(row.layer)}{where}"


def _layers(layer: str) -> str:
    if layer == ALL_LAYERS:
        return layer
    several = " + " in layer or " and " in layer
    return f"layer{'s' if several else ''} {_short(layer)}" if layer else "work of no layer"


def _title(category: str) -> str:
    known = {each.value: title for each, title in TITLES.items()}
    return known.get(category, _short(category)).lower()


def _short(name: str) -> str:
    return wording.shortened(name, LONGEST_NAME)


def _verb(subject: str, verb: str) -> str:
    plural = subject.endswith("'s host gaps") or subject.startswith(("layers ", ALL_LAYERS))
    return verb.removesuffix("s") if plural else verb


def _part(levels: Levels, row: LevelRow) -> Iterator[str]:
    """The finer row that has the largest part of a phase's difference, if that is a good part."""
    if row not in levels.rows.get("phase", []) or not row.phase or not row.difference_ns:
        return
    finer = [
        part
        for part in levels.rows.get("layer", [])
        if part.budget == row.budget
        and part.phase == row.phase
        and (part.layer or part.category)
        and part.layer != ALL_LAYERS
    ]
    if len(finer) == 1:
        return
    part = max(finer, key=lambda part: part.difference_ns / row.difference_ns, default=None)
    if part is not None and part.difference_ns / row.difference_ns >= NAMED_RATIO:
        name = part.layer or _title(part.category or "")
        yield f"{_short(name)} {form_of(levels).signed(part.difference_ns)}"


def _open_phase(levels: Levels, row: LevelRow) -> Iterator[str]:
    """The phase in whose gaps the largest part of the difference lies, if that is a good part."""
    if row not in levels.rows.get("phase", []) or not row.difference_ns:
        return
    finer = [part for part in levels.rows.get("layer", []) if part.kind == "gap" and part.phase]
    part = max(finer, key=lambda part: part.difference_ns / row.difference_ns, default=None)
    if part is not None and part.difference_ns / row.difference_ns >= NAMED_RATIO:
        yield f"in {part.phase} {form_of(levels).signed(part.difference_ns)}"


def _counts(row: LevelRow) -> Iterator[str]:
    """How many kernels or operations a step has on either side, where that is far apart."""
    baseline, other = (round(count or 0) for count in row.counts)
    few, many = sorted((baseline, other))
    if few and are_far_apart(few, many):
        noun = "kernel" if row.budget == "device" else "operation"
        noun = "call" if row.category == RUNTIME.category else noun
        yield f"{wording.counted(other, noun)}, not {wording.count(baseline)}"


def are_far_apart(few: float, many: float) -> bool:
    """Whether so different numbers of operations are worth telling."""
    return many >= MANY_MORE * few and many - few >= 2
