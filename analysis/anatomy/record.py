"""What a side's step is made of, what limits it, and what its first step cost."""

from typing import Literal

import msgspec

Limit = Literal["input-bound", "host-bound", "launch-bound", "device-bound", "compute-bound"]


class Limited(msgspec.Struct, frozen=True):
    """The resource that a side waits for, and what was seen that says so; None if nothing does."""

    limit: Limit | None
    evidence: list[str]


class Anatomy(msgspec.Struct, frozen=True, kw_only=True):
    """Nanoseconds of a mean profiled step: phases of work, then what no work fills.

    `phases_ns` are work by phase; with `host_gap_ns` they add up to `step_ns`. Times of devices are
    means over them, None without one: `device_busy_ns` has work that ends after its step too,
    `device_idle_ns` lies in the steps. `waiting_ns` is what the host waited for a device.
    """

    step_ns: float
    phases_ns: dict[str, float]
    host_gap_ns: float
    device_busy_ns: float | None = None
    device_idle_ns: float | None = None
    waiting_ns: float | None = None
    limited: Limited


class BreakEven(msgspec.Struct, frozen=True):
    """When what one side takes longer for its first step is made up for by its shorter steps.

    `first_ms` are of baseline and other. `steps` is after how many steps the side with the dearer
    first step has caught up; None if it never does, or from the first step on is ahead.
    """

    first_ms: tuple[float, float]
    steps: int | None
    sentence: str
