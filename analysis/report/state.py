"""What became of the runs: a banner above the answer where it is not that all went well."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from analysis import wording
from analysis.comparison import rounds, troubles
from analysis.comparison.record import ComparedProcess
from analysis.report.subject import Subject
from profilers import rundir
from profilers.records import RunRecord
from profilers.rundir import ProfileError

CHILD_LOG = "child.log"
LOG_LINES, LONGEST_LINE = 20, 400
LOG_BYTES = 64 * 1024


@dataclass(frozen=True)
class Banner:
    """A sentence; `log` are the last lines of what a failed process printed."""

    kind: Literal["stamp", "stopped", "failed"]
    text: str
    log: list[str] = field(default_factory=list)
    log_of: str = ""


def banners(subject: Subject) -> list[Banner]:
    """The stamp first, then what was stopped, then what failed."""
    found: list[Banner] = []
    if subject.record.stamp:
        found.append(Banner("stamp", subject.record.stamp))
    unfinished = list(_unfinished(subject))
    stopped = [run for _, run, status in unfinished if status == "interrupted"]
    failed = [each for each in unfinished if each[2] != "interrupted"]
    if stopped:
        found.append(Banner("stopped", _stopped(subject, stopped)))
    missing = list(troubles.missing(subject.record, subject.directory))
    failures = [text for text in missing if not any(_is_of(text, run) for run in stopped)]
    unbegun = [text for text in failures if text.endswith("begun.")]
    found += [Banner("stopped", text) for text in unbegun]
    found += [Banner("failed", text) for text in failures if text not in unbegun]
    if failed:
        label, run, _ = failed[-1]
        log = last_lines(rounds.path_of(subject.directory, run) / CHILD_LOG)
        whose = f"{label}, round {run.round}"
        if log:
            found[-1] = Banner(found[-1].kind, found[-1].text, log, whose)
    return found


def _unfinished(subject: Subject) -> Iterator[tuple[str, ComparedProcess, str]]:
    """Runs that did not get to their end, with the side's label and how they ended."""
    for side in subject.record.compared:
        for run in side.runs:
            if not run.complete:
                yield side.label, run, _status(rounds.path_of(subject.directory, run))


def _status(path: Path) -> str:
    """How a run ended; one whose run.json can't be read failed."""
    try:
        return rundir.read_json(path / rundir.RUN, RunRecord).status
    except (ProfileError, OSError):
        return "failed"


def _is_of(text: str, run: ComparedProcess) -> bool:
    return run.problem is not None and wording.plain(run.problem) in text


def _stopped(subject: Subject, stopped: list[ComparedProcess]) -> str:
    """Which run was stopped, and what is shown nevertheless."""
    asked = subject.record.rounds * len(subject.record.compared)
    first = min(run.order for run in stopped) + 1
    shown = len(subject.runs)
    counts = ", ".join(
        f"{sum(run.side == side for run in subject.runs)} {side.label}" for side in subject.sides
    )
    begin = f"Stopped by you in run {first} of {asked}. "
    if not shown:
        return f"{begin}No run is complete; what was recorded stays readable."
    return f"{begin}Shown: {wording.counted(shown, 'complete run')} ({counts})."


def last_lines(path: Path) -> list[str]:
    """The end of a log, without control characters; nothing where there is none.

    A link may lead anywhere, and what is no file may never end.
    """
    if path.is_symlink() or not path.is_file():
        return []
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - LOG_BYTES))
            text = file.read(LOG_BYTES).decode(errors="replace")
    except OSError:
        return []
    lines = [line for line in text.splitlines() if line.strip()]
    return [wording.shortened(line, LONGEST_LINE) for line in lines[-LOG_LINES:]]
