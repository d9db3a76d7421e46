"""`analysis export`: runs and traces in the formats of other tools."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis import sides, wording
from analysis.exporters import export
from analysis.exporters.trace_file import Counts
from analysis.output_file import replacing
from analysis.timeline.shared_clock import Align
from profilers.rundir import ProfileError


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for; without an `output`, a file in the current folder."""

    paths: Sequence[Path]
    to: str
    output: Path | None = None
    align: Align = "step"


def run(request: Request) -> list[str]:
    """Write what is asked for.

    Returns:
        A sentence that says what was written, and where; then sentences on what could not be read.

    Raises:
        ProfileError: a path is neither run nor trace, or the file can't be written.
    """
    if len(request.paths) > 1 and request.to != "perfetto":
        raise ProfileError(f"--to {request.to} takes one run or trace; perfetto takes several.")
    output = request.output or _default(request)
    _refuse_inputs(request.paths, output)
    if request.to == "perfetto" and len(request.paths) > 1:
        counts = export.merge(request.paths, output, request.align)
        return [f"{output}: {_counted(counts)}, aligned by {request.align}", *counts.losses]
    said, losses = WRITERS[request.to](request.paths[0], output)
    return [f"{output}: {said}", *losses]


Writing = Callable[[Path, Path], tuple[str, Sequence[str]]]
"""Writes a run or trace to a file; says how much that was, and what could not be read."""


def _timeline(form: str) -> Writing:
    def write(path: Path, output: Path) -> tuple[str, Sequence[str]]:
        counts = export.alone(path, output, export.FORMS[form])
        return _counted(counts), counts.losses

    return write


def _table(form: str) -> Writing:
    def write(path: Path, output: Path) -> tuple[str, Sequence[str]]:
        from analysis.exporters import event_table

        writers = {"parquet": event_table.write_parquet, "csv": event_table.write_csv}
        profile = export.profile_of(path)
        with replacing(output) as place:
            count = writers[form](profile, place)
        return wording.counted(count, "event"), profile.losses

    return write


SUFFIXES = {
    "perfetto": ".pftrace.gz",
    "chrome": ".json.gz",
    "parquet": ".parquet",
    "csv": ".csv",
}
WRITERS: dict[str, Writing] = {
    "perfetto": _timeline("perfetto"),
    "chrome": _timeline("chrome"),
    "parquet": _table("parquet"),
    "csv": _table("csv"),
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


def _refuse_inputs(paths: Sequence[Path], output: Path) -> None:
    if output.is_dir():
        raise ProfileError(f"{output} is a folder; name a file with --output.")
    if output.exists() and any(path.exists() and output.samefile(path) for path in paths):
        raise ProfileError(f"{output} is a trace that is read; name another file with --output.")


def _counted(counts: Counts) -> str:
    parts = [wording.counted(counts.slices, "slice"), wording.counted(counts.samples, "sample")]
    if counts.points:
        parts.append(f"{counts.points:,} of the slices shown by their start alone")
    return ", ".join(parts)
