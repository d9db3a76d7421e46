"""Writes the tables of a profile as Parquet and CSV."""

import csv
from pathlib import Path
from typing import TextIO

from analysis import wording
from analysis.ops.rows import Row
from analysis.ops.table import Grouping, Table
from analysis.output_file import replacing

COLUMNS = {
    "key": "text",
    "kind": "text",
    "phase": "text",
    "category": "text",
    "category_ratio": "number",
    "shapes": "text",
    "count": "whole",
    "total_ns": "whole",
    "self_ns": "whole",
    "device_ns": "whole",
    "share_ratio": "number",
    "flops": "whole",
    "bytes": "whole",
    "work_ratio": "number",
    "flops_per_second": "number",
    "flops_per_byte": "number",
    "count_per_step": "number",
    "total_ns_per_step": "number",
    "self_ns_per_step": "number",
}
FORMULA = ("=", "+", "-", "@")
TABLES: dict[str, tuple[Grouping, ...]] = {
    "ops": ("op",),
    "layers": ("layer",),
    "phases": ("phase",),
    "kernels": ("kernel", "copy"),
}


def write(table: Table, folder: Path) -> list[Path]:
    """Write ops, layers, phases and kernels.parquet into a folder; kernels only if there are any.

    Each file is replaced in one step. `share_ratio` is `share` in analysis.ops.rows.Row; a null
    `..._per_step` says that the trace marks no steps.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, groupings in TABLES.items():
        rows = [row for by in groupings for row in table.rows(by)]
        path = folder / f"{name}.parquet"
        if rows or name != "kernels":
            write_parquet(rows, path)
            written.append(path)
        else:
            path.unlink(missing_ok=True)
    return written


def write_parquet(rows: list[Row], path: Path) -> None:
    """Write rows as Parquet, replacing the file in one step."""
    import pyarrow as pa
    from pyarrow import parquet

    types = {"text": pa.string(), "whole": pa.int64(), "number": pa.float64()}
    schema = pa.schema([(name, types[kind]) for name, kind in COLUMNS.items()])
    columns = {name: [_cell(row, name) for row in rows] for name in COLUMNS}
    with replacing(path) as place, place.open("wb") as file:
        parquet.write_table(pa.table(columns, schema=schema), file)


def write_csv(rows: list[Row], stream: TextIO) -> None:
    """Write rows as CSV, a line each: what can't be printed is escaped as in JSON.

    A text that a spreadsheet would take for a formula is quoted.
    """
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([guarded(_cell(row, name), stream.encoding) for name in COLUMNS])


def _cell(row: Row, name: str) -> object:
    return row.share if name == "share_ratio" else getattr(row, name)


def guarded(value: object, encoding: str | None) -> object:
    """A cell of a CSV file: texts on one line, and not such as a spreadsheet takes as formulas."""
    if not isinstance(value, str):
        return value
    text = wording.escaped(value, encoding)
    return f"'{text}" if text.startswith(FORMULA) else text
