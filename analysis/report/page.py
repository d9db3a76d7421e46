"""The sections of a page, in their order, with the charts and tables that belong to them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis.comparison.ratios import FEWEST_PAIRS
from analysis.report import (
    categories,
    cost,
    frames,
    hero,
    layers,
    limits,
    operations,
    real,
    repeat,
    settings,
    size,
    step,
    trends,
    why,
)
from analysis.report.chart import Chart
from analysis.report.reasons import phases
from analysis.report.subject import Subject
from analysis.report.tables import Table


@dataclass(frozen=True)
class Page:
    """All that the templates show, and what is written beside the page."""

    title: str
    badge: str
    badge_kind: str
    subject: Subject
    hero: hero.Hero
    real: real.Real
    size: size.Size
    why: list[why.Why]
    step: step.MedianStep
    categories: categories.Categories
    layers: list[layers.Layers]
    operations: list[operations.Operations]
    cost: cost.Cost
    limits: limits.Limits
    settings: settings.SettingsPart
    repeat: repeat.Repeat
    spread: Chart | None
    trends: list[Chart]
    waterfalls: list[Chart]

    def charts(self) -> Iterator[Chart]:
        """Every chart of the page."""
        yield from filter(None, [self.spread, *self.trends])
        yield from filter(None, [self.step.chart, self.categories.chart])
        yield from self.waterfalls
        yield from filter(None, (each.chart for each in self.layers))
        yield from filter(None, (each.chart for each in self.operations))
        yield from filter(None, [self.cost.energy_chart, self.cost.resources, self.cost.memory])
        yield from filter(None, [self.limits.chart])

    def tables(self) -> Sequence[Table]:
        """Every table of the page."""
        return [
            self.size.table,
            self.real.table,
            *(each.table for each in self.why),
            self.step.table,
            self.categories.table,
            *(each.table for each in self.layers),
            *(each.table for each in self.operations),
            self.cost.table,
            self.cost.phase_table,
            self.limits.table,
            self.settings.table,
        ]


def page(subject: Subject) -> Page:
    """Gather a page; nothing is drawn or written yet."""
    badge, kind = _badge(subject)
    return Page(
        title=_title(subject),
        badge=badge,
        badge_kind=kind,
        subject=subject,
        hero=hero.hero(subject),
        real=real.real(subject),
        size=size.size(subject),
        why=why.why(subject),
        step=step.median_step(subject),
        categories=categories.categories(subject),
        layers=layers.layers(subject),
        operations=operations.operations(subject),
        cost=cost.cost(subject),
        limits=limits.limits(subject),
        settings=settings.settings(subject),
        repeat=repeat.repeat(subject),
        spread=_spread(subject),
        trends=trends.charts(subject),
        waterfalls=list(_waterfalls(subject)),
    )


def _title(subject: Subject) -> str:
    known = subject.settings(subject.baseline)
    workload = f"{known.workload_name}, " if known else ""
    return f"crossprof: {workload}{', '.join(side.label for side in subject.sides[:4])}"


def _badge(subject: Subject) -> tuple[str, str]:
    """What must be seen wherever the page is: that it is no certified comparison."""
    if subject.record.stamp:
        return subject.record.stamp, "warn"
    if not subject.comparable:
        return "not comparable", "bad"
    return "", ""


def _spread(subject: Subject) -> Chart | None:
    times, spans, window = frames.step_times(subject)
    if times.empty:
        return None
    runs = max(len([run for run in subject.runs if run.side == side]) for side in subject.sides)
    band = "; band: the 95 % interval over the runs, Student's t" if runs >= FEWEST_PAIRS else ""
    dots = "a step" if window == 1 else f"the mean of a window of {window:,} steps"
    return Chart(
        name="step-times",
        module="step_times",
        given={"sides": frames.sides(subject), "times": times, "spans": spans, "window": window},
        label="Step times of all runs" if len(subject.runs) > 1 else "Step times of the run",
        caption=(
            f"Each dot is {dots}; tick: the median of {'a' if runs > 1 else 'the'} run{band}. "
            "Steps without a profiler."
        ),
        note=hero.setting(subject),
    )


def _waterfalls(subject: Subject) -> Iterator[Chart]:
    """The waterfalls as pictures; the page shows their rows."""
    for each in subject.against:
        rows = phases(each.levels) if each.levels and each.comparable else []
        if not rows or each.levels is None:
            continue
        headline_ns = each.levels.headline_ns
        if headline_ns is None:
            headline_ns = sum(row.difference_ns for row in rows)
        baseline_ns = sum(row.baseline_ns or 0.0 for row in rows)
        yield Chart(
            name=f"waterfall-{each.other.number}",
            module="waterfall",
            given={
                "sides": frames.sides(subject, each.sides),
                "rows": frames.waterfall(rows),
                "baseline_ms": baseline_ns / 1e6,
                "other_ms": (baseline_ns + headline_ns) / 1e6,
            },
            label="From one side's step to the other's",
            caption="",
            note=hero.setting(subject),
            shown=False,
        )
