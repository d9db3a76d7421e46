"""How large? The table of figures with their intervals, as the terminal shows it."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis import wording
from analysis.comparison import values
from analysis.comparison.ratios import FEWEST_PAIRS
from analysis.comparison.record import Comparison
from analysis.comparison.table import Cell
from analysis.comparison.values import Written
from analysis.report import headings
from analysis.report.names import capital
from analysis.report.parts import budget_of
from analysis.report.subject import Subject
from analysis.report.tables import Table, Value

STEP = ("step_ms", "first_step_ms", "inference_latency_ms")
NOUNS = {
    "step_ms": "step time",
    "first_step_ms": "first step",
    "inference_latency_ms": "latency of one sample",
}


@dataclass(frozen=True)
class FigureRow:
    """A row: its label, what stands behind it in small, a cell for each side and each change."""

    label: str
    unit: str
    cells: list[Cell]
    changes: list[Cell]


@dataclass(frozen=True)
class Size:
    """`changes` are the titles of the columns with ratios."""

    heading: str
    text: str
    changes: list[str]
    rows: list[FigureRow]
    table: Table


def size(subject: Subject) -> Size:
    """The section."""
    record = subject.record
    rows = [*(values.FOREIGN if subject.foreign else values.MAIN), *values.COST]
    chosen = values.measured(record, rows)
    return Size(
        heading=heading(subject, STEP) or _single_heading(subject, chosen),
        text=_text(subject),
        changes=[f"{each.other.mark} / {each.baseline.mark}" for each in subject.against],
        rows=[figure_row(subject, values.written(record, row)) for row in chosen],
        table=_table(subject),
    )


def heading(subject: Subject, keys: Sequence[str]) -> str:
    """The ratios of some figures of the first other side; empty without one."""
    if not subject.against:
        return ""
    against = subject.against[0]
    place = subject.record.others.index(against.other.number)
    texts, alike = [], []
    pairs = len(against.evidence.pairs)
    for key in keys:
        figure = subject.record.figure(key)
        change = figure.changes[place] if figure else None
        if change is None:
            continue
        known = pairs >= FEWEST_PAIRS and change.low is not None and change.high is not None
        if known and (change.low or 0) <= 1 <= (change.high or 0):
            alike.append(NOUNS[key])
        else:
            texts.append(f"{values.times(change.estimate)} × the {NOUNS[key]}")
    verdict = "" if pairs >= FEWEST_PAIRS else f" {headings.no_verdict(pairs)}"
    found = [f"{against.other.label} takes {wording.listed(texts)}{verdict}"] if texts else []
    found += [f"no difference found in {wording.listed(alike)}"] if alike else []
    return capital("; ".join(found))


def _single_heading(subject: Subject, chosen: Sequence[values.Row]) -> str:
    """The step and the rate of a side alone."""
    texts = []
    for row in chosen[:2]:
        written = values.written(subject.record, row)
        cell = written.sides[subject.baseline.number]
        label, _, unit = written.label.partition(", ")
        texts.append(f"{cell.value} {unit} a {label}" if unit else f"{cell.value} {label}")
    return ", ".join(texts) or "No figure was measured"


def _text(subject: Subject) -> str:
    if subject.foreign:
        return "Of traces of other tools only the profiled steps are known, one profile each."
    runs = max((len(subject.of(side).complete) for side in subject.sides), default=0)
    begin = "Each figure comes from steps without a profiler"
    if not subject.against:
        beside = "; beside it the range over the runs" if runs > 1 else ""
        return f"{begin}{beside}."
    last = "the last column is" if len(subject.against) == 1 else "the last columns are"
    baseline = subject.baseline.label
    interval = "the ratio within the rounds, and its 95 % interval" if runs > 1 else "the ratio"
    beside = "; beside it the range over the runs" if runs > 1 else ""
    return f"{begin}{beside}. {capital(last)} {interval}, against {baseline}."


def figure_row(subject: Subject, written: Written) -> FigureRow:
    """A row of the comparison's table, with the sides in the order of the page."""
    label, _, unit = written.label.partition(", ")
    if subject.foreign and budget_of(subject) == "device":
        label += ", host"
    places = [subject.record.others.index(each.other.number) for each in subject.against]
    return FigureRow(
        label=capital(label) if label[:1].islower() else label,
        unit=unit,
        cells=[written.sides[side.number] for side in subject.sides],
        changes=[written.changes[place] for place in places],
    )


def _table(subject: Subject) -> Table:
    """Every figure of the record, in the unit of its name."""
    return Table(
        "figures",
        {
            "figure": "text",
            "side": "text",
            "median": "number",
            "low": "number",
            "high": "number",
            "runs": "whole",
            "change": "text",
            "change_estimate": "number",
            "change_low": "number",
            "change_high": "number",
            "pairs": "whole",
        },
        list(_figure_rows(subject.record)),
    )


def _figure_rows(record: Comparison) -> list[tuple[Value, ...]]:
    found: list[tuple[Value, ...]] = []
    for figure in record.figures:
        for number, (side, values_of) in enumerate(zip(record.sides, figure.ranges, strict=True)):
            if values_of is None:
                continue
            place = record.others.index(number) if number in record.others else None
            change = figure.changes[place] if place is not None else None
            ends: tuple[Value, ...] = (None,) * 5
            if change is not None:
                ends = (figure.kind, change.estimate, change.low, change.high, change.pairs)
            spread = (values_of.median, values_of.low, values_of.high, values_of.runs)
            found.append((figure.key, side, *spread, *ends))
    return found
