import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import reader_page
from benchmarks.reader_inputs import SOURCES
from benchmarks.reader_peers import SIDES, Installed, install

ROOT = Path(__file__).parents[2]
SMALL = ("--rounds", "1", "--torch-mb", "1", "--xplane-mb", "1")


def readers(cache, *arguments):
    command = [sys.executable, str(ROOT / "benchmarks" / "readers.py"), "--cache", str(cache)]
    return subprocess.run([*command, *arguments], capture_output=True, text=True)


def test_our_side_has_a_row_for_each_input(tmp_path):
    done = readers(tmp_path, *SMALL, "--sides", "ops", "--inputs", "torch-gpu,xplane-tensorflow")
    assert done.returncode == 0, done.stderr
    costs = done.stdout.split("### Costs")[1]
    assert costs.count("| torch-gpu, 1 MB | ops |") == 1
    assert costs.count("| xplane-tensorflow, 1 MB | ops |") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_peer_that_can_not_be_installed_is_a_row_that_says_so(tmp_path):
    missing = f"pandas={tmp_path / 'none'}"
    only = ("--sides", "pandas", "--inputs", "torch-gpu", "--requirement", missing)
    done = readers(tmp_path, *SMALL, *only)
    assert done.returncode == 0, done.stderr
    assert "| torch-gpu, 1 MB | pandas | not installed: ERROR" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--sides", "ops,perfetto"), "perfetto: unknown; there are ops,"),
        (("--inputs", "torch-tpu"), "torch-tpu: unknown; there are torch-gpu,"),
        (("--requirement", "ops=crossprof"), "ops is no peer"),
        (("--rounds", "0"), "--rounds must be at least 1"),
        (("--torch-mb", "many"), "invalid"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(tmp_path, arguments, said):
    done = readers(tmp_path / "cache", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "cache").exists()


def test_the_recorded_files_are_there():
    assert all(source.path is None or source.path.is_file() for source in SOURCES)


def test_each_format_is_read_by_us_and_by_a_peer():
    for one in {source.format for source in SOURCES}:
        sides = [side for side in SIDES if one in side.formats]
        assert {side.requirement is None for side in sides} == {True, False}


@pytest.mark.slow
def test_an_environment_that_was_made_is_used_again(tmp_path):
    side = next(side for side in SIDES if side.name == "pandas")
    assert str(install(side, str(tmp_path / "none"), tmp_path)).startswith("not installed: ERROR")
    (folder,) = tmp_path.glob("pandas-*")
    (folder / "installed.json").write_text('"9.9"')
    found = install(side, str(tmp_path / "none"), tmp_path)
    assert found == Installed(side, folder / "bin" / "python", "9.9")


def test_tables_go_between_the_marks_of_the_page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"above\n{reader_page.BEGIN}\nold\n{reader_page.END}\nbelow\n")
    reader_page.write("new", page)
    reader_page.write("newer", page)
    assert page.read_text() == f"above\n{reader_page.BEGIN}\nnewer\n{reader_page.END}\nbelow\n"


def test_a_page_without_marks_is_left_alone(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("text")
    with pytest.raises(ValueError, match="readers: begin"):
        reader_page.write("new", page)
    assert page.read_text() == "text"


def test_the_page_of_this_project_has_the_marks():
    text = reader_page.PAGE.read_text(encoding="utf-8")
    assert text.index(reader_page.BEGIN) < text.index(reader_page.END)
