"""What happens at the end of a command: its runs are finished, then compared, and reported on."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from analysis import finish
from analysis.comparison import compare, rounds, timeline
from analysis.comparison.compare import Compared
from analysis.finish import Finished
from profilers import rundir
from profilers.records import RoundsRecord, RunRecord
from profilers.rundir import ProfileError


@dataclass(frozen=True)
class Outcome:
    """What became of runs and comparisons; `alone` are the runs that no comparison names."""

    runs: list[Finished]
    alone: list[Finished]
    comparisons: list[Compared]
    problems: list[str]


def finish_all(targets: Sequence[Path], *, exclude_flagged: bool = False) -> Outcome:
    """Finish runs and the runs of comparisons, each once, then compare and report.

    Raises:
        ProfileError: one of the folders is neither a run nor a comparison, a rounds.json is
            damaged, or none of the runs that it names is there; nothing was written then.
    """
    records = {each: rounds.read(each) for each in targets if (each / rundir.ROUNDS).exists()}
    singles = [each for each in targets if each not in records]
    for run in singles:
        rundir.read_json(run / rundir.RUN, RunRecord)
    for directory, record in records.items():
        places = [rounds.path_of(directory, run) for run in record.runs]
        if places and not any((place / rundir.RUN).exists() for place in places):
            raise ProfileError(
                f"{directory} is not beside its runs ({places[0].name} ...); move it back to them."
            )
    named = [rounds.path_of(each, run) for each in records for run in records[each].runs]
    readable, problems = _readable(named)
    once = {os.path.realpath(run): run for run in (*singles, *readable)}
    done, failed = finish.finish_all(list(once.values()))
    runs = {os.path.realpath(run.measured.run): run for run in done}
    comparisons = []
    for directory, record in records.items():
        compared = _compared(directory, record, runs, exclude_flagged)
        compared, failures = write(compared)
        comparisons.append(compared)
        problems += failures
    in_comparisons = set(map(os.path.realpath, named))
    alone = [run for path, run in runs.items() if path not in in_comparisons]
    return Outcome(done, alone, comparisons, [*problems, *failed])


def _readable(runs: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """The runs that have a run.json, and sentences on the others."""
    readable, problems = [], []
    for run in runs:
        try:
            rundir.read_json(run / rundir.RUN, RunRecord)
        except ProfileError as error:
            problems.append(str(error))
        else:
            readable.append(run)
    return readable, problems


def _compared(
    directory: Path, record: RoundsRecord, runs: Mapping[str, Finished], exclude_flagged: bool
) -> Compared:
    paths = {run.path: os.path.realpath(rounds.path_of(directory, run)) for run in record.runs}
    found = {path: runs[place] for path, place in paths.items() if place in runs}
    return compare.compare(
        directory,
        rounds.side_runs(record, found),
        rounds=record.rounds,
        order_seed=record.order_seed,
        exclude_flagged=exclude_flagged,
    )


def write(compared: Compared) -> tuple[Compared, list[str]]:
    """Write the timeline, the report with tables and charts, compare.json, and tensorboard/.

    Returns:
        What was written, and sentences on what could not be.
    """
    from analysis.exporters.tensorboard import comparison as tensorboard
    from analysis.report import write as report

    problems = []
    files: list[Path] = []
    try:
        if timeline.write(compared.directory, compared.record):
            compared = _naming(compared, trace=str(compared.directory / rundir.COMPARE_TRACE))
    except ProfileError as error:
        problems.append(f"{compared.directory} has no timeline: {error}")
    try:
        files = report.write(compared, compared.directory / rundir.REPORT)
    except OSError as error:
        problems.append(
            _blocked(compared.directory, f"{rundir.REPORT}, its tables or charts", error)
        )
    else:
        compared = _naming(compared, report=str(compared.directory / rundir.REPORT))
    try:
        rundir.write_json(compared.directory / rundir.COMPARISON, compared.record)
    except OSError as error:
        problems.append(_blocked(compared.directory, rundir.COMPARISON, error))
    try:
        tensorboard.write(compared, files)
    except OSError as error:
        problems.append(_blocked(compared.directory, rundir.TENSORBOARD, error))
    return compared, problems


def _naming(compared: Compared, **files: str) -> Compared:
    """The comparison, whose rows say where a file lies."""
    rows = [msgspec.structs.replace(row, **files) for row in compared.record.comparisons]
    record = msgspec.structs.replace(compared.record, comparisons=rows)
    return Compared(compared.directory, record, compared.runs, compared.partitions)


def _blocked(directory: Path, name: str, error: OSError) -> str:
    again = "compare again"
    if (directory / rundir.ROUNDS).exists():
        again = f"run python -m analysis compare {directory}"
    return (
        f"{directory / name} can't be written ({error.strerror}); free some space or change its "
        f"rights, then {again}."
    )
