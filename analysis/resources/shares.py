"""What of a phase's figures falls to a step of it, and to a thousand samples of the data."""

from collections.abc import Sequence
from dataclasses import dataclass

from profilers.records import Step

STEPPED = "timed"
"""The phase that is steps of one kind and nothing else, but for what is between two of them."""


@dataclass(frozen=True)
class Shares:
    """The steps of a phase and their samples of the data; `reason` says why they share nothing."""

    steps: int
    samples: int
    reason: str = ""

    def per_step(self, amount: float | None) -> float | None:
        """For each step, with what lies between it and the next."""
        if amount is None or self.reason or not self.steps:
            return None
        return amount / self.steps

    def per_1000_samples(self, amount: float | None) -> float | None:
        """For each thousand samples."""
        if amount is None or self.reason or not self.samples:
            return None
        return 1000 * amount / self.samples


def shares_of(phase: str, steps: Sequence[Step]) -> Shares:
    """Those of a phase."""
    rows = [row for row in steps if row.phase == phase]
    reason = "" if phase == STEPPED else "the phase is not of timed steps alone"
    return Shares(sum(row.count for row in rows), sum(row.samples for row in rows), reason)
