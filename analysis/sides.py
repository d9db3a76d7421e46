"""How the sides of a comparison are told apart: by name, mark and colour."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis import wording
from profilers import rundir
from profilers.records import RunRecord, Side

COLOURS = {
    "torch": "#dd6b33",
    "tensorflow": "#4a8be0",
    "onnxruntime": "#4b9aa2",
    "litert": "#ab616d",
}
MARKS = {"torch": "●", "tensorflow": "◆", "onnxruntime": "■", "litert": "▲"}
SPARE_MARKS = "○◇□△▽▷◁◎"
SUFFIXES = (".gz", ".json", ".pb", ".xplane", ".pt.trace", ".trace")
LONGEST_TITLE = 28


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


def of_run(path: Path) -> Side | None:
    """What was run, of which this is the folder; None for a trace.

    Raises:
        ProfileError: its run.json is damaged.
    """
    if not (path / rundir.RUN).exists():
        return None
    settings = rundir.read_json(path / rundir.RUN, RunRecord).settings
    return Side(settings.framework, settings.execution)


def titles(paths: Sequence[Path]) -> list[str]:
    """What a run is, and a file's name without its suffixes; numbered where two are the same."""
    found: list[str] = []
    for path in paths:
        run = of_run(path)
        name = label(run) if run else os.path.basename(os.path.abspath(path))
        while suffix := next((each for each in SUFFIXES if name.endswith(each)), ""):
            name = name.removesuffix(suffix)
        name = wording.shortened(wording.plain(name) or "trace", LONGEST_TITLE)
        number, title = 1, name
        while title in found:
            number += 1
            title = f"{name} ({number})"
        found.append(title)
    return found
