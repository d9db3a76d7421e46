"""When to sample: on a grid of time, without catching up what was missed."""


class Schedule:
    """Targets at begin + n periods, so that lateness does not add up.

    A slot is skipped, and counted in `missed`, when less than half of it remains, or when it would
    come less than half a period after the last sample: no sample is caught up.
    """

    def __init__(self, begin_ns: int, sample_hz: float) -> None:
        self.missed = 0
        self._begin_ns, self._period_ns = begin_ns, round(1e9 / sample_hz)
        self._slot = -1

    def next_target_ns(self, now_ns: int, sampled_ns: int) -> int:
        """When to sample next, in monotonic time; in the past if the slot has just begun.

        Args:
            now_ns: The time.
            sampled_ns: When the last sample was taken.
        """
        half_ns = self._period_ns // 2
        earliest_ns = max(now_ns - half_ns, sampled_ns + half_ns)
        first = self._slot + 1
        self._slot = max(first, -((self._begin_ns - earliest_ns) // self._period_ns))
        self.missed += self._slot - first
        return self._begin_ns + self._slot * self._period_ns
