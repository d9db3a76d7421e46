"""Reads resources.csv in parts; of a long run rows are put together, so that memory is bounded."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from analysis.resources import sample_folds
from analysis.resources.sample_folds import TIME, Columns, Fold, Int64
from profilers.records import READINGS
from profilers.rundir import ProfileError

WHOLE_BYTES = 4 << 20
"""A file up to this size is taken as it is: about twenty minutes at ten samples a second."""

MOST_ROWS = 8192
"""What is kept at most of the rows between two edges."""

PART_BYTES = 1 << 20


@dataclass(frozen=True, eq=False)
class Rows:
    """Unix times in ns, and a column per figure, NaN for empty cells.

    Where rows were put together, a gauge is the mean of them, and its maximum and minimum stand in
    columns that end in _max and _min; a counter is the last value; bits are the last ones, and each
    that was set stands in the column that ends in _max; the time is that of the last.
    """

    time_ns: Int64
    columns: Columns


def read(
    path: Path,
    edges_ns: Sequence[int],
    most_rows: int = MOST_ROWS,
    whole_bytes: int = WHOLE_BYTES,
) -> Rows:
    """The rows of a file, without the last line if it is not whole.

    Args:
        path: resources.csv.
        edges_ns: Unix times at which phases begin or end; no rows of both sides are put together.
        most_rows: About how many rows to keep between two edges.
        whole_bytes: The size up to which a file is kept as it is.

    Raises:
        ProfileError: the file is damaged; the sentence names it.
    """
    source = _Source(path)
    if TIME not in source.names:
        if not source.names:
            return Rows(np.empty(0, np.int64), {})
        raise ProfileError(f"{path} is damaged in line 1; run profile.py again.")
    try:
        if source.end <= whole_bytes:
            return _joined([_rows(part) for part in source.parts(source.names)], source.names)
        times = [np.empty(0, np.int64), *(_times(part) for part in source.parts([TIME]))]
        begins = _begins(np.concatenate(times), np.sort(np.array(edges_ns, np.int64)), most_rows)
        return _folded(source, begins)
    except pa.ArrowInvalid as error:
        reason = str(error).splitlines()[0]
        raise ProfileError(f"{path} is damaged ({reason}); run profile.py again.") from None


class _Source:
    """The whole lines of a file, to be read as often as is needed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with open(path, "rb") as file:
            header = file.readline()
            self.names = header.decode("utf-8", "replace").strip().split(",")
            if not header.endswith(b"\n"):
                self.names = []
            self.end = _last_line_end(file)

    def parts(self, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """These columns of some rows at a time."""
        types = {name: pa.int64() if name == TIME else pa.float64() for name in names}
        with open(self._path, "rb") as file:
            reader = csv.open_csv(
                _Head(file, self.end),
                read_options=csv.ReadOptions(block_size=PART_BYTES),
                convert_options=csv.ConvertOptions(
                    column_types=types, include_columns=list(names), null_values=[""]
                ),
            )
            yield from reader


class _Head(io.RawIOBase):
    """A file up to a place."""

    def __init__(self, file: io.BufferedReader, end: int) -> None:
        self._file, self._left = file, end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        part = self._file.read(min(len(buffer), self._left))
        buffer[: len(part)] = part
        self._left -= len(part)
        return len(part)


def _last_line_end(file: io.BufferedReader) -> int:
    end = file.seek(0, io.SEEK_END)
    while end > 0:
        begin = max(0, end - 4096)
        file.seek(begin)
        found = file.read(end - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0


def _times(part: pa.RecordBatch) -> Int64:
    column = part.column(part.schema.get_field_index(TIME))
    if column.null_count:
        raise pa.ArrowInvalid(f"a row has no {TIME}")
    times: Int64 = column.to_numpy(zero_copy_only=False)
    return times


def _rows(part: pa.RecordBatch) -> Rows:
    columns = {
        name: np.asarray(column.to_numpy(zero_copy_only=False), np.float64)
        for name, column in zip(part.schema.names, part.columns, strict=True)
        if name != TIME
    }
    return Rows(_times(part), columns)


def _joined(parts: Sequence[Rows], names: Sequence[str]) -> Rows:
    kept = parts[0].columns if parts else [name for name in names if name != TIME]
    empty = np.empty(0)
    return Rows(
        np.concatenate([np.empty(0, np.int64), *(part.time_ns for part in parts)]),
        {name: np.concatenate([empty, *(part.columns[name] for part in parts)]) for name in kept},
    )


def _begins(time_ns: Int64, edges_ns: Int64, most_rows: int) -> Int64:
    """Where the rows begin that are put together: even numbers of them between edges."""
    stretch = np.searchsorted(edges_ns, time_ns, side="right")
    firsts = np.flatnonzero(np.diff(stretch, prepend=-1))
    counts = np.diff(np.append(firsts, len(time_ns)))
    each = -(-counts // most_rows)
    within = np.arange(len(time_ns)) - np.repeat(firsts, counts)
    return np.flatnonzero(within % np.repeat(each, counts) == 0)


def _folded(source: _Source, begins: Int64) -> Rows:
    """All rows with those from one beginning to the next put together."""
    found: list[Rows] = []
    waiting: list[Rows] = []
    folds = sample_folds.folds(source.names)
    read_rows = 0
    for part in source.parts(source.names):
        rows = _joined([*waiting, _rows(part)], source.names)
        first = read_rows - (len(waiting[0].time_ns) if waiting else 0)
        read_rows += part.num_rows
        inside = begins[(begins >= first) & (begins < read_rows)] - first
        last = int(inside[-1])  # more of its rows may follow
        if len(inside) > 1:
            found.append(_fold(_slice(rows, 0, last), inside[:-1], folds))
        waiting = [_slice(rows, last, None)]
    found += [_fold(rows, np.zeros(1, np.int64), folds) for rows in waiting]
    return _joined(found, source.names)


def _slice(rows: Rows, begin: int, end: int | None) -> Rows:
    columns = {name: values[begin:end] for name, values in rows.columns.items()}
    return Rows(rows.time_ns[begin:end], columns)


def _fold(rows: Rows, begins: Int64, folds: Sequence[Fold]) -> Rows:
    counts = np.diff(np.append(begins, len(rows.time_ns)))
    columns = {READINGS: counts.astype(np.float64)}
    for fold in folds:
        columns |= fold(rows.columns, begins)
    return Rows(rows.time_ns[begins + counts - 1], columns)
