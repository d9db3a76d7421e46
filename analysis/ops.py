"""Tables of where a trace's time went: by operation, shape, layer, phase, kernel and copy."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis.blocks import NONE, Block, Int64, Kind, Strings, Trace, concat
from analysis.folds.layers import layers
from analysis.folds.links import inherit, launches, on_device
from analysis.folds.phase_times import phase_times
from analysis.folds.phases import PHASE, phases, range_rows
from analysis.folds.selftime import nest, sweep
from analysis.folds.steps import step_rows, steps

Grouping = Literal["op", "shape", "layer", "phase", "kernel", "copy"]
Mask = npt.NDArray[np.bool_]

GAPS = "gaps"
NO_LAYER = "(no layer)"


@dataclass(frozen=True, slots=True, eq=False)
class Folded:
    """A trace's events with what the folds found out about each; columns of shape (events,).

    `parent_row` and `launch_row` are row numbers, `step` is a step's number, `phase` and `layer`
    are string numbers; -1 where there is none. `thread_names` is by (process, thread).
    """

    block: Block
    strings: Strings
    parent_row: Int64
    launch_row: Int64
    self_ns: Int64
    step: Int64
    phase: Int64
    layer: Int64
    thread_names: dict[tuple[int, int], str]

    @property
    def step_rows(self) -> npt.NDArray[np.intp]:
        """Rows of the step markers, in order of time."""
        return step_rows(self.block, self.strings)

    def in_steps(self) -> Mask:
        """Events inside profiled steps; all of them where the trace marks no steps."""
        return self.step >= 0 if len(self.step_rows) else np.ones(len(self.block), dtype=bool)


@dataclass(frozen=True, slots=True)
class Row:
    """One group of events.

    `total_ns` includes what runs inside an event, `self_ns` does not. `share` is the part of the
    self time of all ops; for kernels and copies the part of all device time; for phases the part
    of the steps. `steps` is how many steps were counted over, 0 where the trace marks none.
    """

    key: str
    kind: str
    count: int
    total_ns: int
    self_ns: int
    share: float | None
    steps: int
    shapes: str = ""
    phase: str = ""

    @property
    def count_per_step(self) -> float | None:
        """Events a step."""
        return self.count / self.steps if self.steps else None

    @property
    def total_ns_per_step(self) -> float | None:
        """Nanoseconds a step, with what runs inside."""
        return self.total_ns / self.steps if self.steps else None

    @property
    def self_ns_per_step(self) -> float | None:
        """Nanoseconds a step, without what runs inside."""
        return self.self_ns / self.steps if self.steps else None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a trace the tables account for; the ratios are of the ops' self time."""

    events: int
    dropped: int
    steps: int
    steps_ns: int
    op_self_ns: int
    phase_ratio: float | None
    layer_ratio: float | None


def fold(
    block: Block, strings: Strings, thread_names: dict[tuple[int, int], str] | None = None
) -> Folded:
    """Find out the enclosing event, self time, step, phase and layer of each event."""
    parent_row, self_ns = nest(block)
    launch_row = launches(block)
    return Folded(
        block,
        strings,
        parent_row,
        launch_row,
        self_ns,
        steps(block, strings, launch_row),
        phases(block, strings, parent_row, launch_row),
        layers(block, strings, parent_row, launch_row),
        thread_names or {},
    )


def fold_trace(trace: Trace) -> Folded:
    """Read a trace to its end and fold it; ProfileError if it can't be read."""
    return fold(concat(trace.blocks()), trace.strings, trace.thread_names)


def aggregate(folded: Folded, by: Grouping, rows: Mask | None = None) -> list[Row]:
    """The table of one grouping, the largest self time first (phases: in order of time).

    Args:
        folded: the trace.
        by: op: by name. shape: by name and input shapes. layer: by layer and phase. phase: each
            phase's time, and what of the steps lies in none of them (`gaps`), so that the rows
            add up to the steps. kernel, copy: device work by name.
        rows: which events count; those inside profiled steps if not given.
    """
    rows = folded.in_steps() if rows is None else rows
    if by == "phase":
        return list(_phase_rows(folded, rows))
    block, strings = folded.block, folded.strings
    chosen, own_ns, whole_ns = _chosen(folded, by, rows)
    name, shapes, phase = _key_columns(folded, by)
    total_ns = block.duration_ns
    if by == "layer":
        total_ns = np.where(_outermost(folded, name, phase), total_ns, 0)
    columns = [column[chosen] for column in (block.kind, name, shapes, phase)]
    keys, group = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
    group = group.reshape(-1)
    count = np.bincount(group, minlength=len(keys))
    total, own = _sums(len(keys), group, total_ns[chosen], own_ns[chosen])
    table = [
        Row(
            key=strings[key] if key >= 0 else NO_LAYER,
            kind=by if by in ("layer", "kernel") else Kind(kind).name.lower(),
            count=int(count[i]),
            total_ns=int(total[i]),
            self_ns=int(own[i]),
            share=_ratio(int(own[i]), whole_ns),
            steps=len(folded.step_rows),
            shapes=strings[shape],
            phase=strings[phase_number],
        )
        for i, (kind, key, shape, phase_number) in enumerate(keys.tolist())
    ]
    return sorted(table, key=lambda row: (-row.self_ns, row.key, row.shapes, row.phase))


def _chosen(folded: Folded, by: Grouping, rows: Mask) -> tuple[npt.NDArray[np.intp], Int64, int]:
    """Rows of a grouping, the column of their self time, and the time that shares are of."""
    block = folded.block
    if by not in ("kernel", "copy"):
        ops = np.flatnonzero((block.kind == Kind.OP) & rows)
        return ops, folded.self_ns, int(folded.self_ns[ops].sum())
    device = np.flatnonzero(on_device(block) & rows)
    kernel = block.kind[device] == Kind.KERNEL
    chosen = device[kernel if by == "kernel" else ~kernel]
    return chosen, block.duration_ns, int(block.duration_ns[device].sum())


def _key_columns(folded: Folded, by: Grouping) -> tuple[Int64, Int64, Int64]:
    """String numbers that make a group: its key, its shapes and its phase; -1 where unused."""
    none = np.full(len(folded.block), NONE, dtype=np.int64)
    if by == "layer":
        return folded.layer, none, folded.phase
    shapes = folded.block.shapes.astype(np.int64) if by == "shape" else none
    return folded.block.name.astype(np.int64), shapes, none


def coverage(folded: Folded, dropped: int) -> Coverage:
    """How much of the profiled steps reached a phase and a layer; `dropped` is the reader's."""
    ops = (folded.block.kind == Kind.OP) & folded.in_steps()
    own_ns = folded.self_ns[ops]
    op_self_ns = int(own_ns.sum())
    markers = folded.block.take(folded.step_rows)
    _, marker_ns = sweep(markers.start_ns.tolist(), markers.end_ns.tolist())
    return Coverage(
        events=len(folded.block),
        dropped=dropped,
        steps=len(markers),
        steps_ns=sum(marker_ns),
        op_self_ns=op_self_ns,
        phase_ratio=_ratio(int(own_ns[folded.phase[ops] >= 0].sum()), op_self_ns),
        layer_ratio=_ratio(int(own_ns[folded.layer[ops] >= 0].sum()), op_self_ns),
    )


def _phase_rows(folded: Folded, rows: Mask) -> Iterator[Row]:
    """Phases in order of time, then the gaps; together they are as long as the steps."""
    block, strings = folded.block, folded.strings
    markers = folded.step_rows[rows[folded.step_rows]]
    ranges = range_rows(block, strings, PHASE)
    times = phase_times(block, strings, folded.step, folded.phase, markers, ranges[rows[ranges]])
    whole_ns = sum(time.total_ns for time in times)
    ops = (block.kind == Kind.OP) & rows
    for number, count, total_ns in times:
        yield Row(
            key=strings[number] if number >= 0 else GAPS,
            kind="phase",
            count=count,
            total_ns=total_ns,
            self_ns=int(folded.self_ns[ops & (folded.phase == number)].sum()),
            share=_ratio(total_ns, whole_ns),
            steps=len(markers),
        )


def _outermost(folded: Folded, *columns: Int64) -> Mask:
    """Ops that do not run directly inside an op of the same group."""
    is_op = folded.block.kind == Kind.OP
    numbers = np.where(is_op, np.arange(len(folded.block)), NONE)
    nearest_op = inherit(folded.parent_row, numbers)
    outer = np.where(folded.parent_row >= 0, nearest_op[folded.parent_row], NONE)
    same = outer >= 0
    for column in columns:
        same &= column[outer] == column
    return ~same


def _sums(groups: int, group: npt.NDArray[np.intp], *columns: Int64) -> list[Int64]:
    """The sum of each column over the rows of each group, exact."""
    sums = [np.zeros(groups, dtype=np.int64) for _ in columns]
    for total, column in zip(sums, columns, strict=True):
        np.add.at(total, group, column)
    return sums


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
