"""How a summary lies on the page: its width, labels, wrapped sentences, paths and commands."""

import re
import shlex
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from rich.cells import get_character_cell_size

from analysis import wording
from analysis.terminal import HEADING, Line, line

WIDTH = 100
INDENT, COMMAND_INDENT = 9, 14
NO_BREAK_SPACE = "\u00a0"
TIED = re.compile(r"(?<=\d) (?=(?:[%×W]|[nµm]?s|[kmM]?J|[KMGT]i?B|[KMGT]?FLOP/s)(?![\w/]))")
"""The blank between a number and its unit."""
FILLER, TIE = "\ue000", "\ue001"
"""While lines are counted the second cell of a wide letter, and the blank before a unit; no plain
text holds them."""


def labelled(
    label: str, texts: Iterable[str], style: str = "", indent: int = INDENT
) -> Iterator[Line]:
    """Texts beside a label, each on lines of its own; no-break spaces tie as in `wrapped`."""
    for text in texts:
        for part in parted(text, WIDTH - indent):
            shown = part.replace(NO_BREAK_SPACE, " ")
            yield line((f"{label:<{indent}}", HEADING), (shown, style))
            label = ""


def parted(text: str, width: int) -> list[str]:
    """The text in lines of so many cells that part it at blanks alone, so that a path stays whole.

    A number and its unit stay on one line.

    What is longer than a line is parted anywhere.
    """
    padded = "".join(
        letter + FILLER * (get_character_cell_size(letter) - 1)
        for letter in TIED.sub(TIE, wording.plain(text))
    )
    if FILLER in padded:  # a letter may be parted from its second cell
        width = max(width - 1, 1)
    lines = textwrap.wrap(padded, width, break_on_hyphens=False)
    return [line.replace(FILLER, "").replace(TIE, " ") for line in lines]


def tied(text: str) -> str:
    """A text that is not torn at a line's end."""
    return text.replace(" ", NO_BREAK_SPACE)


def wrapped(
    text: str, style: str, width: int = WIDTH, indent: int = 0, hanging: int = 0
) -> Iterator[Line]:
    """A sentence over the whole width; what is tied by no-break spaces stays in one line.

    All its lines are moved in by `indent`, those after the first by `hanging` more.
    """
    blanks = " " * indent
    for part in parted(text, max(width - indent - hanging, 1)):
        yield line((blanks + part.replace(NO_BREAK_SPACE, " "), style))
        blanks = " " * (indent + hanging)


def commands(label: str, named: Mapping[str, Sequence[str]]) -> Iterator[Line]:
    """Commands of python -m analysis beside their names, ready to be pasted.

    If one is too long to stand beside its name, all stand below theirs. If one is too long even
    there, it is continued on the next line, beside the names or below them, and of one that only
    adds words to the one before it these are told alone.
    """
    python = [shown_python(), "-m", "analysis"]
    quoted = {name: list(map(shlex.quote, [*python, *words])) for name, words in named.items()}
    whole = {name: [" ".join(words)] for name, words in quoted.items()}
    beside, below = WIDTH - INDENT - COMMAND_INDENT, WIDTH - INDENT - 2
    torn, torn_below = _torn(quoted, beside), _torn(quoted, below)
    choices = ((whole, beside), (whole, below), (torn, beside), (torn_below, below))
    fitting = (each for each in choices if _longest(each[0]) <= each[1])
    chosen, room = next(fitting, (torn_below, below))
    for name, texts in chosen.items():
        heading = (f"{label:<{INDENT}}", HEADING)
        if room == below:
            yield line(heading, name)
            heading, name = ("", ""), ""
        for text in texts:
            yield line(heading, f"{name:<{WIDTH - room - len(heading[0])}}{text}")
            heading, name = ("", ""), ""
        label = ""


def _torn(commands: Mapping[str, Sequence[str]], room: int) -> dict[str, list[str]]:
    """The commands in lines that are as long as there is room."""
    found: dict[str, list[str]] = {}
    before: Sequence[str] = ()
    for name, words in commands.items():
        more = words[len(before) :]
        adds = bool(before and more) and [*before, *more] == [*words]
        found[name] = [f"the same with {' '.join(more)}"] if adds else _continued(words, room)
        before = words
    return found


def _longest(commands: dict[str, list[str]]) -> int:
    return max(len(text) for texts in commands.values() for text in texts)


def _continued(words: Sequence[str], room: int) -> list[str]:
    """A command in as few lines as it needs; each but the last ends in a backslash."""
    sign, texts = " \\", [words[0]]
    for number, word in enumerate(words[1:], start=2):
        needed = len(texts[-1]) + 1 + len(word) + (len(sign) if number < len(words) else 0)
        if needed > room:
            texts[-1] += sign
            texts.append(f"  {word}")
        else:
            texts[-1] += f" {word}"
    return texts


def shown_python() -> str:
    """How to call the interpreter that runs this: python, if that is it, else by its path."""
    found = shutil.which("python")
    if found is not None and Path(found).absolute().parent == Path(sys.executable).parent:
        return "python"
    return shown_path(Path(sys.executable))


def shown_path(run: Path) -> str:
    """A run's path from the current folder, where it lies under it; without control characters."""
    path = run.absolute()
    here = Path.cwd()
    return wording.plain(str(path.relative_to(here) if path.is_relative_to(here) else run))
