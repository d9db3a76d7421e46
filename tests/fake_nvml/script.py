"""What the GPUs of the fake libnvidia-ml do over time, and which of its calls fail when."""

import math
import time
from dataclasses import dataclass, field
from typing import Protocol

NEVER_S = 1e9
GIB = 1 << 30
HOPPER = 9

NOT_SUPPORTED, DRIVER_NOT_LOADED, GPU_IS_LOST = 3, 9, 15


class Signal(Protocol):
    """A figure as a function of the seconds since the script's origin, in NVML's units.

    `hold_s` is the period in which the sensor shows a new value.
    """

    hold_s: float

    def words(self) -> tuple[str, tuple[float, ...]]:
        """How the script writes it: the keyword, and what stands behind the period."""
        ...


@dataclass(frozen=True)
class Constant:
    value: float
    hold_s: float = 0.0

    def words(self) -> tuple[str, tuple[float, ...]]:
        return "constant", (self.value,)

    def integral(self, end_s: float) -> float:
        return self.value * end_s


@dataclass(frozen=True)
class Ramp:
    """`first` until `begin_s`, a straight line to `last` at `end_s`, and `last` from then on."""

    first: float
    last: float
    begin_s: float
    end_s: float
    hold_s: float = 0.0

    def words(self) -> tuple[str, tuple[float, ...]]:
        return "ramp", (self.first, self.last, self.begin_s, self.end_s)

    def integral(self, end_s: float) -> float:
        inside_s = min(max(0.0, end_s - self.begin_s), self.end_s - self.begin_s)
        after_s = max(0.0, end_s - self.end_s)
        slope = (self.last - self.first) / (self.end_s - self.begin_s)
        before = self.first * (end_s - after_s)
        return before + slope * inside_s**2 / 2 + self.last * after_s


@dataclass(frozen=True)
class Square:
    """`high` for the first `high_s` seconds of each period, `low` for the rest."""

    low: float
    high: float
    period_s: float
    high_s: float
    hold_s: float = 0.0

    def words(self) -> tuple[str, tuple[float, ...]]:
        return "square", (self.low, self.high, self.period_s, self.high_s)

    def integral(self, end_s: float) -> float:
        periods = math.floor(end_s / self.period_s)
        high_s = periods * self.high_s + min(end_s - periods * self.period_s, self.high_s)
        return self.low * (end_s - high_s) + self.high * high_s


@dataclass(frozen=True)
class Counter:
    """The integral of the power, in mJ, on top of what was counted before the origin."""

    before: float = 5_000_000.0
    hold_s: float = 0.0

    def words(self) -> tuple[str, tuple[float, ...]]:
        return "counter", (self.before,)


def plain_signals() -> dict[str, Signal]:
    """An idle GPU that supports everything."""
    return {
        "architecture": Constant(HOPPER),
        "capability_major": Constant(9),
        "capability_minor": Constant(0),
        "utilization": Constant(25),
        "memory_total": Constant(80 * GIB),
        "memory_used": Constant(4 * GIB),
        "memory_reserved": Constant(GIB // 2),
        "power": Constant(100_000),
        "energy": Counter(),
        "limit": Constant(350_000),
        "temperature": Constant(61),
        "sm_clock": Constant(1980),
        "memory_clock": Constant(2619),
        "throttle": Constant(0),
        "mig": Constant(0),
        "pcie_sent": Constant(2000),
        "pcie_received": Constant(1000),
    }


@dataclass
class Gpu:
    """One GPU; a figure without a signal is not supported. `instances` are the UUIDs of its MIG."""

    uuid: str
    name: str = "NVIDIA Test"
    signals: dict[str, Signal] = field(default_factory=plain_signals)
    instances: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fault:
    """A function of NVML, all of a GPU (`*`), or `field:186`, fails for some time."""

    function: str
    code: int
    gpu: int | None = None
    begin_s: float = 0.0
    end_s: float = NEVER_S


@dataclass(frozen=True)
class Holder:
    """A process that holds memory of a GPU; the driver may not tell how much (None)."""

    gpu: int
    pid: int
    size_bytes: int | None
    begin_s: float = 0.0
    end_s: float = NEVER_S


def two_gpus() -> list[Gpu]:
    return [Gpu(f"GPU-{number}{number}{number}{number}-test") for number in range(2)]


@dataclass
class Script:
    """All that the library plays; its time 0 is the moment at which this was made.

    With an origin of 0 it is the moment at which a process begins to use the library.
    """

    gpus: list[Gpu] = field(default_factory=two_gpus)
    faults: list[Fault] = field(default_factory=list)
    holders: list[Holder] = field(default_factory=list)
    driver: str = "580.65.06"
    origin_ns: int = field(default_factory=time.monotonic_ns)

    def now_s(self) -> float:
        return self.seconds(time.monotonic_ns())

    def seconds(self, monotonic_ns: int) -> float:
        """A monotonic time as the script counts it."""
        return (monotonic_ns - self.origin_ns) / 1e9

    def joules(self, gpu: int, begin_s: float, end_s: float) -> float:
        """What the GPU takes between two times, by the power that it plays."""
        power = self.gpus[gpu].signals["power"]
        assert isinstance(power, Constant | Ramp | Square)
        return (power.integral(end_s) - power.integral(begin_s)) / 1000

    def text(self) -> str:
        """The file that the library reads; script.c says what its lines mean."""
        lines = [f"origin {self.origin_ns}", f"gpus {len(self.gpus)}", f"driver {self.driver}"]
        instances = len(self.gpus)
        for number, gpu in enumerate(self.gpus):
            lines += [f"text {number} uuid {gpu.uuid}", f"text {number} name {gpu.name}"]
            for name, signal in gpu.signals.items():
                keyword, words = signal.words()
                values = " ".join(f"{word:.9f}" for word in words)
                lines.append(f"{keyword} {number} {name} {signal.hold_s} {values}")
            for uuid in gpu.instances:
                lines += [f"instance {instances} {number}", f"text {instances} uuid {uuid}"]
                lines.append(f"text {instances} name {gpu.name} MIG 1g.10gb")
                lines.append(f"constant {instances} memory_total 0 {10 * GIB}")
                lines.append(f"constant {instances} memory_used 0 {GIB}")
                instances += 1
        for fault in self.faults:
            which = "*" if fault.gpu is None else fault.gpu
            lines.append(
                f"fail {which} {fault.function} {fault.code} {fault.begin_s} {fault.end_s}"
            )
        for holder in self.holders:
            size_bytes = -1 if holder.size_bytes is None else holder.size_bytes
            lines.append(
                f"process {holder.gpu} {holder.pid} {size_bytes} {holder.begin_s} {holder.end_s}"
            )
        return "\n".join(lines) + "\n"
