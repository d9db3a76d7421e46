"""Writes every event of a profile as a table, Parquet or CSV, with what the folds found out."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis import wording
from analysis.annotate import Folded
from analysis.blocks import NONE, Strings
from analysis.columns import Int64
from analysis.exporters.tables import guarded
from analysis.folds.outermost import Works
from analysis.timeline.arrows import Ends
from analysis.timeline.events import KINDS, Events
from analysis.timeline.sources import Profile

if TYPE_CHECKING:
    import pyarrow as pa

NUMBERS = (
    *("event_id", "rank", "process", "thread", "device", "stream", "start_ns", "duration_ns"),
    *("parent", "correlation", "sequence", "forward_thread", "flow", "bytes", "total_bytes"),
)
"""Columns of a block, -1 in which says that there is none; Unix nanoseconds."""

ALWAYS_KNOWN = ("start_ns", "duration_ns")

TEXTS = ("kind", "name", "shapes", "path", "phase", "layer", "op", "category")
COLUMNS = (*NUMBERS, "step", "flops", *TEXTS)


def write_parquet(profile: Profile, path: Path) -> int:
    """Write a profile as Parquet, window by window; how many events it has."""
    from pyarrow import parquet

    count = 0
    with parquet.ParquetWriter(path, _schema(), compression="zstd") as writer:
        for columns in _windows(profile, _arrow_texts):
            table = _table(columns)
            writer.write_table(table)
            count += table.num_rows
    return count


def write_csv(profile: Profile, path: Path) -> int:
    """The same as CSV: a line each, unknown cells empty, no text that would be a formula."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for columns in _windows(profile, _csv_texts):
            cells = [_cells(name, columns[name]) for name in COLUMNS]
            writer.writerows(zip(*cells, strict=True))
            count += len(cells[0])
    return count


Texts = Callable[[Int64, Callable[[int], str]], Any]
"""Makes a column of texts of their numbers and of what gives the text of a number."""


def _windows(profile: Profile, texts: Texts) -> Iterator[dict[str, Any]]:
    works, ends = Works(profile.strings), Ends(profile.strings)
    for folded in profile.windows:
        rows = np.flatnonzero(folded.window.new)
        if len(rows):
            yield _columns(folded, rows, Events(folded, works, ends, 0), profile.strings, texts)


def _columns(
    folded: Folded, rows: Int64, events: Events, strings: Strings, texts: Texts
) -> dict[str, Any]:
    block = folded.block
    columns: dict[str, Any] = {
        name: getattr(block, name)[rows].astype(np.int64) for name in NUMBERS
    }
    columns["step"] = folded.step[rows].astype(np.int64)
    flops = [head.args.get("FLOP", -1) for head in events.heads]
    columns["flops"] = np.array(flops, dtype=np.int64)[events.group[rows]]
    columns["kind"] = texts(block.kind[rows].astype(np.int64), KINDS.__getitem__)
    for name, numbers in (
        *((name, getattr(block, name)) for name in ("name", "shapes", "path")),
        *((name, getattr(folded, name)) for name in ("phase", "layer", "op")),
    ):
        columns[name] = texts(numbers[rows].astype(np.int64), strings.__getitem__)
    categories = [str(head.args.get("category", "")) for head in events.heads]
    columns["category"] = texts(events.group[rows].astype(np.int64), categories.__getitem__)
    return columns


def _unknown(name: str, column: Int64) -> npt.NDArray[np.bool_]:
    """Where a column of numbers has none; the change of a memory event may be below zero."""
    if name in ALWAYS_KNOWN:
        return np.zeros(len(column), dtype=bool)
    unknown: npt.NDArray[np.bool_] = column == NONE
    return unknown


def _cells(name: str, column: Any) -> list[object]:
    """The cells of a column for CSV."""
    if name in TEXTS:
        return list(column)
    unknown = _unknown(name, column).tolist()
    return [None if no else value for value, no in zip(column.tolist(), unknown, strict=True)]


def _csv_texts(numbers: Int64, text: Callable[[int], str]) -> list[object]:
    distinct, places = np.unique(numbers, return_inverse=True)
    words = [guarded(text(number), "utf-8") for number in distinct.tolist()]
    return [words[place] for place in places.tolist()]


def _arrow_texts(numbers: Int64, text: Callable[[int], str]) -> Any:
    import pyarrow as pa

    distinct, places = np.unique(numbers, return_inverse=True)
    words = [wording.well_formed(text(number)) for number in distinct.tolist()]
    unknown = np.array([not word for word in words], dtype=bool)[places]
    indices = pa.array(places.astype(np.int32), mask=unknown)
    return pa.DictionaryArray.from_arrays(indices, pa.array(words, pa.string()))


def _schema() -> "pa.Schema":
    import pyarrow as pa

    text = pa.dictionary(pa.int32(), pa.string())
    return pa.schema([(name, text if name in TEXTS else pa.int64()) for name in COLUMNS])


def _table(columns: dict[str, Any]) -> "pa.Table":
    import pyarrow as pa

    made = {
        name: column if name in TEXTS else pa.array(column, mask=_unknown(name, column))
        for name, column in columns.items()
    }
    return pa.table({name: made[name] for name in COLUMNS}, schema=_schema())


FORMS: dict[str, Callable[[Profile, Path], int]] = {"parquet": write_parquet, "csv": write_csv}
"""What writes each kind of file, and says how many events it has."""
