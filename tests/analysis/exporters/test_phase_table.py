from typing import Any

import msgspec
from pyarrow import parquet

from analysis import measured
from analysis.exporters import phase_table
from analysis.resources import phase_figures
from analysis.resources.phase_figures import PhaseFigures
from profilers import rundir


def test_the_table_holds_the_rows_as_they_are(make_run: Any) -> None:
    read = measured.read(make_run())
    (path,) = phase_table.write(read, 0.5)
    assert path == read.run / rundir.DERIVED / "resources.parquet"
    rows = msgspec.convert(parquet.read_table(path).to_pylist(), list[PhaseFigures])
    assert rows == phase_figures.of_run(read.samples, read.phases, read.steps, 0.5)
    assert [row.phase for row in rows] == ["run", "timed"]


def test_a_column_without_values_keeps_its_type(make_run: Any) -> None:
    (path,) = phase_table.write(measured.read(make_run()), None)
    types = {field.name: str(field.type) for field in parquet.read_schema(path)}
    assert types["gpu_energy_joules"] == "double"
    assert types["vram_peak_bytes"] == "int64"
    assert types["reasons"] == "string"


def test_a_run_without_samples_has_no_table(make_run: Any) -> None:
    run = make_run()
    assert phase_table.write(measured.read(run), None)
    (run / rundir.RESOURCES).unlink()
    assert phase_table.write(measured.read(run), None) == []
    assert not (run / rundir.DERIVED / "resources.parquet").exists()
