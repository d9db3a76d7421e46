"""What a source of resource figures is: some columns of resources.csv that are read together."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

Value = int | float | None

AVAILABLE = "available"
BITS = "bits"
"""The unit of a column whose bits are flags."""


class Source(Protocol):
    """One file of `profilers.sampling` that measures something; sources inherit from this.

    Attributes:
        columns: Unit by column name, in the order in which `read` gives the values.
        counters: The columns that only grow; where several readings become one row, the last
            value says all. Of the others, which are gauges, mean and maximum are kept.
        capabilities: Per kind of figure, or per column that stays empty, "available" or a short
            reason. It may change while the run goes on.
        notices: Sentences on what went wrong since the source was opened, for the user; it grows.
        gpus: What the number in a column such as gpu0_power_watts stands for.
    """

    columns: Mapping[str, str]
    counters: Collection[str] = ()
    capabilities: Mapping[str, str]
    notices: Sequence[str] = ()
    gpus: Sequence[Mapping[str, str | int | None]] = ()

    def read(self, now_ns: int) -> Sequence[Value]:
        """One value per column at the monotonic time `now_ns`; None where there is none."""
        ...

    def close(self) -> None:
        """Give back what the source holds open; by default that is nothing."""
        return


class Tier:
    """Says when a reading that must not be made at every sample is due."""

    def __init__(self, period_ns: int) -> None:
        self._period_ns = period_ns
        self._next_ns = 0

    def due(self, now_ns: int) -> bool:
        """Whether to read now; true at most once a period, however late the samples come."""
        if now_ns + self._period_ns // 4 < self._next_ns:
            return False
        on_time = now_ns - self._next_ns < self._period_ns // 2
        self._next_ns = (self._next_ns if on_time else now_ns) + self._period_ns
        return True
