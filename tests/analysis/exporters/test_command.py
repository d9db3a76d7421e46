import gzip
import re
from pathlib import Path
from typing import Any

import pytest

from analysis import finish
from analysis.comparison import finishing
from analysis.exporters import command, lanes
from analysis.exporters.command import Request
from analysis.readers.registry import open_trace
from profilers import rundir
from profilers.rundir import ProfileError
from tests.analysis.exporters.perfetto_decoding import Decoded, decode
from tests.analysis.timeline.sketch import DATA

KINETO = DATA / "kineto" / "mi250-minitoy.json.gz"
XSPACE = DATA / "xspace" / "tensorflow-fit.xplane.pb"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("to", "name", "said"),
    [
        ("perfetto", "mi250-minitoy.pftrace.gz", "112 slices, 0 counter values"),
        ("chrome", "mi250-minitoy.json.gz", "112 slices, 0 counter values"),
        ("parquet", "mi250-minitoy.parquet", "112 events"),
        ("csv", "mi250-minitoy.csv", "112 events"),
    ],
)
def test_a_file_beside_the_user_is_named_after_what_is_exported(
    here: Path, to: str, name: str, said: str
) -> None:
    assert command.run(Request([KINETO], to)) == f"{name}: {said}"
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
    said = command.run(Request([KINETO, KINETO], "perfetto", align="run"))
    assert said == "compare.pftrace.gz: 228 slices, 0 counter values, aligned by run"
    assert gzip.decompress((here / "compare.pftrace.gz").read_bytes())


@pytest.mark.parametrize("to", ["chrome", "parquet", "csv", "xspace"])
def test_several_are_refused_elsewhere(here: Path, to: str) -> None:
    with pytest.raises(ProfileError, match=f"--to {to} takes one run or trace"):
        command.run(Request([KINETO, KINETO], to))
    assert [*here.iterdir()] == []


@pytest.mark.parametrize(
    ("to", "name"), [("csv", "x.parquet"), ("chrome", "x.json"), ("xspace", "x.pb")]
)
def test_a_name_that_promises_another_format_is_refused(here: Path, to: str, name: str) -> None:
    with pytest.raises(ProfileError, match=f"--to {to} writes a .*, which {name} does not end"):
        command.run(Request([KINETO], to, here / name))
    assert [*here.iterdir()] == []


@pytest.mark.parametrize(
    ("paths", "to"), [([KINETO], "perfetto"), ([KINETO, KINETO], "tensorboard")]
)
def test_what_can_not_be_aligned_is_not_silently_so(paths: list[Path], to: str) -> None:
    with pytest.raises(ProfileError, match="--align says how several runs share one time axis"):
        command.run(Request(paths, to, align="run"))


def test_of_a_comparison_the_runs_that_its_timeline_shows_are_exported(
    here: Path, make_comparison: Any, make_run: Any, without_report: None
) -> None:
    directory = make_comparison([(2.0, 2.0, 2.0), (3.0, 4.0, 8.0)])
    with pytest.raises(ProfileError, match=r"has no compare\.json; make it with"):
        command.run(Request([directory], "perfetto"))
    finishing.finish_all([directory])
    said = command.run(Request([directory], "perfetto"))
    assert said.startswith(f"{directory.name}.pftrace.gz: ")
    assert said.endswith(", aligned by step")
    same = gzip.decompress((directory / rundir.COMPARE_TRACE).read_bytes())
    assert gzip.decompress((here / f"{directory.name}.pftrace.gz").read_bytes()) == same
    said = command.run(Request([directory], "perfetto", here / "run.pftrace.gz", "run"))
    assert said.endswith(", aligned by run")
    command.run(Request([directory, make_run("alone")], "perfetto", here / "three.pftrace.gz"))
    names = {track.partition(" / ")[0] for track in decoded(here / "three.pftrace.gz").by_track()}
    assert "Run 2: compare-1: TensorFlow function" in names
    assert "Run 3: PyTorch eager" in names


@pytest.mark.parametrize("to", ["chrome", "parquet", "csv", "xspace"])
def test_of_a_comparison_a_run_is_to_be_named_elsewhere(
    to: str, make_comparison: Any, without_report: None
) -> None:
    directory = make_comparison([(2.0,), (3.0,)])
    finishing.finish_all([directory])
    run = directory.parent / "run-1-0"
    words = f"--to {to} takes one run or trace; name one, such as {run}."
    with pytest.raises(ProfileError, match=re.escape(words)):
        command.run(Request([directory], to))


def decoded(path: Path) -> Decoded:
    return decode(gzip.decompress(path.read_bytes()))


def test_what_is_xprofs_already_is_named() -> None:
    profile = DATA / "xspace" / "mi300-jax-conv.xplane.pb"
    with pytest.raises(ProfileError, match=r"mi300-jax-conv\.xplane\.pb is in this format already"):
        command.run(Request([profile], "xspace", Path("x.xplane.pb")))


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
    said = command.run(Request([KINETO], "perfetto"))
    assert said.endswith(
        "112 slices, 0 counter values, 74 of the slices shown by their start alone"
    )


def test_a_run_is_named_by_its_folder(here: Path, make_run: Any) -> None:
    run = make_run("20261121-mine")
    assert command.run(Request([run], "perfetto")).startswith("20261121-mine.pftrace.gz: 13 slices")
    with pytest.raises(ProfileError, match="has no profile"):
        command.run(Request([run], "csv"))
    assert not (here / "20261121-mine.csv").exists()


def cut(folder: Path) -> Path:
    """A trace that breaks off."""
    path = folder / "cut.json.gz"
    path.write_bytes(KINETO.read_bytes()[:-3000])
    return path


@pytest.mark.parametrize("to", ["perfetto", "chrome", "parquet", "csv", "xspace"])
def test_a_trace_that_breaks_off_is_told(here: Path, to: str) -> None:
    said = command.run(Request([cut(here)], to, here / "out"))
    assert "; the trace is not whole: its packed data break off after" in said


def test_of_several_it_is_told_which_breaks_off(here: Path) -> None:
    said = command.run(Request([KINETO, cut(here)], "perfetto", align="run"))
    assert ", aligned by run; cut: the trace is not whole: " in said


@pytest.mark.parametrize("to", ["perfetto", "chrome", "parquet", "csv", "xspace"])
def test_a_place_that_can_not_be_written_to_is_named(here: Path, to: str) -> None:
    output = here / "no" / "such" / "file"
    with pytest.raises(ProfileError, match=re.escape(f"{output} can't be written (No such file")):
        command.run(Request([KINETO], to, output))
    assert [*here.iterdir()] == []


def test_the_profile_of_a_run_is_not_written_to(here: Path, make_run: Any) -> None:
    profile = make_run.add_profile(run := make_run("mine"))
    kept = profile.read_bytes()
    with pytest.raises(ProfileError, match="is a trace that is read"):
        command.run(Request([run], "perfetto", profile))
    assert profile.read_bytes() == kept


def test_a_trace_becomes_a_profile_for_xprof(here: Path) -> None:
    assert command.run(Request([KINETO], "xspace")) == "mi250-minitoy.xplane.pb: 112 events"
    trace = open_trace(here / "mi250-minitoy.xplane.pb", host=True)
    assert sum(map(len, trace.blocks())) == 112


def test_a_folder_for_tensorboard_has_one_of_each(here: Path, make_run: Any) -> None:
    make_run.add_profile(run := make_run("run"))
    finish.finish(run)
    said = command.run(Request([run, KINETO, XSPACE], "tensorboard", Path("for board")))
    names = ["PyTorch eager", "mi250-minitoy", "tensorflow-fit"]
    shown = "open it with python -m analysis view --tensorboard 'for board'"
    assert said == f"for board: {'; '.join(names)}; {shown}"
    made = here / "for board"
    assert sorted(path.name for path in made.iterdir()) == names
    profiles = [*made.glob("*/plugins/profile/*/*.xplane.pb")]
    assert sorted(path.relative_to(made).parts[0] for path in profiles) == names
    assert [path.name for path in here.iterdir() if path.name.startswith(".")] == []


def test_a_folder_for_tensorboard_takes_the_place_of_none(here: Path) -> None:
    place = here / "tensorboard"
    place.mkdir()
    command.run(Request([XSPACE], "tensorboard"))
    before = sorted(place.rglob("*"))
    assert [path.name for path in place.iterdir()] == ["tensorflow-fit"]
    with pytest.raises(ProfileError, match="is there already; give --output a new folder"):
        command.run(Request([XSPACE], "tensorboard"))
    (file := here / "file").write_text("kept")
    with pytest.raises(ProfileError, match="is there already"):
        command.run(Request([XSPACE], "tensorboard", file))
    assert (sorted(place.rglob("*")), file.read_text()) == (before, "kept")


def test_a_folder_for_tensorboard_is_there_only_if_it_is_whole(here: Path) -> None:
    with pytest.raises(ProfileError, match="nowhere"):
        command.run(Request([XSPACE, here / "nowhere"], "tensorboard"))
    (here / "file").write_text("kept")
    with pytest.raises(ProfileError, match=r"file/board can't be written \(Not a directory\)"):
        command.run(Request([XSPACE], "tensorboard", Path("file/board")))
    (here / "file").unlink()
    assert [*here.iterdir()] == []
