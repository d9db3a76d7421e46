import contextlib
import os
import re
from pathlib import Path

import pytest

from analysis.output_file import replacing, writing
from profilers.rundir import ProfileError


def test_the_file_is_replaced_in_the_end(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    path.chmod(0o600)
    with replacing(path) as place:
        place.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    with contextlib.suppress(OSError), replacing(path) as place:
        place.write_text("ne")
        raise OSError("full")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "out.csv", tmp_path / "link.csv"
    path.write_text("old")
    link.symlink_to(path)
    with replacing(link) as place:
        place.write_text("new")
    assert link.is_symlink()
    assert path.read_text() == "new"


def test_what_is_no_plain_file_is_written_to() -> None:
    with replacing(Path(os.devnull)) as place:
        assert place == Path(os.devnull)


def test_what_can_not_be_written_is_a_sentence_with_the_name_asked_for(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for place in (tmp_path / "no" / "such", tmp_path / "folder"):
        with (
            pytest.raises(ProfileError, match=re.escape(f"{place} can't be written (")),
            writing(place) as path,
        ):
            path.write_text("new")
    assert [path.name for path in tmp_path.rglob("*")] == ["folder"]


def test_an_error_without_a_number_is_told_in_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="the disk is gone"), writing(tmp_path / "file"):
        raise OSError("the disk is gone")
