"""Profiles where XProf, the plugin behind TensorBoard's tab Profile, looks for them."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

PROFILE_SUFFIX = ".xplane.pb"
HOST = "host"


def copy(profile: Path, folder: Path) -> None:
    """Copy a profile into a new session below a folder with event files."""
    shutil.copyfile(profile, new_session(folder) / f"{HOST}{PROFILE_SUFFIX}")


def new_session(folder: Path) -> Path:
    """A folder for profiles whose name is new each time.

    XProf keeps what it made of a session, on disk and in memory, and shows that again for a file
    of the same name.
    """
    now = datetime.now(UTC)
    session = folder / "plugins" / "profile" / f"{now:%Y_%m_%d_%H_%M_%S_%f}"
    session.mkdir(parents=True)
    return session
