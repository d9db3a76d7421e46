"""What of a phase's figures falls to a step of it, and to a thousand samples of the data."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.resources import Window
from profilers.records import Step

STEPPED = ("first_step", "warmup", "timed")
"""The phases that are made of steps of one kind."""
FILLED_RATIO = 0.9
"""The part of such a phase that its steps must take, for its figures to be shared among them."""


@dataclass(frozen=True)
class Shares:
    """The steps of a phase and their samples of the data; `reason` says why they share nothing."""

    steps: int
    samples: int
    reason: str = ""

    def per_step(self, amount: float | None) -> float | None:
        """For each step."""
        known = amount is not None and self.steps and not self.reason
        return amount / self.steps if known and amount is not None else None

    def per_1000_samples(self, amount: float | None) -> float | None:
        """For each thousand samples."""
        known = amount is not None and self.samples and not self.reason
        return 1000 * amount / self.samples if known and amount is not None else None


def shares_of(phase: str, steps: Sequence[Step], window: Window) -> Shares:
    """Those of a phase in this window."""
    rows = [row for row in steps if row.phase == phase]
    counted = sum(row.count for row in rows), sum(row.samples for row in rows)
    if phase not in STEPPED:
        return Shares(*counted, "not a phase of steps alone")
    filled = sum(row.duration_ns for row in rows) / 1e9
    if filled < FILLED_RATIO * window.seconds:
        return Shares(*counted, f"the steps took {filled:.2f} s of its {window.seconds:.2f} s")
    return Shares(*counted)
