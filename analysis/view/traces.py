"""Which file Perfetto shows: that of a run or comparison, a trace, or one made of some."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from analysis.timeline.shared_clock import Align, NoCommonStepError
from profilers import rundir
from profilers.rundir import ProfileError

if TYPE_CHECKING:
    from analysis.exporters.trace_file import Counts

PERFETTO_SUFFIXES = (".pftrace", ".pftrace.gz")
JSON_SUFFIXES = (".json", ".json.gz")
SUFFIXES = (*JSON_SUFFIXES, *PERFETTO_SUFFIXES)
FOREIGN_SUFFIXES = (".xplane.pb",)
"""Profiles that Perfetto can't read."""

MADE = "made.pftrace.gz"
LONGEST_NAME = 100
NO_COMMON_STEP = (
    "there is no step in common: the first events of the runs and traces begin at one time"
)


class Chosen(NamedTuple):
    """The file to show, the name that it gets in the browser, and what is to be said of it.

    `made` is whether it was made for this.
    """

    path: Path
    name: str
    made: bool = False
    notes: tuple[str, ...] = ()


def chosen(targets: Sequence[Path], align: Align | None, folder: Path) -> Chosen:
    """The file to show.

    Several targets, a comparison in another alignment than its own, and profiles of which Perfetto
    would show less, become one new file.

    Args:
        targets: a comparison, or runs and traces.
        align: what lies at the same time in several runs; None is each step.
        folder: where a new file may be put.

    Raises:
        ProfileError: there is no trace, or several can't be shown as asked.
    """
    if len(targets) > 1:
        _check_several(targets)
        counts, notes = _merge(targets, align, folder / MADE)
        names = "_and_".join(stem(target) for target in targets)
        return _made(folder, names[:LONGEST_NAME], [*notes, *counts.lacks])
    (target,) = targets
    if rundir.is_comparison(target) and align not in (None, "step"):
        return _aligned(target, align, folder)
    if align is not None and not rundir.is_comparison(target):
        raise ProfileError("--align says how several runs share one time axis; name two or more.")
    if _must_be_converted(target):
        return _converted(target, folder)
    return _kept(target)


def _made(folder: Path, name: str, notes: Sequence[str]) -> Chosen:
    return Chosen(folder / MADE, _plain(f"{name}.pftrace.gz"), True, tuple(notes))


def _merge(
    targets: Sequence[Path], align: Align | None, output: Path
) -> tuple["Counts", tuple[str, ...]]:
    """Where there is no common step, and none was asked for, the first events lie at one time.

    Returns:
        What was written, and what is to be said of it.
    """
    from analysis.exporters import export

    try:
        return export.merge(targets, output, align or "step"), ()
    except NoCommonStepError:
        if align is not None:
            raise
        return export.merge(targets, output, "run"), (NO_COMMON_STEP,)


def _aligned(comparison: Path, align: Align, folder: Path) -> Chosen:
    """The runs that a comparison's own trace shows, in another alignment."""
    from analysis.comparison import timeline
    from analysis.exporters import export

    members = timeline.members(comparison)
    counts = export.merge([*members.values()], folder / MADE, align, [*members])
    return _made(folder, f"{comparison.resolve().name}_aligned_by_{align}", counts.lacks)


def _converted(target: Path, folder: Path) -> Chosen:
    """A new file of one trace."""
    from analysis import wording
    from analysis.exporters import export

    counts = export.alone(target, folder / MADE, export.FORMS["perfetto"])
    slices = wording.counted(counts.slices, "slice")
    told = [f"{target} was converted for Perfetto: {slices}", *counts.lacks]
    if target.name.endswith(JSON_SUFFIXES):
        told.append("dropped on the page, the file is shown as it is")
    return _made(folder, stem(target), ["; ".join(told)])


def complete_runs(comparison: Path) -> list[list[Path]]:
    """The complete runs of each side of a comparison; ProfileError if there is none."""
    from analysis.comparison import rounds

    found = rounds.complete_runs(comparison)
    if not any(found):
        raise ProfileError(f"{comparison} has no complete run; run profile.py again.")
    return found


def command(name: str, *paths: Path, options: str = "") -> str:
    """A command of the analysis on runs, as a shell reads it."""
    words = " ".join(shlex.quote(str(path)) for path in paths)
    return f"python -m analysis {name} {words}{options and ' '}{options}"


def _must_be_converted(target: Path) -> bool:
    """Whether it is a folder of other tools' traces, or a profile of which Perfetto shows less.

    Of Chrome's JSON Perfetto leaves out slices that overlap others of their track. That of torch
    and ONNX Runtime is all read here; other JSON may have counters, marks and arguments that are
    not, and is shown as it is.
    """
    if target.is_dir():
        known = (rundir.RUN, rundir.PERFETTO_TRACE, rundir.TRACE)
        return not rundir.is_comparison(target) and not any(
            (target / name).is_file() for name in known
        )
    if target.name.endswith(JSON_SUFFIXES) and target.is_file():
        from analysis.readers.registry import is_of_known_profiler

        return is_of_known_profiler(target)
    return target.name.endswith(FOREIGN_SUFFIXES)


def _check_several(targets: Sequence[Path]) -> None:
    for target in targets:
        if rundir.is_comparison(target):
            raise ProfileError(f"{target} is a comparison; name it alone, or name runs of it.")
        if target.name.endswith(PERFETTO_SUFFIXES):
            raise ProfileError(
                f"{target} can be shown alone, but not be put beside others; name the run or the "
                "trace that it was made of."
            )


def _kept(target: Path) -> Chosen:
    """The file that a run or a comparison keeps, or the target itself."""
    name = target.resolve().name
    if rundir.is_comparison(target):
        if (target / rundir.COMPARE_TRACE).is_file():
            return Chosen(target / rundir.COMPARE_TRACE, _plain(f"{name}.pftrace.gz"))
        if not (target / rundir.ROUNDS).is_file():
            raise ProfileError(f"{target} has no {rundir.COMPARE_TRACE}; compare its runs again.")
        complete_runs(target)
        remedy = command("compare", target)
        raise ProfileError(f"{target} has no {rundir.COMPARE_TRACE}; make it with {remedy}.")
    if target.is_dir():
        for kept, suffix in ((rundir.PERFETTO_TRACE, ".pftrace.gz"), (rundir.TRACE, ".json.gz")):
            if (target / kept).is_file():
                return Chosen(target / kept, _plain(f"{name}{suffix}"))
        remedy = command("finish", target)
        raise ProfileError(f"{target} has no {rundir.PERFETTO_TRACE}; make it with {remedy}.")
    if not target.is_file():
        raise ProfileError(f"{target} is not there; name a run of profile.py, or a trace file.")
    if not target.name.endswith(SUFFIXES):
        suffixes = ", ".join((*SUFFIXES, *FOREIGN_SUFFIXES))
        raise ProfileError(f"{target} is no trace ({suffixes}); name a run, or such a file.")
    return Chosen(target, _plain(target.name))


def stem(target: Path) -> str:
    """A run's or trace's name without what says how it is written."""
    name = target.resolve().name
    for suffix in (*SUFFIXES, *FOREIGN_SUFFIXES):
        name = name.removesuffix(suffix)
    return name


def _plain(name: str) -> str:
    """The name with nothing in it that an address would have to escape."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)
