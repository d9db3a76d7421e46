from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis import finish
from analysis.comparison import asked
from profilers import rundir
from profilers.records import RunError, RunRecord
from profilers.rundir import ProfileError


@pytest.fixture
def run(make_run: Any) -> Callable[..., Path]:
    """A run with a name, with other settings than the plain ones."""

    def made(name: str, created_ns: int = 0, **settings: object) -> Path:
        (make_run.output / name).parent.mkdir(parents=True, exist_ok=True)
        changed = msgspec.structs.replace(make_run.settings, **settings)
        path: Path = make_run(name, settings=changed)
        record = rundir.read_json(path / rundir.RUN, RunRecord)
        record = msgspec.structs.replace(record, created_ns=created_ns)
        rundir.write_json(path / rundir.RUN, record)
        return path

    return made


def test_two_runs_are_two_sides_even_if_they_are_the_same(run: Callable[..., Path]) -> None:
    path = run("one")
    found = asked.groups([path, path])
    assert [group.paths for group in found] == [[path], [path]]
    assert asked.labels(found) == ["PyTorch eager A", "PyTorch eager B"]


def test_more_runs_are_sides_by_what_was_asked_of_them(run: Callable[..., Path]) -> None:
    paths = [run("a1", 2), run("b1", 1, batch_size=64), run("a2", 0), run("b2", 3, batch_size=64)]
    found = asked.groups(paths)
    assert [[path.name for path in group.paths] for group in found] == [["a2", "a1"], ["b1", "b2"]]
    assert asked.labels(found) == ["PyTorch eager, batch 32", "PyTorch eager, batch 64"]


def test_runs_that_are_all_alike_are_sides_of_their_own(run: Callable[..., Path]) -> None:
    found = asked.groups([run("a"), run("b"), run("c")])
    assert [len(group.paths) for group in found] == [1, 1, 1]
    assert asked.labels(found) == [f"PyTorch eager {letter}" for letter in "ABC"]


def test_frameworks_name_their_sides(run: Callable[..., Path]) -> None:
    found = asked.groups([run("a"), run("b", framework="tensorflow", execution="function")])
    assert asked.labels(found) == ["PyTorch eager", "TensorFlow function"]


def test_a_folder_of_runs_is_a_side(run: Callable[..., Path], make_run: Any) -> None:
    run("before/one", 1), run("before/two", 0), run("after/one")
    folders = [make_run.output / name for name in ("before", "after")]
    found = asked.groups(folders)
    assert [[path.name for path in group.paths] for group in found] == [["two", "one"], ["one"]]


def test_a_folder_of_several_configurations_is_refused(
    run: Callable[..., Path], make_run: Any
) -> None:
    run("mixed/one"), run("mixed/two", batch_size=64), run("other/one")
    with pytest.raises(ProfileError, match="holds runs of several configurations; name the runs"):
        asked.groups([make_run.output / "mixed", make_run.output / "other"])


def test_a_folder_is_one_side_of_its_own(run: Callable[..., Path], make_run: Any) -> None:
    run("before/one", 1, weights_from="a"), run("before/two", 0)
    found = asked.folder(make_run.output / "before")
    assert [path.name for path in found.paths] == ["two", "one"]
    run("before/three", options={"size": 3})
    with pytest.raises(ProfileError, match="holds runs of several configurations"):
        asked.folder(make_run.output / "before")


def test_one_side_alone_is_refused(run: Callable[..., Path]) -> None:
    with pytest.raises(ProfileError, match="one side alone"):
        asked.groups([run("a")])


def test_runs_come_in_rounds_by_their_order(run: Callable[..., Path], make_run: Any) -> None:
    paths = [run("a", 3), run("b", 1, batch_size=64), run("c", 2, batch_size=64)]
    found = asked.groups(paths)
    finished = {str(path.resolve()): finish.finish(path) for path in paths[:2]}
    sides = asked.side_runs(make_run.output / "compare", found, finished)
    [[only], [first, second]] = [list(side.processes.values()) for side in sides]
    assert (only.id, only.round, only.order, only.path) == ("a", 1, 2, "../a")
    assert (first.id, first.round, first.order, first.complete) == ("b", 1, 0, True)
    assert (second.id, second.problem, second.complete) == ("c", "can't be read", False)
    assert list(sides[1].complete) == [1]


def test_a_run_that_is_named_again_counts_once_in_its_side(
    run: Callable[..., Path], make_run: Any
) -> None:
    one, two = run("sides/one"), run("two", batch_size=64)
    link = make_run.output / "sides" / "link"
    link.symlink_to(one.name)
    found = asked.groups([two, one, link, two, one])
    assert [group.paths for group in found] == [[two], [one]]
    assert len(asked.folder(make_run.output / "sides").paths) == 1
    with pytest.raises(ProfileError, match="one side alone"):
        asked.groups([one, one, one])


def test_a_run_that_failed_says_why(run: Callable[..., Path], make_run: Any) -> None:
    paths = [run("a"), run("b")]
    record = rundir.read_json(paths[1] / rundir.RUN, RunRecord)
    record = msgspec.structs.replace(record, status="failed", error=RunError("child", "it broke."))
    rundir.write_json(paths[1] / rundir.RUN, record)
    finished = {str(path.resolve()): finish.finish(path) for path in paths}
    sides = asked.side_runs(make_run.output / "compare", asked.groups(paths), finished)
    assert sides[1].processes[1].problem == "failed (it broke)"
