"""A run in TensorBoard: curves, histograms, its row of the HParams table, tables, its profile."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from analysis import wording
from analysis.derived import Profile, TableRow
from analysis.exporters.tensorboard import hparams, layout, markdown, profiles, resources, training
from analysis.exporters.tensorboard.events import Events, event_file
from analysis.exporters.tensorboard.series import Series, thinned
from analysis.measured import Measured
from profilers import rundir
from profilers.summaries import RunSummary, Spread

MOST_OPERATIONS = 30
HISTOGRAM = "Length of a step, ms; a long phase part by part."


def write(measured: Measured, summary: RunSummary, profile: Profile | None = None) -> Path:
    """Write RUN/tensorboard anew and return it; what was there before is gone.

    A profile that XProf can read is copied to where its plugin looks for it.
    `train/*` show the timed phase, which trains from the initial weights, by its step;
    `resources/*` and `gpu<number>/*` the whole run by the ms since its start; `whole_run/*` are
    single numbers. All carry the true time.
    A curve has at most 2,000 points: a longer one is parted into buckets of even length, of which
    a point shows the mean (for memory the largest value) at the last row's step and time.

    Args:
        measured: what was read of the run.
        summary: its figures.
        profile: what its profile says; None where there is none that can be read.
    """
    folder = measured.run / rundir.TENSORBOARD
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    created_seconds = measured.record.created_ns / 1e9
    with event_file(folder, created_seconds) as events:
        for series in _curves(measured):
            events.add_series(thinned(series))
        for each in training.histograms(measured.steps):
            events.add_histogram(each.tag, each.values_ms, each.step, each.wall_seconds, HISTOGRAM)
        _add_hparams(events, measured, summary)
        events.add_layout(layout.layout([measured.samples]))
        events.add_text("run/settings", _settings(measured, summary))
        for tag, rows in _profiled(profile):
            events.add_text(tag, _operations(rows, profile.coverage.steps if profile else 0))
    for origin in (rundir.RAW, rundir.DERIVED):  # as recorded, and as made of another form
        for path in sorted((measured.run / origin).glob(f"*{profiles.PROFILE_SUFFIX}")):
            profiles.copy(path, folder)
    return folder


def _curves(measured: Measured) -> Iterator[Series]:
    yield from training.curves(measured.steps)
    yield from training.evaluated(measured.steps, measured.result)
    yield from resources.curves(measured.samples, measured.record.created_ns)


def _add_hparams(events: Events, measured: Measured, summary: RunSummary) -> None:
    events.add_hparams_columns(hparams.columns())
    events.add_hparams(hparams.values(measured), hparams.trial(measured))
    for tag, value in hparams.figures(summary):
        events.add_figure(tag, value)


def _settings(measured: Measured, summary: RunSummary) -> str:
    record, environment = measured.record, measured.environment
    rows: list[tuple[str, object]] = [("run", record.id), ("status", record.status)]
    rows += [(name, getattr(record.settings, name)) for name in record.settings.__struct_fields__]
    rows += [("data set", record.data.description), ("data sha256", record.data.sha256)]
    if environment is not None:
        rows += [("python", environment.python), ("platform", environment.platform)]
        rows += [("CPU", environment.cpu_model)]
        rows += [(f"{name} version", version) for name, version in environment.versions.items()]
    rows += [(name, _shown(getattr(summary, name))) for name in _MEASURED]
    return markdown.table(("what", "value"), rows)


_MEASURED = [
    field
    for field in RunSummary.__struct_fields__[RunSummary.__struct_fields__.index("step_ms") :]
    if field != "warnings"
]


def _shown(value: object) -> str:
    if isinstance(value, Spread):
        decimals = wording.decimals_for(value.median)
        middle = wording.interval(value.low, value.high, decimals)
        return f"{wording.number(value.median)} (middle half {middle}, {value.count} rows)"
    if isinstance(value, int | float):
        return wording.number(value)
    return wording.MISSING if value is None else str(value)


def _profiled(profile: Profile | None) -> Iterator[tuple[str, list[TableRow]]]:
    """The tables of a profile that have rows, by their tags."""
    if profile is not None and profile.ops:
        yield "run/operations", profile.ops
    if profile is not None and profile.kernels:
        yield "run/work on the GPU", profile.kernels


def _operations(rows: list[TableRow], steps: int) -> str:
    """The rows with the most self time; where steps are marked, of a profiled step."""
    rows = sorted(rows, key=lambda row: -row.self_ns)
    of = f"of a profiled step, mean of {steps}" if steps else "of the whole profile"
    told = [f"By self time, {of}."]
    if len(rows) > MOST_OPERATIONS:
        told.append(f"The first {MOST_OPERATIONS} of {len(rows)}; python -m analysis ops has all.")
    head = ("operation", "calls", "total, ms", "self, ms", "share of self time")
    cells = (_operation(row, bool(steps)) for row in rows[:MOST_OPERATIONS])
    return f"{markdown.paragraphs([' '.join(told)])}\n\n{markdown.table(head, cells)}"


def _operation(row: TableRow, per_step: bool) -> tuple[str, ...]:
    count, total_ns, self_ns = (
        (row.count_per_step, row.total_ns_per_step, row.self_ns_per_step)
        if per_step
        else (row.count, row.total_ns, row.self_ns)
    )
    times = (wording.number(None if time is None else time / 1e6) for time in (total_ns, self_ns))
    return row.key, wording.magnitude(count), *times, wording.percent(row.share_ratio, 1)
