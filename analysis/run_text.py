"""The summary of a run as lines of text: answer, cause, cost, limits, and what to do next."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from analysis import cost_text, profile_text, settings_text, sides, statistics, trust_text, wording
from analysis.finish import Finished
from analysis.layout import WIDTH, commands, labelled, shown_path, wrapped
from analysis.terminal import HEADING, MUTED, WARNING, Line, line
from profilers import rundir
from profilers.records import RunRecord
from profilers.summaries import Spread

INDENT_CELLS, CELLS_APART = 2, 3


def lines(finished: Sequence[Finished]) -> Iterator[Line]:
    """The text on runs that were finished together; repeats of one run share a summary.

    Of a run that did not complete it says so, and where the files are that were made of it.
    """
    groups: dict[bytes, list[Finished]] = {}
    for each in finished:
        if each.complete:
            groups.setdefault(msgspec.json.encode(each.measured.record.settings), []).append(each)
        else:
            yield line((not_finished(each.measured.run, each.measured.record), WARNING))
    for runs in groups.values():
        last = runs[-1]
        yield line()
        yield from _each_run(runs)
        yield line((verdict(runs), HEADING))
        yield from wrapped(_settings(last), MUTED)
        yield line()
        yield from _figures(last, len(runs))
        if last.profile is not None:
            framework = last.summary.framework
            yield from profile_text.lines(last.profile, sides.COLOURS.get(framework, ""))
        yield line()
        yield from labelled("Cost", cost_text.sentences(last.measured, _busy_ratio(last)))
        yield from labelled("Trust", trust_text.sentences(last, len(runs)))
        yield from labelled("", trust_text.warnings([run.summary for run in runs]), WARNING)
        yield line()
        path = shown_path(last.measured.run)
        view = ["view", path]
        named = {"report": ["report", path], "Perfetto": view}
        yield from commands("Next", {**named, "TensorBoard": [*view, "--tensorboard"]})


def _busy_ratio(run: Finished) -> float | None:
    return run.profile.busy_ratio if run.profile else None


def not_finished(run: Path, record: RunRecord) -> str:
    """How a run ended that did not get to its end, and what is left of it."""
    reason = f" ({record.error.message.rstrip('.')})" if record.error else ""
    if record.status == "complete":
        reason = f" but it has no {rundir.RESULT}"
    text = (
        f"{shown_path(run)} is not finished: its status is {record.status}{reason}; what it "
        f"recorded is in {rundir.TRACE} and {rundir.TENSORBOARD}/"
    )
    return wording.plain(text)


def _each_run(runs: list[Finished]) -> Iterator[Line]:
    """A line for each repeat; none for a run that stands alone."""
    if len(runs) == 1:
        return
    for run in runs:
        step_ms, path = run.summary.step_ms, shown_path(run.measured.run)
        median, middle = _step(step_ms) if step_ms else (wording.MISSING, "")
        yield line(f"run {run.summary.repeat:<4} {median} per step {middle:<32}", (path, MUTED))
    yield line()


def verdict(runs: list[Finished]) -> str:
    """The answer: how long a step takes, over all runs."""
    last = runs[-1].summary
    does = wording.VERBS[last.mode]
    who = f"{wording.framework(last.framework)} {last.execution} {does} {last.workload}"
    each = "per step" if last.mode == "train" else "per forward pass"
    medians = [run.summary.step_ms.median for run in runs if run.summary.step_ms]
    if last.step_ms is None or not medians:
        return f"{who}, but no timed step was recorded."
    if len(runs) == 1:
        median, middle = _step(last.step_ms)
        return f"{who} at {median} {each} {middle}, 1 run."
    median, span = _step(statistics.over_runs(medians) or last.step_ms, "runs")
    return f"{who} at {median} {each} {span}, {len(medians)} runs."


def _step(step_ms: Spread, what: str = "middle half") -> tuple[str, str]:
    """A step's length with its unit, and its range in brackets."""
    unit, unit_ns = wording.time_unit(step_ms.median * 1e6)
    median, low, high = (ms * 1e6 / unit_ns for ms in (step_ms.median, step_ms.low, step_ms.high))
    span = wording.interval(low, high, wording.decimals_for(median))
    return f"{wording.number(median)} {unit}", f"({what} {span})"


def _settings(run: Finished) -> str:
    record, environment = run.measured.record, run.measured.environment
    return settings_text.sentence(record.settings, record.data, [environment])


def _figures(run: Finished, runs: int) -> Iterator[Line]:
    """The table under the verdict; of several runs it shows the last one."""
    if runs > 1:
        yield line((f"  of run {run.summary.repeat}, the last one", MUTED))
    cells = (_step_cells(run), _other_cells(run))
    left, right = map(_column, cells)
    spare = WIDTH - INDENT_CELLS - len(left[0]) - len(right[0])
    if spare < CELLS_APART:
        rows = _column([*cells[0], *cells[1]])
    else:
        between = " " * min(spare, 2 * CELLS_APART)
        rows = [between.join(pair) for pair in zip(left, right, strict=True)]
    for row in rows:
        yield line(" " * INDENT_CELLS + row.rstrip())


Cell = tuple[str, str, str]


def _column(cells: list[Cell]) -> list[str]:
    """Label, value and note of each cell as texts of one width, the values' ends in one line."""
    width = max(len(label) + 2 + len(value) for label, value, _ in cells)
    texts = [f"{label}{value:>{width - len(label)}}  {note}" for label, value, note in cells]
    longest = max(map(len, texts))
    return [f"{text:<{longest}}" for text in texts]


def _step_cells(run: Finished) -> list[Cell]:
    found, result = run.summary, run.measured.result
    step_ms, trained = found.step_ms, ""
    if found.mode == "infer":
        source = run.measured.record.settings.weights_from
        trained = "with the weights of that run" if source else "with weights that nobody trained"
    elif result is not None and result.steps_per_epoch:
        epochs = wording.number(result.trained_steps / result.steps_per_epoch)
        trained = f"{epochs} epochs, {wording.counted(result.trained_steps, 'step')}"
    return [
        (*_time("step", step_ms.median if step_ms else None), _rows(run)),
        ("samples/s", wording.number(found.samples_per_second), _speed(run)),
        ("test accuracy", wording.number(found.accuracy), trained),
    ]


def _speed(run: Finished) -> str:
    """What the samples come to, in operations of matrix products, and how much more could be."""
    flops_per_second, result = run.summary.flops_per_second, run.measured.result
    if flops_per_second is None:
        return ""
    text = f"{wording.number(flops_per_second / 1e9)} GFLOP/s"
    if result is None or not result.peak_flops_per_second:
        return text
    ratio = wording.percent(flops_per_second / result.peak_flops_per_second)
    return f"{text}, {ratio} of the peak"


def _other_cells(run: Finished) -> list[Cell]:
    found = run.summary
    latency_ms = found.inference_latency_ms
    throughput = wording.number(found.inference_samples_per_second)
    return [
        (*_time("first step", found.first_step_ms), ""),
        (*_time("inference", latency_ms.median if latency_ms else None), "at batch 1"),
        ("inference, samples/s", throughput, f"at batch {found.batch_size}"),
    ]


def _time(label: str, time_ms: float | None) -> tuple[str, str]:
    """A label with the unit that suits the time, and the number."""
    unit, unit_ns = wording.time_unit((time_ms or 1) * 1e6)
    return f"{label}, {unit}", wording.number(None if time_ms is None else time_ms * 1e6 / unit_ns)


def _rows(run: Finished) -> str:
    """What the median is of: steps, or windows of several steps."""
    rows = statistics.rows_of(run.measured.steps, "timed")
    windows = {row.count for row in rows if row.kind == "window"}
    if windows:
        return f"median of {wording.counted(len(rows), 'window')} of {max(windows):,}"
    return f"median of {wording.counted(len(rows), 'step')}"
