"""A folder for TensorBoard: links to what runs and comparisons have for it, by names to read."""

import re
import shlex
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis import wording
from analysis.serve import files_below
from analysis.view.traces import command, complete_runs
from profilers import rundir
from profilers.rundir import ProfileError

EVENT_FILE = "tfevents"
PROFILES = "plugins/profile/"
ONLY = f"{PROFILES}profile/"
COMPARISON = "comparison"
LONGEST_NAME = 120
RUNS_ALONE = "Only its runs are shown."


@dataclass(frozen=True)
class Shown:
    """What TensorBoard shows under a name; `side` is whose run of a comparison it is, if any."""

    name: str
    files: dict[str, Path]
    side: str = ""

    @property
    def has_curves(self) -> bool:
        """Whether there is more of it than profiles."""
        return any(EVENT_FILE in name for name in self.files)

    @property
    def profiled(self) -> bool:
        """Whether the tab Profile has something of it."""
        return any(name.startswith(PROFILES) for name in self.files)


@dataclass(frozen=True)
class _Member:
    """A run or a comparison, what it is to be called, and whose run it is.

    `folder` is where its files for TensorBoard are, None for their usual place.
    """

    place: Path
    name: str
    side: str = ""
    folder: Path | None = None


def shown(targets: Sequence[Path]) -> tuple[list[Shown], list[str]]:
    """What runs and comparisons have for TensorBoard; what is named twice is there once.

    A comparison stands for itself and its complete runs, which are named after their side and
    round; of several comparisons, below the name of each. So does a folder that `analysis export`
    made for the folders in it.

    Returns:
        What is to be shown, and sentences on comparisons that have only runs to show.

    Raises:
        ProfileError: a run has no event files, or a comparison has no complete run.
    """
    targets = list({target.resolve(): target for target in targets}.values())
    members: dict[Path, _Member] = {}
    for target in targets:
        for member in _members(target, alone=len(targets) == 1):
            members.setdefault(member.place.resolve(), member)
    found: dict[str, Shown] = {}
    problems = []
    for member in members.values():
        files = files_below(member.folder) if member.folder else _event_files(member.place)
        name = _free(member.name, found)
        if files:
            found[name] = Shown(name, files, member.side)
        elif rundir.is_comparison(member.place) and len(members) > 1:
            problems.append(f"{_nothing(member.place)} {RUNS_ALONE}")
        else:
            raise ProfileError(_nothing(member.place))
    return list(found.values()), problems


def link(found: Sequence[Shown], folder: Path) -> None:
    """Real folders with links to the files: TensorBoard's plugins put caches beside what they read.

    Folders are real as the profile plugin does not look into linked ones. The only profile of a run
    needs no time in its name here, where nothing is kept of an older one.
    """
    for each in found:
        sessions = {_session(name) for name in each.files} - {""}
        for name, path in each.files.items():
            session = _session(name)
            named = name.replace(session, ONLY, 1) if session and len(sessions) == 1 else name
            place = folder / each.name / named
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(path)


def _session(name: str) -> str:
    """The folder of profiles that a file lies in, by the file's path; empty if in none."""
    if not name.startswith(PROFILES):
        return ""
    return f"{PROFILES}{name.removeprefix(PROFILES).partition('/')[0]}/"


def _members(target: Path, alone: bool) -> Iterator[_Member]:
    """A run, or a comparison and its complete runs, or what a folder of exports holds."""
    own = _plain(target.resolve().name)
    exported = _exported(target)
    for folder in exported:
        within = folder.relative_to(target)
        name = "/".join(map(_plain, within.parts if alone else (own, *within.parts)))
        yield _Member(folder, name or own, folder=folder)
    if exported:
        return
    if not rundir.is_comparison(target):
        yield _Member(target, own)
        return
    above = "" if alone else f"{own}/"
    yield _Member(target, f"{above}{COMPARISON}")
    sides = _sides(target)
    several = any(len(runs) > 1 for runs in sides.values())
    for side, runs in sides.items():
        for place, number in runs.items():
            behind = f", round {number}" if several else ""
            yield _Member(place, f"{above}{_plain(side)}{behind}", side)


def _exported(target: Path) -> list[Path]:
    """Folders that TensorBoard takes as they are, in one that is no run and holds none.

    Each is taken with all that is below it.
    """
    if rundir.is_comparison(target):
        return []
    folders = [target, *target.glob("*"), *target.glob("*/*")]
    if any((folder / rundir.RUN).exists() for folder in folders):
        return []
    taken: dict[Path, Path] = {}
    for folder in sorted(folders):
        place = folder.resolve()
        held = (folder / PROFILES).is_dir() or any(folder.glob(f"*{EVENT_FILE}*"))
        if held and not any(each in taken for each in (place, *place.parents)):
            taken[place] = folder
    return [*taken.values()]


def _sides(comparison: Path) -> dict[str, dict[Path, int]]:
    """The complete runs of each side, and their rounds."""
    from analysis import sides
    from analysis.comparison import rounds
    from analysis.comparison.record import Comparison

    if (comparison / rundir.ROUNDS).is_file():
        record = rounds.read(comparison)
        numbers = {rounds.path_of(comparison, run): run.round for run in record.runs}
        complete = complete_runs(comparison)
        return {
            sides.label(side): {run: numbers[run] for run in runs}
            for side, runs in zip(record.sides, complete, strict=True)
        }
    made = rundir.read_json(comparison / rundir.COMPARISON, Comparison)
    return {
        side.label: {rounds.path_of(comparison, run): run.round for run in side.complete}
        for side in made.compared
        if not made.stamp
    }


def _event_files(place: Path) -> dict[str, Path]:
    """What a run or a comparison has for TensorBoard, by path; empty without event files."""
    if not place.exists():
        raise ProfileError(f"{place} is not there; name a run or a comparison of profile.py.")
    if not place.is_dir():
        make = command("export", place, options="--to tensorboard")
        raise ProfileError(
            f"{place} is no run and no comparison of profile.py; of a trace, {make} makes what "
            "TensorBoard shows."
        )
    folder = place / rundir.TENSORBOARD
    files = files_below(folder) if folder.is_dir() else {}
    return files if any(EVENT_FILE in path.name for path in files.values()) else {}


def _nothing(place: Path) -> str:
    """That there are no event files, and what makes them."""
    if not rundir.is_comparison(place) and not (place / rundir.RUN).is_file():
        logdir = shlex.quote(str(place))
        return (
            f"{place} is no run and no comparison of profile.py; name one, or show all that "
            f"is in the folder with python -m tensorboard.main --logdir {logdir}."
        )
    finish = f"make them with {command('finish', place)}"
    made = rundir.is_comparison(place) and not (place / rundir.ROUNDS).is_file()
    remedy = f"compare again with --output {shlex.quote(str(place))}" if made else finish
    return f"{place} has no event files for TensorBoard; {remedy}."


def _plain(name: str) -> str:
    """A name that is one folder's."""
    plain = wording.shortened(wording.well_formed(name), LONGEST_NAME)
    return re.sub(r"[/\\]|^\.+|^\s+|\s+$", "_", plain) or "_"


def _free(name: str, taken: Container[str]) -> str:
    """The name, counted where it is taken."""
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    return free
