"""`analysis compare` and `report`: runs, comparisons or traces -> what sets them apart."""

import os
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from analysis import finish, terminal, wording
from analysis.alignment.record import LevelRow, Levels
from analysis.comparison import asked, compare, finishing, foreign, rounds, text
from analysis.comparison.compare import Compared
from profilers import rundir
from profilers.records import SCHEMA
from profilers.rundir import ProfileError
from profilers.summaries import ComparisonSummary


class OtherLevels(msgspec.Struct, frozen=True):
    """Where the baseline and another side differ."""

    other: str
    levels: dict[str, list[LevelRow]]
    unaligned_ratio: float | None


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What `--format json` prints; docs/schema/compare.json describes it.

    `levels` and `unaligned_ratio` are those of the first comparison, `more_levels` of the others.
    """

    schema: int = SCHEMA
    warnings: list[str] = []
    comparisons: list[ComparisonSummary]
    levels: dict[str, list[LevelRow]]
    unaligned_ratio: float | None
    more_levels: list[OtherLevels] = []


@dataclass(frozen=True)
class Request:
    """What is asked for; `output` is None where the comparison gets a folder beside its runs."""

    paths: Sequence[Path]
    output: Path | None = None
    exclude_flagged: bool = False


def run(request: Request, form: Literal["table", "json"]) -> tuple[bool, list[str]]:
    """Compare, write the folder of the comparison, and print what was found.

    Returns:
        Whether all sides may be compared, and sentences on what failed.

    Raises:
        ProfileError: a path is neither run, comparison nor trace, or the output is in the way.
    """
    compared, problems = compared_of(request)
    if form == "json":
        found = msgspec.json.encode(document(compared, problems))
        print(msgspec.json.format(found, indent=2).decode())
    else:
        terminal.show(text.lines(compared))
    return compared.comparable, problems


def compared_of(request: Request) -> tuple[Compared, list[str]]:
    """The comparison that was asked for, written, and sentences on what failed."""
    if _is_comparison(request.paths):
        if request.output is not None:
            raise ProfileError(
                f"{request.paths[0]} is a comparison, and is written where it lies; leave --output "
                "out."
            )
        done = finishing.finish_all(request.paths, exclude_flagged=request.exclude_flagged)
        return done.comparisons[0], done.problems
    compared, problems = _unwritten(request)
    compared.directory.mkdir(parents=True, exist_ok=True)
    compared, failures = finishing.write(compared)
    return compared, [*problems, *failures]


def _is_comparison(paths: Sequence[Path]) -> bool:
    return len(paths) == 1 and (paths[0] / rundir.ROUNDS).exists()


def _unwritten(request: Request) -> tuple[Compared, list[str]]:
    """The comparison of runs or traces, of which nothing is written yet."""
    _refuse_made(request.paths)
    _check_names(request.paths, request.output)
    paths = [each for path in request.paths for each in _with_members(path)]
    missing = next((path for path in paths if not path.exists()), None)
    if missing is not None:
        raise ProfileError(f"{missing} does not exist; name runs, comparisons or traces.")
    if len(paths) < 2:
        raise ProfileError("two runs or traces are needed to compare; name another one.")
    if all(asked.is_run(path) or asked.runs_in(path) for path in paths):
        groups = asked.groups(paths)
        directory = _directory(request.output, groups[0].paths[0].parent)
        return _compare_runs(directory, groups, request.exclude_flagged)
    directory = _directory(request.output, Path("traces"))
    return foreign.compare(directory, paths), []


def _check_names(paths: Sequence[Path], output: Path | None) -> None:
    """What is written names runs and places, and it is UTF-8."""
    runs = [run for path in paths for run in asked.runs_in(path)]
    for path in (*paths, *runs, *filter(None, [output])):
        if not wording.is_well_formed(str(path.absolute())):
            raise ProfileError(
                f"{wording.escaped(str(path))} has a name that is not UTF-8; rename it."
            )


def _refuse_made(paths: Sequence[Path]) -> None:
    """A comparison that `compare` made does not say which of its runs were asked for together."""
    for path in paths:
        if (path / rundir.COMPARISON).exists() and not (path / rundir.ROUNDS).exists():
            raise ProfileError(
                f"{path} was made by compare, of runs or traces elsewhere; name these again, with "
                f"--output {path}."
            )


def _with_members(path: Path) -> list[Path]:
    """The runs of a comparison by side and round, or the path itself."""
    if not (path / rundir.ROUNDS).exists():
        return [path]
    found = sorted(rounds.read(path).runs, key=lambda run: (run.side, run.round))
    return [rounds.path_of(path, run) for run in found]


def _compare_runs(
    directory: Path, groups: Sequence[asked.Group], exclude_flagged: bool
) -> tuple[Compared, list[str]]:
    once = {os.path.realpath(path): path for group in groups for path in group.paths}
    done, problems = finish.finish_all(list(once.values()))
    finished = {os.path.realpath(run.measured.run): run for run in done}
    compared = compare.compare(
        directory,
        asked.side_runs(directory, groups, finished),
        rounds=max(len(group.paths) for group in groups),
        order_seed=None,
        exclude_flagged=exclude_flagged,
    )
    return compared, problems


def _directory(output: Path | None, beside: Path) -> Path:
    """Where the comparison is written; ProfileError if something else lies there."""
    if output is None:
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
        return beside / f"compare-{stamp}-{secrets.token_hex(2)}"
    made = (output / rundir.COMPARISON).exists() and not (output / rundir.ROUNDS).exists()
    if output.exists() and not made and (not output.is_dir() or any(output.iterdir())):
        raise ProfileError(f"{output} is there already; give --output a new folder.")
    return output


def document(compared: Compared, problems: Sequence[str]) -> Document:
    """What is printed as JSON."""
    record = compared.record
    first = record.levels[0] if record.levels else None
    return Document(
        warnings=[
            *problems,
            *(note for each in record.levels if each for note in _notes(each)),
            *(each.text for each in record.warned),
        ],
        comparisons=record.comparisons,
        levels=first.rows if first else {},
        unaligned_ratio=first.unaligned_ratio if first else None,
        more_levels=[
            OtherLevels(
                summary.other, each.rows if each else {}, each.unaligned_ratio if each else None
            )
            for summary, each in zip(record.comparisons[1:], record.levels[1:], strict=True)
        ],
    )


def _notes(found: Levels) -> list[str]:
    """What a reader of the rows must know."""
    return [*filter(None, (found.stamp, found.fallback)), *found.notes]


def report(paths: Sequence[Path], output: Path | None) -> tuple[Path, list[str]]:
    """Write the page on a run, on a folder of runs, or on what `compare` takes.

    Returns:
        Where the page lies, and sentences on what failed.

    Raises:
        ProfileError: a path is neither run, comparison nor trace.
    """
    from analysis.report import write as page

    _check_names(paths, output)
    alone = paths[0] if len(paths) == 1 and not _is_comparison(paths) else None
    if alone is None:
        compared, problems = compared_of(Request(paths))
    elif asked.is_run(alone) or asked.runs_in(alone):
        side = asked.group([alone]) if asked.is_run(alone) else asked.folder(alone)
        compared, problems = _compare_runs(alone, [side], exclude_flagged=False)
    else:
        _refuse_made(paths)
        raise ProfileError(f"{alone} is neither a run nor a comparison; name one.")
    place = output or compared.directory / rundir.REPORT
    if alone is not None or output is not None:
        page.write(compared, place)
    return place, problems
