"""How times are written on the page: one unit and so many decimals for all that stand together."""

from collections.abc import Iterable
from dataclasses import dataclass

from analysis import wording

MOST_DECIMALS = 2


@dataclass(frozen=True)
class Scale:
    """A unit of time, its nanoseconds, and how many decimals its numbers have."""

    unit: str
    ns: float
    decimals: int

    def number(self, time_ns: float | None) -> str:
        """A time without its unit; a dash where there is none."""
        return wording.number(None if time_ns is None else time_ns / self.ns, self.decimals)

    def signed(self, time_ns: float | None) -> str:
        """A difference without its unit, with its sign."""
        return wording.signed(None if time_ns is None else time_ns / self.ns, self.decimals)

    def time(self, time_ns: float | None) -> str:
        """A time with its unit."""
        return f"{self.number(time_ns)} {self.unit}"


def scale(times_ns: Iterable[float | None], differences_ns: Iterable[float] = ()) -> Scale:
    """So many decimals that parts of the longest time, and differences, have digits too.

    The longest time has three digits or, up to two decimals, one more.
    """
    longest_ns = max((abs(time) for time in times_ns if time is not None), default=0.0)
    unit, unit_ns = wording.time_unit(longest_ns)
    decimals = wording.decimals_for(longest_ns / unit_ns)
    decimals = max(decimals, min(decimals + 1, MOST_DECIMALS))
    largest_ns = max(map(abs, differences_ns), default=0.0)
    if largest_ns:
        decimals = max(decimals, wording.decimals_for(largest_ns / unit_ns) - 1)
    return Scale(unit, unit_ns, min(decimals, 4))
