"""Which file Perfetto shows: that of a run or comparison, a trace, or one made of several."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from analysis.timeline.shared_clock import Align, NoCommonStepError
from profilers import rundir
from profilers.rundir import ProfileError

PERFETTO_SUFFIXES = (".pftrace", ".pftrace.gz")
SUFFIXES = (".json", ".json.gz", *PERFETTO_SUFFIXES)
FOREIGN_SUFFIXES = (".xplane.pb",)
"""Profiles that Perfetto can't read."""

MERGED = "merged.pftrace.gz"
LONGEST_NAME = 100


def chosen(targets: Sequence[Path], align: Align | None, folder: Path) -> tuple[Path, str]:
    """The file to show, and the name that it gets in the browser.

    Several targets, and what Perfetto can't read, become one new file.

    Args:
        targets: a comparison, or runs and traces.
        align: what lies at the same time in several runs; None is each step.
        folder: where a new file may be put.

    Raises:
        ProfileError: there is no trace, or several can't be shown as asked.
    """
    if len(targets) == 1:
        _check_align(targets[0], align)
        if not _must_be_converted(targets[0]):
            return _kept(targets[0])
    else:
        _check_several(targets)
    _write(targets, align, folder / MERGED)
    names = "_and_".join(_stem(target) for target in targets)
    return folder / MERGED, _plain(names[:LONGEST_NAME]) + ".pftrace.gz"


def _write(targets: Sequence[Path], align: Align | None, output: Path) -> None:
    """Where there is no common step, and none was asked for, the first events lie at one time."""
    from analysis.exporters import export

    if len(targets) == 1:
        export.alone(targets[0], output, export.FORMS["perfetto"])
        return
    try:
        export.merge(targets, output, align or "step")
    except NoCommonStepError:
        if align is not None:
            raise
        export.merge(targets, output, "run")


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
    """Whether it is a folder of other tools' traces, or a profile that Perfetto can't read."""
    if target.is_dir():
        known = (rundir.RUN, rundir.PERFETTO_TRACE, rundir.TRACE)
        return not is_comparison(target) and not any((target / name).is_file() for name in known)
    return target.name.endswith(FOREIGN_SUFFIXES)


def _check_several(targets: Sequence[Path]) -> None:
    for target in targets:
        if is_comparison(target):
            raise ProfileError(f"{target} is a comparison; name it alone, or name runs of it.")
        if target.name.endswith(PERFETTO_SUFFIXES):
            raise ProfileError(
                f"{target} can be shown alone, but not be put beside others; name the run or the "
                "trace that it was made of."
            )


def _check_align(target: Path, align: Align | None) -> None:
    if align is None:
        return
    if not is_comparison(target):
        raise ProfileError("--align says how several runs share one time axis; name two or more.")
    if align != "step" and (target / rundir.ROUNDS).is_file():
        last = [runs[-1] for runs in complete_runs(target) if runs]
        other = command("view", *last, options=f"--align {align}")
        raise ProfileError(f"{target} was aligned step by step; for another way use {other}.")
    if align != "step":
        raise ProfileError(f"{target} was aligned step by step; name its runs for another way.")


def _kept(target: Path) -> tuple[Path, str]:
    """The file that a run or a comparison keeps, or the target itself."""
    name = target.resolve().name
    if is_comparison(target):
        if (target / rundir.COMPARE_TRACE).is_file():
            return target / rundir.COMPARE_TRACE, _plain(f"{name}.pftrace.gz")
        if not (target / rundir.ROUNDS).is_file():
            raise ProfileError(f"{target} has no {rundir.COMPARE_TRACE}; compare its runs again.")
        complete_runs(target)
        remedy = command("compare", target)
        raise ProfileError(f"{target} has no {rundir.COMPARE_TRACE}; make it with {remedy}.")
    if target.is_dir():
        for kept, suffix in ((rundir.PERFETTO_TRACE, ".pftrace.gz"), (rundir.TRACE, ".json.gz")):
            if (target / kept).is_file():
                return target / kept, _plain(f"{name}{suffix}")
        remedy = command("finish", target)
        raise ProfileError(f"{target} has no {rundir.PERFETTO_TRACE}; make it with {remedy}.")
    if not target.is_file():
        raise ProfileError(f"{target} is not there; name a run of profile.py, or a trace file.")
    if not target.name.endswith(SUFFIXES):
        suffixes = ", ".join((*SUFFIXES, *FOREIGN_SUFFIXES))
        raise ProfileError(f"{target} is no trace ({suffixes}); name a run, or such a file.")
    return target, _plain(target.name)


def is_comparison(target: Path) -> bool:
    """Whether it is the folder of a comparison: of profile.py, or of `analysis compare`."""
    return any((target / name).is_file() for name in (rundir.ROUNDS, rundir.COMPARISON))


def _stem(target: Path) -> str:
    """A run's or trace's name without what says how it is written."""
    name = target.resolve().name
    for suffix in (*SUFFIXES, *FOREIGN_SUFFIXES):
        name = name.removesuffix(suffix)
    return name


def _plain(name: str) -> str:
    """The name with nothing in it that an address would have to escape."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)
