"""Which runs a comparison names, what became of each, and which rounds give a pair."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from analysis import sides
from analysis.comparison.record import ComparedProcess, DroppedRound, Pair
from analysis.finish import Finished
from profilers import rundir
from profilers.rundir import ComparedRun, ProfileError, RoundsRecord, Side


@dataclass(frozen=True)
class SideRuns:
    """A side of a comparison: its runs by round, and of the complete ones what was read of them.

    `not_run` says why a side that was asked for could not be run at all.
    """

    label: str
    side: Side
    not_run: str | None
    processes: dict[int, ComparedProcess]
    complete: dict[int, Finished]

    @property
    def last(self) -> Finished | None:
        """The complete run of the last round that has one."""
        return self.complete[max(self.complete)] if self.complete else None


def read(directory: Path) -> RoundsRecord:
    """rounds.json, after a check that its sides and runs are such as it may name.

    Raises:
        ProfileError: it is damaged, or names a run that is not beside or below the comparison.
    """
    path = directory / rundir.ROUNDS
    record = rundir.read_json(path, RoundsRecord)
    numbers = [run.side for run in record.runs] + [each.side for each in record.missing]
    if any(not 0 <= number < len(record.sides) for number in numbers) or not record.sides:
        raise ProfileError(f"{path} is damaged (it has no such side); run profile.py again.")
    places = [(run.round, run.side) for run in record.runs]
    if len(set(places)) < len(places):
        raise ProfileError(f"{path} is damaged (a side twice in a round); run profile.py again.")
    around = Path(os.path.abspath(directory)).parent
    for run in record.runs:
        if not Path(os.path.abspath(directory / run.path)).is_relative_to(around):
            raise ProfileError(f"{path} names {run.path}, which is not in {around}; move it there.")
    return record


def path_of(directory: Path, run: ComparedRun | ComparedProcess) -> Path:
    """Where a run of a comparison lies, without steps back in its path."""
    return Path(os.path.normpath(directory / run.path))


def side_runs(record: RoundsRecord, finished: Mapping[str, Finished]) -> list[SideRuns]:
    """The sides in their order.

    Args:
        record: rounds.json.
        finished: runs by their path in rounds.json; one that can't be read is not there.
    """
    reasons = {each.side: each.reason for each in record.missing}
    found = [
        SideRuns(label, side, reasons.get(number), {}, {})
        for number, (label, side) in enumerate(
            zip(sides.labels(record.sides), record.sides, strict=True)
        )
    ]
    for order, run in enumerate(record.runs):
        side, read_run = found[run.side], finished.get(run.path)
        side.processes[run.round] = _process(order, run, read_run)
        if read_run is not None and read_run.complete:
            side.complete[run.round] = read_run
    return found


def _process(order: int, run: ComparedRun, found: Finished | None) -> ComparedProcess:
    problem = None
    if found is None:
        problem = "can't be read"
    elif not found.complete:
        record = found.measured.record
        ended = "has no result" if record.status == "complete" else record.status
        problem = f"{ended} ({record.error.message.rstrip('.')})" if record.error else ended
    return ComparedProcess(
        round=run.round,
        order=order,
        id=found.summary.id if found else Path(run.path).name,
        path=run.path,
        complete=problem is None,
        problem=problem,
    )


def pairs(baseline: SideRuns, other: SideRuns) -> tuple[list[Pair], list[DroppedRound]]:
    """The rounds in which both sides have a median step, and why the others have no pair.

    A round that neither side began is in neither list, nor is any round if a side was not run
    at all.
    """
    found: list[Pair] = []
    dropped: list[DroppedRound] = []
    if baseline.not_run is not None or other.not_run is not None:
        return found, dropped
    for number in sorted(baseline.processes.keys() | other.processes.keys()):
        reasons = list(filter(None, (_unusable(side, number) for side in (baseline, other))))
        if reasons:
            dropped.append(DroppedRound(number, " and ".join(reasons)))
        else:
            found.append(_pair(baseline, other, number))
    return found, dropped


def _unusable(side: SideRuns, number: int) -> str:
    process = side.processes.get(number)
    if process is None:
        return f"{side.label} was not run"
    if process.problem:
        return f"{side.label}: {process.problem}"
    return "" if _step_ms(side, number) else f"{side.label} has no timed step"


def _step_ms(side: SideRuns, number: int) -> float:
    step_ms = side.complete[number].summary.step_ms
    return step_ms.median if step_ms else 0.0


def _pair(baseline: SideRuns, other: SideRuns, number: int) -> Pair:
    left, right = baseline.processes[number], other.processes[number]
    left_ms, right_ms = _step_ms(baseline, number), _step_ms(other, number)
    return Pair(
        round=number,
        baseline_run=left.id,
        other_run=right.id,
        first="baseline" if left.order < right.order else "other",
        baseline_ms=left_ms,
        other_ms=right_ms,
        log_ratio=math.log(right_ms / left_ms),
    )
