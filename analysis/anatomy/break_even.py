"""After how many steps a dearer first step is made up for by shorter ones."""

import math

from analysis import wording
from analysis.anatomy.record import BreakEven
from analysis.comparison.ratios import MARGIN


def break_even(
    labels: tuple[str, str], first_ms: tuple[float, float], step_ms: tuple[float, float]
) -> BreakEven | None:
    """When the side whose first step takes longer has caught up with the other.

    A first step allocates, traces, compiles and tunes. Steps that differ by less than the margin
    of a verdict, 1 %, count as equally long.

    Args:
        labels: baseline and other, as their sentences call them.
        first_ms: the first step of each.
        step_ms: the unprofiled median step of each.

    Returns:
        None where there is nothing to say: a time is missing, which is one that is not finite or
        not above zero, or the first steps are less than one later step apart.
    """
    times = (*first_ms, *step_ms)
    if not all(math.isfinite(time) and time > 0 for time in times):
        return None
    dearer = 0 if first_ms[0] > first_ms[1] else 1
    extra_ms = first_ms[dearer] - first_ms[1 - dearer]
    if extra_ms < max(step_ms):
        return None
    begin = f"{labels[dearer]}'s first step takes {_duration(extra_ms)} longer"
    gain_ms = step_ms[1 - dearer] - step_ms[dearer]
    if abs(gain_ms) < MARGIN * min(step_ms):
        text = "it never catches up: later steps take equally long on both sides"
        return BreakEven(first_ms, None, f"{begin}; {text}.")
    if gain_ms < 0:
        return BreakEven(first_ms, None, f"{begin}; it never catches up: its steps are longer too.")
    steps = math.ceil(extra_ms / gain_ms)
    after = f"{wording.number(steps, None if steps >= 1000 else 0)} step{'' if steps == 1 else 's'}"
    text = f"at {_duration(gain_ms)} less a step it has caught up after {after}"
    return BreakEven(first_ms, steps, f"{begin}; {text}.")


def _duration(time_ms: float) -> str:
    unit, unit_ns = wording.time_unit(time_ms * 1e6)
    return f"{wording.number(time_ms * 1e6 / unit_ns)} {unit}"
