import shlex
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len

from analysis import layout


@pytest.fixture(autouse=True)
def active_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))


def commands(named: dict[str, list[str]]) -> list[str]:
    return [line.text for line in layout.commands("Next", named)]


def test_the_interpreter_is_named_so_that_the_command_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert layout.shown_python() == "python"
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.chdir(Path(sys.executable).parent.parent)
    assert layout.shown_python() == str(Path("bin") / Path(sys.executable).name)


def test_short_commands_stand_beside_their_names() -> None:
    assert commands({"One": ["view", "a b"], "Two": ["view", "c"]}) == [
        "Next     One           python -m analysis view 'a b'",
        "         Two           python -m analysis view c",
    ]


def test_a_long_command_moves_all_below_their_names() -> None:
    run = "r" * 60
    assert commands({"One": ["view", run], "Two": ["view", "c"]}) == [
        "Next     One",
        f"           python -m analysis view {run}",
        "         Two",
        "           python -m analysis view c",
    ]


@pytest.mark.parametrize("length", [50, 70, 80, 150])
def test_a_command_that_fits_no_line_is_continued_and_stays_one_command(length: int) -> None:
    runs = ["a" * length, "b" * length]
    found = commands({"TensorBoard": ["view", *runs, "--tensorboard"]})
    assert max(map(len, found)) <= 100 or length > 89
    typed = "\n".join(found).removeprefix("Next     TensorBoard")
    assert shlex.split(typed.replace("\\\n", " ")) == [
        *("python", "-m", "analysis", "view"),
        *runs,
        "--tensorboard",
    ]
    assert all(line.endswith(" \\") for line in found[int(length > 70) : -1])


def test_a_sentence_keeps_together_what_is_tied() -> None:
    tied = layout.NO_BREAK_SPACE.join(["x" * 50, "y" * 40])
    found = [line.text for line in layout.wrapped(f"{'a ' * 10}{tied}", "")]
    assert found == [("a " * 10).rstrip(), f"{'x' * 50} {'y' * 40}"]


def test_a_label_stands_before_the_first_line_alone() -> None:
    found = [line.text for line in layout.labelled("Same work", ["a " * 60, "b"], indent=11)]
    assert found[0].startswith("Same work  a a")
    assert found[1].startswith(" " * 11 + "a")
    assert found[2] == " " * 11 + "b"
    assert max(map(len, found)) <= 100


@pytest.mark.parametrize("width", [4, 7, 20])
def test_wide_letters_take_two_cells(width: int) -> None:
    found = [each.text for each in layout.wrapped("層 畳み込み層の出力 x", "", width)]
    assert max(map(cell_len, found)) <= width
    assert "".join("".join(found).split()) == "層畳み込み層の出力x"


def test_a_sentence_that_is_moved_in() -> None:
    found = [each.text for each in layout.wrapped("one two three", "", 8, indent=2, hanging=1)]
    assert found == ["  one", "   two", "   three"]


@pytest.mark.parametrize("measure", ["95 %", "0.17 ×", "1.2 GiB", "100 W", "0.1 s", "12 µs", "3 J"])
def test_a_number_stays_with_its_unit(measure: str) -> None:
    number = measure.split()[0]
    text = f"aaaa {measure} of it"
    for width in range(len(measure), len(text)):
        assert not any(part.endswith(number) for part in layout.parted(text, width))
    assert " ".join(layout.parted(text, 12)) == text


def test_a_blank_before_a_word_parts_a_line() -> None:
    assert layout.parted("in 5 steps", 6) == ["in 5", "steps"]


@pytest.mark.parametrize(
    ("length", "last"),
    [
        (40, f"python -m analysis view {'a' * 40} --tensorboard"),
        (70, "TensorBoard   the same with --tensorboard"),
        (85, "the same with --tensorboard"),
    ],
)
def test_of_a_long_command_that_adds_words_to_another_these_are_told(
    length: int, last: str
) -> None:
    view = ["view", "a" * length]
    assert commands({"One": view, "TensorBoard": [*view, "--tensorboard"]})[-1].strip() == last
    apart = commands({"One": ["view", "a" * 85], "Two": ["view", "b" * 85, "--tensorboard"]})
    assert not any("the same" in line for line in apart)
