"""A run or a trace as a folder of its own that TensorBoard takes."""

import shlex
import shutil
from pathlib import Path

from analysis.exporters.tensorboard import profiles
from analysis.exporters.xspace import convert
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
