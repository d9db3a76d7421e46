"""What is said of a comparison, as pages of TensorBoard's Text tab."""

from collections.abc import Iterator

from analysis import wording
from analysis.alignment.record import Level, LevelRow, Levels
from analysis.comparison import answer, text, troubles, trust, values
from analysis.comparison.compare import Compared
from analysis.comparison.record import Comparison
from analysis.exporters.tensorboard import certificate_text, markdown
from analysis.sides import Shown

MOST_ROWS = 30
LEVELS: dict[Level, str] = {
    "phase": "phase",
    "category": "kind of work",
    "layer": "layer",
    "op": "operation",
    "kernel": "kernel",
}


def texts(compared: Compared) -> Iterator[tuple[str, str]]:
    """The pages with their tags: the answer, then what it stands on for each other side."""
    record = compared.record
    shown = text.shown_sides(record)
    yield "comparison/answer", _verdict(compared, shown)
    if len(shown.numbers) < 2:
        return
    several = len(shown.numbers) > 2
    for place, other in enumerate(record.others):
        if other not in shown.numbers:
            continue
        behind = f", {record.sides[other]}" if several else ""
        found = certificate_text.page(compared, place)
        if found:
            yield f"comparison/certificate{behind}", found
        levels = record.levels[place] if record.levels else None
        labels = (record.sides[record.baseline], record.sides[other])
        for level, name in LEVELS.items():
            if levels is not None and levels.rows.get(level):
                yield (
                    f"comparison/difference by {name}{behind}",
                    _level(levels, level, name, labels),
                )


def _verdict(compared: Compared, shown: Shown) -> str:
    """The answer, what was run, the figures, and how far they can be trusted."""
    record = compared.record
    told = [*filter(None, [record.stamp]), *troubles.missing(record, compared.directory)]
    if len(shown.numbers) < 2:
        return markdown.paragraphs([*told, text.nothing_to_compare(shown)])
    told += [*answer.sentences(record), text.settings_line(record, shown)]
    trusted = trust.sentences(record, shown, compared.directory)
    parts = [markdown.paragraphs(told), _figures(record, shown)]
    return "\n\n".join([*parts, markdown.items(trusted)])


def _figures(record: Comparison, shown: Shown) -> str:
    rows = values.FOREIGN if record.stamp else (*values.MAIN, *values.COST)
    others = [record.others.index(number) for number in shown.numbers[1:]]
    baseline = shown.labels[0]
    head = ["", *shown.labels, *(f"{label} / {baseline}" for label in shown.labels[1:])]
    cells = []
    for row in (values.written(record, row) for row in values.measured(record, rows)):
        found = [row.sides[number] for number in shown.numbers]
        found += [row.changes[place] for place in others]
        beside = (f"{cell.value} ({cell.note})" if cell.note else cell.value for cell in found)
        cells.append([row.label, *beside])
    return markdown.table(head, cells)


def _level(levels: Levels, level: Level, name: str, labels: tuple[str, str]) -> str:
    """The rows of a level with the largest differences."""
    rows = sorted(levels.rows[level], key=lambda row: -abs(row.difference_ns))
    pairs = wording.counted(levels.pairs, "pair")
    told = [f"Milliseconds a profiled step, mean over {pairs} of profiles."]
    if len(rows) > MOST_ROWS:
        told.append(f"The {MOST_ROWS} largest of {len(rows)} differences; the report has all.")
    devices = len({row.budget for row in rows}) > 1
    head = [name, *(["time of"] if devices else []), *labels, "difference", "share", *labels]
    cells = (_row(row, devices) for row in rows[:MOST_ROWS])
    notes = [*filter(None, (levels.stamp, levels.fallback)), *levels.notes]
    table = markdown.table(head, cells)
    return "\n\n".join([markdown.paragraphs([" ".join(told), *notes]), table])


def _row(row: LevelRow, devices: bool) -> list[str]:
    """Times and their difference, and what each side's own names are."""
    times = (row.baseline_ns, row.other_ns)
    return [
        row.key,
        *([row.budget] if devices else []),
        *(wording.number(None if time is None else time / 1e6) for time in times),
        wording.signed(row.difference_ns / 1e6),
        wording.percent(row.share),
        *(wording.listed(names[:3]) if names else "" for names in row.names),
    ]
