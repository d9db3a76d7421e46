"""One clock for several runs: which moments of theirs are shown at the same time."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.columns import Int64
from analysis.timeline.counters import Counter
from analysis.timeline.record import TRUE_DURATION, Slice, with_number
from profilers.rundir import ProfileError

Align = Literal["run", "step", "wall"]

Moment = tuple[Hashable, int]
"""Something that begins in a run, and when in Unix ns: a phase or a step, known by its key."""


@dataclass(frozen=True, slots=True, eq=False)
class Clock:
    """Shows a run's times later or earlier: from each of some moments on by an offset.

    Shape (moments,), in order of time; offsets never fall, so that order and nesting stay.
    """

    at_ns: Int64
    offset_ns: Int64

    @property
    def is_plain(self) -> bool:
        """Whether all times are shifted alike."""
        return len(self.at_ns) == 1

    def begins(self, times_ns: Int64) -> Int64:
        """When what begins at these times is shown to begin."""
        return self._shifted(times_ns, "right")

    def ends(self, times_ns: Int64) -> Int64:
        """When what ends at these times is shown to end: before what begins at the same time."""
        return self._shifted(times_ns, "left")

    def span(self, start_ns: int, duration_ns: int) -> tuple[int, int]:
        """When one thing is shown to begin, and for how long."""
        begin, end = (
            int(shown[0])
            for shown in (
                self.begins(np.array([start_ns])),
                self.ends(np.array([start_ns + duration_ns])),
            )
        )
        return begin, max(0, end - begin)

    def _shifted(self, times_ns: Int64, side: Literal["left", "right"]) -> Int64:
        place = self.at_ns.searchsorted(times_ns, side) - 1
        shown: Int64 = times_ns + self.offset_ns[np.maximum(place, 0)]
        return shown


def clock(at_ns: Sequence[int], shown_ns: Sequence[int]) -> Clock:
    """A clock that shows these moments at those times."""
    at = np.array(at_ns, dtype=np.int64)
    return Clock(at, np.array(shown_ns, dtype=np.int64) - at)


TRUE_TIME = clock([0], [0])


def shown(piece: Slice, clock: Clock) -> Slice:
    """A slice at the time at which it is shown; one shown longer than it is says how long it is."""
    start_ns, duration_ns = clock.span(piece.start_ns, piece.duration_ns)
    if duration_ns != piece.duration_ns:
        piece = with_number(piece, TRUE_DURATION, piece.duration_ns)
    return piece._replace(start_ns=start_ns, duration_ns=duration_ns)


def shifted(counter: Counter, clock: Clock) -> Counter:
    """A counter at the times at which it is shown."""
    return Counter(counter.name, counter.unit, clock.begins(counter.time_ns), counter.values)


def common(moments: Sequence[Sequence[Moment]]) -> list[list[int]]:
    """The moments that all runs have, in order of time in each: for each run when they are.

    Args:
        moments: of each run, in order of time; of equal keys the first counts.
    """
    known = [dict(reversed(each)) for each in moments]
    found: list[list[int]] = [[] for _ in moments]
    for key in dict.fromkeys(key for key, _ in moments[0]):
        times = [each.get(key) for each in known]
        if all(
            time is not None and (not before or time > before[-1])
            for time, before in zip(times, found, strict=True)
        ):
            for time, before in zip(times, found, strict=True):
                assert time is not None
                before.append(time)
    return found


class NoCommonStepError(ProfileError):
    """Runs have no step in common that could be shown at one time."""


def clocks(
    moments: Sequence[Sequence[Moment]], first_ns: Sequence[int], align: Align, names: Sequence[str]
) -> list[Clock]:
    """A clock for each run; the first run's time is the one that is shown.

    `wall` leaves times as they are, `run` lets the first common moment be at one time, and `step`
    each common moment: where one run is faster, it waits.

    Args:
        moments: of each run, in order of time.
        first_ns: when the first thing of each run begins, which counts for `run` where there is no
            common moment.
        align: which moments are shown at one time.
        names: what the runs are called.

    Raises:
        NoCommonStepError: there is no common moment, and `step` was asked for.
    """
    if align == "wall":
        return [TRUE_TIME for _ in moments]
    found = common(moments)
    if align == "step" and not found[0]:
        raise NoCommonStepError(
            f"{' and '.join(names)} have no step in common; use --align run, or record steps."
        )
    if not found[0]:
        found = [[each] for each in first_ns]
    if align == "run":
        return [clock(times[:1], found[0][:1]) for times in found]
    waits = np.diff(np.array(found, dtype=np.int64), axis=1).max(axis=0)
    shown = found[0][0] + np.concatenate(([0], np.cumsum(waits)))
    return [clock(times, shown.tolist()) for times in found]
