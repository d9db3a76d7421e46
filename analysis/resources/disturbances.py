"""What may disturb a run: over a phase, and from each sample that was taken beside it to the next.

Each cause judges both by the same limits and says it in the same words.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis import wording
from analysis.resources import coverage, run_cost
from analysis.resources.coverage import Window
from analysis.resources.sample_folds import Float64, Int64
from analysis.resources.samples import CPU_WAITING, QUOTA, Samples

WAITING_RATIO = 0.2
"""The part of the time in which a process may wait for a CPU."""
QUOTA_RATIO = 0.01
"""CPU seconds that a container's quota may keep from a second."""
SLOWED_RATIO = 0.05
"""The part of a phase in which the GPU may hold its clock down to protect itself."""
MISSING_RATIO, FEWEST_SAMPLES = 0.2, 10
"""The part of a phase's samples that may be missing, where so many should have been taken."""
OTHER_BYTES = 256 << 20
"""Memory of the GPU that may belong to none of the processes that the driver lists."""

TOO_HOT, POWER_BRAKE, SLOWDOWN = 0x20 | 0x40, 0x80, 0x08
"""NVML's reasons for a lower clock that come from outside of the work: heat, as software and as
hardware sees it; a power supply that asks for less; the hardware's slowdown for any of them. The
power limit is none of them: where the work needs more than it, each run meets it."""
HELD_DOWN = TOO_HOT | POWER_BRAKE | SLOWDOWN

Bool = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Judged:
    """Unix ns of the samples that can be judged, and whether the time before each was disturbed.

    That is the time since the one before it in this list; the first is never disturbed.
    """

    time_ns: Int64
    is_disturbed: Bool


class Cause(ABC):
    """One thing that may disturb a run."""

    @abstractmethod
    def disturbs(self, samples: Samples, window: Window) -> bool:
        """Whether it did in a whole phase; what was not sampled did not."""

    @abstractmethod
    def words(self, samples: Samples, window: Window, where: str) -> str:
        """A sentence of what it did in a window that it disturbed; `where` names the window."""

    @abstractmethod
    def judged(self, samples: Samples, run: Window | None) -> Judged:
        """From sample to sample; `run` is from the first phase's begin to the last one's end."""

    def name(self, samples: Samples, stretch: Window) -> str:
        """A sentence of what it did in a stretch that begins and ends with judged samples."""
        return self.words(samples, stretch, "this time")


class Waiting(Cause):
    """Some process of the machine waited for a CPU."""

    def disturbs(self, samples: Samples, window: Window) -> bool:
        """Over a phase."""
        ratio = run_cost.waiting_ratio(samples, window)
        return ratio is not None and ratio > WAITING_RATIO

    def words(self, samples: Samples, window: Window, where: str) -> str:
        """For how much of the time."""
        ratio = run_cost.waiting_ratio(samples, window)
        return f"a process waited for a CPU in {wording.percent(ratio)} of {where}"

    def judged(self, samples: Samples, run: Window | None) -> Judged:
        """By the kernel's pressure figure, which is cumulative."""
        return _grown(samples.time_ns, samples.column(CPU_WAITING), WAITING_RATIO)


class Quota(Cause):
    """A container's quota kept CPU time from the run, added up over the CPUs by the kernel."""

    def disturbs(self, samples: Samples, window: Window) -> bool:
        """Over a phase."""
        kept = self._kept(samples, window)
        return kept is not None and kept[0] > QUOTA_RATIO * kept[1]

    def words(self, samples: Samples, window: Window, where: str) -> str:
        """How much time."""
        kept = self._kept(samples, window)
        seconds = wording.number(kept[0] if kept else None)
        return f"the container's CPU quota kept {seconds} CPU seconds from it in {where}"

    def judged(self, samples: Samples, run: Window | None) -> Judged:
        """By the kernel's counter."""
        return _grown(samples.time_ns, samples.column(QUOTA), QUOTA_RATIO)

    def _kept(self, samples: Samples, window: Window) -> tuple[float, float] | None:
        return coverage.growth(samples.time_ns, samples.column(QUOTA), window)


class SlowClock(Cause):
    """The GPU held its clock down to protect itself."""

    def disturbs(self, samples: Samples, window: Window) -> bool:
        """Over a phase."""
        return self._held_seconds(samples, window, HELD_DOWN) > SLOWED_RATIO * window.seconds

    def words(self, samples: Samples, window: Window, where: str) -> str:
        """How long, and why."""
        held = wording.number(self._held_seconds(samples, window, HELD_DOWN), 1)
        why = ""
        if self._held_seconds(samples, window, TOO_HOT):
            why = ", as it was too hot"
        elif self._held_seconds(samples, window, POWER_BRAKE):
            why = ", as its power supply gave less"
        return f"the GPU's clock was held down for {held} s of {where}{why}"

    def judged(self, samples: Samples, run: Window | None) -> Judged:
        """By NVML's reasons; a sample stands for the time since the one before."""
        time_ns, is_set = self._set(samples, HELD_DOWN)
        return _after_the_first(time_ns, is_set[1:])

    def _held_seconds(self, samples: Samples, window: Window, bits: int) -> float:
        """How long one of these bits was set; 0 with no sample in the window."""
        time_ns, is_set = self._set(samples, bits)
        if not window.holds(time_ns).any():
            return 0.0
        ends_ns = np.clip(time_ns, window.start_ns, window.end_ns)
        held_ns = np.diff(ends_ns, prepend=ends_ns[:1])
        return float(held_ns[is_set].sum()) / 1e9

    def _set(self, samples: Samples, bits: int) -> tuple[Int64, Bool]:
        column = samples.gpu_column("throttle_bits")
        known = np.isfinite(column)
        return samples.time_ns[known], (column[known].astype(np.int64) & bits) != 0


class Others(Cause):
    """Other processes on the run's GPU, where the driver lists the run's own among them."""

    def disturbs(self, samples: Samples, window: Window) -> bool:
        """Over a phase, be it in a single sample."""
        inside = window.holds(samples.time_ns)
        counts, held_bytes = (values[inside] for values in self._seen(samples))
        return bool(np.isfinite(counts).any() and _shared(counts, held_bytes).any())

    def words(self, samples: Samples, window: Window, where: str) -> str:
        """How many there were at most, and how much they held."""
        inside = window.holds(samples.time_ns)
        counts, held_bytes = (values[inside] for values in self._seen(samples))
        count = int(counts[np.isfinite(counts)].max(initial=0))
        most_bytes = float(held_bytes[np.isfinite(held_bytes)].max(initial=0))
        who = "another process" if count <= 1 else f"{count} other processes"
        if most_bytes <= 0:
            return f"{who} used the GPU in {where}"
        return f"{who} held {wording.memory(most_bytes)} of the GPU in {where}"

    def judged(self, samples: Samples, run: Window | None) -> Judged:
        """By the driver's list; a sample stands for the time since the one before."""
        counts, held_bytes = self._seen(samples)
        known = np.isfinite(counts)
        is_shared = _shared(counts[known], held_bytes[known])
        return _after_the_first(samples.time_ns[known], is_shared[1:])

    def _seen(self, samples: Samples) -> tuple[Float64, Float64]:
        """Other processes in the driver's list, and bytes that are not the run's own.

        The bytes are not known where an older driver counts among them what it reserves.
        """
        used, own = (
            samples.gpu_column(name) for name in ("memory_used_bytes", "process_memory_bytes")
        )
        held_bytes = used - own
        if samples.gpu_name("memory_reserved_bytes") in samples.record.capabilities:
            held_bytes = np.full(len(held_bytes), np.nan)
        return samples.gpu_column("other_processes"), held_bytes


class LateSampler(Cause):
    """Samples that were skipped because the sampler got no CPU, or not taken because it ended."""

    def disturbs(self, samples: Samples, window: Window) -> bool:
        """Over a phase that has samples enough to tell."""
        expected, taken = self._counts(samples, window)
        return expected >= FEWEST_SAMPLES and _too_few(expected - taken, expected)

    def words(self, samples: Samples, window: Window, where: str) -> str:
        """How many are missing."""
        expected, taken = self._counts(samples, window)
        missing = expected - taken
        return f"the sampler was late: {missing} of {expected} samples of {where} are missing"

    def name(self, samples: Samples, stretch: Window) -> str:
        """How long there was none; of rows that stand for several, how many are missing."""
        is_inside = stretch.holds(samples.time_ns)
        since_begin = samples.readings()[is_inside & (samples.time_ns > stretch.start_ns)]
        if (since_begin > 1).any():
            expected = round(stretch.seconds * samples.record.sample_hz)
            missing = expected - int(since_begin.sum())
            return f"the sampler was late: {missing} of {expected} samples are missing"
        inside = samples.time_ns[is_inside]
        edges_ns = np.concatenate([[stretch.start_ns], inside, [stretch.end_ns]])
        longest = wording.magnitude(float(np.diff(edges_ns).max()) / 1e9)
        usual = wording.magnitude(1 / samples.record.sample_hz)
        return f"the sampler was late: no sample for {longest} s instead of {usual} s"

    def judged(self, samples: Samples, run: Window | None) -> Judged:
        """By the time between samples, and between them and the edges of the run."""
        time_ns, taken = samples.time_ns, samples.readings()
        if run is not None:
            before = [run.start_ns] if not (time_ns <= run.start_ns).any() else []
            after = [run.end_ns] if not (time_ns >= run.end_ns).any() else []
            time_ns = np.array([*before, *time_ns, *after], dtype=np.int64)
            taken = np.concatenate([np.ones(len(before)), taken, np.ones(len(after))])
        expected = np.rint(np.diff(time_ns) / 1e9 * samples.record.sample_hz)
        return _after_the_first(time_ns, _too_few(expected - taken[1:], expected))

    def _counts(self, samples: Samples, window: Window) -> tuple[int, int]:
        expected = int(window.seconds * samples.record.sample_hz)
        return expected, int(samples.readings()[window.holds(samples.time_ns)].sum())


CAUSES: tuple[Cause, ...] = (Waiting(), Quota(), SlowClock(), Others(), LateSampler())


def _grown(time_ns: Int64, counter: Float64, most_ratio: float) -> Judged:
    """Between which samples a counter of seconds grew by more than a part of the time."""
    known = np.isfinite(counter)
    time_ns = time_ns[known]
    seconds = np.diff(time_ns) / 1e9
    return _after_the_first(time_ns, np.diff(counter[known]) > most_ratio * seconds)


def _after_the_first(time_ns: Int64, is_disturbed: Bool) -> Judged:
    """Judged by what lies between two samples; of a clock that was set back nothing is said."""
    forward = np.diff(time_ns) > 0
    first = np.zeros(min(1, len(time_ns)), dtype=bool)
    return Judged(time_ns, np.concatenate([first, is_disturbed & forward]))


def _shared(counts: Float64, held_bytes: Float64) -> Bool:
    shared: Bool = (counts > 0) | (held_bytes > OTHER_BYTES)
    return shared


def _too_few(missing: Any, expected: Any) -> Any:
    """Of numbers of samples, or of arrays of them."""
    return missing > MISSING_RATIO * expected
