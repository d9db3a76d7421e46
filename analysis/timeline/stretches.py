"""Stretches of operations of one phase or layer, where no range of the profile shows it."""

import numpy as np
import numpy.typing as npt

from analysis.annotate import Folded
from analysis.blocks import NONE, Kind
from analysis.columns import group_rows, runs_of_equal
from analysis.timeline.record import Slice, by_start, single
from analysis.timeline.shared_clock import Clock
from analysis.windows import inherit

Rows = npt.NDArray[np.intp]

GAP_NS = 20_000
"""Pauses between operations of one phase that are not shown."""


def of_phases(folded: Folded, clock: Clock) -> dict[str, list[Slice]]:
    """For each phase that paths of operations name, its slices: when any of these is active."""
    block = folded.block
    rows = np.sort(_outermost_ops(folded))
    rows = rows[(folded.path_phase[rows] >= 0) & (block.device[rows] < 0)]
    rows = rows[folded.step[rows] >= 0]
    found: dict[str, list[Slice]] = {}
    group, first = group_rows(folded.path_phase[rows], folded.step[rows])
    for number in range(len(first)):
        some = rows[group == number]
        ends_ns = np.maximum.accumulate(block.end_ns[some])
        begins = np.flatnonzero(block.start_ns[some][1:] - ends_ns[:-1] > GAP_NS) + 1
        for part in np.split(some, begins):
            name = folded.strings[int(folded.path_phase[part[0]])]
            found.setdefault(name, []).append(_slice(folded, clock, part, name, "phase"))
    return {
        name: sorted(found[name], key=by_start)
        for name in sorted(found, key=lambda name: by_start(found[name][0]))
    }


def of_layers(folded: Folded, clock: Clock) -> list[Slice]:
    """A slice for each stretch of ops of one layer on one thread that no layer range shows.

    An operation of no layer, or of another one, ends a stretch.
    """
    block = folded.block
    seed = np.where(folded.layer_range >= 0, np.arange(len(block)), NONE)
    shown = inherit(folded.parent_row, seed) >= 0
    layer = np.where(shown, NONE, folded.layer)
    rows = _outermost_ops(folded)
    columns = (layer, block.process, block.thread, folded.phase, folded.step)
    found = []
    for begin, end in runs_of_equal(*(column[rows] for column in columns)):
        some = rows[begin:end]
        if layer[some[0]] >= 0:
            name = folded.strings[int(layer[some[0]])]
            found.append(_slice(folded, clock, some, name, "layer"))
    return found


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


def _slice(folded: Folded, clock: Clock, rows: Rows, name: str, kind: str) -> Slice:
    block = folded.block
    start_ns = int(block.start_ns[rows].min())
    length_ns = int(block.end_ns[rows].max()) - start_ns
    args: dict[str, object] = {"phase": folded.strings[int(folded.phase[rows[0]])]}
    args["ops"] = len(rows)
    if folded.step[rows[0]] >= 0:
        args["step"] = int(folded.step[rows[0]])
    return single(*clock.span(start_ns, length_ns), name, args, kind)
