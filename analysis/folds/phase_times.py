"""How long each phase took within the profiled steps: a partition of the steps, gaps included."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.blocks import NONE, Block, Int64, Kind, Strings
from analysis.folds.attribution import shares_ns
from analysis.folds.paths import named_by_path, phase_of
from analysis.folds.selftime import sweep

Rows = npt.NDArray[np.intp]


class PhaseTime(NamedTuple):
    """A phase's string number (-1 for the gaps), how often it was there, and for how long."""

    number: int
    times: int
    total_ns: int


def phase_times(
    block: Block, strings: Strings, step: Int64, phase: Int64, markers: Rows, ranges: Rows
) -> list[PhaseTime]:
    """The phases in order of time, then the gaps; together they are as long as the steps.

    Where ops carry their phase in their path, each instant belongs in equal parts to the phases of
    the innermost ops active on any thread; where none is, to the phase of ranges and of the runtime
    that have one; else it is a gap. Otherwise a phase lasts as long as its ranges.

    Args:
        block: the events.
        strings: the trace's texts.
        step: shape (rows,), as by `analysis.folds.steps`.
        phase: shape (rows,), as by `analysis.folds.phases`.
        markers: the rows of the step markers that count, in order of time.
        ranges: the rows of the `phase:` ranges that count, in order of time.
    """
    ops = block.kind == Kind.OP
    if len(markers) and (named_by_path(block, strings, phase_of)[ops & (step >= 0)] >= 0).any():
        return _of_ops(block, step, phase, markers)
    return _of_ranges(block, step, phase, markers, ranges)


def _of_ranges(
    block: Block, step: Int64, phase: Int64, markers: Rows, ranges: Rows
) -> list[PhaseTime]:
    """Ranges are cut at the edges of their step; of two open ones the latest begun counts."""
    ranges = ranges[np.isin(step[ranges], step[markers])]
    step_end_ns = dict(zip(step[markers], block.end_ns[markers], strict=True))
    bound_ns = np.array([step_end_ns[number] for number in step[ranges]], dtype=np.int64)
    members = np.concatenate((markers, ranges)).astype(np.int64)
    numbers = np.concatenate((np.full(len(markers), NONE), phase[ranges]))
    start_ns = block.start_ns[members]
    end_ns = block.end_ns[members]
    end_ns[len(markers) :] = np.minimum(end_ns[len(markers) :], bound_ns)
    order = np.lexsort((np.arange(len(members)), -end_ns, start_ns))
    _, own = sweep(start_ns[order].tolist(), end_ns[order].tolist())
    return _in_time(numbers[order], np.array(own, dtype=np.int64), np.ones(len(order), dtype=bool))


def _of_ops(block: Block, step: Int64, phase: Int64, markers: Rows) -> list[PhaseTime]:
    start_ns, end_ns = _windows(block.start_ns[markers], block.end_ns[markers])
    host = (block.device < 0) & (block.duration_ns > 0) & (block.kind != Kind.STEP)
    op = host & (block.kind == Kind.OP)
    rank = np.where(op, 1, np.where(host & (phase >= 0), 0, NONE))
    share_ns = shares_ns(block, rank, start_ns, end_ns)
    rows = np.flatnonzero(share_ns)
    rows = rows[np.argsort(block.start_ns[rows], kind="stable")]
    gaps_ns = int((end_ns - start_ns).sum() - share_ns.sum())
    # A phase counts once for each step that it is in; the gaps once for each step.
    _, first = np.unique(np.stack((phase[rows], step[rows]), axis=1), axis=0, return_index=True)
    counts = np.zeros(len(rows), dtype=bool)
    counts[first] = phase[rows][first] >= 0
    numbers = np.concatenate((phase[rows], np.full(len(markers), NONE)))
    lengths_ns = np.concatenate((share_ns[rows], [gaps_ns], np.zeros(len(markers) - 1, np.int64)))
    return _in_time(numbers, lengths_ns, np.concatenate((counts, np.ones(len(markers), bool))))


def _windows(start_ns: Int64, end_ns: Int64) -> tuple[Int64, Int64]:
    """Intervals, sorted by start, without what an earlier one has covered."""
    covered_to = np.maximum.accumulate(end_ns)
    begin_ns = np.concatenate((start_ns[:1], np.maximum(start_ns[1:], covered_to[:-1])))
    return begin_ns, np.maximum(end_ns, begin_ns)


def _in_time(numbers: Int64, lengths_ns: Int64, counts: npt.NDArray[np.bool_]) -> list[PhaseTime]:
    """Sums over rows in order of time, for each phase in the order of its first; the gaps last."""
    names, first = np.unique(numbers, return_index=True)
    order = names[np.argsort(np.where(names == NONE, len(numbers), first))]
    return [
        PhaseTime(
            number,
            int((counts & (numbers == number)).sum()),
            int(lengths_ns[numbers == number].sum()),
        )
        for number in order.tolist()
    ]
