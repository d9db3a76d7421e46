"""Traces of other tools side by side: where their steps differ, without a verdict."""

import os
from collections.abc import Sequence
from pathlib import Path

from analysis import sides, wording
from analysis.alignment.levels import FOREIGN, levels
from analysis.anatomy.anatomy import anatomy
from analysis.comparison.compare import Compared
from analysis.comparison.record import (
    ComparedProcess,
    ComparedSide,
    Comparison,
    Evidence,
    Figure,
    Range,
    Warned,
)
from analysis.ops import source
from analysis.partition.make import partition_of
from analysis.partition.record import Partition
from analysis.reading_progress import reading
from profilers.records import Side
from profilers.rundir import ProfileError
from profilers.summaries import ComparisonSummary


def compare(directory: Path, paths: Sequence[Path]) -> Compared:
    """What traces, or the profiles of runs, say of each other; the first one is the baseline.

    Raises:
        ProfileError: a path is no trace, can't be read, or holds nothing that takes time.
    """
    partitions = [_read(path) for path in paths]
    names = sides.titles(paths)
    found = [levels([partitions[0]], [other], None, certified=False) for other in partitions[1:]]
    record = Comparison(
        id=directory.name,
        sides=names,
        comparisons=[_summary(directory, names[0], other) for other in names[1:]],
        rounds=1,
        order_seed=None,
        baseline=0,
        compared=[
            _side(directory, label, path, number)
            for number, (label, path) in enumerate(zip(names, paths, strict=True))
        ],
        evidence=[_evidence(other) for other in names[1:]],
        figures=[_profiled_step(partitions)],
        profiles=[None for _ in names],
        anatomies=[anatomy(each) for each in partitions],
        levels=list(found),
        stamp=FOREIGN,
        warned=[
            Warned(note, [[1] if number == side else [] for number in range(len(names))])
            for side, each in enumerate(partitions)
            for note in each.notes
        ],
        cost_notes=[],
    )
    return Compared(directory, record, [], [[each] for each in partitions])


def _read(path: Path) -> Partition:
    request = source.Request(path=path, host=True)
    trace = source.opened(request, source.find(request))
    with reading(trace) as progress:
        found = partition_of(trace, progress)
    if not found.steps:
        raise ProfileError(f"{path} holds no event that takes time; record the trace again.")
    return found


def _side(directory: Path, label: str, path: Path, number: int) -> ComparedSide:
    process = ComparedProcess(
        round=1,
        order=number,
        id=wording.plain(path.name),
        path=os.path.relpath(path.absolute(), directory.absolute()),
        complete=True,
    )
    run = sides.of_run(path) or Side("", "")
    return ComparedSide(
        label=label, framework=run.framework, execution=run.execution, runs=[process]
    )


def _evidence(other: str) -> Evidence:
    return Evidence(
        other=other,
        kind="no pair",
        pairs=[],
        dropped=[],
        mean_log_ratio=None,
        deviation=None,
        p_value=None,
        holm_threshold=None,
        repeats_needed=None,
        same_work=None,
    )


def _summary(directory: Path, baseline: str, other: str) -> ComparisonSummary:
    return ComparisonSummary(
        baseline=baseline,
        other=other,
        ratio=None,
        verdict=f"{FOREIGN}, no verdict",
        parity=None,
        conditions=None,
        path=str(directory),
    )


def _profiled_step(partitions: Sequence[Partition]) -> Figure:
    """The mean profiled step of each trace; there is no other."""
    ranges: list[Range | None] = []
    for each in partitions:
        step_ms = each.steps_ns / each.steps / 1e6
        ranges.append(Range(step_ms, step_ms, step_ms, 1))
    return Figure(
        key="profiled_step_ms", kind="ratio", ranges=ranges, changes=[None for _ in partitions[1:]]
    )
