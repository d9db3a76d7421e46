import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pyarrow import parquet

from analysis import cli, ops_command
from analysis.ops_command import CACHE, Request, load, selection_of
from profilers.rundir import ProfileError

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
BERT = DATA / "kineto" / "h100-bert-small.json.gz"
GROUPINGS = ("op", "native", "category", "layer", "phase", "kernel", "copy", "shape", "step")


def printed(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert cli.main(["ops", *map(str, arguments)]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("by", GROUPINGS)
def test_the_json_document(capsys: pytest.CaptureFixture[str], by: str) -> None:
    document = json.loads(printed(capsys, BERT, "--by", by, "--format", "json"))
    schema = json.loads((ROOT / "docs" / "schema" / "ops.json").read_text())
    jsonschema.validate(document, schema)
    assert (document["schema"], document["warnings"]) == (1, [])
    assert document["steps"] == 1
    assert document["busy_ns"] == {"0": 309_437}
    coverage = document["coverage"]
    assert {"mapped_ratio", "events", "dropped", "repaired", "truncated"} <= set(coverage)
    assert (coverage["dropped"], coverage["repaired"], coverage["truncated"]) == (0, 0, None)
    for row in document["rows"]:
        assert {"key", "category", "count", "total_ns", "self_ns", "share"} <= set(row)
    if by == "kernel":
        assert sum(row["total_ns"] for row in document["rows"]) == 307_197
        assert sum(row["share"] for row in document["rows"]) == pytest.approx(307_197 / 309_437)


@pytest.mark.parametrize("by", GROUPINGS)
def test_the_table_for_people(capsys: pytest.CaptureFixture[str], by: str) -> None:
    text = printed(capsys, BERT, "--by", by, "--top", "3")
    lines = text.splitlines()
    assert lines[0].startswith("h100-bert-small.json.gz   1 step, 2,295 events")
    assert "Device 0 had work for 0.309 ms" in text
    assert max(map(len, lines)) < 130
    if by == "op":
        assert "aten::linear" in text
        assert "more" in text
        assert "--top 0 for all" in text


def test_csv_and_parquet_hold_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(printed(capsys, BERT, "--format", "csv"))))
    path = tmp_path / "ops.parquet"
    assert printed(capsys, BERT, "--format", "parquet", "--output", path) == ""
    table = parquet.read_table(path).to_pylist()
    assert [row["key"] for row in rows] == [row["key"] for row in table]
    assert [int(row["self_ns"]) for row in rows] == [row["self_ns"] for row in table]
    text = tmp_path / "ops.csv"
    assert printed(capsys, BERT, "--format", "csv", "--output", text) == ""
    assert list(csv.DictReader(text.open())) == rows


def test_steps_are_chosen(capsys: pytest.CaptureFixture[str], make_run: Any) -> None:
    run = make_run()
    make_run.add_profile(run)
    both = json.loads(printed(capsys, run, "--format", "json"))
    one = json.loads(printed(capsys, run, "--format", "json", "--steps", "1"))
    counts = {row["key"]: row["count"] for row in both["rows"]}
    assert counts == {"aten::add_": 4, "aten::addmm": 2}
    assert {row["key"]: row["count"] for row in one["rows"]} == {"aten::add_": 2, "aten::addmm": 1}
    assert (both["steps"], one["steps"]) == (2, 1)
    assert cli.main(["ops", str(run), "--steps", "7:9"]) == 2
    assert "no steps with these numbers" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "inside"),
    [("2:3", [2, 3]), ("2:", [2, 3, 4]), (":1", [0, 1]), ("3", [3]), ("4:2", [])],
)
def test_ranges_of_steps(text: str, inside: list[int]) -> None:
    class Steps:
        import numpy as np

        step = np.array([-1, 0, 1, 2, 3, 4])

    assert Steps.step[selection_of(text)(Steps())].tolist() == inside  # type: ignore[arg-type]


@pytest.mark.parametrize("text", [":", "", "a:b", "1:2:3", "-1"])
def test_what_is_no_range_of_steps(text: str) -> None:
    with pytest.raises(ProfileError, match="is no range; write"):
        selection_of(text)


def test_sums_are_kept_beside_a_run_and_beside_a_trace_only_if_asked(
    tmp_path: Path, make_run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run()
    make_run.add_profile(run)
    first = load(Request(path=run))
    assert (run / CACHE).exists()
    trace = tmp_path / "trace.json.gz"
    shutil.copyfile(BERT, trace)
    load(Request(path=trace))
    assert list(tmp_path.glob(".*")) == []
    load(Request(path=trace, cached=True))
    assert len(list(tmp_path.glob(".crossprof-ops*"))) == 1
    monkeypatch.setattr(ops_command, "_open", None)  # nothing is read again
    assert load(Request(path=run)).rows("op") == first.rows("op")
    assert load(Request(path=trace, cached=True)).rows("op")[0].key == "aten::addmm"
    monkeypatch.undo()
    make_run.add_profile(run, make_run.kineto_events()[:7])
    assert sum(row.count for row in load(Request(path=run)).rows("op")) == 3


def test_what_cannot_be_met_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("no trace")
    empty = tmp_path / "empty"
    empty.mkdir()
    for arguments, words in (
        ([tmp_path / "none"], "does not exist"),
        ([empty], "holds no trace"),
        ([tmp_path], "bad.json is no trace"),
        ([bad], "is no trace"),
        ([BERT, "--format", "parquet"], "name a file with --output"),
        ([BERT, "--rank", "3"], "--rank is for a run or a folder of ranks"),
        ([BERT, "--format", "csv", "--output", tmp_path / "no" / "x.csv"], "can't be written"),
    ):
        assert cli.main(["ops", *map(str, arguments)]) == 2
        error = capsys.readouterr().err
        assert words in error
        assert error.count("\n") == 1


def test_a_broken_file_is_told_and_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import gzip

    path = tmp_path / "cut.json"
    text = gzip.decompress(BERT.read_bytes())
    path.write_bytes(text[: len(text) // 2])
    document = json.loads(printed(capsys, path, "--format", "json"))
    assert "breaks off after" in document["coverage"]["truncated"]
    assert "not whole" in document["warnings"][0]
    assert document["rows"]
    assert "The file is not whole" in printed(capsys, path)


def test_a_name_that_a_spreadsheet_would_run_is_guarded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.json"
    span = {"ph": "X", "pid": 1, "tid": 1, "ts": 1, "dur": 1, "cat": "cpu_op"}
    path.write_text(json.dumps([{**span, "name": "=1+1"}, {**span, "name": "a\x1b[31m"}]))
    assert "'=1+1" in printed(capsys, path, "--format", "csv")
    assert "\x1b" not in printed(capsys, path)
