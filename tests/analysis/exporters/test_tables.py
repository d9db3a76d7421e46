import csv
import io
from pathlib import Path

import pytest
from pyarrow import parquet

from analysis.annotate import fold_trace
from analysis.exporters import tables
from analysis.groups import gather_folded
from analysis.ops.rows import Row
from analysis.ops.table import Table
from analysis.readers.kineto import KinetoTrace

DATA = Path(__file__).parents[2] / "data" / "kineto"


def test_tables_hold_what_the_aggregates_say(tmp_path: Path) -> None:
    folded = fold_trace(KinetoTrace(DATA / "mi250-minitoy.json.gz"))
    written = tables.write(Table(gather_folded(folded)), tmp_path / "derived")
    names = ["ops.parquet", "layers.parquet", "phases.parquet", "kernels.parquet"]
    assert [path.name for path in written] == names
    assert sorted(path.name for path in (tmp_path / "derived").iterdir()) == sorted(names)
    ops = parquet.read_table(written[0]).to_pylist()
    expected = Table(gather_folded(folded)).rows("op")
    assert [row["key"] for row in ops] == [row.key for row in expected]
    assert [row["self_ns"] for row in ops] == [row.self_ns for row in expected]
    assert ops[0]["self_ns_per_step"] == expected[0].self_ns / 2
    assert sum(row["share_ratio"] for row in ops) == pytest.approx(1)
    kernels = parquet.read_table(written[3]).to_pylist()
    assert {row["kind"] for row in kernels} == {"kernel", "memcpy"}
    assert sum(row["total_ns"] for row in kernels) == 149_042


def test_no_kernels_no_file(tmp_path: Path) -> None:
    folded = fold_trace(KinetoTrace(DATA / "cpu-only-gloo.json.gz"))
    (tmp_path / "kernels.parquet").write_bytes(b"of a run before")
    written = tables.write(Table(gather_folded(folded)), tmp_path)
    assert [path.name for path in written] == ["ops.parquet", "layers.parquet", "phases.parquet"]
    assert not (tmp_path / "kernels.parquet").exists()
    assert parquet.read_schema(written[2]).names[6:9] == ["count", "total_ns", "self_ns"]


def test_a_text_file_holds_a_line_a_row_and_nothing_that_a_terminal_obeys() -> None:
    names = ("=1+1", "a\x1b[31m\u202e", "b\r\nc, d", "\t-1", "漢")
    rows = [Row(name, "op", 1, 1, 1, None, 0) for name in names]
    stream = io.StringIO()
    tables.write_csv(rows, stream)
    text = stream.getvalue()
    assert text.count("\n") == 1 + len(names)
    assert all(letter.isprintable() for letter in text.replace("\n", ""))
    read = [row["key"] for row in csv.DictReader(io.StringIO(text))]
    assert read == ["'=1+1", r"a\u001b[31m\u202e", r"b\u000d\u000ac, d", r"\u0009-1", "漢"]


def test_parquet_replaces_a_file_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(b"old")
    with pytest.raises(OverflowError):
        tables.write_parquet([Row("a", "op", 2**70, 1, 1, None, 0)], path)
    assert path.read_bytes() == b"old"
    tables.write_parquet([Row("a", "op", 1, 1, 1, None, 0)], path)
    assert [row["key"] for row in parquet.read_table(path).to_pylist()] == ["a"]
    assert list(tmp_path.iterdir()) == [path]
