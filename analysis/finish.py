"""What happens at the end of a run: tables, timeline, TensorBoard files and the summary."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis import derived, summary
from analysis.exporters.tensorboard import run as tensorboard
from analysis.measured import Measured, read
from profilers import rundir
from profilers.records import RunRecord
from profilers.rundir import ProfileError
from profilers.summaries import RunSummary


@dataclass(frozen=True)
class Finished:
    """A run and what became of it; `problems` are sentences on the parts that failed.

    `profile` is None when the run has no readable profile.
    """

    measured: Measured
    summary: RunSummary
    profile: derived.Profile | None
    problems: list[str]

    @property
    def complete(self) -> bool:
        """Whether the run itself got to its end."""
        return self.measured.complete


def finish(run: Path) -> Finished:
    """Make everything that can be made of a run; what fails is told, and the rest is done.

    That a run did not complete is no problem, nor that it has no profile then.

    Raises:
        ProfileError: the folder is not a run, or what it recorded is damaged.
    """
    measured = read(run)
    profile: derived.Profile | None = None
    problems = []
    try:
        profile = derived.make(run)
    except ProfileError as error:
        if measured.complete or not isinstance(error, derived.NoProfileError):
            problems.append(f"{run} has no tables of operations: {error}")
    except OSError as error:
        problems.append(_blocked(run, error))
    figures = summary.write(measured, _losses(profile), profile.busy_ratio if profile else None)
    try:
        tensorboard.write(measured, figures, profile)
    except OSError as error:
        problems.append(_blocked(run, error))
    return Finished(measured, figures, profile, problems)


def _losses(profile: derived.Profile | None) -> list[str]:
    """What the tables of a profile lack because its file is not whole."""
    if profile is None or profile.coverage.truncated is None:
        return []
    return [f"the profile is not whole, {profile.coverage.truncated}: its tables say less"]


def finish_all(runs: Sequence[Path]) -> tuple[list[Finished], list[str]]:
    """Finish runs one after the other, and the sentences on all that failed.

    Raises:
        ProfileError: one of the folders is no run; nothing was written then.
    """
    for run in runs:
        rundir.read_json(run / rundir.RUN, RunRecord)
    finished, problems = [], []
    for run in runs:
        try:
            result = finish(run)
        except ProfileError as error:
            problems.append(str(error))
        except OSError as error:
            problems.append(_blocked(run, error))
        else:
            finished.append(result)
            problems += result.problems
    return finished, problems


def _blocked(run: Path, error: OSError) -> str:
    return (
        f"{error.filename or run} can't be read or written ({error.strerror}); free some space or "
        f"change its rights, then run python -m analysis finish {run}."
    )
