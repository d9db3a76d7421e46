"""A partition in the few times that say what a step is made of and what it waits for."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from analysis.categories.rules import Category
from analysis.partition.record import Part, Partition

DATA = "data"
GET_NEXT = re.compile(r"(?:MultiDevice|OneShot)?IteratorGetNext\w*")
"""Operations in which TensorFlow's graphs wait for a batch, whatever phase they stand in."""
WAITING = re.compile(
    r"(?:cuda|cu|hip|xpu|ze)\w*Synchronize(?:_\w+)?|hipMemcpyWithStream|(?:cuda|hip)Memcpy"
)
"""Calls of a runtime that return when the device is done; the copies among them are synchronous."""
LAUNCH = re.compile(r"(?:cuda|cu|hip|xpu|ze)\w*Launch\w*")
LONGEST_CALL = 200
"""No runtime has a function with a longer name; patterns are not tried on what others write."""


@dataclass(frozen=True, kw_only=True)
class Times:
    """Nanoseconds of all counted steps together.

    Of the host, `data_ns`, `ops_ns`, `calls_ns` of the runtime, `python_ns` and `gap_ns` add up to
    `steps_ns`: what fetches data is in `data_ns` alone, with its Python and its gaps.
    `waiting_ns` is the length of calls that wait for a device. `busy_ns` and `idle_ns` are means
    over the devices; together they are longer than the steps where work ends after its step.
    `kernels` is how many began on all devices, `kernel_ns` their length. `hosted` says whether
    anything of the host was recorded.
    """

    steps: int
    steps_ns: int
    data_ns: int
    ops_ns: int
    calls_ns: int
    python_ns: int
    gap_ns: int
    waiting_ns: int
    devices: int
    busy_ns: float
    idle_ns: float
    communication_ns: float
    kernels: int
    kernel_ns: int
    launched: bool
    hosted: bool

    @property
    def device_ns(self) -> float:
        """The steps as long as a device has them: its work, and idle time inside of steps."""
        return self.busy_ns + self.idle_ns

    @property
    def outside_ns(self) -> int:
        """The host's time in no operation, but for what fetches data."""
        return self.calls_ns + self.python_ns + self.gap_ns

    @property
    def work_ns(self) -> int:
        """The host's time in operations and calls but for what it waits for a device."""
        return max(0, self.ops_ns + self.calls_ns - self.waiting_ns)


def times(partition: Partition) -> Times:
    """Add up a partition's parts."""
    host = [part for part in partition.parts if part.budget == "host"]
    device = [part for part in partition.parts if part.budget == "device"]
    computing = [part for part in host if not fetches(part)]
    devices = len(partition.devices)
    kernels = [part for part in device if part.kind == "kernel"]
    busy = [part for part in device if part.kind != "idle"]
    return Times(
        steps=partition.steps,
        steps_ns=partition.steps_ns,
        data_ns=_sum(part for part in host if fetches(part)),
        ops_ns=_sum(_of(computing, "op")),
        calls_ns=_sum(_of(computing, "runtime")),
        python_ns=_sum(_of(computing, "python")),
        gap_ns=_sum(_of(computing, "gap")),
        waiting_ns=waiting_ns(partition),
        devices=devices,
        busy_ns=_sum(busy) / devices if devices else 0.0,
        idle_ns=_sum(_of(device, "idle")) / devices if devices else 0.0,
        communication_ns=_sum(_communicating(busy)) / devices if devices else 0.0,
        kernels=sum(part.count for part in kernels),
        kernel_ns=sum(part.active_ns for part in kernels),
        launched=any(_calls(part, LAUNCH) for part in host),
        hosted=any(part.kind != "gap" for part in host),
    )


def fetches(part: Part) -> bool:
    """Whether a part of the host's time goes into getting the next batch."""
    return part.phase == DATA or GET_NEXT.fullmatch(part.name) is not None


def waits(part: Part) -> bool:
    """Whether a part of the host's time is calls that wait for a device."""
    return _calls(part, WAITING)


def _calls(part: Part, names: re.Pattern[str]) -> bool:
    """Whether a part is calls of such functions of a runtime."""
    is_call = part.kind == "runtime" and len(part.name) <= LONGEST_CALL
    return is_call and names.fullmatch(part.name) is not None


def waiting_ns(partition: Partition) -> int:
    """How long calls waited for a device, also inside operations; no longer than the steps are."""
    waited_ns = sum(part.active_ns for part in partition.parts if waits(part))
    return min(waited_ns, partition.steps_ns)


def waiting_names(partition: Partition) -> list[str]:
    """The calls that wait for a device, the longest first."""
    lengths_ns: dict[str, int] = {}
    for part in partition.parts:
        if waits(part):
            lengths_ns[part.name] = lengths_ns.get(part.name, 0) + part.active_ns
    return sorted(lengths_ns, key=lambda name: -lengths_ns[name])


def _of(parts: Iterable[Part], kind: str) -> Iterable[Part]:
    return (part for part in parts if part.kind == kind)


def _communicating(parts: Iterable[Part]) -> Iterable[Part]:
    return (part for part in parts if part.category == Category.COMMUNICATION)


def _sum(parts: Iterable[Part]) -> int:
    return sum(part.time_ns for part in parts)
