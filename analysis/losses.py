"""What a file that is made of a trace lacks of it, in sentences."""

from collections.abc import Iterator

from analysis import wording
from analysis.blocks import Trace


def of_trace(trace: Trace) -> tuple[str, ...]:
    """What the reader of a trace, which was read to its end, could not take from it."""
    return tuple(map(wording.well_formed, _sentences(trace)))


def _sentences(trace: Trace) -> Iterator[str]:
    for reason, count in sorted(trace.dropped_reasons.items()):
        if count:
            yield f"{wording.counted(count, 'event')} left out: {reason}"
    if trace.repaired:
        yield f"The file's text was mended in {wording.counted(trace.repaired, 'place')}"
    if trace.truncated:
        yield f"The file is not whole: {trace.truncated}"
    yield from trace.notes
