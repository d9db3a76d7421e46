from pathlib import Path

import pytest
from pyarrow import parquet

from analysis.annotate import fold_trace
from analysis.exporters import tables
from analysis.groups import gather_folded
from analysis.ops import Table
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
    assert parquet.read_schema(written[2]).names[5:8] == ["count", "total_ns", "self_ns"]
