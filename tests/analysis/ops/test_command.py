import csv
import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pyarrow import parquet

from analysis import cli, terminal
from analysis.ops.command import load, selection_of
from analysis.ops.source import Request
from profilers.rundir import ProfileError

ROOT = Path(__file__).parents[3]
DATA = ROOT / "tests" / "data"
BERT = DATA / "kineto" / "h100-bert-small.json.gz"
NO_PLACE = "no/x.parquet can't be written (No such file or directory)."
SPAN = {"ph": "X", "pid": 1, "tid": 1, "ts": 1, "dur": 1, "cat": "cpu_op"}
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
    assert lines[0] == "h100-bert-small.json.gz   1 step, 2,295 events read"
    assert "Device 0 had work for 0.309 ms" in text
    assert max(map(len, lines)) <= terminal.WIDTH
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
    table = printed(capsys, run, "--steps", "1").splitlines()
    assert table[0].startswith("run-1, steps 1   1 step, ")
    assert cli.main(["ops", str(run), "--steps", "7:9"]) == 2
    assert "has no steps 7:9; its steps are 0 to 1." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "inside"),
    [("2:3", [2, 3]), ("2:", [2, 3, 4]), (":1", [0, 1]), ("3", [3]), ("2:99999999999", [2, 3, 4])],
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


def test_what_cannot_be_met_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("no trace")
    unmarked = tmp_path / "other" / "unmarked.json"
    unmarked.parent.mkdir()
    unmarked.write_text(json.dumps([{**SPAN, "name": "a"}]))
    empty = tmp_path / "empty"
    empty.mkdir()
    for arguments, words in (
        ([tmp_path / "none"], "does not exist"),
        ([empty], "holds no trace"),
        ([tmp_path], "bad.json is no trace"),
        ([bad], "is no trace"),
        ([BERT, "--format", "parquet"], "name a file with --output"),
        ([BERT, "--rank", "3"], "does not say which rank it is"),
        ([unmarked, "--steps", "1:2"], "marks no steps; leave --steps out"),
        ([BERT, "--steps", "5:2"], "ends before it begins; did you mean 2:5?"),
        ([BERT, "--format", "parquet", "--output", tmp_path / "no" / "x.parquet"], NO_PLACE),
        ([BERT, "--output", tmp_path], "can't be written (Is a directory)"),
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


STEERING = "a\x1b[31m\x1b]0;own\x07\x9b31m\u202e\x7f"


@pytest.mark.parametrize("form", ["table", "csv", "json"])
@pytest.mark.parametrize("by", ["op", "shape", "layer"])
def test_names_cannot_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str, by: str
) -> None:
    path = tmp_path / f"t{STEERING.replace('/', '')}" / "rank1.json"
    path.parent.mkdir()
    path.write_text(json.dumps([{**SPAN, "name": STEERING}, {**SPAN, "name": "=1+1"}]))
    (path.parent / f"{STEERING}\udcff.json").write_text("no trace")
    text = printed(capsys, path.parent, "--format", form, "--by", by)
    assert all(letter.isprintable() for letter in text.replace("\n", ""))
    if form == "json":
        assert json.loads(text)["warnings"]
        assert by == "layer" or STEERING in {row["key"] for row in json.loads(text)["rows"]}
    if form == "csv" and by == "op":
        assert "'=1+1" in text


@pytest.mark.parametrize("form", ["table", "csv", "json"])
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_an_output_that_is_not_utf_8(
    tmp_path: Path, form: str, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.json"
    path.write_text(json.dumps([{**SPAN, "name": f"卷积{number}层é"} for number in range(2)]))
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr("sys.stdout", stream)
    assert cli.main(["ops", str(path), "--format", form]) == 0
    text = stream.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
    assert r"\u5377\u79ef" in text
    if form == "json":
        assert {row["key"] for row in json.loads(text)["rows"]} == {"卷积0层é", "卷积1层é"}
    if form == "table":
        lines = [line for line in text.splitlines() if "u5377" in line]
        assert len({line.index("(unmapped)") for line in lines}) == 1


@pytest.mark.parametrize("form", ["table", "csv", "json", "parquet"])
def test_what_is_read_is_not_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str, make_run: Any
) -> None:
    trace, link = tmp_path / "t" / "trace.json.gz", tmp_path / "link"
    trace.parent.mkdir()
    trace.write_bytes(BERT.read_bytes())
    link.symlink_to(trace)
    run = make_run()
    profile = make_run.add_profile(run)
    for path, output in ((trace, trace), (trace, link), (trace.parent, trace), (run, profile)):
        before = output.read_bytes()
        assert cli.main(["ops", str(path), "--format", form, "--output", str(output)]) == 2
        assert "is a trace that is read; name another file" in capsys.readouterr().err
        assert output.read_bytes() == before


def test_a_failure_leaves_the_output_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out.csv"
    output.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("analysis.exporters.tables.write_csv", full)
    assert cli.main(["ops", str(BERT), "--format", "csv", "--output", str(output)]) == 2
    assert f"{output} can't be written (No space left on device)." in capsys.readouterr().err
    assert output.read_text() == "old"
    assert list(tmp_path.iterdir()) == [output]


def test_a_trace_of_another_rank_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    gloo = DATA / "kineto" / "cpu-only-gloo.json.gz"
    text = printed(capsys, gloo, "--rank", "34")
    assert text.startswith("cpu-only-gloo.json.gz, rank 34   ")


def test_halves_of_characters_reach_no_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from analysis.ops import command as ops_command

    gather = ops_command.gather

    def with_half(*arguments: Any) -> Any:
        gathered = gather(*arguments)
        gathered.texts = [text.replace("aten::addmm", "x\ud800y") for text in gathered.texts]
        return gathered

    monkeypatch.setattr(ops_command, "gather", with_half)
    trace = tmp_path / "trace.json.gz"
    trace.write_bytes(BERT.read_bytes())
    rows = load(Request(path=trace, cached=True)).rows("op")
    assert any(row.key == "x\ufffdy" for row in rows)
    for form in ("table", "csv", "json", "parquet"):
        output = tmp_path / f"out.{form}"
        assert cli.main(["ops", str(trace), "--format", form, "--output", str(output)]) == 0
