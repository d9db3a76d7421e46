"""Which runs a comparison names, what became of each, and which rounds give a pair."""

import math
import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from analysis import sides
from analysis.comparison.record import ComparedProcess, DroppedRound, Pair
from analysis.finish import Finished
from profilers import rundir
from profilers.records import ComparedRun, RoundsRecord, RunRecord, Side
from profilers.rundir import ProfileError

UNPRINTABLE = ("Cc", "Cs")
"""Unicode's control characters, and halves of characters that no file system can write."""


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
        ProfileError: it is damaged, or names a run that is not beside or below the comparison,
            be it through a link.
    """
    path = directory / rundir.ROUNDS
    record = rundir.read_json(path, RoundsRecord)
    damage = _damage(record)
    if damage:
        raise ProfileError(f"{path} is damaged ({damage}); run profile.py again.")
    around = Path(os.path.realpath(directory)).parent
    places = [Path(os.path.realpath(directory / run.path)) for run in record.runs]
    for run, place in zip(record.runs, places, strict=True):
        if around not in place.parents:
            raise ProfileError(f"{path} names {run.path}, which is not in {around}; move it there.")
    if len(set(places)) < len(places):
        raise ProfileError(f"{path} is damaged (it names a run twice); run profile.py again.")
    return record


def _damage(record: RoundsRecord) -> str:
    """What profile.py would not have written, as far as the record alone tells it."""
    numbers = [run.side for run in record.runs] + [each.side for each in record.missing]
    rounds = [run.round for run in record.runs]
    places = {(run.round, run.side) for run in record.runs}
    letters = "".join(run.path for run in record.runs)
    found = {
        "it has no such side": not record.sides
        or any(not 0 <= number < len(record.sides) for number in numbers),
        "two of its sides are the same": len(set(map(sides.label, record.sides)))
        < len(record.sides),
        "its rounds do not count from 1": min([record.rounds, *rounds]) < 1,
        "it has a run beyond its last round": max(rounds, default=0) > record.rounds,
        "a side twice in a round": len(places) < len(record.runs),
        "the path of a run has control characters": any(
            unicodedata.category(letter) in UNPRINTABLE for letter in letters
        ),
    }
    return next((text for text, is_so in found.items() if is_so), "")


def path_of(directory: Path, run: ComparedRun | ComparedProcess) -> Path:
    """Where a run of a comparison lies, without steps back in its path.

    Behind a link a step back leads elsewhere than the path reads; then it is the real place.
    """
    shown = Path(os.path.normpath(directory / run.path))
    real = os.path.realpath(directory / run.path)
    return shown if os.path.realpath(shown) == real else Path(real)


def complete_runs(directory: Path) -> list[list[Path]]:
    """The folders of each side's complete runs by round, from their records alone.

    Raises:
        ProfileError: as `read`.
    """
    record = read(directory)
    found: list[list[Path]] = [[] for _ in record.sides]
    for run in sorted(record.runs, key=lambda run: run.round):
        path = path_of(directory, run)
        try:
            recorded = rundir.read_json(path / rundir.RUN, RunRecord)
        except ProfileError:
            continue
        ended = recorded.status == "complete" and (path / rundir.RESULT).exists()
        if ended and _side_of(recorded) == record.sides[run.side]:
            found[run.side].append(path)
    return found


def side_runs(record: RoundsRecord, finished: Mapping[str, Finished]) -> list[SideRuns]:
    """The sides in their order.

    Args:
        record: rounds.json.
        finished: runs by their path in rounds.json; one that can't be read is not there.
    """
    reasons = {each.side: each.reason for each in record.missing}
    found = [
        SideRuns(sides.label(side), side, reasons.get(number), {}, {})
        for number, side in enumerate(record.sides)
    ]
    for order, run in enumerate(record.runs):
        side, read_run = found[run.side], finished.get(run.path)
        process = _process(order, run, side.side, read_run)
        side.processes[run.round] = process
        if read_run is not None and process.complete:
            side.complete[run.round] = read_run
    return found


def _process(order: int, run: ComparedRun, side: Side, found: Finished | None) -> ComparedProcess:
    problem = problem_of(found)
    if found is not None and (ran := _side_of(found.measured.record)) != side:
        problem = f"is a run of {sides.label(ran)}, not of {sides.label(side)}"
    return ComparedProcess(
        round=run.round,
        order=order,
        id=found.summary.id if found else Path(run.path).name,
        path=run.path,
        complete=problem is None,
        problem=problem,
        flags=found.summary.flags if found else [],
    )


def problem_of(found: Finished | None) -> str | None:
    """Why a run does not count, None where it does."""
    if found is None:
        return "can't be read"
    if found.complete:
        return None
    record = found.measured.record
    ended = "has no result" if record.status == "complete" else record.status
    return f"{ended} ({record.error.message.rstrip('.')})" if record.error else ended


def _side_of(record: RunRecord) -> Side:
    """What the run says itself that it was."""
    return Side(record.settings.framework, record.settings.execution)


def pairs(baseline: SideRuns, other: SideRuns) -> tuple[list[Pair], list[DroppedRound]]:
    """The rounds in which both sides have a median step, and why the others have no pair.

    A step that took no time has no ratio. A round that neither side began is in neither list, nor
    is any round if a side was not run at all.
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
    if side.complete[number].summary.step_ms is None:
        return f"{side.label} has no timed step"
    return "" if _step_ms(side, number) > 0 else f"{side.label}: its timed steps took no time"


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
