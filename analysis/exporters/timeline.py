"""What a timeline of a run shows: tracks of slices, arrows and counters on one clock."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis.annotate import Folded
from analysis.blocks import NONE, Block, Kind, is_kind
from analysis.columns import Int64, runs_of_equal
from analysis.exporters.counters import Counter, allocated, resource_counters
from analysis.exporters.events import Events, EventSlices, Slice
from analysis.folds.layers import LAYER
from analysis.folds.phases import PHASE
from analysis.folds.selftime import AROUND, INSTANTS
from analysis.windows import inherit
from profilers import rundir
from profilers.records import Phase, RunRecord, Step

RUN = "run"
RESOURCES = "resources"

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Track:
    """One line of a process: its slices by start, longer ones first; to be read any time."""

    process: str
    name: str
    slices: Iterable[Slice]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything to show; times are Unix nanoseconds, `start_ns` the earliest of them.

    `launches` are pairs of rows, a launch and what it launched, `gradients` a forward op and its
    backward op. `slice_count` is counted from the
    sources, not from the tracks, so that a writer can prove that it lost nothing.
    """

    start_ns: int
    tracks: list[Track]
    counters: list[Counter]
    launches: list[tuple[int, int]]
    gradients: list[tuple[int, int]]
    slice_count: int

    def processes(self) -> list[str]:
        """What tracks and counters belong to, in the order in which to show it."""
        others = {track.process for track in self.tracks} - {RUN}
        return [RUN, *sorted(others, key=_rank), *([RESOURCES] if self.counters else [])]


def _rank(process: str) -> tuple[bool, int, str]:
    """Hosts before accelerators, and these by their number."""
    return process.startswith("GPU "), len(process), process


def build(run: Path, folded: Folded | None) -> Timeline:
    """The timeline of a run directory, with the events of its profile if there is one.

    Raises:
        ProfileError: a file of the run is damaged.
    """
    phases = rundir.read_rows(run / rundir.PHASES, Phase)
    steps = rundir.read_rows(run / rundir.STEPS, Step)
    counters = resource_counters(run)
    starts = [row.start_ns for row in phases] + [row.start_ns for row in steps]
    tracks = [_listed("run phases", map(_phase_slice, phases))]
    tracks.append(_listed("steps", map(_step_slice, steps)))
    count = len(phases) + len(steps)
    launches: list[tuple[int, int]] = []
    gradients: list[tuple[int, int]] = []
    if folded is not None and len(folded.block):
        record = rundir.read_json(run / rundir.RUN, RunRecord)
        stretches = _phase_stretches(folded), _layer_stretches(folded)
        tracks += _profile_tracks(folded, *stretches, f"{record.settings.framework} host")
        counters += allocated(folded.block)
        launch_row = folded.launch_row
        launched = np.flatnonzero(launch_row >= 0)
        launches = list(zip(launch_row[launched].tolist(), launched.tolist(), strict=True))
        gradients = _gradients(folded.block)
        count += sum(map(len, stretches)) + int((~is_kind(folded.block.kind, INSTANTS)).sum())
        starts.append(int(folded.block.start_ns.min()))
    starts += [int(counter.time_ns.min()) for counter in counters]
    return Timeline(min(starts, default=0), tracks, counters, launches, gradients, count)


def _gradients(block: Block) -> list[tuple[int, int]]:
    """Each forward op with its backward op, which the source ties together."""
    rows = np.flatnonzero((block.kind == Kind.OP) & (block.flow >= 0))
    rows = rows[np.lexsort((block.start_ns[rows], block.flow[rows], block.rank[rows]))]
    first, second = rows[:-1], rows[1:]
    tied = (block.flow[first] == block.flow[second]) & (block.rank[first] == block.rank[second])
    tied &= block.start_ns[first] < block.start_ns[second]  # what begins together is nested
    return list(zip(first[tied].tolist(), second[tied].tolist(), strict=True))


def _listed(name: str, slices: Iterable[Slice]) -> Track:
    return Track(RUN, name, sorted(slices, key=lambda row: (row.start_ns, -row.duration_ns)))


def _phase_slice(phase: Phase) -> Slice:
    return Slice(phase.start_ns, phase.duration_ns, phase.phase, {}, "phase")


def _step_slice(step: Step) -> Slice:
    if step.kind == "window":
        name = f"{step.phase}, window of {step.count}"
    elif step.phase == "profiled" and not step.profiled:
        name = f"unprofiled step {step.index} of the profiled build"
    else:
        name = f"{step.phase} step {step.index}"
    args: dict[str, object] = {"phase": step.phase, "index": step.index, "epoch": step.epoch}
    args["samples"] = step.samples
    if step.count > 1:
        args["ms per step"] = step.duration_ns / step.count / 1e6
    if step.loss is not None and math.isfinite(step.loss):
        args["loss"] = step.loss
    return Slice(step.start_ns, step.duration_ns, name, args, "step")


def _profile_tracks(
    folded: Folded, phase_stretches: list[Slice], layer_stretches: list[Slice], host: str
) -> Iterator[Track]:
    """Each event of the profile on one track: phases, layers, threads, streams, annotations."""
    block = folded.block
    order = block.nested_order()
    around = is_kind(block.kind, AROUND)
    phases = np.flatnonzero((folded.phase_range >= 0) & (folded.step >= 0))
    layers = np.flatnonzero((folded.layer_range >= 0) & around)
    events = Events(folded)
    yield _listed("phases", [*EventSlices(events, phases, PHASE), *phase_stretches])
    yield _listed("layers", [*EventSlices(events, layers, LAYER), *layer_stretches])
    left = ~is_kind(block.kind, INSTANTS)
    left[phases] = left[layers] = False
    for suffix, chosen in (("", left & ~around), (" annotations", left & around)):
        rows = order[chosen[order]]
        track = (block.process[rows], block.thread[rows], block.stream[rows].astype(np.int64))
        for begin, end in runs_of_equal(*track):
            process, name = _place(folded, int(rows[begin]), host)
            yield Track(process, name + suffix, EventSlices(events, rows[begin:end]))


def _place(folded: Folded, row: int, host: str) -> tuple[str, str]:
    """The names of the process and of the track that an event belongs on."""
    block = folded.block
    if block.device[row] >= 0:
        return f"GPU {block.device[row]}", f"stream {block.stream[row]}"
    process, thread = int(block.process[row]), int(block.thread[row])
    return host, folded.thread_names.get((process, thread)) or f"thread {thread}"


def _phase_stretches(folded: Folded) -> list[Slice]:
    """A slice for each stretch of ops whose paths name one phase, whatever thread they are on."""
    block = folded.block
    rows = _outermost_ops(folded)
    rows = rows[(folded.step[rows] >= 0) & (block.device[rows] < 0)]
    rows = np.sort(rows)
    return _stretches(folded, rows, folded.path_phase, (folded.step,), "phase")


def _layer_stretches(folded: Folded) -> list[Slice]:
    """A slice for each stretch of ops of one layer on one thread that no layer range shows."""
    block = folded.block
    seed = np.where(folded.layer_range >= 0, np.arange(len(block)), NONE)
    layer = np.where(inherit(folded.parent_row, seed) >= 0, NONE, folded.layer)
    columns = (block.process, block.thread, folded.phase, folded.step)
    return _stretches(folded, _outermost_ops(folded), layer, columns, "layer")


def _outermost_ops(folded: Folded) -> Rows:
    """Rows of the ops that lie in no other op, by thread and time."""
    block = folded.block
    seed = np.where(block.kind == Kind.OP, np.arange(len(block)), NONE)
    nearest_op = inherit(folded.parent_row, seed)
    inside = np.where(folded.parent_row >= 0, nearest_op[folded.parent_row], NONE)
    rows = block.nested_order()
    outermost: Rows = rows[(block.kind[rows] == Kind.OP) & (inside[rows] < 0)]
    return outermost


def _stretches(
    folded: Folded, rows: Rows, number: Int64, columns: tuple[Int64, ...], kind: str
) -> list[Slice]:
    """A slice for each stretch of rows that have one number, which names it, and equal columns.

    A row without a number, or with another one, ends a stretch and so parts two of the same name.
    """
    block, strings = folded.block, folded.strings
    end_ns = block.end_ns
    found = []
    for begin, end in runs_of_equal(*(column[rows] for column in (number, *columns))):
        some = rows[begin:end]
        if number[some[0]] >= 0:
            start_ns = int(block.start_ns[some].min())
            args: dict[str, object] = {"phase": strings[int(folded.phase[some[0]])]}
            length_ns = int(end_ns[some].max()) - start_ns
            name = strings[int(number[some[0]])]
            found.append(Slice(start_ns, length_ns, name, args | {"ops": len(some)}, kind))
    return found
