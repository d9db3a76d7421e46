"""Charts over what several runs vary in: a setting of the sides, or how long they were trained."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import pandas as pd

from analysis import sides as marks
from analysis import statistics, wording
from analysis.comparison.record import ComparedSide
from analysis.report import frames
from analysis.report.chart import Chart
from analysis.report.hero import setting
from analysis.report.subject import Subject
from profilers.records import Settings

NUMERIC = ("batch_size", "threads", "loader_workers")
"""Settings that a line can be drawn over, beside the workload's own options."""

FEWEST_POINTS = 2


@dataclass(frozen=True)
class Family:
    """Sides of one framework and execution, by the value of the setting that varies."""

    label: str
    framework: str
    values: list[tuple[float, int]]


def charts(subject: Subject) -> list[Chart]:
    """Those for which there is something to draw."""
    return [*_sweep(subject), *_accuracy(subject)]


def varied(sides: list[ComparedSide]) -> str:
    """The one numeric setting in which sides differ; empty where it is none, or several."""
    known = [side.settings for side in sides if side.settings is not None]
    if len(known) < len(sides) or len(known) < FEWEST_POINTS:
        return ""
    written = [_numbers(each) for each in known]
    names = dict.fromkeys(name for each in written for name in each)
    apart = [name for name in names if len({each.get(name) for each in written}) > 1]
    fixed = {(each.workload, each.data, each.precision, each.optimizer) for each in known}
    return apart[0] if len(apart) == 1 and len(fixed) == 1 else ""


def _numbers(settings: Settings) -> dict[str, float]:
    found = {name: float(getattr(settings, name)) for name in NUMERIC}
    options = settings.options.items()
    return found | {name: float(value) for name, value in options if not isinstance(value, str)}


def families(subject: Subject, name: str) -> list[Family]:
    """The lines of a sweep over a setting, in the order of the sides."""
    found: dict[tuple[str, str], Family] = {}
    for side in subject.sides:
        compared = subject.of(side)
        value = _numbers(compared.settings).get(name) if compared.settings else None
        if value is None:
            continue
        key = (compared.framework, compared.execution)
        label = f"{wording.framework(compared.framework)} {compared.execution}"
        family = found.setdefault(key, Family(label, compared.framework, []))
        family.values.append((value, side.number))
    return [each for each in found.values() if len(each.values) >= FEWEST_POINTS]


def _sweep(subject: Subject) -> Iterator[Chart]:
    name = varied([subject.of(side) for side in subject.sides])
    lines = families(subject, name) if name else []
    if not lines:
        return
    yield Chart(
        name="sweep",
        module="sweep",
        given={
            "sides": _lines(lines),
            "rows": _points(subject, lines),
            "x_label": name.replace("_", " "),
            "y_label": "samples a second",
        },
        label=f"Samples a second over {name.replace('_', ' ')}",
        caption="A point is the median over the runs of a side; band: its 95 % interval.",
        note=setting(subject),
    )


def _lines(lines: Sequence[Family]) -> pd.DataFrame:
    """side, label, framework, mark: a row for each line, numbered from 0."""
    signs = marks.marks([line.framework for line in lines])
    return pd.DataFrame(
        [
            (number, line.label, line.framework, sign)
            for number, (line, sign) in enumerate(zip(lines, signs, strict=True))
        ],
        columns=["side", "label", "framework", "mark"],
    )


def _points(subject: Subject, lines: Sequence[Family]) -> pd.DataFrame:
    """side, x, estimate, low, high: samples a second with their interval, empty without one."""
    rows: list[tuple[int, float, float, float, float]] = []
    for number, line in enumerate(lines):
        for value, side in line.values:
            runs = [run for run in subject.runs if run.side.number == side]
            rates = [
                rate
                for run in runs
                if run.finished and (rate := run.finished.summary.samples_per_second)
            ]
            if rates:
                rows.append((number, value, median(rates), *frames.interval(rates)))
    return pd.DataFrame(rows, columns=["side", "x", "estimate", "low", "high"])


def _trained(subject: Subject) -> pd.DataFrame:
    """side, run, seconds, accuracy: what each run's timed steps came to."""
    rows: list[tuple[int, int, float, float]] = []
    for run in subject.runs:
        if run.finished is None or run.finished.summary.accuracy is None:
            continue
        timed = statistics.rows_of(run.finished.measured.steps, "timed")
        seconds = sum(row.duration_ns for row in timed) / 1e9
        rows.append((run.side.number, run.process.round, seconds, run.finished.summary.accuracy))
    return pd.DataFrame(rows, columns=["side", "run", "seconds", "accuracy"])


def _accuracy(subject: Subject) -> Iterator[Chart]:
    if any(run.finished and run.finished.summary.mode != "train" for run in subject.runs):
        return
    rows = _trained(subject)
    if len(rows) < FEWEST_POINTS:
        return
    yield Chart(
        name="accuracy",
        module="accuracy",
        given={"sides": frames.sides(subject), "rows": rows},
        label="Test accuracy against the time of training",
        caption=(
            "A point is a run: the accuracy on the test data after its timed steps, and how long "
            "these took."
        ),
        note=setting(subject),
    )
