"""Writes the tables of a profile as Parquet."""

import os
from pathlib import Path

from analysis.ops import Grouping, Row, Table

TABLES: dict[str, tuple[Grouping, ...]] = {
    "ops": ("op",),
    "layers": ("layer",),
    "phases": ("phase",),
    "kernels": ("kernel", "copy"),
}


def write(table: Table, folder: Path) -> list[Path]:
    """Write ops, layers, phases and kernels.parquet into a folder; kernels only if there are any.

    Each file is replaced in one step. `share_ratio` is as in analysis.ops.Row; a null
    `..._per_step` says that the trace marks no steps.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, groupings in TABLES.items():
        rows = [row for by in groupings for row in table.rows(by)]
        path = folder / f"{name}.parquet"
        if rows or name != "kernels":
            _write(rows, path)
            written.append(path)
        else:
            path.unlink(missing_ok=True)
    return written


def _write(rows: list[Row], path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema(
        [
            ("key", pa.string()),
            ("kind", pa.string()),
            ("phase", pa.string()),
            ("count", pa.int64()),
            ("total_ns", pa.int64()),
            ("self_ns", pa.int64()),
            ("share_ratio", pa.float64()),
            ("count_per_step", pa.float64()),
            ("total_ns_per_step", pa.float64()),
            ("self_ns_per_step", pa.float64()),
        ]
    )
    columns = {
        name: [row.share if name == "share_ratio" else getattr(row, name) for row in rows]
        for name in schema.names
    }
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    parquet.write_table(pa.table(columns, schema=schema), temporary)
    os.replace(temporary, path)
