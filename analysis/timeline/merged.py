"""Draws several runs or traces into one file, with a group on top that sets them side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.timeline import shared_clock
from analysis.timeline.arrows import STEP, numbered
from analysis.timeline.record import Group, Shelf, Slice, Track, Writer, at_first, by_start
from analysis.timeline.shared_clock import Align, Clock
from analysis.timeline.sources import Source


@dataclass(frozen=True, slots=True)
class Titled:
    """A run or trace, and what it is called, which no other one is."""

    title: str
    source: Source


class Merged:
    """Several runs or traces on one clock.

    Where all are runs, phases and steps are those that they recorded; else those that the profiles
    mark, by their place.

    Args:
        members: what to draw, in their order.
        align: which moments are shown at the same time.

    Raises:
        ProfileError: they have no step in common, and one is needed.
    """

    def __init__(self, members: Sequence[Titled], align: Align) -> None:
        self._members = members
        self._of_run = all(member.source.is_run for member in members)
        moments = [member.source.moments(of_run=self._of_run) for member in members]
        titles = [member.title for member in members]
        known = [member.source.first_ns for member in members]
        first = next((each for each in known if each is not None), 0)
        self._first_ns = [first if each is None else each for each in known]
        self._clocks = shared_clock.clocks(moments, self._first_ns, align, titles)
        self._top = Group(f"Compare: {' vs '.join(titles)}", 0)

    @property
    def start_ns(self) -> int:
        """When the first thing is shown."""
        return min(
            int(clock.begins(np.array([first_ns]))[0])
            for first_ns, clock in zip(self._first_ns, self._clocks, strict=True)
        )

    def draw(self, writer: Writer) -> int:
        """Draw all of it; how many slices there are."""
        if profiled := self._profiled_ns():
            writer.opening(*at_first(*profiled))
        count = self._draw_steps(writer)
        known: dict[str, int] = {}
        runs = len(self._members)
        for place, (member, clock) in enumerate(self._with_clocks()):
            shelf = Shelf(self._top, member.title, place, runs, known)
            group = Group(f"Run {place + 1}: {member.title}", place + 1)
            count += member.source.draw(writer, group, shelf, clock)
        return count

    def _profiled_ns(self) -> list[tuple[int, int]]:
        """When each run that was profiled is shown to have been."""
        found = []
        for member, clock in self._with_clocks():
            if member.source.profiled_ns:
                begin_ns, end_ns = member.source.profiled_ns
                begin_ns, length_ns = clock.span(begin_ns, end_ns - begin_ns)
                found.append((begin_ns, begin_ns + length_ns))
        return found

    def _with_clocks(self) -> "zip[tuple[Titled, Clock]]":
        return zip(self._members, self._clocks, strict=True)

    def _draw_steps(self, writer: Writer) -> int:
        """A row of steps for each; arrows lead from one to its counterpart."""
        steps = [member.source.steps(of_run=self._of_run) for member in self._members]
        shared = set.intersection(*({key for key, _ in each} for each in steps))
        numbers = {key: place for place, (key, _) in enumerate(steps[0]) if key in shared}
        count = 0
        for rank, (member, clock) in enumerate(self._with_clocks()):
            tied = [
                shared_clock.shown(_tied(step, rank, numbers.get(key)), clock)
                for key, step in steps[rank]
            ]
            track = Track(self._top, f"steps, {member.title}", rank)
            writer.slices(track, sorted(tied, key=by_start))
            count += len(tied)
        return count


def _tied(step: Slice, rank: int, number: int | None) -> Slice:
    """A step with its end of the arrow of this number, which begins in the first run."""
    if number is None:
        return step
    (arrow,) = numbered(0, STEP, np.array([0]), np.array([number])).tolist()
    return step._replace(arrows=(-arrow if rank else arrow,), correlation=number)
