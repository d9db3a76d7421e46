import re
from pathlib import Path
from typing import Any

import pytest

from analysis import finish
from analysis.exporters.tensorboard import logs
from analysis.readers.registry import open_trace
from profilers import rundir
from profilers.rundir import ProfileError
from tests.analysis.exporters.tensorboard.reading import read_back, scalars
from tests.analysis.timeline.sketch import DATA

KINETO = DATA / "kineto" / "mi250-minitoy.json.gz"
XSPACE = DATA / "xspace" / "tensorflow-fit.xplane.pb"


def profile_in(folder: Path) -> Path:
    """The one profile, where XProf looks for it."""
    [found] = folder.glob("plugins/profile/*/host.xplane.pb")
    return found


def test_of_a_run_it_is_a_copy_of_what_the_run_has(make_run: Any, tmp_path: Path) -> None:
    make_run.add_tensorflow_profile(run := make_run())
    finish.finish(run)
    logs.write(run, tmp_path / "a" / "b")
    assert len(scalars(read_back(tmp_path / "a" / "b"), "train/loss")) == 5
    own = run / rundir.TENSORBOARD
    for path in own.rglob("*"):
        if path.is_file():
            copy = tmp_path / "a" / "b" / path.relative_to(own)
            assert copy.read_bytes() == path.read_bytes()


def test_a_run_without_event_files_is_refused_with_a_command_for_it(
    make_run: Any, tmp_path: Path
) -> None:
    run = make_run("my run")
    with pytest.raises(ProfileError, match=re.escape(f"python -m analysis finish '{run}'.")):
        logs.write(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_profile_that_xprof_reads_is_copied(tmp_path: Path) -> None:
    logs.write(XSPACE, tmp_path)
    assert profile_in(tmp_path).read_bytes() == XSPACE.read_bytes()


def test_a_trace_of_torch_is_converted(tmp_path: Path) -> None:
    logs.write(KINETO, tmp_path)
    trace = open_trace(profile_in(tmp_path), host=True)
    assert sum(map(len, trace.blocks())) == 112


def test_what_is_neither_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.json").write_text("no trace")
    for path in (tmp_path / "text.json", tmp_path / "nowhere"):
        with pytest.raises(ProfileError, match=path.name):
            logs.write(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()
