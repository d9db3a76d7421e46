"""One thing that the certificate compares, and the certificate that is made of them."""

from typing import Literal

import msgspec

Value = bool | int | float | str | None
CheckClass = Literal["arithmetic", "conditions", "information"]
Verdict = Literal[
    "same arithmetic",
    "same model, stock optimizers differ",
    "not comparable",
    "not certifiable",
]
CERTIFIED: tuple[Verdict, ...] = ("same arithmetic", "same model, stock optimizers differ")
"""The verdicts by which times of both sides may be compared."""

Group = Literal[
    "workload",
    "weights",
    "samples",
    "batches",
    "structure",
    "asked",
    "random",
    "setting",
    "stock",
    "form",
    "layer",
    "outputs",
    "loss",
    "losses",
    "gradient",
    "single",
    "single gradient",
    "matched",
    "binding",
    "conditions",
    "information",
]
"""What a check is about, by which its cause is sought and like ones are told together."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """What both sides have of one thing, and what a difference does to the result.

    `same` is None where they could not be compared; `effect` then says why. `subject` is the layer
    or parameter, or the group of a setting; `of_layer` says that a setting is that of a layer,
    which may be called as a group is. `alias` is what a side calls a layer where that is another
    name. `difference` is the largest one, relative as tolerances.py says; None where there
    is none to measure.
    """

    name: str
    kind: CheckClass = msgspec.field(name="class", default="arithmetic")
    left: Value = None
    right: Value = None
    same: bool | None
    effect: str = ""
    group: Group
    subject: str = ""
    of_layer: bool = False
    alias: str = ""
    difference: float | None = None
    tolerance: float | None = None


class CertifiedSide(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two: how it is called, and where it lies. `execution` is None for a bare probe."""

    label: str
    framework: str
    execution: str | None
    path: str


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """What `verify` finds. `conditions` is "same" or says what differs.

    `reason` is why the verdict is what it is, `sentence` the verdict in one line for a summary.
    """

    verdict: Verdict
    reason: str
    conditions: str
    sentence: str
    sides: tuple[CertifiedSide, CertifiedSide]
    checks: list[Check]
    warnings: list[str] = []

    @property
    def passed(self) -> bool:
        """Whether times of both sides may be compared."""
        return self.verdict in CERTIFIED
