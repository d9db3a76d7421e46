from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis.comparison import figures
from analysis.comparison.record import Change, Comparison, Figure
from analysis.cost_text import ALLOCATED_PEAK
from profilers import rundir
from profilers.records import Result
from tests.analysis.comparison.finished import found


def figure(record: Comparison, key: str) -> Figure:
    figure = record.figure(key)
    assert figure is not None
    return figure


def change_result(run: Path, **changes: Any) -> None:
    path = run / rundir.RESULT
    result = rundir.read_json(path, Result)
    rundir.write_json(path, msgspec.structs.replace(result, **changes))


def test_figures_of_a_side_are_over_its_complete_runs(make_comparison: Any) -> None:
    record = found(make_comparison([(2.0, 4.0, 8.0), (3.0, None, 5.0)], profiled=False))
    ranges = figure(record, "step_ms").ranges
    assert [(each.median, each.low, each.high, each.runs) for each in ranges if each] == [
        (4.0, 2.0, 8.0, 3),
        (4.0, 3.0, 5.0, 2),
    ]


def test_changes_are_ratios_within_rounds(make_comparison: Any) -> None:
    record = found(make_comparison([(2.0, 4.0), (4.0, 8.0)], profiled=False))
    [step] = figure(record, "step_ms").changes
    [rate] = figure(record, "samples_per_second").changes
    assert step == Change(pytest.approx(2.0), pytest.approx(2.0), pytest.approx(2.0), 2)
    assert rate is not None
    assert rate.estimate == pytest.approx(0.5)


def test_the_change_of_accuracy_is_a_difference(make_comparison: Any) -> None:
    directory = make_comparison([(2.0, 2.0), (4.0, 4.0)], profiled=False)
    for run, accuracy in {"run-1-0": 0.5, "run-2-0": 0.5, "run-1-1": 0.6, "run-2-1": 0.5}.items():
        change_result(directory.parent / run, accuracy=accuracy)
    accuracy = figure(found(directory), "accuracy")
    [change] = accuracy.changes
    assert accuracy.kind == "difference"
    assert change is not None
    assert change.estimate == pytest.approx(0.05)
    assert change.high == pytest.approx(0.05 + 12.7062 * 0.05, abs=1e-4)


def test_what_no_side_measured_is_no_figure_and_what_one_lacks_has_no_change(
    make_comparison: Any,
) -> None:
    directory = make_comparison([(2.0,), (4.0,)], profiled=False)
    (directory.parent / "run-1-1" / rundir.RESOURCES).unlink()
    record = found(directory)
    memory = figure(record, "rss_peak_bytes")
    assert memory.ranges[1] is None
    assert memory.changes == [None]
    assert record.figure("power_watts") is None


@pytest.mark.parametrize("value", [0, -3])
def test_a_ratio_needs_figures_above_zero(make_comparison: Any, value: int) -> None:
    directory = make_comparison([(2.0, 2.0, 2.0), (4.0, 4.0, 4.0)], profiled=False)
    for number, allocated in enumerate((100, 100, 100), start=1):
        memory = {ALLOCATED_PEAK: allocated}
        change_result(directory.parent / f"run-{number}-0", framework_memory=memory)
    for number, allocated in enumerate((value, 200, 200), start=1):
        memory = {ALLOCATED_PEAK: allocated}
        change_result(directory.parent / f"run-{number}-1", framework_memory=memory)
    [change] = figure(found(directory), "allocated_peak_bytes").changes
    assert change == Change(pytest.approx(2.0), pytest.approx(2.0), pytest.approx(2.0), 2)


def test_recorded_operations_are_medians_over_the_runs(make_comparison: Any) -> None:
    directory = make_comparison([(2.0, 2.0, 2.0), (4.0,)])
    for number, nodes in enumerate((290, 290, 300), start=1):
        path = directory.parent / f"run-{number}-0" / rundir.STEPS
        header, *rows = path.read_text().splitlines()
        assert header.endswith(",graph_ops")
        rows = [f"{row}{nodes}" if row.startswith("profiled") else row for row in rows]
        path.write_text("\n".join([header, *rows, ""]))
    events = make_comparison.make_run.kineto_events()
    more = [event | {"ts": event["ts"] + 1} for event in events if event["name"] == "aten::add_"]
    make_comparison.make_run.add_profile(directory.parent / "run-1-0", [*events, *more])
    few = [event for event in events if event["ts"] < 2000 or "::" not in event["name"]]
    make_comparison.make_run.add_profile(directory.parent / "run-3-0", few)
    first, second = found(directory).profiles
    assert first is not None
    assert second is not None
    assert (first.recorded_ops, first.graph_ops, first.thinned) == (3.0, 290.0, True)
    assert (second.recorded_ops, second.graph_ops, second.thinned) == (3.0, None, False)


def test_no_profile_is_none() -> None:
    assert figures.profile([]) is None


def test_energy_is_by_the_samples_trained(make_comparison: Any) -> None:
    make_run = make_comparison.make_run
    header = "time_ns,gpu0_power_watts,gpu0_energy_joules"
    settings = msgspec.structs.replace(make_run.settings, device="cuda:0")
    directory = make_comparison(
        [(2.0,), (4.0,)],
        profiled=False,
        settings=settings,
        samples=make_run.densely((header, "500,100,0", "3500,100,300")),
        resources=make_run.resources_record(gpus=[{"index": 0, "uuid": "GPU-aa"}]),
        machine=make_run.environment("GPU-aa", "A card"),
    )
    energy = figure(found(directory), "energy_joules_per_1000_samples")
    assert energy.ranges[0] is not None
    assert energy.ranges[0].median == pytest.approx(1000 * 200 / 96)  # 3 steps of 32
