"""Which file is shown, and what is said where there is none."""

import re
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import analysis.exporters
from analysis.view import traces
from profilers import rundir
from profilers.rundir import ProfileError


@pytest.fixture
def merges(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[Path], str]]:
    """What was asked of the export, which writes nothing but a word."""
    asked: list[tuple[list[Path], str]] = []

    def merge(paths: Sequence[Path], output: Path, align: str) -> None:
        asked.append(([*paths], align))
        output.write_bytes(b"merged")

    stand_in = ModuleType("analysis.exporters.export")
    stand_in.merge = merge  # type: ignore[attr-defined]
    monkeypatch.setitem(__import__("sys").modules, "analysis.exporters.export", stand_in)
    monkeypatch.setattr(analysis.exporters, "export", stand_in, raising=False)
    return asked


@pytest.fixture
def comparison(make_comparison: Any) -> Path:
    """A comparison of two sides, without its trace."""
    made: Path = make_comparison([(2.0, None), (3.0, 3.0)], profiled=False)
    return made


@pytest.mark.parametrize("name", ["a.pftrace", "a.pftrace.gz", "50% of it.json"])
def test_a_trace_that_perfetto_reads_is_shown_as_it_is(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"a trace")
    shown = traces.chosen([tmp_path / name], None, tmp_path)
    assert shown == (tmp_path / name, re.sub("[% ]", "_", name))


def test_a_comparison_shows_its_own_trace(comparison: Path) -> None:
    (comparison / rundir.COMPARE_TRACE).write_bytes(b"a trace")
    for align in (None, "step"):
        shown, name = traces.chosen([comparison], align, comparison)  # type: ignore[arg-type]
        assert shown == comparison / rundir.COMPARE_TRACE
        assert name == f"{comparison.name}.pftrace.gz"


def test_a_comparison_without_a_trace_says_how_to_make_it(comparison: Path) -> None:
    words = f"has no compare.pftrace.gz; make it with python -m analysis compare {comparison}."
    with pytest.raises(ProfileError, match=re.escape(words)):
        traces.chosen([comparison], None, comparison)


def test_a_comparison_in_another_alignment_is_made_of_a_run_of_each_side(comparison: Path) -> None:
    runs = comparison.parent
    words = f"view {runs / 'run-1-0'} {runs / 'run-2-1'} --align wall."
    with pytest.raises(ProfileError, match=re.escape(words)):
        traces.chosen([comparison], "wall", comparison)


def test_a_comparison_among_others_is_refused(comparison: Path, tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="name it alone, or name runs of it"):
        traces.chosen([comparison.parent / "run-1-0", comparison], None, tmp_path)


def test_one_trace_has_nothing_to_be_aligned_with(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="name two or more"):
        traces.chosen([tmp_path], "run", tmp_path)


@pytest.mark.parametrize("align", ["run", "step", "wall", None])
def test_several_become_one_file(
    align: traces.Align | None, merges: list[tuple[list[Path], str]], tmp_path: Path
) -> None:
    targets = [tmp_path / "run a", tmp_path / "b.json.gz"]
    path, name = traces.chosen(targets, align, tmp_path)
    assert merges == [(targets, align or "step")]
    assert path.parent == tmp_path
    assert path.read_bytes() == b"merged"
    assert name == "run_a_and_b.pftrace.gz"


def test_a_profile_that_perfetto_cannot_read_is_converted(
    merges: list[tuple[list[Path], str]], tmp_path: Path
) -> None:
    target = tmp_path / "host.xplane.pb"
    assert traces.chosen([target], None, tmp_path)[1] == "host.pftrace.gz"
    assert merges == [([target], "step")]


def test_names_of_many_runs_are_cut(merges: list[tuple[list[Path], str]], tmp_path: Path) -> None:
    targets = [tmp_path / f"a-very-long-name-of-run-{number}" for number in range(50)]
    assert len(traces.chosen(targets, None, tmp_path)[1]) < 120


def test_the_remedy_can_be_pasted_into_a_shell(tmp_path: Path) -> None:
    run = tmp_path / "my run"
    run.mkdir()
    with pytest.raises(ProfileError, match=re.escape(f"python -m analysis finish '{run}'")):
        traces.chosen([run], None, tmp_path)
