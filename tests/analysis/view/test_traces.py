"""Which file is shown, and what is said where there is none."""

import gzip
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from analysis.comparison import command as compare
from analysis.comparison import finishing, timeline
from analysis.exporters import export
from analysis.timeline.shared_clock import Align
from analysis.view import traces
from profilers import rundir
from profilers.rundir import ProfileError
from tests.analysis.exporters.perfetto_decoding import decode
from tests.analysis.view.serving import ROOT

KINETO = ROOT / "tests" / "data" / "kineto"
XSPACE = ROOT / "tests" / "data" / "xspace"


@pytest.fixture
def comparison(make_comparison: Any) -> Path:
    """A comparison of two sides, without its trace."""
    made: Path = make_comparison([(2.0, None), (3.0, 3.0)], profiled=False)
    return made


@pytest.mark.parametrize("name", ["a.pftrace", "a.pftrace.gz", "50% of it.json"])
def test_a_trace_that_perfetto_reads_is_shown_as_it_is(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"[]")
    shown = traces.chosen([tmp_path / name], None, tmp_path)
    assert shown == traces.Chosen(tmp_path / name, re.sub("[% ]", "_", name))


def test_torchs_own_trace_is_converted_and_one_made_here_is_not(tmp_path: Path) -> None:
    own = tmp_path / "own.json.gz"
    export.alone(KINETO / "mi250-minitoy.json.gz", own, export.FORMS["chrome"])
    assert traces.chosen([own], None, tmp_path) == traces.Chosen(own, "own.json.gz")
    found = traces.chosen([KINETO / "mi250-minitoy.json.gz"], None, tmp_path)
    assert (found.name, found.made) == ("mi250-minitoy.pftrace.gz", True)
    assert groups(found.path) == {"mi250-minitoy"}
    assert len(decode(gzip.decompress(found.path.read_bytes())).slices) == 112


def test_a_comparison_shows_its_own_trace(comparison: Path) -> None:
    (comparison / rundir.COMPARE_TRACE).write_bytes(b"a trace")
    for align in (None, "step"):
        shown, name, *_ = traces.chosen([comparison], align, comparison)  # type: ignore[arg-type]
        assert shown == comparison / rundir.COMPARE_TRACE
        assert name == f"{comparison.name}.pftrace.gz"


def test_a_comparison_without_a_trace_says_how_to_make_it(comparison: Path) -> None:
    words = f"has no compare.pftrace.gz; make it with python -m analysis compare {comparison}."
    with pytest.raises(ProfileError, match=re.escape(words)):
        traces.chosen([comparison], None, comparison)


def test_a_comparison_in_another_alignment_is_made_of_the_runs_that_it_shows(
    make_comparison: Any, tmp_path: Path, without_report: None
) -> None:
    directory = make_comparison([(2.0, 2.0, 2.0), (3.0, 4.0, 8.0)])
    with pytest.raises(
        ProfileError, match=r"has no compare\.json; make it with python -m analysis"
    ):
        traces.chosen([directory], "wall", tmp_path)
    [found] = finishing.finish_all([directory]).comparisons
    chosen = [run.id for _, run in timeline.shown(found.record)]
    assert chosen == ["run-2-0", "run-2-1"]
    shown, name, made, _ = traces.chosen([directory], "wall", tmp_path)
    assert (name, made) == (f"{directory.name}_aligned_by_wall.pftrace.gz", True)
    assert groups(shown) == groups(directory / rundir.COMPARE_TRACE)
    runs = [directory.parent / run for run in chosen]
    export.merge(runs, tmp_path / "same.pftrace.gz", "wall")
    assert unpacked(shown) == unpacked(tmp_path / "same.pftrace.gz")


def test_a_comparison_among_others_is_refused(comparison: Path, tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="name it alone, or name runs of it"):
        traces.chosen([comparison.parent / "run-1-0", comparison], None, tmp_path)


@pytest.mark.parametrize("name", ["a.pftrace", "a.pftrace.gz"])
def test_a_trace_of_perfettos_own_cannot_be_put_beside_others(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"a trace")
    with pytest.raises(ProfileError, match="name the run or the trace that it was made of"):
        traces.chosen([tmp_path, tmp_path / name], None, tmp_path)


def test_a_folder_of_other_tools_traces_is_converted(tmp_path: Path) -> None:
    folder = tmp_path / "ranks"
    folder.mkdir()
    with pytest.raises(ProfileError, match="holds no trace"):
        traces.chosen([folder], None, tmp_path)
    shutil.copy(KINETO / "mi250-minitoy.json.gz", folder)
    assert groups(traces.chosen([folder], None, tmp_path)[0]) == {"ranks"}


def test_one_trace_has_nothing_to_be_aligned_with(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="name two or more"):
        traces.chosen([tmp_path], "run", tmp_path)


def unpacked(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())


def groups(trace: Path) -> set[str]:
    """Names of the groups on top of a Perfetto trace."""
    tracks = decode(gzip.decompress(trace.read_bytes())).tracks.values()
    return {track[2].decode() for track in tracks if 5 not in track and 2 in track}


@pytest.fixture
def two_runs(make_run: Any, make_settings: Any) -> list[Path]:
    """A run of PyTorch and one of TensorFlow."""
    other = make_settings(framework="tensorflow", execution="function")
    return [make_run("run a"), make_run("run b", settings=other)]


@pytest.mark.parametrize("align", ["run", "step", "wall", None])
def test_several_become_one_file(align: Align | None, two_runs: list[Path], tmp_path: Path) -> None:
    path, name, _, notes = traces.chosen(two_runs, align, tmp_path)
    assert path.parent == tmp_path
    assert not any("in common" in note for note in notes)
    assert name == "run_a_and_run_b.pftrace.gz"
    assert groups(path) == {
        "Compare: PyTorch eager vs TensorFlow function",
        "Run 1: PyTorch eager",
        "Run 2: TensorFlow function",
    }


def test_what_has_no_step_in_common_begins_together_unless_steps_are_asked_for(
    two_runs: list[Path], tmp_path: Path
) -> None:
    for run in two_runs[1:]:
        for name in (rundir.STEPS, rundir.PHASES):
            (run / name).unlink()
    path, _, _, notes = traces.chosen(two_runs, None, tmp_path)
    assert len(groups(path)) > 1
    assert notes[0] == (
        "there is no step in common: the first events of the runs and traces begin at one time"
    )
    asked_for = traces.chosen(two_runs, "run", tmp_path).notes
    assert asked_for == notes[1:]
    with pytest.raises(ProfileError, match="no step in common"):
        traces.chosen(two_runs, "step", tmp_path)


def test_a_profile_that_perfetto_cannot_read_is_converted(tmp_path: Path) -> None:
    target = XSPACE / "tensorflow-eager.xplane.pb"
    path, name, *_ = traces.chosen([target], None, tmp_path)
    assert name == "tensorflow-eager.pftrace.gz"
    assert groups(path) == {"tensorflow-eager"}


def test_names_of_many_runs_are_cut(make_run: Any, tmp_path: Path) -> None:
    targets = [make_run(f"a-very-long-name-of-run-{number}") for number in range(9)]
    assert len(traces.chosen(targets, None, tmp_path)[1]) < 120


def test_the_remedy_can_be_pasted_into_a_shell(tmp_path: Path) -> None:
    run = tmp_path / "my run"
    run.mkdir()
    (run / rundir.RUN).write_text("{}")
    with pytest.raises(ProfileError, match=re.escape(f"python -m analysis finish '{run}'")):
        traces.chosen([run], None, tmp_path)


@pytest.fixture
def made(make_run: Any, tmp_path: Path, without_report: None) -> Path:
    """A comparison that `analysis compare` made of two runs."""
    runs = [make_run("one"), make_run("two")]
    compare.compared_of(compare.Request(runs, output=tmp_path / "made"))
    assert not (tmp_path / "made" / rundir.ROUNDS).exists()
    return tmp_path / "made"


def test_the_folder_that_compare_makes_is_a_comparison(made: Path, make_run: Any) -> None:
    assert rundir.is_comparison(made)
    assert not rundir.is_comparison(made.parent)
    assert not rundir.is_comparison(make_run("three"))
    shown, name, *_ = traces.chosen([made], None, made.parent)
    assert (shown, name) == (made / rundir.COMPARE_TRACE, "made.pftrace.gz")
    assert len(groups(shown)) == 3


def test_what_compare_made_is_refused_as_other_comparisons_are(made: Path) -> None:
    with pytest.raises(ProfileError, match="name it alone, or name runs of it"):
        traces.chosen([made, made], None, made.parent)
    aligned = traces.chosen([made], "wall", made.parent)
    assert groups(aligned.path) == groups(made / rundir.COMPARE_TRACE)
    (made / rundir.COMPARE_TRACE).unlink()
    with pytest.raises(ProfileError, match=r"has no compare\.pftrace\.gz; compare its runs again"):
        traces.chosen([made], None, made.parent)
