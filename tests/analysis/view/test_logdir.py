"""What TensorBoard is given for runs and comparisons, and under which names."""

from pathlib import Path
from typing import Any

import pytest

from analysis import finish
from analysis.comparison import command, finishing
from analysis.exporters import command as export
from analysis.view import logdir
from profilers import rundir
from profilers.records import Side
from profilers.rundir import ProfileError
from tests.analysis.view.serving import ROOT

XSPACE = ROOT / "tests" / "data" / "xspace" / "tensorflow-fit.xplane.pb"

pytestmark = pytest.mark.usefixtures("without_report")


def names(*targets: Path) -> list[str]:
    found, problems = logdir.shown(targets)
    assert problems == []
    return [each.name for each in found]


def test_a_run_is_called_as_its_folder(make_run: Any) -> None:
    finish.finish(run := make_run("a run"))
    assert names(run) == ["a run"]


def test_a_comparison_is_itself_and_its_complete_runs_by_side_and_round(
    make_comparison: Any,
) -> None:
    directory = make_comparison([(2.0, None, 2.0), (3.0, 3.0, 3.0)], profiled=False)
    finishing.finish_all([directory])
    found, _ = logdir.shown([directory])
    assert [(each.name, each.side) for each in found] == [
        ("comparison", ""),
        ("PyTorch eager, round 1", "PyTorch eager"),
        ("PyTorch eager, round 3", "PyTorch eager"),
        ("TensorFlow function, round 1", "TensorFlow function"),
        ("TensorFlow function, round 2", "TensorFlow function"),
        ("TensorFlow function, round 3", "TensorFlow function"),
    ]


def test_a_single_round_is_not_numbered(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (3.0,)], profiled=False)
    finishing.finish_all([directory])
    assert names(directory) == ["comparison", "PyTorch eager", "TensorFlow function"]


def test_beside_others_a_comparison_has_a_folder_of_its_own(
    make_comparison: Any, make_run: Any
) -> None:
    directory = make_comparison([(2.0,), (3.0,)], profiled=False)
    finish.finish(alone := make_run("alone"))
    finishing.finish_all([directory])
    assert names(directory, alone, directory) == [
        "compare-1/comparison",
        "compare-1/PyTorch eager",
        "compare-1/TensorFlow function",
        "alone",
    ]


def test_a_run_that_is_named_beside_its_comparison_is_there_once(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (3.0,)], profiled=False)
    finishing.finish_all([directory])
    assert names(directory.parent / "run-1-0", directory) == [
        "run-1-0",
        "compare-1/comparison",
        "compare-1/TensorFlow function",
    ]


def test_two_runs_of_one_name_are_counted(make_run: Any, tmp_path: Path) -> None:
    finish.finish(one := make_run("run"))
    two = (tmp_path / "elsewhere").resolve() / "run"
    two.parent.mkdir()
    one.rename(two)
    finish.finish(again := make_run("run"))
    assert names(two, again, two / ".." / "run") == ["run", "run (2)"]


def test_a_comparison_that_compare_made_has_its_runs_too(make_run: Any, tmp_path: Path) -> None:
    runs = [make_run("one"), make_run("two")]
    command.compared_of(command.Request(runs, output=tmp_path / "made"))
    found = names(tmp_path / "made")
    assert found[0] == "comparison"
    assert len(found) == 3


def test_names_of_sides_stay_one_folder(make_comparison: Any) -> None:
    sides = [Side("torch", "../up"), Side("tensorflow", "a/b\\c")]
    directory = make_comparison([(2.0,), (3.0,)], sides=sides, profiled=False)
    finishing.finish_all([directory])
    assert names(directory) == ["comparison", "PyTorch .._up", "TensorFlow a_b_c"]


def test_a_comparison_without_event_files_shows_its_runs_and_says_so(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (3.0,)], profiled=False)
    for run in ("run-1-0", "run-1-1"):
        finish.finish(directory.parent / run)
    found, [problem] = logdir.shown([directory])
    assert [each.name for each in found] == ["PyTorch eager", "TensorFlow function"]
    assert problem == (
        f"{directory} has no event files for TensorBoard; make them with python -m analysis finish "
        f"{directory}. Only its runs are shown."
    )


def test_a_run_without_event_files_is_refused_with_a_command_for_it(make_comparison: Any) -> None:
    directory = make_comparison([(2.0,), (3.0,)], profiled=False)
    with pytest.raises(
        ProfileError, match=r"run-1-0 has no event files.*analysis finish .*run-1-0"
    ):
        logdir.shown([directory])


def test_a_folder_of_runs_is_shown_by_tensorboard_itself(make_run: Any) -> None:
    folder = make_run("one").parent
    with pytest.raises(ProfileError, match=f"show all that .* --logdir {folder}"):
        logdir.shown([folder])


def test_profiles_are_told(make_run: Any) -> None:
    make_run.add_tensorflow_profile(run := make_run("profiled"))
    finish.finish(run)
    finish.finish(other := make_run("other"))
    assert [each.profiled for each in logdir.shown([run, other])[0]] == [True, False]


def test_folders_are_real_and_files_are_links(make_run: Any, tmp_path: Path) -> None:
    make_run.add_tensorflow_profile(run := make_run("profiled"))
    finish.finish(run)
    logdir.link(logdir.shown([run])[0], tmp_path / "mirror")
    sessions = tmp_path / "mirror" / "profiled" / "plugins" / "profile"
    [session] = sessions.iterdir()
    assert session.name == "profile"
    assert not session.is_symlink()
    assert (session / "host.xplane.pb").is_symlink()
    (session / "cache").write_bytes(b"")
    [own] = (run / rundir.TENSORBOARD / "plugins" / "profile").iterdir()
    assert [path.name for path in own.iterdir()] == ["host.xplane.pb"]


def test_several_profiles_of_a_run_keep_their_names(tmp_path: Path) -> None:
    (file := tmp_path / "host.xplane.pb").write_bytes(b"x")
    names = [f"plugins/profile/{time}/host.xplane.pb" for time in ("one", "two")]
    logdir.link([logdir.Shown("run", dict.fromkeys(names, file))], tmp_path / "mirror")
    for name in names:
        assert (tmp_path / "mirror" / "run" / name).read_bytes() == b"x"


def test_what_was_exported_for_tensorboard_is_shown(make_run: Any, tmp_path: Path) -> None:
    make_run.add_tensorflow_profile(run := make_run("run"))
    finish.finish(run)
    board = tmp_path / "for board"
    export.run(export.Request([run, XSPACE], "tensorboard", board))
    found, problems = logdir.shown([board])
    assert problems == []
    assert [(each.name, each.profiled, each.has_curves) for each in found] == [
        ("PyTorch eager", True, True),
        ("tensorflow-fit", True, False),
    ]
    assert [each.name for each in logdir.shown([board, run])[0]] == [
        "for board/PyTorch eager",
        "for board/tensorflow-fit",
        "run",
    ]


def event_file(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "events.out.tfevents.1.host").write_bytes(b"")


def test_what_lies_below_a_folder_that_is_shown_is_there_once(tmp_path: Path) -> None:
    board = tmp_path / "board"
    for folder in (board, board / "train", board / "train" / "more"):
        event_file(folder)
    [whole] = logdir.shown([board])[0]
    assert whole.name == "board"
    assert {str(Path(name).parent) for name in whole.files} == {".", "train", "train/more"}
    event_file(other := tmp_path / "other" / "one")
    event_file(other / "two")
    event_file(other.parent / "one more")
    assert names(other.parent) == ["one", "one more"]


def test_a_link_that_leads_out_of_a_folder_that_is_shown_is_shown_too(tmp_path: Path) -> None:
    event_file(board := tmp_path / "board")
    event_file(elsewhere := tmp_path / "elsewhere")
    (board / "link").symlink_to(elsewhere)
    assert names(board) == ["board", "link"]


def test_a_comparison_is_exported_with_all_its_runs(make_comparison: Any, tmp_path: Path) -> None:
    directory = make_comparison([(2.0, 2.0), (3.0, 3.0)])
    board = tmp_path / "board"
    with pytest.raises(
        ProfileError, match=r"has no event files for TensorBoard; .* analysis finish"
    ):
        export.run(export.Request([directory], "tensorboard", board))
    assert not board.exists()
    finishing.finish_all([directory])
    own = logdir.shown([directory])[0]
    said = export.run(export.Request([directory], "tensorboard", board))
    assert said.startswith(f"{board}: comparison; PyTorch eager, round 1; PyTorch eager, round 2; ")
    assert said.endswith(f"; open it with python -m analysis view --tensorboard {board}")
    copied = sorted(logdir.shown([board])[0], key=lambda each: each.name != "comparison")
    assert [(each.name, {*each.files}) for each in copied] == [
        (each.name, {*each.files}) for each in own
    ]
    for mine, copy in zip(own, copied, strict=True):
        for name, path in mine.files.items():
            assert copy.files[name].read_bytes() == path.read_bytes()
    both = tmp_path / "both"
    export.run(export.Request([directory, XSPACE], "tensorboard", both))
    assert sorted(path.name for path in both.iterdir()) == [directory.name, "tensorflow-fit"]
