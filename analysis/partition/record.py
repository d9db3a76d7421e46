"""A profile's steps parted into kinds of work: host and device time that adds up exactly."""

from typing import Literal

import msgspec

Budget = Literal["host", "device"]
PartKind = Literal["op", "runtime", "python", "gap", "kernel", "copy", "idle"]

ANY_LAYER = "*"
"""Stands in `Part.layers` for layers that work was done for, but that the source does not name."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of work, and how much of the counted steps belongs to it.

    `time_ns` is its share of the budget, of which each instant belongs in equal parts to what is
    active then; `active_ns` is the own time of all its events, so that `active_ns / time_ns` is how
    many were active at once. `layers` are those that it works for: none, one, several, or
    `ANY_LAYER`. `category` is None where no rule knows it. `name` is the source's own, `op` the
    canonical one; `launcher` is the op that launched work of a device. A gap (host) and idle time
    (device) have neither, but the phase whose range was open, if any. `count` is of events begun;
    `flops` and `bytes` are None where they are not known, and only of events that may be added up.
    """

    budget: Budget
    kind: PartKind
    phase: str = ""
    layers: tuple[str, ...] = ()
    category: str | None = None
    op: str = ""
    name: str = ""
    launcher: str = ""
    count: int = 0
    time_ns: int = 0
    active_ns: int = 0
    flops: int | None = None
    bytes: int | None = None


class Call(msgspec.Struct, frozen=True):
    """One outermost operation of the median step, in order of time.

    `time_ns` is the host's time in it, with what runs inside, or that of the device work that it
    launched where there is a device.
    """

    phase: str
    op: str
    name: str
    shapes: str
    time_ns: int


class Stretch(msgspec.Struct, frozen=True):
    """A stretch of the median step in which something was active, from the step's start.

    `phase` is empty where that of what was active is not known. `lane` is "host", or "device" and
    its name; a device works for a step until the next one begins.
    """

    lane: str
    start_ns: int
    duration_ns: int
    phase: str


class Partition(msgspec.Struct, frozen=True, kw_only=True):
    """The steps of one profile, parted.

    Host parts add up to `steps_ns`, the parts of all devices to `device_ns`. A source that marks no
    steps has its whole recording as one. `busy_ns` is the time in which each device had work.
    `phases_known` and `layers_known` say whether the source names any.
    """

    steps: int
    marked: bool
    steps_ns: int
    device_ns: int = 0
    devices: list[str] = []
    busy_ns: dict[str, int] = {}
    parts: list[Part]
    calls: list[Call] = []
    stretches: list[Stretch] = []
    median_step_ns: int = 0
    phases_known: bool = False
    layers_known: bool = False
    notes: list[str] = []
