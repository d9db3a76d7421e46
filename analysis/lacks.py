"""Says what is missing of a trace that was read to its end."""

from collections.abc import Iterator

from analysis import wording
from analysis.blocks import Trace


def lacks(trace: Trace) -> Iterator[str]:
    """Parts of a sentence: events that could not be understood, and where the file breaks off."""
    for reason, number in trace.dropped_reasons.items():
        yield wording.well_formed(f"{wording.counted(number, 'event')} left out: {reason}")
    if trace.truncated:
        yield wording.well_formed(f"the trace is not whole: {trace.truncated}")
