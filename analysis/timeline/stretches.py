"""Stretches of operations of one phase or layer, where no range of the profile shows it."""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from analysis.annotate import Folded
from analysis.blocks import NONE, Kind
from analysis.columns import group_rows, runs_of_equal
from analysis.timeline.record import Slice, by_start, single
from analysis.timeline.shared_clock import Clock, shown
from analysis.windows import inherit

Rows = npt.NDArray[np.intp]

GAP_NS = 20_000
"""Pauses between operations of one phase that are not shown."""

MOST_WAITING = 100_000


@dataclass(slots=True)
class Stretch:
    """Operations that follow each other, `ops` of them; `name` is what they have in common."""

    name: str
    phase: str
    step: int
    start_ns: int
    end_ns: int
    ops: int

    def is_of(self, other: "Stretch") -> bool:
        """Whether the other one has in common what this one has."""
        return (self.name, self.phase, self.step) == (other.name, other.phase, other.step)

    def slice(self, kind: str, clock: Clock) -> Slice:
        """It, as it is shown."""
        args: dict[str, object] = {"phase": self.phase, "ops": self.ops}
        if self.step >= 0:
            args["step"] = self.step
        length_ns = self.end_ns - self.start_ns
        return shown(single(self.start_ns, length_ns, self.name, args, kind), clock)


@dataclass(slots=True)
class Row:
    """The stretches of a track, as its windows go by; a stretch may go on in the next window.

    What begins after one that may still grow waits for that. Where too many wait, all that may
    grow end, so that memory stays bounded.

    Args:
        kind: of the slices.
        clock: when they are shown.
        made: how many stretches have ended.
    """

    kind: str
    clock: Clock
    made: int = 0
    _growing: dict[Hashable, Stretch] = field(default_factory=dict)
    _waiting: list[Slice] = field(default_factory=list)

    def add(self, slices: Iterable[Slice]) -> None:
        """Take other slices of the track, as they are shown."""
        self._waiting += slices

    def grow(self, key: Hashable, piece: Stretch, gap_ns: int | None = None) -> None:
        """Take a piece, which is part of the stretch with this key, or else ends it.

        Args:
            key: what stretches are continued by.
            piece: some operations.
            gap_ns: how long the longest pause in a stretch is; None for any.
        """
        known = self._growing.get(key)
        near = known is not None and (gap_ns is None or piece.start_ns - known.end_ns <= gap_ns)
        if known is not None and near and known.is_of(piece):
            known.end_ns = max(known.end_ns, piece.end_ns)
            known.ops += piece.ops
            return
        self.end(key)
        self._growing[key] = piece

    def end(self, key: Hashable) -> None:
        """The stretch with this key, if there is one, is over."""
        known = self._growing.pop(key, None)
        if known is not None:
            self._waiting.append(known.slice(self.kind, self.clock))
            self.made += 1

    def end_before(self, time_ns: int, gap_ns: int) -> None:
        """Stretches that ended so long before a time are over."""
        for key, known in list(self._growing.items()):
            if known.end_ns + gap_ns < time_ns:
                self.end(key)

    def end_steps(self, ended: Iterable[int]) -> None:
        """Stretches of steps that have ended are over."""
        over = set(ended)
        for key, known in list(self._growing.items()):
            if known.step in over:
                self.end(key)

    def released(self) -> list[Slice]:
        """The slices that nothing can begin before any more, in order."""
        if len(self._waiting) > MOST_WAITING:
            return self.rest()
        if not self._growing:
            return self.rest()
        first = min(known.start_ns for known in self._growing.values())
        first_ns, _ = self.clock.span(first, 0)
        found = [piece for piece in self._waiting if piece.start_ns < first_ns]
        self._waiting = [piece for piece in self._waiting if piece.start_ns >= first_ns]
        return sorted(found, key=by_start)

    def rest(self) -> list[Slice]:
        """All that is left, in order."""
        for key in list(self._growing):
            self.end(key)
        found, self._waiting = self._waiting, []
        return sorted(found, key=by_start)


def phase_pieces(folded: Folded) -> list[tuple[int, Stretch]]:
    """When any of the operations whose paths name a phase is active: ranks and stretches."""
    block = folded.block
    rows = np.sort(_outermost_ops(folded))
    rows = rows[(folded.path_phase[rows] >= 0) & (block.device[rows] < 0)]
    rows = rows[folded.step[rows] >= 0]
    group, _ = group_rows(folded.path_phase[rows], folded.step[rows], block.rank[rows])
    found: list[tuple[int, Stretch]] = []
    order = np.argsort(group, kind="stable")
    for some in np.split(rows[order], np.flatnonzero(np.diff(group[order])) + 1):
        ends_ns = np.maximum.accumulate(block.start_ns[some] + block.duration_ns[some])
        begins = np.flatnonzero(block.start_ns[some][1:] - ends_ns[:-1] > GAP_NS) + 1
        for part in np.split(some, begins):
            if len(part):
                rank = int(block.rank[part[0]])
                found.append((rank, _stretch(folded, part, folded.path_phase)))
    return sorted(found, key=lambda each: each[1].start_ns)


def layer_pieces(folded: Folded) -> Iterator[tuple[tuple[int, ...], Stretch | None]]:
    """Of each thread the stretches of ops of one layer that no layer range shows.

    Yields:
        Rank, process, thread and stream; a stretch, None for operations of no layer, which end one.
    """
    block = folded.block
    seed = np.where(folded.layer_range >= 0, np.arange(len(block)), NONE)
    ranged = inherit(folded.parent_row, seed) >= 0
    layer = np.where(ranged, NONE, folded.layer)
    rows = _outermost_ops(folded)
    if not len(rows):
        return
    where = (block.rank, block.process, block.thread, block.stream)
    columns = (layer, *where, folded.phase, folded.step)
    edges = [begin for begin, _ in runs_of_equal(*(column[rows] for column in columns))]
    first = rows[edges]
    places = zip(*(column[first].tolist() for column in where), strict=True)
    named = (layer[first] >= 0).tolist()
    for begin, end, place, known in zip(edges, [*edges[1:], len(rows)], places, named, strict=True):
        yield place, _stretch(folded, rows[begin:end], layer) if known else None


def _outermost_ops(folded: Folded) -> Rows:
    """New rows of the ops that lie in no other op, by thread and time."""
    block = folded.block
    seed = np.where(block.kind == Kind.OP, np.arange(len(block)), NONE)
    nearest_op = inherit(folded.parent_row, seed)
    inside = np.where(folded.parent_row >= 0, nearest_op[folded.parent_row], NONE)
    rows = block.nested_order()
    chosen = (block.kind[rows] == Kind.OP) & (inside[rows] < 0) & folded.window.new[rows]
    outermost: Rows = rows[chosen]
    return outermost


def _stretch(folded: Folded, rows: Rows, names: npt.NDArray[np.int64]) -> Stretch:
    block, first = folded.block, rows[0]
    return Stretch(
        name=folded.strings[int(names[first])],
        phase=folded.strings[int(folded.phase[first])],
        step=int(folded.step[first]),
        start_ns=int(block.start_ns[rows].min()),
        end_ns=int((block.start_ns[rows] + block.duration_ns[rows]).max()),
        ops=len(rows),
    )
