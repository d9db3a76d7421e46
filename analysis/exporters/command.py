"""`analysis export`: runs and traces in the formats of other tools."""

import os
import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from analysis import sides, wording
from analysis.comparison import timeline
from analysis.exporters import export
from analysis.exporters.trace_file import Counts
from analysis.ops import source
from analysis.output_file import unwritable, writing
from analysis.timeline.shared_clock import Align, NoCommonStepError
from profilers import rundir
from profilers.rundir import ProfileError


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for; without an `output`, a file in the current folder."""

    paths: Sequence[Path]
    to: str
    output: Path | None = None
    align: Align | None = None


def run(request: Request) -> str:
    """Write what is asked for.

    Returns:
        A sentence that says what was written, and where.

    Raises:
        ProfileError: a path is neither run nor trace, or the file can't be written.
    """
    members = _members(request)
    if request.align and (len(members) == 1 or request.to != "perfetto"):
        raise ProfileError(
            "--align says how several runs share one time axis; name two or more, --to perfetto."
        )
    if request.to == "tensorboard":
        return _tensorboard(request)
    if len(members) > 1 and request.to != "perfetto":
        raise ProfileError(
            f"--to {request.to} takes one run or trace; perfetto and tensorboard take several."
        )
    output = request.output or _default(request)
    paths = [*members.values()]
    _refuse_inputs(paths, output)
    _refuse_suffix(request.to, output)
    if len(members) > 1:
        counts, align = _merged(request, members, output)
        return f"{output}: {_counted(counts, f'aligned by {align}')}"
    return f"{output}: {WRITERS[request.to](paths[0], output)}"


def _members(request: Request) -> dict[str, Path]:
    """What is exported, by what it is called: of a comparison the runs that its timeline shows."""
    paths, titles = request.paths, sides.titles(request.paths)
    found: dict[str, Path] = {}
    for path, title in zip(paths, titles, strict=True):
        if not rundir.is_comparison(path) or request.to == "tensorboard":
            found[title] = path
            continue
        if request.to != "perfetto":
            one = next(iter(timeline.members(path).values()))
            raise ProfileError(
                f"{path} is a comparison, and --to {request.to} takes one run or trace; name one, "
                f"such as {one}."
            )
        runs = timeline.members(path)
        above = f"{title}: " if len(paths) > 1 else ""
        found |= {f"{above}{name}": run for name, run in runs.items()}
    return found


def _merged(request: Request, members: Mapping[str, Path], output: Path) -> tuple[Counts, Align]:
    """Write several on one time axis; a comparison without a common step as its own timeline is."""
    paths, titles = [*members.values()], [*members]
    align = request.align or "step"
    try:
        return export.merge(paths, output, align, titles), align
    except NoCommonStepError:
        if request.align or not rundir.is_comparison(request.paths[0]):
            raise
        return export.merge(paths, output, "run", titles), "run"


def _timeline(form: str) -> Callable[[Path, Path], str]:
    def write(path: Path, output: Path) -> str:
        return _counted(export.alone(path, output, export.FORMS[form]))

    return write


def _table(form: str) -> Callable[[Path, Path], str]:
    def write(path: Path, output: Path) -> str:
        from analysis.exporters import event_table

        profile = export.profile_of(path)
        with writing(output) as place:
            count = event_table.FORMS[form](profile, place)
        return "; ".join((wording.counted(count, "event"), *profile.lacks))

    return write


def _xspace(path: Path, output: Path) -> str:
    from analysis.exporters.xspace.convert import convert

    counts = convert(path, output)
    told = [wording.counted(counts.events, "event")]
    if counts.too_far:
        told.append(f"{counts.too_far:,} are too far in time from the first and were left out")
    return "; ".join((*told, *counts.lacks))


def _tensorboard(request: Request) -> str:
    """Write a folder that TensorBoard takes, with one for each run or trace."""
    output = request.output or Path("tensorboard")
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise ProfileError(f"{output} is there already; give --output a new folder.")
    place = output.resolve()
    made = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        told = _logs(request.paths, made)
        os.replace(made, place)
    except OSError as error:
        raise unwritable(output, error) from None
    finally:
        shutil.rmtree(made, ignore_errors=True)
    show = f"python -m analysis view --tensorboard {shlex.quote(str(output))}"
    return f"{output}: {'; '.join(told)}; open it with {show}"


def _logs(paths: Sequence[Path], folder: Path) -> list[str]:
    """Write a folder for each run or trace, of a comparison for all that it has; their names."""
    from analysis.exporters.tensorboard import logs

    names = []
    for path, title in zip(paths, sides.titles(paths), strict=True):
        if rundir.is_comparison(path):
            above = f"{title}/" if len(paths) > 1 else ""
            names += [f"{above}{name}" for name in logs.write_comparison(path, folder / above)]
        else:
            logs.write(path, folder / title)
            names.append(title)
    return names


SUFFIXES = {
    "perfetto": ".pftrace.gz",
    "chrome": ".json.gz",
    "parquet": ".parquet",
    "csv": ".csv",
    "xspace": ".xplane.pb",
}
ENDINGS = (".pftrace", ".gz", ".json", ".parquet", ".csv", ".pb")
"""What a file's name says of its format."""
WRITERS: dict[str, Callable[[Path, Path], str]] = {
    "perfetto": _timeline("perfetto"),
    "chrome": _timeline("chrome"),
    "parquet": _table("parquet"),
    "csv": _table("csv"),
    "xspace": _xspace,
}


def _default(request: Request) -> Path:
    """A file that is named after what is exported."""
    names = [path.resolve().name for path in request.paths]
    if len(names) > 1:
        names = ["compare"]
    name = names[0]
    while suffix := next((each for each in sides.SUFFIXES if name.endswith(each)), ""):
        name = name.removesuffix(suffix)
    output = Path(f"{name}{SUFFIXES[request.to]}")
    if output.exists():
        raise ProfileError(f"{output} is there already; name a file with --output.")
    return output


def _refuse_suffix(to: str, output: Path) -> None:
    """A name that promises another format than is written."""
    if output.suffix in ENDINGS and not output.name.endswith(SUFFIXES[to]):
        raise ProfileError(
            f"--to {to} writes a {SUFFIXES[to]}, which {output.name} does not end with; name "
            "another file with --output."
        )


def _refuse_inputs(paths: Sequence[Path], output: Path) -> None:
    if output.is_dir():
        raise ProfileError(f"{output} is a folder; name a file with --output.")
    read = [file for path in paths for file in _files(path) if file.exists()]
    if output.exists() and any(output.samefile(file) for file in read):
        raise ProfileError(f"{output} is a trace that is read; name another file with --output.")


def _files(path: Path) -> Iterator[Path]:
    """A trace, or the profiles of a run or a folder."""
    yield path
    with suppress(ProfileError):
        yield from source.find(source.Request(path=path)).files()


def _counted(counts: Counts, *more: str) -> str:
    slices = wording.counted(counts.slices, "slice")
    parts = [slices, wording.counted(counts.samples, "counter value")]
    if counts.points:
        parts.append(f"{counts.points:,} of the slices shown by their start alone")
    return "; ".join((", ".join((*parts, *more)), *counts.lacks))
