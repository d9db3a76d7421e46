from pathlib import Path

import pytest

from workloads.data import layout
from workloads.data.layout import Layout
from workloads.spec import WorkloadError

PLAIN = Layout("a and b", ("a*",), "inner", lambda folder: [folder / "a"])


def test_a_folder_is_known_by_any_of_its_files_there_or_one_below(tmp_path: Path) -> None:
    assert PLAIN.find(tmp_path) is None
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a1").touch()
    assert PLAIN.find(tmp_path) == tmp_path / "inner"
    (tmp_path / "a2").touch()
    assert PLAIN.find(tmp_path) == tmp_path


def test_what_is_found_fits_into_a_sentence(tmp_path: Path) -> None:
    assert layout.found(tmp_path) == "nothing"
    for number in range(20):
        (tmp_path / f"f{number:02}\n").touch()
    assert layout.found(tmp_path).endswith(r"'f05\n' and 14 more")
    assert layout.found(tmp_path).isprintable()
    assert "can be read (No such file" in layout.found(tmp_path / "nowhere")


def test_only_plain_files_within_the_limit_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert layout.read_bytes(path, 5) == b"12345"
    for wrong, limit in ((path, 4), (tmp_path, 5), (Path("/dev/zero"), 5)):
        with pytest.raises(WorkloadError, match=f"no file of at most {limit} bytes"):
            layout.read_bytes(wrong, limit)
    with pytest.raises(WorkloadError, match="nowhere can't be read"):
        layout.read_bytes(tmp_path / "nowhere", 5)
