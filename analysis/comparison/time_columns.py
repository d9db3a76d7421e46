"""Columns of times in the text of a comparison: one unit, as many digits as there is room for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis import wording
from analysis.sides import Shown

NAME_WIDTH = 18
NUMBER_WIDTH, WIDEST_NUMBER = 9, 12


@dataclass(frozen=True)
class Scale:
    """How times are written: their unit, its length, and the decimals and width of a column."""

    unit: str
    unit_ns: float
    decimals: int
    width: int

    def number(self, time_ns: float | None) -> str:
        """A time in its column; a dash for a missing one."""
        time = None if time_ns is None else time_ns / self.unit_ns
        return f"{wording.number(time, self.decimals):>{self.width}}"

    def signed(self, difference_ns: float) -> str:
        """A difference in its column."""
        text = wording.signed(difference_ns / self.unit_ns, self.decimals)
        return f"{text:>{self.width}}"

    def marks(self, shown: Shown) -> Iterator[tuple[str, str]]:
        """The sides' signs above their columns."""
        for mark, colour in zip(shown.marks, shown.colours, strict=True):
            yield f"{mark:>{self.width}}", colour


def named(name: str) -> str:
    """A row's name in its column."""
    return f"  {wording.shortened(name, NAME_WIDTH - 1):<{NAME_WIDTH}}"


def scale_of(
    times_ns: Sequence[Sequence[float | None]],
    steps_ns: Sequence[float | None],
    differences_ns: Sequence[float],
    widest: int,
) -> Scale:
    """One unit for all times: three digits of the longest, two of the largest difference.

    A disturbed profile has times that are longer than a step without the profiler; then that step
    stands for them, so that the phases keep their digits. Where the numbers would not fit into the
    widest column, the unit is a longer one, or there are fewer decimals.
    """
    longest_ns = max((abs(time) for times in times_ns for time in times if time), default=0.0)
    step_ns = max((each for each in steps_ns if each and each > 0), default=longest_ns)
    unit, unit_ns = wording.time_unit(min(longest_ns, step_ns))
    if len(f"- {longest_ns / unit_ns:,.0f}") > widest:
        unit, unit_ns = wording.time_unit(longest_ns)
    decimals = wording.decimals_for(min(longest_ns, step_ns) / unit_ns)
    largest_ns = max(map(abs, differences_ns), default=0.0)
    if largest_ns:
        decimals = max(decimals, wording.decimals_for(largest_ns / unit_ns) - 1)
    whole = len(f"- .{longest_ns / unit_ns:,.0f}")
    decimals = max(0, min(decimals, widest - whole))
    return Scale(unit, unit_ns, decimals, min(max(NUMBER_WIDTH, whole + decimals), widest))
