import csv
from pathlib import Path

from pyarrow import parquet

from analysis.report.tables import Table, write


def test_a_table_is_written_as_csv_and_parquet(tmp_path: Path) -> None:
    table = Table("ops", {"key": "text", "time_ns": "number", "runs": "whole"},
                  [("=SUM(A1)", 1.5, 3), ("a\nb\ud800", None, None)])  # fmt: skip
    files = write([table, Table("empty", {"key": "text"})], tmp_path / "tables")
    assert [path.name for path in files] == ["ops.csv", "ops.parquet"]
    with files[0].open(newline="", encoding="utf-8") as file:
        head, first, second = csv.reader(file)
    assert head == ["key", "time_ns", "runs"]
    assert first == ["'=SUM(A1)", "1.5", "3"]
    assert second == ["a\\u000ab\ufffd", "", ""]
    found = parquet.read_table(files[1]).to_pydict()
    assert found["key"][0] == "=SUM(A1)"
    assert found["time_ns"] == [1.5, None]
    assert found["runs"] == [3, None]
