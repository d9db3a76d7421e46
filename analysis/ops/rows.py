"""One row of a table of where the time went, and how much of the trace the tables account for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One group of events.

    `total_ns` includes what runs inside an event, `self_ns` does not. `device_ns` is the time of
    the device work that the group launched. `share` is the part of the self time of all ops; for
    kernels and copies the part of all device time; for phases and steps the part of the steps.
    `steps` is how many steps were counted over, 0 where the trace marks none.

    `flops` and `bytes` are of all calls of an operation, kernel or copy, None where they are not
    known for one. In a row of several operations they are sums over those that lie in no other with
    known operations; `work_ratio` is the part of the time that these cover, with what runs in them.
    `work_ns` is the time that `flops_per_second` divides by.

    Calls of one name may be of several categories, by the layer or the phase that they work for:
    `category` is the one with the most time, `category_ratio` the part of the time that is its.
    """

    key: str
    kind: str
    count: int
    total_ns: int
    self_ns: int
    share: float | None
    steps: int
    shapes: str = ""
    phase: str = ""
    category: str | None = None
    category_ratio: float | None = None
    device_ns: int = 0
    work_ns: int = 0
    flops: int | None = None
    bytes: int | None = None
    work_ratio: float | None = None

    @property
    def count_per_step(self) -> float | None:
        """Events a step."""
        return self.count / self.steps if self.steps else None

    @property
    def total_ns_per_step(self) -> float | None:
        """Nanoseconds a step, with what runs inside."""
        return self.total_ns / self.steps if self.steps else None

    @property
    def self_ns_per_step(self) -> float | None:
        """Nanoseconds a step, without what runs inside."""
        return self.self_ns / self.steps if self.steps else None

    @property
    def flops_per_second(self) -> float | None:
        """Floating-point operations a second of the time that they took, where it is known."""
        return self.flops * 1e9 / self.work_ns if self.flops and self.work_ns else None

    @property
    def flops_per_byte(self) -> float | None:
        """Arithmetic intensity: operations for each byte that is moved, where both are known."""
        return self.flops / self.bytes if self.flops is not None and self.bytes else None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a trace the tables account for; the ratios are of the ops' self time.

    `linked` of `device_events` have their launch in the trace. `repaired` counts places where the
    file's text was mended; `truncated` says where the file breaks off. `work_ratio` is the part of
    the time that lies in operations whose work is known: `flops` and `bytes` is all of it.
    """

    events: int
    dropped: int
    steps: int
    steps_ns: int
    op_self_ns: int
    phase_ratio: float | None
    layer_ratio: float | None
    mapped_ratio: float | None = None
    work_ratio: float | None = None
    flops: int | None = None
    bytes: int | None = None
    device_events: int = 0
    linked: int = 0
    repaired: int = 0
    truncated: str | None = None
