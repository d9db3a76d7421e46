"""What disturbed a run while its steps were timed, so that it may not say what others would."""

import numpy as np
import numpy.typing as npt

from analysis import resources, wording
from analysis.measured import Measured
from analysis.resources import Window
from analysis.sample_folds import Int64
from analysis.samples import QUOTA, Samples

WAITING_RATIO = 0.2
"""The part of a phase in which a process may wait for a CPU."""
QUOTA_RATIO = 0.01
"""CPU seconds that a container's quota may keep from a second of the phase."""
SLOWED_RATIO = 0.05
"""The part of the phase in which the GPU may hold its clock down to protect itself."""
MISSING_RATIO, FEWEST_SAMPLES = 0.2, 10
"""The part of the samples that may be missing, where so many should have been taken."""
OTHER_BYTES = 256 << 20
"""Memory of the GPU that may belong to none of the processes that the driver lists."""

TOO_HOT, POWER_BRAKE, SLOWDOWN = 0x20 | 0x40, 0x80, 0x08
"""NVML's reasons for a lower clock that come from outside of the work: heat, as software and as
hardware sees it; a power supply that asks for less; the hardware's slowdown for any of them. The
power limit is none of them: where the work needs more than it, each run meets it."""


def flags(measured: Measured) -> list[str]:
    """A sentence for each thing that disturbed the timed phase; what was not sampled is not told.

    Args:
        measured: what was read of the run.
    """
    window = resources.window_of(measured.phases, "timed")
    samples = measured.samples
    if samples is None or window is None or window.seconds <= 0:
        return []
    found = (_waited(samples, window), _stopped(samples, window), _slowed(samples, window))
    others = (_shared(samples, window), _late(samples, window))
    return [text for text in (*found, *others) if text]


def _waited(samples: Samples, window: Window) -> str:
    ratio = resources.waiting_ratio(samples, window)
    if ratio is None or ratio <= WAITING_RATIO:
        return ""
    return f"a process waited for a CPU in {wording.percent(ratio)} of the timed phase"


def _stopped(samples: Samples, window: Window) -> str:
    """The kernel adds the time up over the CPUs, so that it may be longer than the phase."""
    stopped = resources.growth(samples.time_ns, samples.column(QUOTA), window)
    if stopped is None or stopped[0] <= QUOTA_RATIO * stopped[1]:
        return ""
    seconds = wording.number(stopped[0])
    return f"the container's CPU quota kept {seconds} CPU seconds from it in the timed phase"


def _slowed(samples: Samples, window: Window) -> str:
    seconds = _held_seconds(samples, window, TOO_HOT | POWER_BRAKE | SLOWDOWN)
    if seconds <= SLOWED_RATIO * window.seconds:
        return ""
    held = wording.number(seconds, 1)
    why = ""
    if _held_seconds(samples, window, TOO_HOT):
        why = ", as it was too hot"
    elif _held_seconds(samples, window, POWER_BRAKE):
        why = ", as its power supply gave less"
    return f"the GPU's clock was held down for {held} s of the timed phase{why}"


def _held_seconds(samples: Samples, window: Window, bits: int) -> float:
    """How long one of these bits was set; a sample stands for the time since the one before.

    0 with no sample in the window.
    """
    column = samples.gpu_column("throttle_bits")
    known = np.isfinite(column)
    time_ns = samples.time_ns[known]
    if not _inside(time_ns, window).any():
        return 0.0
    ends_ns = np.clip(time_ns, window.start_ns, window.end_ns)
    held_ns = np.diff(ends_ns, prepend=ends_ns[:1])
    is_set = (column[known].astype(np.int64) & bits) != 0
    return float(held_ns[is_set].sum()) / 1e9


def _shared(samples: Samples, window: Window) -> str:
    """Other processes on the run's GPU, where the driver lists the run's own among them."""
    inside = _inside(samples.time_ns, window)
    counts = samples.gpu_column("other_processes")[inside]
    if np.isnan(counts).all():
        return ""
    own, used = (
        samples.gpu_column(name)[inside] for name in ("process_memory_bytes", "memory_used_bytes")
    )
    differences = (used - own)[~np.isnan(used - own)]
    held_bytes = float(differences.max()) if len(differences) else 0.0
    count = int(np.nanmax(counts))
    if count == 0 and held_bytes <= OTHER_BYTES:
        return ""
    who = "another process" if count <= 1 else f"{count} other processes"
    if held_bytes <= 0:
        return f"{who} used the GPU in the timed phase"
    return f"{who} held {wording.memory(held_bytes)} of the GPU in the timed phase"


def _late(samples: Samples, window: Window) -> str:
    """Samples that were skipped because the sampler got no CPU, or not taken because it ended."""
    expected = int(window.seconds * samples.record.sample_hz)
    taken = samples.readings()[_inside(samples.time_ns, window)]
    missing = expected - int(taken.sum())
    if expected < FEWEST_SAMPLES or missing <= MISSING_RATIO * expected:
        return ""
    return f"the sampler was late: {missing} of {expected} samples of the timed phase are missing"


def _inside(time_ns: Int64, window: Window) -> npt.NDArray[np.bool_]:
    return (time_ns >= window.start_ns) & (time_ns <= window.end_ns)
