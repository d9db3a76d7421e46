"""Which training step each event belongs to."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.blocks import NONE, Block, Kind, Strings, concat, is_kind
from analysis.columns import Int64
from analysis.folds.selftime import latest_open

RANGES = (Kind.STEP, Kind.ANNOTATION)
MARKERS = (
    re.compile(r"step:(\d{1,9})"),
    re.compile(r"ProfilerStep#(\d{1,9})"),
    re.compile(
        r"(?:train|training|eval|global)?[ _]?(?:step|iteration|iter)[ _#:=]*(\d{1,9})", re.I
    ),
)
"""How steps are marked: by this project and TensorFlow's reader, by torch.profiler's schedule, by
a user's own ranges. The first of these that a trace has counts, the others don't."""


def step_number(name: str) -> int:
    """The number in a step marker's name, -1 if it is none."""
    found = next((match for each in MARKERS if (match := each.fullmatch(name))), None)
    return int(found[1]) if found else NONE


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """The steps of a trace, in order of time: columns of shape (steps,).

    `names` are the string numbers of their markers' names.
    """

    number: Int64
    start_ns: Int64
    end_ns: Int64
    names: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self.number)

    def markers(self, block: Block) -> npt.NDArray[np.intp]:
        """The rows of a block that mark these steps."""
        rows = np.flatnonzero(is_kind(block.kind, RANGES) & (block.device < 0))
        if not len(rows):
            return rows
        return rows[np.isin(block.name[rows], np.array(sorted(self.names), dtype=np.int64))]

    def at(self, times_ns: Int64) -> Int64:
        """The number of the step that each time lies in (the latest begun one), -1 for none."""
        position = latest_open(self.start_ns, self.end_ns, times_ns)
        if not len(self):
            return position
        return np.where(position >= 0, self.number[position], NONE)


class StepFinder:
    """Finds a trace's steps while it is read."""

    def __init__(self, strings: Strings) -> None:
        self._strings = strings
        self._rank: dict[int, int] = {}
        self._found: list[list[Block]] = [[] for _ in MARKERS]

    def take(self, block: Block) -> None:
        """Look for markers among the events of a block."""
        rows = np.flatnonzero(is_kind(block.kind, RANGES) & (block.device < 0))
        ranks = np.array([self._rank_of(name) for name in block.name[rows].tolist()], dtype=np.int8)
        for rank, found in enumerate(self._found):
            if (ranks == rank).any():
                found.append(block.take(rows[ranks == rank]))

    def _rank_of(self, name: int) -> int:
        rank = self._rank.get(name)
        if rank is None:
            text = self._strings[name]
            matching = (number for number, each in enumerate(MARKERS) if each.fullmatch(text))
            rank = self._rank[name] = next(matching, NONE)
        return rank

    def steps(self) -> Steps:
        """The steps of what was read."""
        block = concat(next((found for found in self._found if found), []))
        block = block.take(block.time_order())
        names = block.name.tolist()
        numbers = {name: step_number(self._strings[name]) for name in set(names)}
        return Steps(
            np.array([numbers[name] for name in names], dtype=np.int64),
            block.start_ns,
            block.end_ns,
            frozenset(numbers),
        )


def steps_of(blocks: Iterable[Block], strings: Strings) -> Steps:
    """The steps among the events of some blocks."""
    finder = StepFinder(strings)
    for block in blocks:
        finder.take(block)
    return finder.steps()
