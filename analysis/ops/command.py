"""What `analysis ops` does: read a run, a trace or a folder of ranks, and hand on its tables."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import msgspec

from analysis import wording
from analysis.annotate import Folded, Mask
from analysis.blocks import Trace
from analysis.groups import Selection, every_event, gather, in_steps, steps_between
from analysis.ops import cache as ops_cache
from analysis.ops import source as ops_source
from analysis.ops.rows import Row
from analysis.ops.source import Request
from analysis.ops.table import Grouping, Table
from analysis.output_file import replacing
from analysis.reading_progress import reading
from analysis.sums import Gathered
from profilers.records import SCHEMA
from profilers.rundir import ProfileError

STEPS = re.compile(r"(\d{1,18})?:(\d{1,18})?|(\d{1,18})")
LAST_STEP = 10**18


def load(request: Request) -> Table:
    """The tables of what a request names; of a run those of its profiled steps.

    Raises:
        ProfileError: there is no trace, or it has no such steps or rank.
    """
    source = ops_source.find(request)
    cache, inputs = _cache_path(request, source.is_run), ops_cache.stats(source.files())
    if cache is not None and (stored := ops_cache.read(cache, inputs)) is not None:
        return Table(stored)
    trace = ops_source.opened(request, source)
    with reading(trace) as progress:
        gathered = _gathered(request, trace, source.is_run, progress)
    _make_well_formed(gathered)
    kept = cache is None or ops_cache.write(cache, inputs, gathered)
    if request.cached and not kept:
        gathered.notes.append(f"The sums can't be kept in {cache}; is the folder read-only?")
    return Table(gathered)


def _gathered(
    request: Request, trace: Trace, is_run: bool, progress: Callable[[], None] | None
) -> Gathered:
    """The sums over the events that are asked for; ProfileError if there are no such steps."""
    if request.steps is None:
        return gather(trace, in_steps if is_run else every_event, progress)
    inside = selection_of(request.steps)
    steps: set[int] = set()

    def selected(folded: Folded) -> Mask:
        steps.update(folded.steps.number.tolist() if not steps else ())
        return inside(folded)

    gathered = gather(trace, selected, progress)
    if not steps:
        raise ProfileError(f"{request.path} marks no steps; leave --steps out to see all events.")
    if not gathered.marked:
        raise ProfileError(
            f"{request.path} has no steps {request.steps}; its steps are {min(steps)} to "
            f"{max(steps)}."
        )
    return gathered


def _make_well_formed(gathered: Gathered) -> None:
    """Rid all texts of what no output could hold."""
    gathered.texts = [wording.well_formed(text) for text in gathered.texts]
    gathered.notes = [wording.well_formed(note) for note in gathered.notes]
    gathered.truncated = gathered.truncated and wording.well_formed(gathered.truncated)


def selection_of(steps: str) -> Selection:
    """The events of the steps that a text like 5:9, 5:, :9 or 5 names, both ends included."""
    found = STEPS.fullmatch(steps)
    if found is None or steps == ":":
        raise ProfileError(f"--steps {steps!r} is no range; write the first and last step as 5:9.")
    if found[3]:
        return steps_between(int(found[3]), int(found[3]))
    first, last = int(found[1] or 0), int(found[2] or LAST_STEP)
    if last < first:
        raise ProfileError(f"--steps {steps} ends before it begins; did you mean {last}:{first}?")
    return steps_between(first, last)


def _cache_path(request: Request, is_run: bool) -> Path | None:
    """Where the sums are kept: only of all steps, and beside a foreign trace only if asked."""
    if request.steps is not None or request.rank is not None:
        return None
    return ops_cache.path_of(request.path, is_run) if is_run or request.cached else None


def write(request: Request, by: Grouping, form: str, output: Path | None, limit: int) -> None:
    """Read what is asked for and write one table of it, to stdout where no file is named.

    Raises:
        ProfileError: as by `load`; the file can't be written, or is what is read; Parquet without
            a file.
    """
    if output is None:
        if form == "parquet":
            raise ProfileError("Parquet is no text; name a file with --output.")
        found = load(request)
        with _told_if_unwritable("stdout"):
            _print(found, by, form, _title(request), limit, sys.stdout)
            sys.stdout.flush()
        return
    with _told_if_unwritable(output):
        _refuse_input(request, output)
    found = load(request)
    with _told_if_unwritable(output), replacing(output) as place:
        if form == "parquet":
            from analysis.exporters import tables

            tables.write_parquet(found.rows(by), place)
        else:
            with place.open("w", encoding="utf-8", newline="") as file:
                _print(found, by, form, _title(request), limit, file)


@contextmanager
def _told_if_unwritable(output: object) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # whoever reads has seen enough
        raise
    except OSError as error:
        raise ProfileError(f"{output} can't be written ({error.strerror}).") from None


def _refuse_input(request: Request, output: Path) -> None:
    files = [file for file in ops_source.find(request).files() if file.exists()]
    if output.exists() and any(output.samefile(file) for file in files):
        raise ProfileError(f"{output} is a trace that is read; name another file with --output.")


def _title(request: Request) -> str:
    name = request.path.resolve().name or str(request.path)
    rank = "" if request.rank is None else f", rank {request.rank}"
    return f"{name}{rank}" + ("" if request.steps is None else f", steps {request.steps}")


def _print(found: Table, by: Grouping, form: str, title: str, limit: int, stream: TextIO) -> None:
    if form == "json":
        text = document(found, by).decode()
        for each in text.split("\n"):
            print(wording.escaped(each, stream.encoding), file=stream)
    elif form == "csv":
        from analysis.exporters import tables

        tables.write_csv(found.rows(by), stream)
    else:
        from analysis import terminal
        from analysis.ops import text as ops_text

        page = terminal.page(stream)
        terminal.show(ops_text.lines(found, by, title, limit, page), stream)


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
        "flops": coverage.flops,
        "bytes": coverage.bytes,
        "coverage": {
            "mapped_ratio": coverage.mapped_ratio,
            "phase_ratio": coverage.phase_ratio,
            "layer_ratio": coverage.layer_ratio,
            "work_ratio": coverage.work_ratio,
            "events": coverage.events,
            "dropped": coverage.dropped,
            "dropped_reasons": {
                reason: count for reason, count in found.gathered.dropped_reasons.items() if count
            },
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
        "category_ratio": row.category_ratio,
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
        "work_ratio": row.work_ratio,
        "flops_per_second": row.flops_per_second,
        "flops_per_byte": row.flops_per_byte,
        "count_per_step": row.count_per_step,
        "total_ns_per_step": row.total_ns_per_step,
        "self_ns_per_step": row.self_ns_per_step,
    }
