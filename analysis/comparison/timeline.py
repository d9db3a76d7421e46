"""The timeline of a comparison: one run of each side, step by step in one Perfetto trace."""

import shlex
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from analysis.comparison import rounds
from analysis.comparison.record import ComparedProcess, ComparedSide, Comparison
from profilers import rundir
from profilers.rundir import ProfileError


def write(directory: Path, record: Comparison) -> bool:
    """Write DIRECTORY/compare.pftrace.gz; false where fewer than two sides have a run to show.

    What was there before is gone. Each step that all sides have begins at one time; where there is
    none, the first events do.

    Raises:
        ProfileError: a run can't be read, or the file can't be written.
    """
    from analysis.exporters import export
    from analysis.timeline.shared_clock import NoCommonStepError

    output = directory / rundir.COMPARE_TRACE
    with suppress(OSError):
        output.unlink()
    chosen = shown(record)
    if len(chosen) < 2:
        return False
    paths = [rounds.path_of(directory, run) for _, run in chosen]
    titles = [side.label for side, _ in chosen]
    try:
        export.merge(paths, output, "step", titles)
    except NoCommonStepError:
        export.merge(paths, output, "run", titles)
    return True


def members(directory: Path) -> dict[str, Path]:
    """The runs or traces that the timeline of a written comparison shows, by what each is called.

    Raises:
        ProfileError: the comparison was not written yet, or has fewer than two sides to show.
    """
    if not (directory / rundir.COMPARISON).exists():
        again = f"python -m analysis compare {shlex.quote(str(directory))}"
        raise ProfileError(f"{directory} has no {rundir.COMPARISON}; make it with {again}.")
    record = rundir.read_json(directory / rundir.COMPARISON, Comparison)
    found = {side.label: rounds.path_of(directory, run) for side, run in shown(record)}
    if len(found) < 2:
        raise ProfileError(f"{directory} has fewer than two sides to show; run profile.py again.")
    if (directory / rundir.ROUNDS).exists():
        known = {rounds.path_of(directory, run) for run in rounds.read(directory).runs}
        if not known.issuperset(found.values()):
            again = f"python -m analysis compare {shlex.quote(str(directory))}"
            raise ProfileError(f"{directory} names other runs than it compares; use {again}.")
    return found


def shown(record: Comparison) -> list[tuple[ComparedSide, ComparedProcess]]:
    """The run of each side that stands for it: all of one round, if they can be.

    It is the round whose ratios are nearest to those of the comparison.
    """
    sides = [side for side in record.compared if side.complete]
    by_round = [{run.round: run for run in side.complete} for side in sides]
    common = [number for number in (by_round[0] if sides else ()) if _in_all(number, by_round)]
    if not common:
        return [(side, side.complete[-1]) for side in sides]
    chosen = min(common, key=lambda number: (_distance(record, number), number))
    return [(side, runs[chosen]) for side, runs in zip(sides, by_round, strict=True)]


def _in_all(number: int, by_round: Sequence[dict[int, ComparedProcess]]) -> bool:
    return all(number in runs for runs in by_round)


def _distance(record: Comparison, number: int) -> float:
    """How far a round's ratios are from the mean ones, as logarithms."""
    return sum(
        abs(pair.log_ratio - evidence.mean_log_ratio)
        for evidence in record.evidence
        for pair in evidence.pairs
        if pair.round == number and evidence.mean_log_ratio is not None
    )
