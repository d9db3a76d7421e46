"""Writes what each phase of a run took as a Parquet table."""

from pathlib import Path

import msgspec

from analysis.measured import Measured
from analysis.output_file import replacing
from analysis.resources import phase_figures
from analysis.resources.phase_figures import PhaseFigures
from profilers import rundir

FILE = "resources.parquet"


def write(measured: Measured, busy_ratio: float | None) -> list[Path]:
    """Write derived/resources.parquet, a row for each phase, replacing it in one step.

    Its columns are the fields of `PhaseFigures`.

    Args:
        measured: what was read of the run.
        busy_ratio: the part of the profiled steps in which the GPU had work by the trace.

    Returns:
        The file; nothing for a run without samples or phases.
    """
    rows = phase_figures.of_run(measured.samples, measured.phases, measured.steps, busy_ratio)
    path = measured.run / rundir.DERIVED / FILE
    if not rows:
        path.unlink(missing_ok=True)
        return []
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(rows, path)
    return [path]


def _write(rows: list[PhaseFigures], path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    types = {int: pa.int64(), float: pa.float64(), str: pa.string()}
    schema = pa.schema(
        [
            (field.name, next(types[each] for each in types if _holds(field.type, each)))
            for field in msgspec.structs.fields(PhaseFigures)
        ]
    )
    columns = {name: [getattr(row, name) for row in rows] for name in schema.names}
    with replacing(path) as place, place.open("wb") as file:
        parquet.write_table(pa.table(columns, schema=schema), file)


def _holds(declared: object, kind: type) -> bool:
    return declared is kind or kind in getattr(declared, "__args__", ())
