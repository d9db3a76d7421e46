"""Which sides `analysis compare` is asked about: its paths -> runs, grouped by what they are."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis import sides
from analysis.comparison.record import ComparedProcess
from analysis.comparison.rounds import SideRuns, problem_of
from analysis.finish import Finished
from analysis.settings_text import differing
from profilers import rundir
from profilers.records import RunRecord, Settings, Side
from profilers.rundir import ProfileError

MOST_LETTERS = 26


@dataclass(frozen=True)
class Group:
    """The runs of one side, in the order in which they began; `records` are their run.json."""

    paths: list[Path]
    records: list[RunRecord]

    @property
    def settings(self) -> Settings:
        """Those of the first run."""
        return self.records[0].settings


def is_run(path: Path) -> bool:
    """Whether a folder is one run."""
    return (path / rundir.RUN).exists()


def runs_in(folder: Path) -> list[Path]:
    """The runs that lie directly in a folder."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if is_run(path))


def groups(paths: Sequence[Path]) -> list[Group]:
    """The sides that these runs and folders of runs are.

    A folder of runs is a side. Of two runs each is one, as they may be of one configuration; more
    of them are sides by what was asked of them, or each by itself if that is the same for all. A
    run counts once in a side, however often and through whatever links it is named.

    Raises:
        ProfileError: a run.json is damaged, a folder has runs of several configurations, or there
            is one side alone.
    """
    if sum(map(is_run, paths)) > 2:
        paths = _once(paths)
    singles = [path for path in paths if is_run(path)]
    found: list[Group] = []
    for path in paths:
        if is_run(path):
            if len(singles) <= 2:
                found.append(group([path]))
        else:
            found.append(folder(path))
    if len(singles) > 2:
        found += _by_configuration(singles)
    if len(found) < 2:
        raise ProfileError("there is one side alone to compare; name the runs of another one too.")
    return found


def _by_configuration(paths: Sequence[Path]) -> list[Group]:
    alike: dict[object, list[Path]] = {}
    for path in paths:
        record = rundir.read_json(path / rundir.RUN, RunRecord)
        alike.setdefault(_configuration(record.settings), []).append(path)
    parted = alike.values() if len(alike) > 1 else [[path] for path in paths]
    return [group(each) for each in parted]


def _once(paths: Sequence[Path]) -> list[Path]:
    """Each folder by the first of its names."""
    found: dict[str, Path] = {}
    for path in paths:
        found.setdefault(os.path.realpath(path), path)
    return [*found.values()]


def group(paths: Sequence[Path]) -> Group:
    """These runs as one side; ProfileError if a run.json is damaged."""
    known = [(path, rundir.read_json(path / rundir.RUN, RunRecord)) for path in _once(paths)]
    known.sort(key=lambda each: each[1].created_ns)
    return Group([path for path, _ in known], [record for _, record in known])


def folder(path: Path) -> Group:
    """The runs in a folder as one side.

    Raises:
        ProfileError: a run.json is damaged, or the runs are of several configurations.
    """
    found = group(runs_in(path))
    if len({_configuration(record.settings) for record in found.records}) > 1:
        raise ProfileError(
            f"{path} holds runs of several configurations; name the runs to compare."
        )
    return found


def _configuration(settings: Settings) -> tuple[object, ...]:
    """All that was asked of a run; where its weights came from and how long it may take is left."""
    options = tuple(sorted(settings.options.items()))
    names = (name for name in settings.__struct_fields__ if name not in ("options", "weights_from"))
    return (*(getattr(settings, name) for name in names), options)


def labels(found: Sequence[Group]) -> list[str]:
    """A name for each side: what it is, what sets it apart, and a letter where nothing else does.

    A letter says which of the runs that were named it is.
    """
    plain = [
        sides.label(Side(group.settings.framework, group.settings.execution)) for group in found
    ]
    if len(set(plain)) == len(plain):
        return plain
    apart = differing([group.settings for group in found])
    told = [
        ", ".join(filter(None, (label, text))) for label, text in zip(plain, apart, strict=True)
    ]
    if len(set(told)) == len(told):
        return told
    return [
        f"{label} {chr(ord('A') + number) if number < MOST_LETTERS else number + 1}"
        for number, label in enumerate(told)
    ]


def side_runs(
    directory: Path, found: Sequence[Group], finished: Mapping[str, Finished]
) -> list[SideRuns]:
    """The sides with their runs, the first ones of all being round 1, and so on.

    Args:
        directory: where the comparison is to lie.
        found: the sides.
        finished: runs by their real path; one that can't be read is not there.
    """
    everything = sorted(
        (record.created_ns, str(path))
        for group in found
        for path, record in zip(group.paths, group.records, strict=True)
    )
    order = {path: number for number, (_, path) in enumerate(everything)}
    made = []
    for label, group in zip(labels(found), found, strict=True):
        side = SideRuns(
            label, Side(group.settings.framework, group.settings.execution), None, {}, {}
        )
        for number, path in enumerate(group.paths, start=1):
            run = finished.get(os.path.realpath(path))
            side.processes[number] = _process(directory, number, order[str(path)], path, run)
            if run is not None and run.complete:
                side.complete[number] = run
        made.append(side)
    return made


def _process(
    directory: Path, number: int, order: int, path: Path, run: Finished | None
) -> ComparedProcess:
    problem = problem_of(run)
    return ComparedProcess(
        round=number,
        order=order,
        id=run.summary.id if run else path.name,
        path=os.path.relpath(path.absolute(), directory.absolute()),
        complete=problem is None,
        problem=problem,
        flags=run.summary.flags if run else [],
    )
