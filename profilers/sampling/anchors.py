"""The readings of both clocks that a recording keeps, and whether the system clock was set."""

from profilers import clocks
from profilers.records import ClockAnchor
from profilers.sampling.source import AVAILABLE

JUMP_NS = 1_000_000
MOST_ANCHORS = 256
MOST_JUMPS = 5


class Anchors:
    """The first, the latest, and some of those between: at most `most`, however long it lasts.

    When they become too many every other one is left out, so that the rest are evenly spread.

    Args:
        most: How many are kept.
    """

    def __init__(self, most: int = MOST_ANCHORS) -> None:
        self.kept: list[ClockAnchor] = []
        self._most = most
        self._jumps: list[str] = []
        self._jump_count = 0

    @property
    def latest(self) -> ClockAnchor:
        """The one to convert times by."""
        return self.kept[-1]

    def add(self, label: str) -> None:
        """Read the clocks once more; a jump between them since the last time is kept as such."""
        latest = clocks.anchor(label)
        if self.kept:
            jump_ns = _offset_ns(latest) - _offset_ns(self.kept[-1])
            if abs(jump_ns) > JUMP_NS:
                self._jump_count += 1
                if self._jump_count <= MOST_JUMPS:
                    self._jumps.append(f"{jump_ns / 1e6:+.1f} ms")
        if len(self.kept) >= self._most:
            del self.kept[1:-1:2]
        self.kept.append(latest)

    def clock(self) -> str:
        """What the times of the rows are worth: "available", or how the clock was set."""
        if not self._jumps:
            return AVAILABLE
        more = self._jump_count - len(self._jumps)
        jumps = ", ".join(self._jumps) + (f", and {more} times more" if more else "")
        return f"the system clock was set while the run went on ({jumps})"


def _offset_ns(anchor: ClockAnchor) -> int:
    return anchor.realtime_ns - anchor.monotonic_ns
