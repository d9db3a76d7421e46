"""What disturbed a run while its steps were timed, so that it may not say what others would."""

from analysis.measured import Measured
from analysis.resources import run_cost
from analysis.resources.disturbances import CAUSES


def flags(measured: Measured) -> list[str]:
    """A sentence for each thing that disturbed the timed phase; what was not sampled is not told.

    Args:
        measured: what was read of the run.
    """
    window = run_cost.window_of(measured.phases, "timed")
    samples = measured.samples
    if samples is None or window is None or window.seconds <= 0:
        return []
    disturbing = [cause for cause in CAUSES if cause.disturbs(samples, window)]
    return [cause.words(samples, window, "the timed phase") for cause in disturbing]
