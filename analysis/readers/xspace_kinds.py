"""Tells what the events of a line are, by their names and stats: each that differs once."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from analysis.blocks import NONE, Kind, Strings
from analysis.columns import Int64
from analysis.readers import xspace_names
from analysis.readers.xspace_columns import DOUBLE, OCTETS, REFERENCE, STRING, UINT
from analysis.readers.xspace_names import Named
from analysis.readers.xspace_planes import Plane
from analysis.readers.xspace_work import FIGURES, Value

MEMORY = ("MemoryAllocation", "MemoryDeallocation")
CORRELATION, SIZE, HELD = "correlation_id", "allocation_bytes", "bytes_allocated"
NUMBERS = (CORRELATION, SIZE, HELD, *FIGURES)
STAT_NAMES = (
    *("step_num", "_r", "hlo_op", "hlo_module", "program_id", "tf_op", "name"),
    *("memcpy_details", "memset_details", "allocator_name"),
    *NUMBERS,
)
FORM_BITS = 3
GPU_ALLOCATOR = "GPU_"

Programs = dict[int | str, dict[str, str]]
Number = TypeVar("Number", int, Int64)


class Place(NamedTuple):
    """Where a line's events happen; device and stream as in Block."""

    process: int
    thread: int
    device: int
    stream: int


class Known(NamedTuple):
    """What events of one name and of the same stats are; `sign` is that of a change of memory."""

    name: int
    kind: int
    path: int
    device: int
    sign: int = 0


def dispensable(hosts: Sequence[Plane]) -> tuple[Kind, ...]:
    """Kinds of events that change no table of operations if they launch nothing and have no path.

    Allocations never do. Python frames and calls of the runtime have a part in what is given to the
    phases of a step, if there are phases: those of ranges, or of the paths of ops.

    Args:
        hosts: the planes of the profile's hosts.
    """
    names = [name for plane in hosts for name in plane.event_names.values()]
    stats = {name for plane in hosts for name in plane.stat_names.values()}
    has_ranges = any(name.startswith(xspace_names.ANNOTATIONS) for name in names)
    has_steps = "step_num" in stats
    if has_ranges or (has_steps and ("hlo_op" in stats or any(map(_is_op, names)))):
        return (Kind.MEMORY,)
    return Kind.MEMORY, Kind.PYTHON, Kind.RUNTIME


def _is_op(name: str) -> bool:
    return xspace_names.host_event(name, "").kind == Kind.OP


class Kinds:
    """What the events of one line are; see LineReader for its arguments."""

    def __init__(
        self, strings: Strings, plane: Plane, place: Place, thread: str, programs: Programs
    ) -> None:
        self._strings = strings
        self._plane = plane
        self._place = place
        self._thread = thread
        self._programs = programs
        self._known: dict[tuple[Value, ...], Known] = {}

    def of(
        self, name: str, forms: int, values: Iterable[tuple[str, int]], texts: list[str]
    ) -> Known:
        """What events of this name are that have these stats; kind -1: an allocator's mark.

        Args:
            name: the event's name.
            forms: the forms of its stats' values, each in its bits (`form_of`).
            values: names and 64 bits of the stats in STAT_NAMES but for NUMBERS.
            texts: what the values of texts are places in.
        """
        stats: dict[str, Value] = {number: 0 for number in NUMBERS if form_of(forms, number)}
        for stat, value in values:
            form = form_of(forms, stat)
            if form == REFERENCE:
                stats[stat] = self._plane.stat_names.get(value % (1 << 64), "")
            elif form in (STRING, OCTETS):
                stats[stat] = texts[value]
            elif form == DOUBLE:
                stats[stat] = float(np.int64(value).view(np.float64))
            elif form:
                stats[stat] = value % (1 << 64) if form == UINT else value
        key = (name, forms, *stats.values())
        known = self._known.get(key)
        if known is None:
            known = self._memory(name, stats) if name in MEMORY else self._event(name, stats)
            self._known[key] = known
        return known

    def _event(self, name: str, stats: dict[str, Value]) -> Known:
        named = self._named(name, stats)
        path = self._strings.number(named.path) if named.path else NONE
        return Known(self._strings.number(named.name), named.kind, path, self._place.device)

    def _named(self, name: str, stats: dict[str, Value]) -> Named:
        """What the event is, by its name and, where they tell more, its stats."""
        if self._place.device >= 0:
            if self._thread.startswith(xspace_names.DEVICE_RANGES):
                return Named(Kind.ANNOTATION, name)
            copies, sets = "memcpy_details" in stats, "memset_details" in stats
            if self._plane.of_torch and not (copies or sets):
                return Named(Kind.KERNEL, name)
            return xspace_names.device_event(name, copies, sets)._replace(path=self._path(stats))
        if CORRELATION in stats:
            return Named(Kind.RUNTIME, name, self._path(stats))
        if "hlo_op" in stats:
            return Named(Kind.OP, str(stats["hlo_op"]), self._path(stats))
        step = stats.get("step_num")
        if isinstance(step, int) and stats.get("_r") and xspace_names.STEP_MARKER.match(name):
            return Named(Kind.STEP, f"step:{step}")
        return xspace_names.host_event(name, self._thread)

    def _path(self, stats: dict[str, Value]) -> str:
        """The path of work that was compiled or launched: by its program, its op, or its name."""
        for key in (stats.get("program_id"), stats.get("hlo_module")):
            if isinstance(key, int | str) and key in self._programs:
                return self._programs[key].get(str(stats.get("hlo_op")), "")
        if self._plane.of_torch:
            return ""
        return xspace_names.graph_path(str(stats.get("tf_op", ""))) or str(stats.get("name", ""))

    def _memory(self, name: str, stats: dict[str, Value]) -> Known:
        """A change of an accelerator's memory; other allocators see a part of theirs."""
        allocator = str(stats.get("allocator_name", ""))
        device = allocator.removeprefix(GPU_ALLOCATOR).partition("_")[0]
        if not (allocator.startswith(GPU_ALLOCATOR) and device.isdecimal() and len(device) < 10):
            return Known(NONE, NONE, NONE, NONE)
        sign = 1 if name == MEMORY[0] else -1
        return Known(self._strings.number(name), Kind.MEMORY, NONE, int(device), sign)


def form_of(forms: Number, name: str) -> Number:
    """The form of a stat's value among the forms of all; 0 if there is none."""
    return forms >> (FORM_BITS * STAT_NAMES.index(name)) & ((1 << FORM_BITS) - 1)
