import contextlib
import os
from pathlib import Path

from analysis.output_file import replacing


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
