"""Runs, traces and comparisons as folders of their own that TensorBoard takes."""

import shlex
import shutil
from pathlib import Path

from analysis.exporters.tensorboard import profiles
from analysis.exporters.xspace import convert
from analysis.view import logdir
from profilers import rundir
from profilers.rundir import ProfileError


def write(path: Path, folder: Path) -> None:
    """Write a run's event files and profile, or the profile of a trace, into a new folder.

    Raises:
        ProfileError: a run has no event files, or a file is neither run nor trace of torch, JAX or
            TensorFlow.
    """
    if (path / rundir.RUN).exists():
        files = path / rundir.TENSORBOARD
        if not files.is_dir():
            raise ProfileError(
                f"{path} has no event files; make them with python -m analysis finish "
                f"{shlex.quote(str(path))}."
            )
        shutil.copytree(files, folder)
    elif convert.is_xspace(path):
        profiles.copy(path, folder)
    else:
        name = f"{profiles.HOST}{profiles.PROFILE_SUFFIX}"
        convert.convert(path, profiles.new_session(folder) / name)


def write_comparison(comparison: Path, folder: Path) -> list[str]:
    """Copy the event files and profiles of a comparison, and of its complete runs, into a folder.

    Returns:
        The names of their folders, by side and round.

    Raises:
        ProfileError: the comparison, or one of its runs, has no event files.
    """
    found, problems = logdir.shown([comparison])
    if problems:
        raise ProfileError(problems[0].removesuffix(logdir.RUNS_ALONE).rstrip())
    for each in found:
        for name, path in each.files.items():
            place = folder / each.name / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
    return [each.name for each in found]
