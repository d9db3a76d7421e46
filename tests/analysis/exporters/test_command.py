import gzip
from pathlib import Path
from typing import Any

import pytest

from analysis.exporters import command, lanes
from analysis.exporters.command import Request
from profilers.rundir import ProfileError
from tests.analysis.timeline.sketch import DATA

KINETO = DATA / "kineto" / "mi250-minitoy.json.gz"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("to", "name", "said"),
    [
        ("perfetto", "mi250-minitoy.pftrace.gz", "112 slices, 0 samples"),
        ("chrome", "mi250-minitoy.json.gz", "112 slices, 0 samples"),
        ("parquet", "mi250-minitoy.parquet", "112 events"),
        ("csv", "mi250-minitoy.csv", "112 events"),
    ],
)
def test_a_file_beside_the_user_is_named_after_what_is_exported(
    here: Path, to: str, name: str, said: str
) -> None:
    assert command.run(Request([KINETO], to)) == [f"{name}: {said}"]
    assert [path.name for path in here.iterdir()] == [name]


def test_a_file_that_is_there_is_kept_unless_it_is_named(here: Path) -> None:
    kept = here / "mi250-minitoy.csv"
    kept.write_text("kept")
    with pytest.raises(ProfileError, match=r"is there already; name a file with --output"):
        command.run(Request([KINETO], "csv"))
    assert kept.read_text() == "kept"
    command.run(Request([KINETO], "csv", kept))
    assert kept.read_text().startswith("event_id,")


def test_several_become_one_timeline(here: Path) -> None:
    [said] = command.run(Request([KINETO, KINETO], "perfetto", align="run"))
    assert said == "compare.pftrace.gz: 228 slices, 0 samples, aligned by run"
    assert gzip.decompress((here / "compare.pftrace.gz").read_bytes())


@pytest.mark.parametrize("to", ["chrome", "parquet", "csv"])
def test_several_are_refused_elsewhere(here: Path, to: str) -> None:
    with pytest.raises(ProfileError, match=f"--to {to} takes one run or trace"):
        command.run(Request([KINETO, KINETO], to))
    assert [*here.iterdir()] == []


def test_what_is_read_is_not_written_to(here: Path) -> None:
    copy = here / "copy.json.gz"
    copy.write_bytes(KINETO.read_bytes())
    (here / "link").symlink_to(copy)
    for output in (copy, here / "link"):
        with pytest.raises(ProfileError, match="is a trace that is read"):
            command.run(Request([KINETO, copy], "perfetto", output))
    assert copy.read_bytes() == KINETO.read_bytes()
    with pytest.raises(ProfileError, match="is a folder"):
        command.run(Request([KINETO], "perfetto", here))


def test_slices_shown_by_their_start_alone_are_told(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "MOST_LANES", 1)
    monkeypatch.setattr(lanes, "DEEPEST", 1)
    [said] = command.run(Request([KINETO], "perfetto"))
    assert said.endswith("112 slices, 0 samples, 74 of the slices shown by their start alone")


def test_a_run_is_named_by_its_folder(here: Path, make_run: Any) -> None:
    run = make_run("20261121-mine")
    [said] = command.run(Request([run], "perfetto"))
    assert said.startswith("20261121-mine.pftrace.gz: 13 slices")
    with pytest.raises(ProfileError, match="has no profile"):
        command.run(Request([run], "csv"))
    assert not (here / "20261121-mine.csv").exists()


@pytest.mark.parametrize("to", ["perfetto", "csv"])
def test_what_could_not_be_read_is_told(here: Path, to: str) -> None:
    trace = here / "trace.json"
    event = '{"ph":"X","cat":"cpu_op","name":"a","pid":1,"tid":1,"dur":2,"ts":'
    trace.write_text(f'{{"schemaVersion":1,"traceEvents":[{event}1}},{event}"x"}},{event}5}}')
    said, *losses = command.run(Request([trace], to))
    assert said.startswith("trace.")
    assert [loss.partition(": ")[0] for loss in losses if to == "perfetto"] in (
        [],
        [str(trace)] * 2,
    )
    assert any("1 event left out: " in loss for loss in losses)
    assert any("The file is not whole: " in loss for loss in losses)
