"""How the sides of a comparison are told apart: by name, mark and colour."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis import wording
from profilers.records import Side

COLOURS = {
    "torch": "#dd6b33",
    "tensorflow": "#4a8be0",
    "onnxruntime": "#4b9aa2",
    "litert": "#ab616d",
}
MARKS = {"torch": "●", "tensorflow": "◆", "onnxruntime": "■", "litert": "▲"}
SPARE_MARKS = "○◇□△▽▷◁◎"


@dataclass(frozen=True)
class Shown:
    """The sides that a text shows, the baseline first: their numbers, names, marks and colours."""

    numbers: list[int]
    labels: list[str]
    marks: list[str]
    colours: list[str]


def label(side: Side) -> str:
    """Framework and execution of a side."""
    return wording.plain(f"{wording.framework(side.framework)} {side.execution}")


def marks(frameworks: Sequence[str]) -> list[str]:
    """A sign for each side: that of its framework, or one that is free where it is taken.

    Beyond the signs that there are, sides are numbered.
    """
    found: list[str] = []
    for number, framework in enumerate(frameworks, start=1):
        wanted = (*MARKS.get(framework, ""), *SPARE_MARKS)
        found.append(next((mark for mark in wanted if mark not in found), str(number)))
    return found
