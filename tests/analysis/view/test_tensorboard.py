"""TensorBoard as `python -m analysis view --tensorboard` runs it."""

import json
import re
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from analysis import finish
from analysis.view import tensorboard
from profilers import rundir
from profilers.rundir import CheckFailedError, ProfileError
from tests.analysis.view.serving import read, viewing

WAIT_SECONDS = 60


def test_tensorboard_takes_a_comparison_for_its_complete_runs(make_comparison: Any) -> None:
    directory = make_comparison([(2.0, None), (3.0, 3.0)], profiled=False)
    (directory.parent / "run-2-1" / rundir.RESULT).unlink()
    with pytest.raises(ProfileError, match="run-1-0 has no event files"):
        tensorboard.show([directory], browser=False)
    assert tensorboard._runs_of(directory) == [
        directory.parent / name for name in ("run-1-0", "run-1-1")
    ]
    assert tensorboard._runs_of(directory.parent / "run-1-0") == [directory.parent / "run-1-0"]


def test_runs_are_named_after_their_folders_even_if_two_have_one_name(tmp_path: Path) -> None:
    runs = [tmp_path / place for place in ("a/run", "b/run", "b/other", "a/../a/run")]
    assert tensorboard._names(runs[:3]) == {"run": runs[0], "run (2)": runs[1], "other": runs[2]}
    assert len(tensorboard._names(runs)) == 3


def test_a_mirror_has_real_folders_and_links_to_files(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "plugins" / "profile").mkdir(parents=True)
    (source / "plugins" / "profile" / "host.xplane.pb").write_bytes(b"x")
    tensorboard._mirror(tensorboard.files_below(source), tmp_path / "mirror")
    profile = tmp_path / "mirror" / "plugins" / "profile"
    assert not profile.is_symlink()
    assert (profile / "host.xplane.pb").read_bytes() == b"x"
    (profile / "cache").write_bytes(b"")
    assert [path.name for path in (source / "plugins" / "profile").iterdir()] == ["host.xplane.pb"]


def test_a_program_that_ends_by_itself_is_told_with_its_last_words() -> None:
    command = [sys.executable, "-c", "print('noise\\n' * 9); raise SystemExit('no port is free')"]
    with tensorboard._running(command) as child, pytest.raises(CheckFailedError) as raised:
        tensorboard._follow(child, browser=False)
    assert "exit code 1" in str(raised.value)
    assert "no port is free" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_tensorboard_shows_runs_by_their_names_until_it_is_ended(
    end: signal.Signals, make_comparison: Any, tmp_path: Path
) -> None:
    alone = make_comparison.make_run("alone")
    finish.finish(alone)
    comparison = make_comparison([(2.0,), (3.0,)], profiled=False)
    for run in ("run-1-0", "run-1-1"):
        finish.finish(comparison.parent / run)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    arguments = [str(alone), str(comparison), "--tensorboard", "--no-browser"]
    with viewing(*arguments, end=end, TMPDIR=str(temporary)) as url:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", url)
        assert b"<title>TensorBoard</title>" in read(url)
        limit = time.monotonic() + WAIT_SECONDS
        tags: dict[str, Any] = {}
        while len(tags) < 3 and time.monotonic() < limit:  # it loads the files after it answers
            tags = json.loads(read(f"{url}data/plugin/scalars/tags"))
        assert set(tags) == {"alone", "run-1-0", "run-1-1"}
        assert "train/loss" in tags["alone"]
        assert list(temporary.glob("crossprof-*"))
    assert not list(temporary.glob("crossprof-*"))
