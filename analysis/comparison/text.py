"""A comparison as lines of text: answer, evidence, causes, cost, limits, and what to do next."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from analysis import run_text, settings_text, sides, wording
from analysis.comparison import answer, rounds, same_work, troubles, trust, values, where
from analysis.comparison.compare import Compared
from analysis.comparison.record import Comparison, Evidence, SameWork
from analysis.comparison.table import Column, Table, tables
from analysis.comparison.values import Written
from analysis.layout import (
    COMMAND_INDENT,
    INDENT,
    commands,
    labelled,
    shown_path,
    tied,
    wrapped,
)
from analysis.parity.check import CERTIFIED
from analysis.sides import Shown
from analysis.terminal import HEADING, MUTED, WARNING, Line, line

WORK_INDENT = 11


def lines(compared: Compared) -> Iterator[Line]:
    """The text on one comparison.

    With one side left that has complete runs, their own summary; with none, what became of all.
    """
    record, directory = compared.record, compared.directory
    for text in troubles.missing(record, directory):
        yield from wrapped(text, WARNING)
    shown = shown_sides(record)
    if len(shown.numbers) < 2:
        yield from wrapped(nothing_to_compare(shown), WARNING)
        yield from run_text.lines(compared.runs)
        if page := _page(record):
            yield from wrapped(f"The report on all of it: {shown_path(page)}", MUTED)
        return
    yield line()
    if record.stamp:
        yield from wrapped(record.stamp, WARNING)
    for text in answer.sentences(record):
        yield from wrapped(text, HEADING)
    for text in troubles.all_flagged(record):
        yield from wrapped(text, WARNING)
    settings = settings_line(record, shown)
    yield from wrapped("; ".join(filter(None, [settings, trust.method(record, shown)])), MUTED)
    yield line()
    yield from _work(record, shown)
    yield from _figures(record, shown)
    yield line()
    told, warned = [*trust.brief(record, shown)], [*troubles.warnings(record)]
    if told or warned:
        yield from labelled("Trust", told)
        yield from labelled("" if told else "Trust", warned, WARNING)
        yield line()
    yield from _next(record, shown, directory)


def shown_sides(record: Comparison) -> Shown:
    """The sides that have complete runs, the baseline first."""
    numbers = [number for number, side in enumerate(record.compared) if side.complete]
    numbers.sort(key=lambda number: number != record.baseline)
    frameworks = [side.framework for side in record.compared]
    marks = sides.marks(frameworks)
    return Shown(
        numbers=numbers,
        labels=[record.sides[number] for number in numbers],
        marks=[marks[number] for number in numbers],
        colours=[sides.COLOURS.get(frameworks[number], "") for number in numbers],
    )


def nothing_to_compare(shown: Shown) -> str:
    """That there are not two sides with complete runs."""
    if not shown.labels:
        return "No run is complete, there is nothing to compare."
    return f"Only {shown.labels[0]} has complete runs, there is nothing to compare them with."


def settings_line(record: Comparison, shown: Shown) -> str:
    """What was run, on what, and how often."""
    compared = [record.compared[number] for number in shown.numbers]
    first, counts = compared[0], [_counted(record, number) for number in shown.numbers]
    if record.stamp:
        return "single profiles; all times are of profiled steps"
    if len(set(counts)) == 1:
        runs = f"{wording.counted(counts[0], 'run')} each"
    else:
        runs = f"{wording.listed(counts)} runs"
    in_turn = max(counts) > 1 and record.order_seed is not None
    parts = [tied(f"{runs}, interleaved" if in_turn else runs)]
    if first.settings is not None and first.data is not None:
        environments = [side.environment for side in compared]
        parts.insert(
            0, settings_text.sentence(first.settings, first.data, environments, short=True)
        )
    return "; ".join(parts)


def _counted(record: Comparison, number: int) -> int:
    """The runs of a side that its figures are of; all complete ones where no step was timed."""
    found = values.ranges(record, "step_ms")[number]
    return found.runs if found else len(record.compared[number].complete)


def _work(record: Comparison, shown: Shown) -> Iterator[Line]:
    """The certificate, or where there is none whether the runs recorded the same work.

    Beside it stands whether they ran under the same conditions. Alike sides are told at once.
    """
    whose: dict[tuple[str, str, str, str | None], list[str]] = {}
    for number, summary, evidence in zip(
        record.others, record.comparisons, record.evidence, strict=True
    ):
        if number in shown.numbers and evidence.same_work is not None:
            found = (*told_work(evidence, evidence.same_work), summary.conditions)
            whose.setdefault(found, []).append(summary.other)
    for (title, text, hidden, conditions), labels in whose.items():
        who = f"{wording.listed(labels)}: " if len(whose) > 1 else ""
        alike = "; same conditions" if conditions == "same" else ""
        if title:
            yield from labelled(title, [f"✓ {who}{text}{alike}"], indent=WORK_INDENT)
        else:
            yield from wrapped(f"{who}{text}", WARNING)
        if hidden:
            yield from wrapped(f"{who}{hidden}", WARNING)
        if conditions not in (None, "same"):
            yield from wrapped(f"{who}other conditions: {conditions}", WARNING)


def told_work(evidence: Evidence, work: SameWork) -> tuple[str, str, str]:
    """The title of what is said of a side and the text; bad news has no title.

    The last one is what the runs differ in although their certificate does not tell of it.
    """
    if evidence.parity is not None:
        certified = evidence.parity.verdict in CERTIFIED
        hidden = bool(work.differing) and evidence.parity.comparable
        return (
            "Parity" if certified else "",
            evidence.parity.sentence,
            same_work.sentence(work) if hidden else "",
        )
    return "" if work.differing else "Same work", same_work.sentence(work), ""


def _figures(record: Comparison, shown: Shown) -> Iterator[Line]:
    """Table, phases and cost: the rows of the cost stand in the columns of the table."""
    main = values.FOREIGN if record.stamp else values.MAIN
    cost = values.measured(record, values.COST)
    rows = [values.written(record, row) for row in (*main, *cost)]
    columns = _side_columns(rows, shown)
    if len(shown.numbers) == 2:
        columns += _change_columns(record, rows, shown)
    found = tables([row.label for row in rows], columns)
    below: list[Table] = []
    if len(shown.numbers) > 2:
        changes = _change_columns(record, rows[: len(main)], shown)
        below = tables([row.label for row in rows[: len(main)]], changes)
    for table in (*found, *below):
        yield from table.head()
        yield from table.rows(0, len(main))
    yield from where.lines(record, shown)
    if record.stamp:
        return
    yield line()
    notes = "; ".join([*record.cost_methods, *record.cost_notes])
    if notes or not cost:
        yield from labelled("Cost", [notes or wording.MISSING], MUTED)
    else:
        yield line(("Cost", HEADING))
    for table in found:
        yield from table.rows(len(main), len(rows))


def _side_columns(rows: list[Written], shown: Shown) -> list[Column]:
    return [
        Column(f"{mark} {label}", mark, colour, [row.sides[number] for row in rows])
        for number, label, mark, colour in zip(
            shown.numbers, shown.labels, shown.marks, shown.colours, strict=True
        )
    ]


def _change_columns(record: Comparison, rows: list[Written], shown: Shown) -> list[Column]:
    """The ratios of all sides but the first, which is the baseline."""
    baseline = shown.marks[0]
    columns = []
    for number, mark in zip(shown.numbers[1:], shown.marks[1:], strict=True):
        place = record.others.index(number)
        title = f"{mark} / {baseline}"
        cells = [row.changes[place] for row in rows]
        columns.append(Column(title, title, "", cells, essential=True))
    return columns


def _next(record: Comparison, shown: Shown, directory: Path) -> Iterator[Line]:
    """The report, and where to look further: all sides in Perfetto, and in TensorBoard."""
    paths = [
        shown_path(rounds.path_of(directory, record.compared[number].complete[-1]))
        for number in shown.numbers
    ]
    label, page = "Next", _page(record)
    if page is not None:
        beside = f"{'report':<{COMMAND_INDENT}}{shown_path(page)}"
        yield line((f"{label:<{INDENT}}", HEADING), beside)
        label = ""
    named: dict[str, Sequence[str]] = {
        f"Perfetto {mark}": ["view", path] for mark, path in zip(shown.marks, paths, strict=True)
    }
    if any(row.trace for row in record.comparisons):
        named = {"Perfetto": ["view", shown_path(directory)]}
    if not record.stamp:
        named["TensorBoard"] = ["view", shown_path(directory), "--tensorboard"]
    yield from commands(label, named)


def _page(record: Comparison) -> Path | None:
    """Where the page on the comparison lies, if it was written."""
    return next((Path(row.report) for row in record.comparisons if row.report), None)
