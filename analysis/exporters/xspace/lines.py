"""Which line of a plane an event goes to: a thread or stream has one, more where they cross."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.blocks import Block
from analysis.columns import Int64, runs_of_equal
from analysis.exporters.xspace.fields import Fields
from analysis.exporters.xspace.places import Places
from analysis.exporters.xspace.plane import Line, Plane

Rows = npt.NDArray[np.intp]


class LineKey(NamedTuple):
    """What the events of a line share, in the order in which lines stand; `side` as in Places."""

    rank: int
    process: int
    thread: int
    stream: int
    side: int
    lane: int


class Lines:
    """The lines of a plane, made as their first events come.

    Args:
        plane: what they belong to.
        name: says how a line is called.
    """

    def __init__(self, plane: Plane, name: Callable[[LineKey], str]) -> None:
        self._plane = plane
        self._name = name
        self._lines: dict[LineKey, Line] = {}

    def add(self, fields: Fields, block: Block, places: Places, rows: Rows, end_ps: Int64) -> None:
        """Append events to their lines.

        Args:
            fields: the events.
            block: all events of the window.
            places: where they stand.
            rows: which of them these are, in the order of `in_lines`.
            end_ps: when each of these ends, since the profile's start.
        """
        octets, ends = fields.encoded()
        for begin, end in runs_of_equal(places.track[rows], places.lane[rows]):
            first = int(ends[begin - 1]) if begin else 0
            line = self._line(block, places, int(rows[begin]))
            last_ps = int(end_ps[begin:end].max())
            self._plane.add(line, octets[first : int(ends[end - 1])], end - begin, last_ps)

    def sort(self) -> None:
        """Put the lines in the order of their keys."""
        self._plane.lines = [line for _, line in sorted(self._lines.items())]

    def _line(self, block: Block, places: Places, row: int) -> Line:
        columns = (block.rank, block.process, block.thread, block.stream, places.side, places.lane)
        key = LineKey(*(int(column[row]) for column in columns))
        if key not in self._lines:
            self._lines[key] = self._plane.line(self._name(key))
        return self._lines[key]


def in_lines(places: Places, rows: Rows) -> Rows:
    """These rows line by line, each line in order of time."""
    lanes = int(places.lane[rows].max(initial=0)) + 1
    return rows[np.argsort(places.track[rows] * lanes + places.lane[rows], kind="stable")]


class Times(NamedTuple):
    """When events begin and how long they last, in picoseconds since the profile's start."""

    offset_ps: Int64
    duration_ps: Int64

    @property
    def end_ps(self) -> Int64:
        """When they end."""
        return self.offset_ps + self.duration_ps


def times(block: Block, places: Places, rows: Rows, start_ns: int) -> Times:
    """The times of these rows; a profile begins at `start_ns`."""
    begin_ps, end_ps = places.begin_ps[rows], places.end_ps[rows]
    offset_ps = (block.start_ns[rows] - start_ns) * 1000 + begin_ps
    return Times(offset_ps, block.duration_ns[rows] * 1000 + end_ps - begin_ps)
