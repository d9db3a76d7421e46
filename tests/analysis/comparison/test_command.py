import inspect
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from analysis import cli
from analysis.comparison import command
from analysis.comparison.command import Request
from analysis.comparison.compare import Compared
from analysis.comparison.record import Comparison
from analysis.report import write as page
from profilers import rundir
from profilers.records import Result, RoundsRecord, Side
from profilers.rundir import ProfileError

pytestmark = pytest.mark.usefixtures("here")

ROOT = Path(__file__).parents[3]
SCHEMA = ROOT / "docs" / "schema" / "compare.json"
KINETO = ROOT / "tests" / "data" / "kineto"
SMALL = KINETO / "mi300-torch-compile-triton.json.gz"

Drawn = list[tuple[Compared, Path]]


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch, no_report: None) -> Drawn:
    """The pages that were written, which are empty."""
    found: Drawn = []

    def write(compared: Compared, place: Path) -> list[Path]:
        found.append((compared, place))
        place.write_text("")
        return [place]

    monkeypatch.setattr(page, "write", write)
    return found


@pytest.fixture
def run(make_comparison: Any) -> Callable[..., Path]:
    """A run with a name; its median step is as long as asked for."""

    def made(name: str, step_ms: float | None = 2.0, **others: Any) -> Path:
        (make_comparison.make_run.output / name).parent.mkdir(exist_ok=True)
        side = others.pop("side", make_comparison.torch)
        path: Path = make_comparison.add_run(name, side, step_ms, True, **others)
        return path

    return made


def record_of(directory: Path) -> Comparison:
    return rundir.read_json(directory / rundir.COMPARISON, Comparison)


def rows(found: Compared) -> list[Any]:
    [levels] = found.record.levels
    assert levels is not None
    return [row for some in levels.rows.values() for row in some]


def test_two_runs_are_compared_in_a_new_folder_beside_them(
    run: Callable[..., Path], make_comparison: Any
) -> None:
    paths = [run("one"), run("two", 3.0, side=make_comparison.tensorflow)]
    found, problems = command.compared_of(Request(paths))
    assert problems == []
    assert found.directory.parent == paths[0].parent
    assert found.directory.name.startswith("compare-")
    record = record_of(found.directory)
    assert record == found.record
    assert (record.sides, record.order_seed, record.rounds) == (
        ["PyTorch eager", "TensorFlow function"],
        None,
        1,
    )
    [row] = record.comparisons
    assert row.ratio is not None
    assert row.ratio.estimate == pytest.approx(1.5)
    assert row.report == str(found.directory / rundir.REPORT)
    assert sum(each.difference_ns for each in record.levels[0].rows["phase"]) == pytest.approx(1e6)
    again, _ = command.compared_of(Request(paths))
    assert again.directory != found.directory


def test_a_run_held_against_itself_differs_nowhere(
    run: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = run("one")
    found, problems = command.compared_of(Request([path, path]))
    assert problems == []
    assert found.record.sides == ["PyTorch eager A", "PyTorch eager B"]
    [row], [evidence] = found.record.comparisons, found.record.evidence
    assert row.ratio is not None
    assert (row.ratio.estimate, row.conditions, row.warnings) == (1.0, "same", [])
    assert (evidence.mean_log_ratio, evidence.break_even) == (0.0, None)
    assert evidence.same_work is not None
    assert (evidence.same_work.differing, evidence.same_work.loss_difference) == ((), 0)
    assert len(rows(found)) > 10
    assert all(each.baseline_ns == each.other_ns for each in rows(found))
    assert all(each.difference_ns == 0 for each in rows(found))
    assert all(each.names[0] == each.names[1] for each in rows(found))
    assert command.run(Request([path, path]), "table") == (True, [])
    printed = capsys.readouterr().err
    assert "One run each, no verdict" in printed
    assert "(1.00 ×)" in printed
    assert "0.00 ms a step" in printed


def test_folders_are_sides(run: Callable[..., Path], make_run: Any) -> None:
    for number in range(3):
        run(f"before/{number}", 2.0 + number / 10)
        run(f"after/{number}", 4.0 + number / 10)
    folders = [make_run.output / name for name in ("before", "after")]
    found, _ = command.compared_of(Request(folders, make_run.output / "compare-folders"))
    [row], [levels] = found.record.comparisons, found.record.levels
    assert row.ratio is not None
    assert (row.ratio.pairs, row.verdict) == (3, "different")
    assert levels is not None
    assert levels.pairs == 3
    assert [len(side.runs) for side in found.record.compared] == [3, 3]


def test_runs_of_a_comparison_are_compared_anew(make_comparison: Any, drawn: Drawn) -> None:
    directory = make_comparison([(2.0, 2.0), (3.0, 3.0)])
    found, problems = command.compared_of(Request([directory]))
    assert (found.directory, problems) == (directory, [])
    assert found.record.order_seed == 7
    assert [place for _, place in drawn] == [directory / rundir.REPORT]
    make_comparison.make_run.add_flag(directory.parent / "run-2-1")
    clean, _ = command.compared_of(Request([directory], exclude_flagged=True))
    assert [len(each.pairs) for each in clean.record.evidence] == [1]


def test_the_baseline_of_a_comparison_stays_it_whichever_run_began_first(
    make_comparison: Any, run: Callable[..., Path]
) -> None:
    directory = make_comparison([(2.0, 2.0), (3.0, 3.0)])
    rounds = rundir.read_json(directory / rundir.ROUNDS, RoundsRecord)
    drawn = msgspec.structs.replace(rounds, runs=rounds.runs[::-1])
    rundir.write_json(directory / rundir.ROUNDS, drawn)
    found, _ = command.compared_of(Request([directory, run("one")]))
    assert found.record.sides == ["PyTorch eager", "TensorFlow function"]


def test_runs_of_a_comparison_beside_another_run_are_sides_by_what_they_are(
    make_comparison: Any, run: Callable[..., Path]
) -> None:
    directory = make_comparison([(2.0, 2.0), (3.0, 3.0)])
    third = run("third", 4.0, side=Side("torch", "compile"))
    found, _ = command.compared_of(Request([directory, third]))
    assert found.record.sides == ["PyTorch eager", "TensorFlow function", "PyTorch compile"]
    assert [len(side.runs) for side in found.record.compared] == [2, 2, 1]
    assert found.directory != directory


def test_a_run_and_a_trace_are_compared_without_a_verdict(
    run: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = run("one")
    output = Path("traces/compare-trace")
    assert command.run(Request([path, SMALL], output), "table") == (True, [])
    record = record_of(output)
    assert record.sides == ["PyTorch eager", "mi300-torch-compile-triton"]
    assert [side.framework for side in record.compared] == ["torch", ""]
    assert [row.ratio for row in record.comparisons] == [None]
    printed = capsys.readouterr().err
    assert "uncertified: foreign traces" in printed
    assert "● PyTorch eager" in printed
    assert "times are the host's; the GPU had work for" in printed
    assert "\n\n\n" not in printed
    assert not any(path.glob(rundir.SUMMARY))


def test_what_failed_is_told_and_the_rest_is_compared(run: Callable[..., Path]) -> None:
    paths = [run("one"), run("two", 3.0), run("gone", None)]
    (paths[1] / rundir.STEPS).write_text("phase,index\ntimed,x\n")
    found, problems = command.compared_of(Request(paths))
    assert len(problems) == 1
    assert "steps.csv" in problems[0]
    ends = [side.runs[0].problem for side in found.record.compared]
    assert ends == [None, "can't be read", "failed (it broke)"]


def test_sides_that_are_not_comparable_end_with_1(
    run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Compared, "comparable", False)
    path = str(run("one"))
    assert cli.main(["compare", path, path]) == 1


def test_without_a_flagless_round_there_is_no_pair_and_the_text_says_why(
    make_comparison: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = make_comparison([(2.0,), (3.0,)])
    flag = make_comparison.make_run.add_flag(directory.parent / "run-1-0")
    assert cli.main(["compare", str(directory), "--exclude-dirty"]) == 0
    printed = " ".join(capsys.readouterr().err.split())
    assert "No pair of runs, no verdict" in printed
    assert f"no pair in round 1: PyTorch eager is flagged: {flag}" in printed


def test_the_output_is_a_new_folder_or_an_empty_one(run: Callable[..., Path]) -> None:
    path = run("one")
    empty = Path("empty")
    empty.mkdir()
    for output in (Path("new/below"), empty):
        found, _ = command.compared_of(Request([path, path], output))
        assert found.directory == output
        assert record_of(output).compared[0].runs[0].path.endswith("/one")


def test_the_output_may_be_a_comparison_that_is_made_anew(run: Callable[..., Path]) -> None:
    path, other = run("one"), run("two", 5.0)
    output = Path("traces/compare-mine")
    command.compared_of(Request([path, path], output))
    command.compared_of(Request([path, other], output))
    [row] = record_of(output).comparisons
    assert row.ratio is not None
    assert row.ratio.estimate == pytest.approx(2.5)


def test_the_output_does_not_replace_what_lies_there(
    run: Callable[..., Path], make_comparison: Any
) -> None:
    path = run("one")
    directory = make_comparison([(2.0,), (3.0,)])
    command.compared_of(Request([directory]))
    file = Path("file")
    file.write_text("")
    before = (directory / rundir.COMPARISON).read_bytes()
    for taken in (path, directory, file):
        with pytest.raises(ProfileError, match="is there already; give --output a new folder"):
            command.compared_of(Request([path, path], taken))
    assert (directory / rundir.COMPARISON).read_bytes() == before


def test_the_output_has_no_meaning_beside_a_comparison(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (3.0,)])
    with pytest.raises(ProfileError, match="is written where it lies; leave --output out"):
        command.compared_of(Request([directory], Path("new")))
    assert not Path("new").exists()


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["one"], "two runs or traces are needed to compare; name another one"),
        (["one", "none"], "none does not exist; name runs, comparisons or traces"),
        (["none"], "none does not exist"),
        (["one", "empty"], "empty"),
    ],
)
def test_what_cannot_be_compared_is_exit_code_2_in_one_sentence(
    run: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
    names: list[str],
    message: str,
) -> None:
    run("one")
    Path("traces/empty").mkdir()
    assert cli.main(["compare", *(f"traces/{name}" for name in names)]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("error: ")
    assert (message in printed.err, printed.err.count("\n"), printed.out) == (True, 1, "")
    assert not list(Path("traces").glob("compare-*"))


def test_a_comparison_that_compare_made_says_what_to_name(run: Callable[..., Path]) -> None:
    path = run("one")
    made = Path("traces/compare-mine")
    command.compared_of(Request([path, path], made))
    for asked in ([made], [made, path]):
        with pytest.raises(ProfileError, match="was made by compare, of runs or traces elsewhere"):
            command.compared_of(Request(asked))
    with pytest.raises(ProfileError, match="name these again, with --output traces/compare-mine"):
        command.report([made], None)


def printed_json(
    paths: list[Path], capsys: pytest.CaptureFixture[str], code: int = 0
) -> dict[str, Any]:
    assert cli.main(["compare", *map(str, paths), "--format", "json"]) == code
    printed = capsys.readouterr()
    document: dict[str, Any] = json.loads(printed.out)
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    assert set(document) == {field.name for field in msgspec.structs.fields(command.Document)}
    return document


def test_the_document_is_as_its_schema_says(
    run: Callable[..., Path], make_comparison: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [
        run("one"),
        run("two", 3.0, side=make_comparison.tensorflow),
        run("three", 4.0, side=Side("torch", "compile")),
    ]
    document = printed_json(paths, capsys)
    assert (document["schema"], document["warnings"]) == (1, [])
    assert [row["other"] for row in document["comparisons"]] == [
        "TensorFlow function",
        "PyTorch compile",
    ]
    for found, difference_ns in (
        (document["levels"], 1e6),
        (document["more_levels"][0]["levels"], 2e6),
    ):
        assert sum(row["difference_ns"] for row in found["phase"]) == pytest.approx(difference_ns)
    assert [each["other"] for each in document["more_levels"]] == ["PyTorch compile"]
    assert document["unaligned_ratio"] == 0


def test_the_document_of_traces_carries_their_stamp(capsys: pytest.CaptureFixture[str]) -> None:
    document = printed_json([SMALL, SMALL], capsys)
    assert document["warnings"][0] == "uncertified: foreign traces"
    [row] = document["comparisons"]
    assert row["ratio"] is None
    assert all(each["difference_ns"] == 0 for each in document["levels"]["category"])


def test_the_document_of_sides_without_a_profile_has_no_levels(
    make_comparison: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    document = printed_json([make_comparison([(2.0,), (3.0,)], profiled=False)], capsys, code=1)
    assert (document["levels"], document["unaligned_ratio"]) == ({}, None)
    assert ["holds no profile" in text for text in document["warnings"]] == [True, True]


def test_the_schema_file_is_that_of_the_code() -> None:
    made = msgspec.json.schema(command.Document)
    for each in made["$defs"].values():
        if "description" in each:
            each["description"] = inspect.cleandoc(each["description"])
    assert json.loads(SCHEMA.read_text()) == json.loads(msgspec.json.encode(made))


def test_a_report_is_written_into_the_folder_of_a_run(
    run: Callable[..., Path], drawn: Drawn
) -> None:
    path = run("one")
    assert command.report([path], None) == (path / rundir.REPORT, [])
    [(compared, place)] = drawn
    assert place == path / rundir.REPORT
    assert compared.record.sides == ["PyTorch eager"]
    assert compared.record.comparisons == []
    assert not (path / rundir.COMPARISON).exists()


def test_a_report_of_a_folder_is_of_its_runs_together(
    run: Callable[..., Path], drawn: Drawn
) -> None:
    for number in range(3):
        run(f"before/{number}", 2.0 + number)
    place, problems = command.report([Path("traces/before")], None)
    assert (place, problems) == (Path("traces/before") / rundir.REPORT, [])
    [(compared, _)] = drawn
    [side] = compared.record.compared
    assert [each.round for each in side.complete] == [1, 2, 3]


def test_a_report_of_a_folder_of_several_configurations_is_refused(
    run: Callable[..., Path], make_comparison: Any, drawn: Drawn
) -> None:
    run("mixed/one"), run("mixed/two", side=make_comparison.tensorflow)
    with pytest.raises(ProfileError, match="holds runs of several configurations"):
        command.report([Path("traces/mixed")], None)
    assert drawn == []


def test_a_report_of_a_comparison_lies_beside_it_and_where_it_is_asked_for(
    make_comparison: Any, drawn: Drawn
) -> None:
    directory = make_comparison([(2.0,), (3.0,)])
    assert command.report([directory], None) == (directory / rundir.REPORT, [])
    assert [place for _, place in drawn] == [directory / rundir.REPORT]
    elsewhere = Path("page.html")
    assert command.report([directory], elsewhere) == (elsewhere, [])
    assert drawn[-1][1] == elsewhere


def test_a_report_of_runs_is_of_what_compare_finds(run: Callable[..., Path]) -> None:
    path = run("one")
    place, problems = command.report([path, path], None)
    assert problems == []
    assert place.name == rundir.REPORT
    assert len(record_of(place.parent).comparisons) == 1


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("none", "does not exist; name a run or a comparison."),
        ("empty", "is neither a run nor a comparison; name one."),
        (
            "trace.json",
            "is a file, and a page is of a run or a comparison; python -m analysis ops shows one "
            "trace, and compare makes a page of two.",
        ),
    ],
)
def test_a_report_of_what_is_no_run_is_exit_code_2(
    name: str, reason: str, capsys: pytest.CaptureFixture[str], drawn: Drawn
) -> None:
    Path("empty").mkdir()
    Path("trace.json").write_text("{}")
    assert cli.main(["report", name]) == 2
    assert capsys.readouterr().err == f"error: {name} {reason}\n"
    assert drawn == []


def test_a_report_prints_where_the_page_lies(
    run: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = run("one")
    assert cli.main(["report", str(path)]) == 0
    assert capsys.readouterr().out == f"{path / rundir.REPORT}\n"


def test_a_report_tells_what_failed_and_exits_with_1(
    run: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = run("one")
    shutil.rmtree(path / rundir.RAW)
    assert cli.main(["report", str(path)]) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith("error: ")
    assert printed.out == f"{path / rundir.REPORT}\n"


def test_other_work_is_told_in_the_rows(run: Callable[..., Path]) -> None:
    path, other = run("one"), run("two")
    result = rundir.read_json(other / rundir.RESULT, Result)
    rundir.write_json(other / rundir.RESULT, msgspec.structs.replace(result, weights_sha256="0"))
    found, _ = command.compared_of(Request([path, other]))
    assert found.record.comparisons[0].warnings == ["not the same work: weights differ"]
