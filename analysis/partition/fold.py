"""Parts the steps of a trace among its events, window by window."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from analysis.annotate import Folded
from analysis.blocks import NONE, Kind, Strings, TextTable
from analysis.columns import Int64, group_rows
from analysis.folds.attribution import Shares, shares
from analysis.folds.busy import union_ns
from analysis.folds.intervals import Intervals
from analysis.folds.links import on_device
from analysis.folds.outermost import Works, marks
from analysis.folds.paths import PathNames, several_of
from analysis.keyed_sums import KeyedSums, sum_by
from analysis.partition.calls import Calls
from analysis.partition.parts import GAP, IDLE, Key, Values
from analysis.partition.ranges import OpenRanges
from analysis.partition.spans import Spans
from analysis.partition.stretches import Lanes
from analysis.sums import Key as EventKey
from analysis.windows import EventWindow

FRAMES, CALLS, OPS = range(3)
RANKS = {
    Kind.OP: OPS,
    Kind.RUNTIME: CALLS,
    Kind.COMMUNICATION: CALLS,
    Kind.GC: CALLS,
    Kind.OVERHEAD: CALLS,
    Kind.PYTHON: FRAMES,
}
"""What the host's time goes to, each only where none of a higher rank is active. Instants, ranges
and waits of no thread have no part; a thread's wait in Python has one where nothing else is."""
WAITING = re.compile(
    r"(?:threading|queue|selectors)\.py\(\d+\): (?:wait|join|_wait_for_tstate_lock|get|select)"
    r"|<built-in method (?:acquire|sleep|select|poll|wait|__enter__) of .*"
)
HOST = "host"

Device = tuple[int, int]
Rows = npt.NDArray[np.intp]


@dataclass(slots=True)
class Parting:
    """What has come together of the windows of a trace.

    `busy_ns` and `outside_ns` are the time in which each device had work, within and before the
    time that is parted.
    """

    spans: Spans
    works: Works
    devices: dict[Device, str]
    """What each device is called."""
    waiting: TextTable
    """Which names are those of frames that wait."""
    several: PathNames
    """What layers a path has if it has several."""
    calls: Calls
    lanes: Lanes = field(default_factory=Lanes)
    sums: KeyedSums = field(
        default_factory=lambda: KeyedSums(len(Key._fields), len(Values._fields))
    )
    busy_ns: dict[Device, int] = field(default_factory=dict)
    outside_ns: dict[Device, int] = field(default_factory=dict)
    device_ns: int = 0

    @classmethod
    def empty(cls, strings: Strings, spans: Spans, devices: Iterable[Device]) -> "Parting":
        """Nothing yet of a trace with these steps and devices."""
        waiting = TextTable(strings, lambda name: int(WAITING.fullmatch(name) is not None))
        calls = Calls(*spans.median_ns)
        several = PathNames(strings, several_of)
        return cls(spans, Works(strings), device_names(devices), waiting, several, calls)

    def take(self, folded: Folded) -> None:
        """Part the time of a window."""
        window = folded.window
        steps = self.spans.steps.within(window.begin_ns, window.end_ns)
        flops, moved = _work(folded, self.works)
        ranges = OpenRanges(folded)
        self.calls.take(folded)
        rank = _host_rank(folded)
        begun = window.new & steps.hold(folded.block.start_ns)
        if len(steps.start_ns):
            parted = shares(window, rank, steps, self._waits(folded))
            self._add(folded, parted, (rank >= 0) & begun, flops, moved)
            self._add_free(GAP, parted.free(), ranges)
            self._add_lane(HOST, folded, parted, *self.spans.median_ns)
        for device in self.devices:
            self._take_device(folded, device, steps, ranges, flops, moved)

    def _take_device(
        self,
        folded: Folded,
        device: Device,
        steps: Intervals,
        ranges: OpenRanges,
        flops: Int64,
        moved: Int64,
    ) -> None:
        """Work counts from the first step on, idle time inside of steps alone."""
        block, window = folded.block, folded.window
        is_work = on_device(block) & (block.rank == device[0]) & (block.device == device[1])
        idle, work_ns = steps, 0
        if is_work.any():
            self._take_outside(window, device, np.flatnonzero(is_work))
            begin_ns = self.spans.begin_ns
            _, end_ns = window.inside()
            last_ns = int(end_ns[is_work].max())
            time = Intervals(*(np.array([ns], dtype=np.int64) for ns in (begin_ns, last_ns)))
            time = time.within(window.begin_ns, max(last_ns, begin_ns))
            median = np.array((self.spans.median_ns[0], self.spans.next_ns), dtype=np.int64)
            parted = shares(window, np.where(is_work, 0, NONE), time.cut(median[time.hold(median)]))
            begun = is_work & window.new & (block.start_ns >= begin_ns)
            self._add(folded, parted, begun, flops, moved)
            work_ns = int(parted.time_ns.sum())
            busy = time.without(parted.free())
            idle = steps.without(busy)
            lane = f"device {self.devices[device]}"
            self._add_lane(lane, folded, parted, self.spans.median_ns[0], self.spans.next_ns)
        self._add_free(IDLE, idle, ranges)
        self.busy_ns[device] = self.busy_ns.get(device, 0) + work_ns
        self.device_ns += work_ns + idle.total_ns

    def _take_outside(self, window: EventWindow, device: Device, rows: Rows) -> None:
        start_ns, end_ns = (np.minimum(ns[rows], self.spans.begin_ns) for ns in window.inside())
        before_ns = union_ns(start_ns, end_ns)
        self.outside_ns[device] = self.outside_ns.get(device, 0) + before_ns

    def _add(
        self,
        folded: Folded,
        parted: Shares,
        begun: npt.NDArray[np.bool_],
        flops: Int64,
        moved: Int64,
    ) -> None:
        """Add what belongs to events, and those that began."""
        block = folded.block
        rows = np.flatnonzero(begun | (parted.active_ns > 0))
        work = on_device(block)[rows]
        columns = (
            *(block.kind[rows], folded.phase[rows], folded.layer[rows]),
            *(np.where(work, folded.op[rows], NONE), block.name[rows]),
            *(
                np.where(folded.layer < 0, self.several.of(block), NONE)[rows],
                folded.of_graph[rows],
            ),
        )
        group, first = group_rows(*(column.astype(np.int64) for column in columns))
        begun, flops, moved = begun[rows], flops[rows], moved[rows]
        has_work = begun & (flops >= 0)
        moving = has_work & (moved >= 0)
        values = (
            *(begun.astype(np.int64), parted.time_ns[rows], parted.active_ns[rows]),
            *(has_work.astype(np.int64), np.where(has_work, flops, 0)),
            *(moving.astype(np.int64), np.where(moving, moved, 0)),
        )
        self.sums.add(
            np.stack([column[first] for column in columns], axis=1).astype(np.int64),
            np.stack([sum_by(group, column, len(first)) for column in values], axis=1),
        )

    def _add_free(self, kind: int, time: Intervals, ranges: OpenRanges) -> None:
        """Add time in which nothing was active."""
        for phase, layer, length_ns in ranges.parted(time):
            self.sums.add(
                np.array([Key(kind, phase, layer)], dtype=np.int64),
                np.array([Values(time_ns=length_ns)], dtype=np.int64),
            )

    def _waits(self, folded: Folded) -> npt.NDArray[np.bool_]:
        """Which frames wait."""
        waits = np.zeros(len(folded.block), dtype=bool)
        frames = np.flatnonzero(folded.block.kind == Kind.PYTHON)
        if len(frames):
            waits[frames] = self.waiting.of(folded.block.name[frames]) > 0
        return waits

    def _add_lane(
        self, lane: str, folded: Folded, parted: Shares, begin_ns: int, end_ns: int
    ) -> None:
        window = folded.window
        if begin_ns < window.end_ns and end_ns > window.begin_ns:
            self.lanes.add(lane, *parted.owners(folded.phase, begin_ns, end_ns))


def device_names(devices: Iterable[Device]) -> dict[Device, str]:
    """What devices are called: by number, with the rank before it if there are several."""
    devices = sorted(devices)
    several = len({rank for rank, _ in devices}) > 1
    return {
        (rank, device): f"{rank}:{device}" if several else str(device) for rank, device in devices
    }


def _host_rank(folded: Folded) -> npt.NDArray[np.int_]:
    """The rank of each row, -1 for those that take no part in the host's time."""
    block = folded.block
    ranks = np.full(len(Kind) + 1, NONE, dtype=np.int_)
    ranks[list(RANKS)] = list(RANKS.values())
    return np.where(block.device < 0, ranks[block.kind], NONE)


def _work(folded: Folded, works: Works) -> tuple[Int64, Int64]:
    """Operations and bytes of the events whose work may be added up, -1 for others."""
    block = folded.block
    rows = np.flatnonzero((block.kind == Kind.OP) | on_device(block))
    columns = {name: getattr(block, name)[rows] for name in (*WORK, "flops", "bytes")}
    group, first = group_rows(*columns.values())
    keys = np.full((len(first), len(EventKey._fields) + 2), NONE, dtype=np.int64)
    for name, place in PLACES.items():
        keys[:, place] = columns[name][first]
    flops, moved = works.of(keys)
    marked = marks(folded.window, rows, flops[group], moved[group])
    return marked.flops, marked.bytes


WORK = ("kind", "name", "shapes", "types", "args")
PLACES = {name: EventKey._fields.index(name) for name in WORK} | {"flops": -2, "bytes": -1}
