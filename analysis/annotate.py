"""Runs the folds over a trace, window by window: what each event belongs to, and its own time."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from analysis.blocks import NONE, Block, Kind, Strings, Trace, concat, is_kind
from analysis.columns import Int64, group_rows
from analysis.folds.layers import Layers
from analysis.folds.links import Launches, on_device
from analysis.folds.paths import PathNames, op_of
from analysis.folds.phases import Phases
from analysis.folds.selftime import INSTANTS, nest
from analysis.folds.steps import StepFinder, Steps, steps_of
from analysis.timeorder import TimeOrder
from analysis.windows import EventWindow, first_window, whole

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Folded:
    """A window of a trace with what the folds found out about each event; columns (events,).

    `parent_row` is a row number, `step` a step's number, `phase`, `layer` and `op` are string
    numbers; -1 where there is none. `op` is the innermost op around a host event, and for device
    work the op that launched it: where that is none of the host, the one that its path names, else
    its own name, and -1 where neither launch nor path is known. `linked` are the device events
    whose launch the trace holds, `of_graph` those among them that a graph launched, which has many.
    `self_ns` is time within the window. `phase_range`, `layer_range`
    and `path_phase` are the phase and layer that a row is a range of, and the phase that its path
    names.
    """

    window: EventWindow
    strings: Strings
    steps: Steps
    self_ns: Int64
    step: Int64
    phase: Int64
    layer: Int64
    op: Int64
    linked: Mask
    of_graph: Mask
    phase_range: Int64
    layer_range: Int64
    path_phase: Int64
    thread_names: dict[tuple[int, int], str]

    @property
    def block(self) -> Block:
        """The events, in order of time."""
        return self.window.block

    @property
    def parent_row(self) -> Int64:
        """The row of the event around each event."""
        return self.window.parent_row

    @property
    def step_rows(self) -> npt.NDArray[np.intp]:
        """Rows of the step markers, in order of time."""
        return self.steps.markers(self.block)

    def in_steps(self) -> Mask:
        """Events inside profiled steps; all of them where the trace marks no steps."""
        return self.step >= 0 if len(self.steps) else np.ones(len(self.block), dtype=bool)


class Annotator:
    """Runs the folds over the windows of one trace, in their order."""

    def __init__(
        self,
        strings: Strings,
        steps: Steps,
        thread_names: dict[tuple[int, int], str] | None = None,
    ) -> None:
        self._strings = strings
        self._steps = steps
        self._thread_names = thread_names or {}
        self._phases = Phases(strings)
        self._layers = Layers(strings)
        self._launches = Launches(strings)
        self._op_by_path = PathNames(strings, op_of)

    def annotate(self, window: EventWindow) -> Folded:
        """What the folds say about the events of the next window."""
        block = window.block
        window.parent_row, self_ns = nest(window)
        step = self._steps.at(block.start_ns)
        phase = self._phases.of_host(window).copy()
        layer = self._layers.of_host(window)
        is_op = block.kind == Kind.OP
        op = window.inherit("op", np.where(is_op, block.name, NONE).astype(np.int64)).copy()
        host = np.stack((step, phase, layer, op), axis=1).astype(np.int32)
        linked, of_graph, launch = self._launches.resolve(window, host)
        work = on_device(block)
        path_phase = self._phases.by_path.of(block)
        for number, column in enumerate((step, phase, layer, op)):
            column[linked] = launch[linked, number]
        alone = work & (op < 0) & (linked | (block.path >= 0))
        path_op = self._op_by_path.of(block)
        op = np.where(alone, np.where(path_op >= 0, path_op, block.name), op)
        phase = np.where(work & (path_phase >= 0), path_phase, phase)
        path_layer = self._layers.by_path.of(block)
        return Folded(
            window=window,
            strings=self._strings,
            steps=self._steps,
            self_ns=self_ns,
            step=window.keep("step", step),
            phase=window.keep("phase", phase),
            layer=window.keep("final layer", np.where(path_layer >= 0, path_layer, layer)),
            op=window.keep("final op", op),
            linked=window.keep("linked", linked.astype(np.int64)) > 0,
            of_graph=window.keep("of graph", of_graph.astype(np.int64)) > 0,
            phase_range=self._phases.range_names(block),
            layer_range=self._layers.range_names(block),
            path_phase=path_phase,
            thread_names=self._thread_names,
        )


@dataclass(slots=True)
class Counted:
    """What a trace holds, counted while it is read.

    `first_ns` and `last_ns` are when the first event begins and the last one ends, memory aside.
    `devices` are those that have work, by rank and device.
    """

    events: int = 0
    paths: bool = False
    first_ns: int = np.iinfo(np.int64).max
    last_ns: int = np.iinfo(np.int64).min
    devices: set[tuple[int, int]] = field(default_factory=set)

    def take(self, block: Block) -> None:
        """Count the events of a block."""
        self.events += len(block)
        self.paths |= bool(len(block)) and bool(block.path.max() >= 0)
        rows = np.flatnonzero(~is_kind(block.kind, INSTANTS))
        if not len(rows):
            return
        self.first_ns = min(self.first_ns, int(block.start_ns[rows].min()))
        self.last_ns = max(self.last_ns, int(block.end_ns[rows].max()))
        rows = np.flatnonzero(on_device(block))
        if len(rows):
            rank, device = block.rank[rows], block.device[rows]
            _, first = group_rows(rank, device)
            self.devices.update(zip(rank[first].tolist(), device[first].tolist(), strict=True))


def annotated(
    trace: Trace,
    order: TimeOrder | None = None,
    progress: Callable[[], None] | None = None,
    also: Callable[[Block], None] | None = None,
) -> "Recorded":
    """Read a trace to its end; ProfileError if it can't be read.

    Args:
        trace: what a reader made of a file.
        order: where the events wait until all have been read.
        progress: called after each block that was read.
        also: called with each block, in the source's order.
    """
    order = TimeOrder() if order is None else order
    finder = StepFinder(trace.strings)
    counted = Counted()
    with _collector_paused():
        for block in trace.blocks():
            order.add(block)
            finder.take(block)
            counted.take(block)
            if also is not None:
                also(block)
            if progress is not None:
                progress()
    return Recorded(trace, order, finder.steps(), counted)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """No search for cycles: events by the thousand come and go, and none of them is in one."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """A trace that was read to its end; its windows can be gone through once."""

    trace: Trace
    order: TimeOrder
    steps: Steps
    counted: Counted

    def windows(self) -> Iterator[Folded]:
        """The trace's events in order of time, with what the folds found out."""
        annotator = Annotator(self.trace.strings, self.steps, self.trace.thread_names)
        window = first_window()
        for block, end_ns in self.order.windows():
            window = window.following(block, end_ns)
            yield annotator.annotate(window)


def fold(
    block: Block, strings: Strings, thread_names: dict[tuple[int, int], str] | None = None
) -> Folded:
    """Find out what each of these events belongs to; the rows are then in order of time."""
    return Annotator(strings, steps_of([block], strings), thread_names).annotate(whole(block))


def fold_trace(trace: Trace) -> Folded:
    """All of a trace as one window; ProfileError if it can't be read."""
    return fold(concat(trace.blocks()), trace.strings, trace.thread_names)
