"""The tables of the page as files: each as CSV and as Parquet."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from analysis import wording
from analysis.exporters.tables import guarded
from analysis.output_file import replacing
from analysis.report.subject import clipped

Value = str | float | int | None
Kind = Literal["text", "whole", "number"]
LONGEST = 10_000
FOLDER = "tables"


@dataclass(frozen=True)
class Table:
    """The rows behind a table of the page: figures as they were computed, not as they are shown.

    `columns` maps names, with units in them, to what their values are; None is what is missing.
    """

    name: str
    columns: Mapping[str, Kind]
    rows: Sequence[Sequence[Value]] = field(default_factory=list)


def write(tables: Sequence[Table], folder: Path) -> list[Path]:
    """Write each table that has rows as CSV and Parquet, replacing files in one step.

    Raises:
        OSError: the folder or a file can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for table in tables:
        if table.rows:
            written += [_write_csv(table, folder), _write_parquet(table, folder)]
    return written


def _write_csv(table: Table, folder: Path) -> Path:
    path = folder / f"{table.name}.csv"
    with replacing(path) as place, place.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows([guarded(_cell(each), "utf-8") for each in row] for row in table.rows)
    return path


def _write_parquet(table: Table, folder: Path) -> Path:
    import pyarrow as pa
    from pyarrow import parquet

    types = {"text": pa.string(), "whole": pa.int64(), "number": pa.float64()}
    schema = pa.schema([(name, types[kind]) for name, kind in table.columns.items()])
    columns = {
        name: [_cell(row[place]) for row in table.rows] for place, name in enumerate(table.columns)
    }
    path = folder / f"{table.name}.parquet"
    with replacing(path) as place, place.open("wb") as file:
        parquet.write_table(pa.table(columns, schema=schema), file)
    return path


def _cell(value: Value) -> Value:
    """A value that UTF-8 can hold, and somebody may read."""
    return wording.well_formed(clipped(value, LONGEST)) if isinstance(value, str) else value
