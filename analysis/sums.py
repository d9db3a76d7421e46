"""What the tables of a trace are made of: sums over its events, for each group and each step."""

from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from analysis.columns import Int64
from analysis.folds.busy import DeviceTime
from analysis.folds.flops import LARGEST
from analysis.folds.phase_times import PhaseTime
from analysis.keyed_sums import Table

VALUES = 7
"""Numbers of a group that are added up: see by_key."""


class Key(NamedTuple):
    """What the events of a group share; string numbers but for the kind, -1 for none."""

    kind: int
    name: int
    shapes: int
    types: int
    args: int
    path: int
    phase: int
    layer: int
    op: int


@dataclass(slots=True)
class Worked:
    """Work of events none of which lies in another that has work, so that it may be added up.

    `counted` is how many have work, `covered_ns` the self time of these and of what lies in them.
    `flops` and `bytes` are None once one is unknown, or too large for 64 bits.
    """

    counted: int = 0
    covered_ns: int = 0
    flops: int | None = 0
    bytes: int | None = 0

    def add(self, other: "Worked") -> None:
        """Take the work of other events too."""
        self.counted += other.counted
        self.covered_ns += other.covered_ns
        self.flops = plus(self.flops, other.flops, 1)
        self.bytes = plus(self.bytes, other.bytes, 1)


@dataclass(slots=True)
class Sums:
    """How many events, and nanoseconds.

    `total_ns` includes what runs inside, `self_ns` does not; `outermost_ns` is the total of the
    events that lie in no op of the same phase and layer. `linked` is how many have their launch in
    the trace. `flops` and `bytes` are the work of all of them, None where that of one is unknown;
    `worked` is the part that may be added up over groups.
    """

    count: int = 0
    total_ns: int = 0
    self_ns: int = 0
    outermost_ns: int = 0
    linked: int = 0
    flops: int | None = 0
    bytes: int | None = 0
    worked: Worked = field(default_factory=Worked)


@dataclass(slots=True)
class StepSums:
    """One step: its length, the ops and device work in it, and what these compute."""

    length_ns: int = 0
    ops: int = 0
    op_self_ns: int = 0
    device_ns: int = 0
    op_work: Worked = field(default_factory=Worked)
    device_work: Worked = field(default_factory=Worked)


class Gathered(msgspec.Struct, kw_only=True):
    """Everything that the tables of a trace are made of; bounded by its variety, not its size.

    The numbers in the keys and phases are places in `texts`. `marked` is how many steps counted,
    `steps_ns` how long they were together. The rest is what the reader says of the source, as in
    `analysis.blocks.Trace`. `devices` are by rank and device, `streams` by these and the stream.
    """

    texts: list[str]
    groups: list[tuple[Key, Sums]]
    phases: list[PhaseTime]
    by_step: dict[int, StepSums]
    devices: list[tuple[tuple[int, int], DeviceTime]]
    streams: list[tuple[tuple[int, int, int], DeviceTime]]
    marked: int
    steps_ns: int
    events: int
    dropped_reasons: dict[str, int] = {}
    repaired: int = 0
    truncated: str | None = None
    notes: list[str] = []

    def text(self, number: int) -> str:
        """The text with a number, empty for -1."""
        return self.texts[number] if number >= 0 else ""


def plus(before: int | None, each: int | None, times: int) -> int | None:
    """A sum and `times` more; None once something is unknown or does not fit into 64 bits."""
    if before is None or each is None:
        return None
    total = before + each * times
    return total if total <= LARGEST else None


def by_key(keys: Table, values: Table, flops: Int64, moved_bytes: Int64) -> dict[Key, Sums]:
    """What has come together for each key.

    Args:
        keys: shape (groups, columns): keys; what stands in further columns parts groups.
        values: shape (groups, VALUES): the first five numbers of Sums, the first two of Worked.
        flops: of one event of each group, -1 where they are not known.
        moved_bytes: the same.
    """
    found: dict[Key, Sums] = {}
    columns = (keys[:, : len(Key._fields)], values, flops, moved_bytes)
    for key, numbers, *each in zip(*(column.tolist() for column in columns), strict=True):
        entry = found.setdefault(Key(*key), Sums())
        _add(entry, numbers, *(None if number < 0 else number for number in each))
    return found


def _add(sums: Sums, values: list[int], flops: int | None, moved_bytes: int | None) -> None:
    count, total_ns, self_ns, outermost_ns, linked, counted, covered_ns = values
    sums.count += count
    sums.total_ns += total_ns
    sums.self_ns += self_ns
    sums.outermost_ns += outermost_ns
    sums.linked += linked
    if count:
        sums.flops = plus(sums.flops, flops, count)
        sums.bytes = plus(sums.bytes, moved_bytes, count)
    sums.worked.covered_ns += covered_ns
    if counted:
        sums.worked.counted += counted
        sums.worked.flops = plus(sums.worked.flops, flops, counted)
        sums.worked.bytes = plus(sums.worked.bytes, moved_bytes, counted)
