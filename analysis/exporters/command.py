"""`analysis export`: runs and traces in the formats of other tools."""

import os
import shlex
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from analysis import sides, wording
from analysis.exporters import export
from analysis.exporters.trace_file import Counts
from analysis.ops import source
from analysis.output_file import unwritable, writing
from analysis.timeline.shared_clock import Align
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
    for path in request.paths:
        _refuse_comparison(path, request.to)
    if request.align and (len(request.paths) == 1 or request.to != "perfetto"):
        raise ProfileError(
            "--align says how several runs share one time axis; name two or more, --to perfetto."
        )
    if request.to == "tensorboard":
        return _tensorboard(request)
    if len(request.paths) > 1 and request.to != "perfetto":
        raise ProfileError(
            f"--to {request.to} takes one run or trace; perfetto and tensorboard take several."
        )
    output = request.output or _default(request)
    _refuse_inputs(request.paths, output)
    _refuse_suffix(request.to, output)
    if request.to == "perfetto" and len(request.paths) > 1:
        align = request.align or "step"
        counts = export.merge(request.paths, output, align)
        return f"{output}: {_counted(counts, f'aligned by {align}')}"
    return f"{output}: {WRITERS[request.to](request.paths[0], output)}"


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
    from analysis.exporters.tensorboard import logs

    output = request.output or Path("tensorboard")
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise ProfileError(f"{output} is there already; give --output a new folder.")
    titles = sides.titles(request.paths)
    place = output.resolve()
    made = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        for path, title in zip(request.paths, titles, strict=True):
            logs.write(path, made / title)
        os.replace(made, place)
    except OSError as error:
        raise unwritable(output, error) from None
    finally:
        shutil.rmtree(made, ignore_errors=True)
    show = f"python -m tensorboard.main --logdir {shlex.quote(str(output))}"
    return f"{output}: {', '.join(titles)}; open it with {show}"


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


def _refuse_comparison(path: Path, to: str) -> None:
    """A comparison has its timeline and its event files already; ProfileError that says where."""
    if not any((path / name).is_file() for name in (rundir.ROUNDS, rundir.COMPARISON)):
        return
    remedy = "name runs of it"
    if to == "perfetto" and (path / rundir.COMPARE_TRACE).is_file():
        remedy = f"its timeline is {path / rundir.COMPARE_TRACE}; for another one {remedy}"
    elif to == "tensorboard":
        show = f"python -m analysis view --tensorboard {shlex.quote(str(path))}"
        remedy = f"show it with {show}, or {remedy}"
    elif (path / rundir.ROUNDS).is_file():
        return  # The reader names one of the runs.
    raise ProfileError(f"{path} is a comparison; {remedy}.")


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
