"""The plane of the host in an XSpace file: ops, steps, ranges, calls, allocations by thread."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from analysis.annotate import Folded
from analysis.blocks import NONE, Kind, Strings, TextTable
from analysis.columns import Int64, group_rows, pick
from analysis.exporters.xspace import names as xspace_names
from analysis.exporters.xspace.fields import TEXT, UNSIGNED, Fields
from analysis.exporters.xspace.lines import LineKey, Lines, in_lines, times
from analysis.exporters.xspace.memory import Allocations
from analysis.exporters.xspace.names import OpNames
from analysis.exporters.xspace.places import Places
from analysis.exporters.xspace.plane import Plane
from analysis.folds.outermost import Works
from analysis.folds.selftime import OP_LEVEL, levels
from analysis.sums import Key

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]

DATA = "data"
RANK_BITS = 48
FORWARD_BACKWARD, STEP_THREADS = 0, 1
"""XProf's kinds of arrows that are used here: generic ones, and those it calls legacy."""

LONGEST_SHAPES = 1000
"""Characters of the shapes of an op that are kept."""

ThreadName = Callable[[LineKey], str]


class HostPlane:
    """Takes the events of threads, window by window.

    Args:
        strings: the trace's texts.
        plane: what they are written to.
        op_names: the names of operations, which the planes share.
        thread_name: says how a line is called.
        memory_sizes: bytes of each accelerator, by rank and device, as far as they are known.
    """

    def __init__(
        self,
        strings: Strings,
        plane: Plane,
        op_names: OpNames,
        thread_name: ThreadName,
        memory_sizes: dict[tuple[int, int], int],
    ) -> None:
        self._strings = strings
        self._plane = plane
        self._lines = Lines(plane, thread_name)
        self._allocations = Allocations(plane, memory_sizes)
        self._works = Works(strings)
        self._phases = TextTable(strings, plane.text)
        self._shapes = TextTable(strings, lambda text: plane.text(text[:LONGEST_SHAPES]))
        self._calls = TextTable(strings, lambda text: plane.text(op_names.of(f"runtime::{text}")))
        event = plane.event
        self._names = {
            Kind.OP: TextTable(strings, lambda text: event(op_names.of(text), text)),
            Kind.PYTHON: TextTable(strings, lambda t: event(xspace_names.python_name(t), t)),
            Kind.STEP: TextTable(strings, lambda text: event(xspace_names.STEP, text)),
            Kind.ANNOTATION: TextTable(strings, lambda t: event(xspace_names.range_name(t), t)),
            Kind.RUNTIME: TextTable(strings, self._call),
        }
        """How an event is called, by its kind; other kinds are called like the runtime's."""

    def _call(self, text: str) -> int:
        name = xspace_names.call_name(text)
        return self._plane.event(name, text if name != text else "")

    def take(self, folded: Folded, places: Places, rows: Rows, start_ns: int) -> None:
        """Write these rows, which are events of threads."""
        rows = in_lines(places, rows)
        block = folded.block
        steps = np.zeros(len(block), dtype=bool)
        steps[folded.step_rows] = True
        when = times(block, places, rows, start_ns)
        name = self._name_numbers(folded, steps, rows)
        fields = Fields(self._plane, name, when.offset_ps, when.duration_ps)
        kind = block.kind[rows]
        self._ops(fields, folded, rows, kind == Kind.OP)
        self._runtime(fields, folded, rows, kind)
        self._steps(fields, folded, places, rows, steps)
        self._places(fields, folded, rows, kind)
        self._allocations.add(fields, folded, places, rows, kind == Kind.MEMORY)
        self._lines.add(fields, block, places, rows, when.end_ps)

    def finish(self) -> None:
        """Put the threads in order."""
        self._lines.sort()

    def _name_numbers(self, folded: Folded, steps: Mask, rows: Rows) -> Int64:
        """The number of each event's name in the plane."""
        block = folded.block
        kind, name = block.kind[rows].astype(np.int64), block.name[rows]
        kind[(kind == Kind.STEP) & ~steps[rows]] = Kind.ANNOTATION
        kind[steps[rows]] = Kind.STEP
        found = np.full(len(rows), NONE, dtype=np.int64)
        for each in np.flatnonzero(np.bincount(kind)).tolist():
            chosen = kind == each
            if each == Kind.MEMORY:
                found[chosen] = self._allocations.names(block.bytes[rows[chosen]])
            else:
                table = self._names.get(Kind(each), self._names[Kind.RUNTIME])
                found[chosen] = table.of(name[chosen])
        return found

    def _ops(self, fields: Fields, folded: Folded, rows: Rows, ops: Mask) -> None:
        """What is known of operations: that they are executed one by one, shapes, work, arrows."""
        if not ops.any():
            return
        block = folded.block
        some = rows[ops]
        fields.flag("is_eager", ops)
        fields.stat("shape", self._spread(ops, self._shapes.of(block.shapes[some])), form=TEXT)
        flops, moved = self._work(folded, some)
        fields.stat("model_flops", self._spread(ops, flops))
        fields.stat("bytes_accessed", self._spread(ops, moved))
        flow, backward = block.flow[rows], block.forward_thread[rows] > 0
        linked = ops & (flow >= 0)
        for chosen, kind, number in (
            (linked & ~backward, "_pt", "_p"),
            (linked & backward, "_ct", "_c"),
        ):
            fields.flag(kind, chosen, FORWARD_BACKWARD)
            fields.stat(number, flow, chosen)

    def _work(self, folded: Folded, ops: Rows) -> tuple[Int64, Int64]:
        """Operations and bytes of each of these ops, -1 where they are not known."""
        block = folded.block
        names = ("kind", "name", "shapes", "types", "args")
        columns = [pick(getattr(block, name), ops) for name in names]
        columns += [pick(block.flops, ops), pick(block.bytes, ops)]
        group, first = group_rows(*columns)
        groups = np.full((len(first), len(Key._fields) + 2), NONE, dtype=np.int64)
        for place, column in zip((*map(Key._fields.index, names), -2, -1), columns, strict=True):
            groups[:, place] = column[first]
        flops, moved = self._works.of(groups)
        return flops[group], moved[group]

    def _runtime(
        self, fields: Fields, folded: Folded, rows: Rows, kind: npt.NDArray[np.int8]
    ) -> None:
        """Calls of the runtime: what ties them to kernels.

        Time of a call that launches something is none of the op around it. XProf sees that if the
        call has an op of its own.
        """
        block = folded.block
        calls = (kind == Kind.RUNTIME) & (block.correlation[rows] >= 0)
        fields.stat("correlation_id", correlations(folded, rows), calls, UNSIGNED)
        own = (levels(block)[rows] == OP_LEVEL) & (kind != Kind.OP) & (kind != Kind.MEMORY)
        if own.any():
            texts = self._spread(own, self._calls.of(block.name[rows[own]]))
            fields.stat("tf_op", texts, own, TEXT)

    def _steps(
        self, fields: Fields, folded: Folded, places: Places, rows: Rows, steps: Mask
    ) -> None:
        """Steps, and what ties to them the events of other threads that begin within them."""
        marks = steps[rows]
        step, rank = folded.step[rows], folded.block.rank[rows].astype(np.int64)
        number = step + (rank << RANK_BITS)
        fields.flag("_r", marks)
        fields.stat("step_num", step, marks)
        parent = places.parent[rows]
        same = (folded.step[parent] == step) & (places.lane[parent] == places.lane[rows])
        linked = (folded.block.flow[rows] >= 0) & (folded.block.forward_thread[rows] > 0)
        outer = (step >= 0) & ~marks & ((parent < 0) | ~same) & ~linked
        outer &= folded.block.kind[rows] != Kind.MEMORY
        for chosen, kind, key in ((marks, "_pt", "_p"), (outer, "_ct", "_c")):
            fields.flag(kind, chosen, STEP_THREADS)
            fields.stat(key, number, chosen)

    def _places(
        self, fields: Fields, folded: Folded, rows: Rows, kind: npt.NDArray[np.int8]
    ) -> None:
        """The phase and layer of what is no range, and which ranges wait for input."""
        ranged = (kind == Kind.ANNOTATION) | (kind == Kind.STEP) | (kind == Kind.MEMORY)
        for stat, column in (("phase", folded.phase), ("layer", folded.layer)):
            known = np.where(ranged, NONE, column[rows])
            if known.max(initial=NONE) >= 0:
                fields.stat(stat, self._phases.of(known), form=TEXT)
        name = folded.phase_range[rows]
        if name.max(initial=NONE) >= 0:
            data = name == self._strings.number(DATA)
            fields.stat("_ipl_stage_name", np.full(len(rows), self._plane.text(DATA)), data, TEXT)

    @staticmethod
    def _spread(chosen: Mask, values: Int64) -> Int64:
        """The values in the chosen places, -1 in others."""
        column = np.full(len(chosen), NONE, dtype=np.int64)
        column[chosen] = values
        return column


def correlations(folded: Folded, rows: Rows) -> Int64:
    """What ties calls and the work that they launched, another number for each rank."""
    rank = folded.block.rank[rows].astype(np.int64)
    return folded.block.correlation[rows] + (rank << RANK_BITS)
