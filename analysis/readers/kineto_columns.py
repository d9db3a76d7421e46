"""Turns events of Kineto's Chrome JSON into columns, many at a time."""

from collections import Counter
from collections.abc import Callable
from itertools import compress

import msgspec
import numpy as np
import numpy.typing as npt

from analysis.blocks import (
    DEVICE_KINDS,
    NONE,
    Block,
    Kind,
    Strings,
    TextTable,
    from_columns,
    is_kind,
)
from analysis.columns import Int64
from analysis.folds.flops import TYPES, VALUES
from analysis.folds.steps import step_number
from analysis.readers.kineto_events import (
    KINDS,
    LAUNCH,
    NO_ARGS,
    NO_MEMORY,
    ON_DEVICE,
    Args,
    ArrowStart,
    Instant,
    Span,
    nanoseconds,
)
from analysis.readers.places import Ids, Places

MAX_MICROSECONDS = 4e15
NO_TIME_GIVEN = "no start or no duration"
IMPOSSIBLE_TIME = "impossible time"
UNKNOWN = -1
DEVICE_FLAG = 32
"""Added to the kind of what runs on a device, within this module."""
SEPARATOR = b"\0"

Rows = npt.NDArray[np.intp]


class KinetoColumns:
    """Makes blocks of events; what it leaves out is counted in `dropped` and `marks`."""

    def __init__(
        self, strings: Strings, needs: Callable[[str], int], details: bool = False
    ) -> None:
        self.places = Places()
        self._details = details
        self._launches = Ids(self._launch_text)
        self.dropped: dict[str, int] = Counter()
        self.marks = 0
        self._strings = strings
        self._names = Ids(strings.number)  # type: ignore[arg-type]
        self._kinds = Ids(_kind_number)
        self._texts = Ids(self._text)
        self._types = Ids(self._type_text)
        self._steps = Ids(lambda name: step_number(strings[name]) >= 0)  # type: ignore[index]
        self._needs = TextTable(strings, needs)
        self._rows = 0

    def spans(self, spans: list[Span], base_ns: int, rank: int) -> Block:
        """The block of those complete events that are understood; the others are counted."""
        count = len(spans)
        start_us = np.fromiter([event.ts for event in spans], np.float64, count)
        length_us = np.fromiter([event.dur for event in spans], np.float64, count)
        code = self._kinds.of([event.cat for event in spans])
        process, thread, mark = self.places.of(spans)
        keep = self._understood(start_us, length_us, code, mark)
        if not keep.all():
            return self.spans(list(compress(spans, keep.tolist())), base_ns, rank)
        name = self._names.of([event.name for event in spans])
        on_device = code >= DEVICE_FLAG
        kind = np.where(on_device, code - DEVICE_FLAG, code)
        ranges = np.flatnonzero((kind == Kind.ANNOTATION) & ~on_device)
        marked = [self._steps[number] for number in name[ranges].tolist()]
        kind[ranges[np.array(marked, dtype=bool)]] = Kind.STEP
        arguments = [event.args or NO_ARGS for event in spans]
        columns: dict[str, Int64] = {}
        self._of_ops(columns, arguments, np.flatnonzero(kind == Kind.OP), name, count)
        calls = np.flatnonzero(on_device | (kind == Kind.RUNTIME))
        if len(calls):
            some = [arguments[row] for row in calls.tolist()]
            columns["correlation"] = _spread([args.correlation for args in some], calls, count)
        self._of_devices(columns, arguments, np.flatnonzero(on_device), (kind, process, thread))
        frames = np.flatnonzero(kind == Kind.PYTHON)
        if len(frames):
            some = [arguments[row] for row in frames.tolist()]
            columns["python_id"] = _spread([_known(each.python_id) for each in some], frames, count)
            columns["parent"] = _spread([_known(e.python_parent) for e in some], frames, count)
        self._rows += count
        return from_columns(
            count,
            event_id=np.arange(self._rows - count, self._rows),
            name=name,
            kind=kind,
            start_ns=base_ns + nanoseconds(start_us),
            duration_ns=nanoseconds(length_us),
            process=process,
            thread=thread,
            rank=rank,
            **columns,
        )

    def _understood(
        self,
        start_us: npt.NDArray[np.float64],
        length_us: npt.NDArray[np.float64],
        code: Int64,
        mark: npt.NDArray[np.bool_],
    ) -> npt.NDArray[np.bool_]:
        """Which events have a place in a block; the others are counted."""
        possible = (length_us >= 0) & (np.abs(start_us) + length_us < MAX_MICROSECONDS)
        keep: npt.NDArray[np.bool_] = possible & (code != UNKNOWN) & ~mark
        if not keep.all():
            self.marks += int(np.count_nonzero(mark & (code == UNKNOWN)))
            self._drop("among the profiler's own marks", mark & (code != UNKNOWN))
            timeless = np.isnan(start_us) | np.isnan(length_us)
            self._drop(NO_TIME_GIVEN, ~mark & timeless)
            self._drop(IMPOSSIBLE_TIME, ~mark & ~timeless & ~possible)
            self._drop("unknown category", ~mark & possible & (code == UNKNOWN))
        return keep

    def _drop(self, reason: str, rows: npt.NDArray[np.bool_]) -> None:
        if count := int(np.count_nonzero(rows)):
            self.dropped[reason] += count

    def _of_ops(
        self, columns: dict[str, Int64], arguments: list[Args], ops: Rows, name: Int64, count: int
    ) -> None:
        if not len(ops):
            return
        some = arguments if len(ops) == count else [arguments[row] for row in ops.tolist()]
        columns["sequence"] = _spread([args.sequence for args in some], ops, count)
        columns["forward_thread"] = _spread([args.forward_thread for args in some], ops, count)
        texts = self._texts
        shapes = SEPARATOR.join([args.dims for args in some]).split(SEPARATOR)
        columns["shapes"] = _spread(texts.of(shapes), ops, count)
        needs = self._needs.of(name[ops])
        rows = np.flatnonzero(needs >= TYPES)
        if len(rows):
            types = SEPARATOR.join([some[row].types for row in rows.tolist()]).split(SEPARATOR)
            columns["types"] = _spread(self._types.of(types), ops[rows], count)
        rows = np.flatnonzero(needs >= VALUES)
        if len(rows):
            inputs = [texts[bytes(some[row].inputs)] for row in rows.tolist()]
            columns["args"] = _spread(inputs, ops[rows], count)

    def _of_devices(
        self,
        columns: dict[str, Int64],
        arguments: list[Args],
        rows: Rows,
        places: tuple[Int64, Int64, Int64],
    ) -> None:
        if not len(rows):
            return
        kind, process, thread = places
        some = [arguments[row] for row in rows.tolist()]
        device = np.array([args.device for args in some], dtype=np.int64)
        stream = np.array([args.stream for args in some], dtype=np.int64)
        device = _small(np.where(device == NONE, process[rows], device))
        stream = _small(np.where(stream == NONE, thread[rows], stream))
        columns["device"] = _spread(device, rows, len(kind))
        columns["stream"] = _spread(stream, rows, len(kind))
        moved = np.array([args.moved_bytes for args in some], dtype=np.int64)
        moved = np.where(is_kind(kind[rows], DEVICE_KINDS), moved, NONE)
        columns["bytes"] = _spread(moved, rows, len(kind))
        if self._details:
            self._of_kernels(columns, arguments, np.flatnonzero(kind == Kind.KERNEL), len(kind))

    def _of_kernels(
        self, columns: dict[str, Int64], arguments: list[Args], rows: Rows, count: int
    ) -> None:
        some = [arguments[row] for row in rows.tolist()]
        found = [tuple(bytes(getattr(args, name, b"")) for name in LAUNCH) for args in some]
        column = columns.setdefault("args", np.full(count, NONE, dtype=np.int64))
        column[rows] = self._launches.of(found)

    def _launch_text(self, found: object) -> int:
        """The number of a launch configuration as JSON, -1 if nothing of it is known."""
        pairs = zip(LAUNCH.values(), found, strict=True)  # type: ignore[call-overload]
        known = {name: msgspec.Raw(b"".join(text.split())) for name, text in pairs if text}
        return self._strings.number(msgspec.json.encode(known).decode()) if known else NONE

    def memory(self, events: list[Instant], base_ns: int, rank: int) -> Block:
        """The block of allocations and releases that have a time; the others are counted."""
        start_us = np.array([event.ts for event in events], dtype=np.float64)
        possible = np.abs(start_us) < MAX_MICROSECONDS
        if not possible.all():
            self._drop(NO_TIME_GIVEN, np.isnan(start_us))
            self._drop(IMPOSSIBLE_TIME, ~np.isnan(start_us) & ~possible)
            return self.memory(list(compress(events, possible.tolist())), base_ns, rank)
        count = len(events)
        self._rows += count
        arguments = [event.args or NO_MEMORY for event in events]
        process, thread, _ = self.places.of(events)
        device = np.array([args.memory_device for args in arguments], dtype=np.int64)
        of_host = np.array([args.memory_type == 0 for args in arguments], dtype=bool)
        places = {"flow": [args.address for args in arguments]} if self._details else {}
        return from_columns(
            count,
            event_id=np.arange(self._rows - count, self._rows),
            name=self._names.of([event.name for event in events]),
            kind=int(Kind.MEMORY),
            start_ns=base_ns + nanoseconds(start_us),
            duration_ns=0,
            process=process,
            thread=thread,
            device=_small(np.where(of_host, NONE, device)),
            bytes=[args.changed_bytes for args in arguments],
            total_bytes=[args.total_bytes for args in arguments],
            rank=rank,
            **places,
        )

    def with_flows(self, block: Block, arrows: list[ArrowStart], base_ns: int) -> Block:
        """The block, with the numbers of arrows at the events that begin where an arrow ends."""
        known = [arrow for arrow in arrows if isinstance(arrow.id, int)]
        time_us = np.array([arrow.ts for arrow in known], dtype=np.float64)
        possible = np.abs(time_us) < MAX_MICROSECONDS
        if not possible.any():
            return block
        known, time_us = list(compress(known, possible.tolist())), time_us[possible]
        time_ns = base_ns + nanoseconds(time_us)
        process, thread, _ = self.places.of(known)
        ends = zip(time_ns.tolist(), process.tolist(), thread.tolist(), strict=True)
        numbers = dict(zip(ends, [arrow.id for arrow in known], strict=True))
        time_ns.sort()
        place = np.minimum(time_ns.searchsorted(block.start_ns), len(time_ns) - 1)
        rows = np.flatnonzero(time_ns[place] == block.start_ns)
        columns = (block.start_ns, block.process, block.thread)
        begun = zip(*(column[rows].tolist() for column in columns), strict=True)
        flow = np.full(len(block), NONE, dtype=np.int64)
        flow[rows] = [numbers.get(each, NONE) for each in begun]
        return block.replaced(flow=flow)

    def _type_text(self, text: object) -> int:
        """As _text; names of types have spaces in them."""
        try:
            compact = msgspec.json.format(text, indent=-1)  # type: ignore[call-overload]
        except msgspec.DecodeError:
            return NONE
        return self._strings.number(compact.decode("utf-8", "replace"))

    def _text(self, text: object) -> int:
        compact = b"".join(bytes(text).split()).decode("utf-8", "replace")  # type: ignore[call-overload]
        return self._strings.number(compact) if compact else NONE


def _kind_number(category: object) -> int:
    kind = KINDS.get(category)  # type: ignore[call-overload]
    if kind is None:
        return UNKNOWN
    return int(kind) + (DEVICE_FLAG if category in ON_DEVICE else 0)


def _spread(values: list[int] | Int64, rows: Rows, count: int) -> Int64:
    """The values in their rows of a column, -1 in others."""
    array = values if isinstance(values, np.ndarray) else np.fromiter(values, np.int64, len(values))
    if len(rows) == count:
        return array
    column = np.full(count, NONE, dtype=np.int64)
    column[rows] = array
    return column


def _known(value: int | None) -> int:
    return NONE if value is None else value


def _small(values: Int64) -> Int64:
    """What fits into 32 bits, -1 for the rest."""
    return np.where((values >= -(2**31)) & (values < 2**31), values, NONE)
