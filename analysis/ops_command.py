"""What `analysis ops` does: read a run, a trace or a folder of ranks, and hand on its tables."""

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import msgspec

from analysis.blocks import Trace
from analysis.derived import ANALYSIS_VERSION, profile_path
from analysis.groups import Gathered, Selection, every_event, gather, in_steps, steps_between
from analysis.ops import Grouping, Row, Table
from analysis.reading_progress import reading
from profilers import rundir
from profilers.records import SCHEMA
from profilers.rundir import ProfileError

STEPS = re.compile(r"(\d{1,9})?:(\d{1,9})?|(\d{1,9})")
CACHE = f"{rundir.DERIVED}/ops.msgpack"
FOREIGN_CACHE = ".crossprof-ops"
LAST_STEP = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked for: `steps` as the user wrote them, `cached` also beside a foreign trace."""

    path: Path
    steps: str | None = None
    rank: int | None = None
    limited: bool = True
    cached: bool = False


class _Stored(msgspec.Struct, kw_only=True):
    """A cache file: the sums, and what they were made of."""

    analysis_version: int
    inputs: list[tuple[str, int, int]]
    gathered: Gathered


def load(request: Request) -> Table:
    """The tables of what a request names; of a run those of its profiled steps.

    Raises:
        ProfileError: there is no trace, or it has no such steps or rank.
    """
    if not request.path.exists():
        raise ProfileError(f"{request.path} does not exist; name a run, a trace or a folder.")
    is_run = (request.path / rundir.RUN).exists()
    source = _source(request, is_run)
    cache = _cache_path(request, is_run)
    if cache is not None and (stored := _read(cache, source)) is not None:
        return Table(stored)
    trace = _open(request, source)
    with reading(trace) as progress:
        found = Table(gather(trace, _selection(request, is_run), progress))
    if request.steps is not None and not found.gathered.marked:
        marks = "no steps" if not found.gathered.events else "no steps with these numbers"
        raise ProfileError(f"{request.path} marks {marks}; leave --steps out to see all events.")
    if cache is not None:
        _write(cache, source, found.gathered)
    return found


def selection_of(steps: str) -> Selection:
    """The events of the steps that a text like 5:9, 5:, :9 or 5 names, both ends included."""
    found = STEPS.fullmatch(steps)
    if found is None or steps == ":":
        raise ProfileError(f"--steps {steps!r} is no range; write the first and last step as 5:9.")
    if found[3]:
        return steps_between(int(found[3]), int(found[3]))
    return steps_between(int(found[1] or 0), int(found[2] or LAST_STEP))


def _selection(request: Request, is_run: bool) -> Selection:
    if request.steps is not None:
        return selection_of(request.steps)
    return in_steps if is_run else every_event


def _source(request: Request, is_run: bool) -> Path:
    """The file or folder that is read."""
    if not is_run:
        return request.path
    if request.rank:
        return profile_path(request.path / "ranks" / str(request.rank))
    return profile_path(request.path)


def _open(request: Request, source: Path) -> Trace:
    from analysis.readers.registry import Ranks, open_trace

    trace = open_trace(source, limited=request.limited)
    if isinstance(trace, Ranks) and request.rank is not None:
        trace.keep_rank(request.rank)
    elif request.rank and source is request.path:
        raise ProfileError(f"{source} is one file; --rank is for a run or a folder of ranks.")
    return trace


def _cache_path(request: Request, is_run: bool) -> Path | None:
    """Where the sums are kept: only of all steps, and beside a foreign trace only if asked."""
    if request.steps is not None or request.rank is not None:
        return None
    if is_run:
        return request.path / CACHE
    if not request.cached:
        return None
    return request.path.parent / f"{FOREIGN_CACHE}-{request.path.name}.msgpack"


def _inputs(source: Path) -> list[tuple[str, int, int]]:
    files = sorted(source.iterdir()) if source.is_dir() else [source]
    stats = [(file.name, file.stat()) for file in files if file.is_file()]
    return [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]


def _read(cache: Path, source: Path) -> Gathered | None:
    try:
        stored = msgspec.msgpack.decode(cache.read_bytes(), type=_Stored)
    except (OSError, msgspec.DecodeError, ValueError):
        return None
    current = stored.analysis_version == ANALYSIS_VERSION and stored.inputs == _inputs(source)
    return stored.gathered if current else None


def _write(cache: Path, source: Path, gathered: Gathered) -> None:
    """Keep the sums; a folder that can't be written to is no reason to fail."""
    stored = _Stored(analysis_version=ANALYSIS_VERSION, inputs=_inputs(source), gathered=gathered)
    temporary = cache.with_name(f".{cache.name}.{os.getpid()}")
    try:
        cache.parent.mkdir(exist_ok=True)
        temporary.write_bytes(msgspec.msgpack.encode(stored))
        os.replace(temporary, cache)
    except OSError:
        temporary.unlink(missing_ok=True)


def write(request: Request, by: Grouping, form: str, output: Path | None, limit: int) -> None:
    """Read what is asked for and write one table of it, to stdout where no file is named.

    Raises:
        ProfileError: as by `load`; the file can't be written; Parquet without a file.
    """
    if form == "parquet" and output is None:
        raise ProfileError("Parquet is no text; name a file with --output.")
    found = load(request)
    try:
        if form == "parquet" and output is not None:
            from analysis.exporters import tables

            tables.write_parquet(found.rows(by), output)
        elif output is None:
            _print(found, by, form, request.path.name or str(request.path), limit, sys.stdout)
        else:
            with output.open("w", encoding="utf-8", newline="") as file:
                _print(found, by, form, request.path.name, limit, file)
    except BrokenPipeError:  # whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise ProfileError(f"{output} can't be written ({error.strerror}).") from None


def _print(found: Table, by: Grouping, form: str, name: str, limit: int, stream: TextIO) -> None:
    if form == "json":
        print(document(found, by).decode(), file=stream)
    elif form == "csv":
        from analysis.exporters import tables

        tables.write_csv(found.rows(by), stream)
    else:
        from analysis import ops_text, terminal

        terminal.show(ops_text.lines(found, by, name, limit), stream)


def document(found: Table, by: Grouping) -> bytes:
    """The JSON document of a table; missing figures are null."""
    coverage = found.coverage()
    warnings = list(found.gathered.notes)
    if coverage.truncated:
        warnings.append(f"The file is not whole: {coverage.truncated}.")
    content = {
        "schema": SCHEMA,
        "warnings": warnings,
        "by": by,
        "rows": [_row(row) for row in found.rows(by)],
        "busy_ns": found.busy_ns,
        "idle_ns": {device: time.idle_ns for device, time in found.spans.items()},
        "steps": coverage.steps,
        "steps_ns": coverage.steps_ns,
        "coverage": {
            "mapped_ratio": coverage.mapped_ratio,
            "phase_ratio": coverage.phase_ratio,
            "layer_ratio": coverage.layer_ratio,
            "events": coverage.events,
            "dropped": coverage.dropped,
            "dropped_reasons": found.gathered.dropped_reasons,
            "repaired": coverage.repaired,
            "truncated": coverage.truncated,
            "device_events": coverage.device_events,
            "unlinked": coverage.device_events - coverage.linked,
        },
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=2)


def _row(row: Row) -> dict[str, object]:
    return {
        "key": row.key,
        "kind": row.kind,
        "category": row.category,
        "phase": row.phase or None,
        "shapes": row.shapes or None,
        "count": row.count,
        "total_ns": row.total_ns,
        "self_ns": row.self_ns,
        "mean_ns": row.total_ns / row.count if row.count else None,
        "share": row.share,
        "device_ns": row.device_ns,
        "flops": row.flops,
        "bytes": row.bytes,
        "flops_per_second": row.flops_per_second,
        "count_per_step": row.count_per_step,
        "total_ns_per_step": row.total_ns_per_step,
        "self_ns_per_step": row.self_ns_per_step,
    }
