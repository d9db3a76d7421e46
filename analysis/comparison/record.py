"""compare.json: what a comparison found, in full, so that its text is only a rendering of it."""

from typing import Literal

import msgspec

from analysis.alignment.record import Levels
from analysis.anatomy.record import Anatomy, BreakEven
from analysis.comparison.ratios import Kind
from analysis.parity.check import Verdict
from profilers.records import DataRecord, Environment, Settings
from profilers.summaries import ComparisonRecord, Ratio


class ComparedProcess(msgspec.Struct, frozen=True, kw_only=True):
    """A run of a side; `problem` says why it does not count.

    `path` is relative to the comparison, `order` its place among all runs as they began. `flags`
    are sentences on what disturbed it.
    """

    round: int
    order: int
    id: str
    path: str
    complete: bool
    problem: str | None = None
    flags: list[str] = []


class ComparedSide(msgspec.Struct, frozen=True, kw_only=True):
    """A side, its runs by round, and what the last complete one was and ran on.

    `not_run` says why a side that was asked for could not be run at all.
    """

    label: str
    framework: str
    execution: str
    not_run: str | None = None
    runs: list[ComparedProcess] = []
    settings: Settings | None = None
    data: DataRecord | None = None
    environment: Environment | None = None
    usable_cpus: float | None = None

    @property
    def complete(self) -> list[ComparedProcess]:
        """The runs that got to their end."""
        return [run for run in self.runs if run.complete]


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Both processes of a round: their median steps, and ln(other / baseline)."""

    round: int
    baseline_run: str
    other_run: str
    first: Literal["baseline", "other"]
    baseline_ms: float
    other_ms: float
    log_ratio: float


class DroppedRound(msgspec.Struct, frozen=True):
    """A round without a pair, and why."""

    round: int
    reason: str


class SameWork(msgspec.Struct, frozen=True, kw_only=True):
    """What all runs of two sides have in common, what differs, and what could not be compared.

    `loss_difference` is the largest difference between the sides' losses: those of step 0 or,
    where nothing is trained, those over the test data. `later_difference` is that of the losses of
    `later_step`, the last one of the warm-up.
    """

    same: tuple[str, ...]
    differing: tuple[str, ...]
    unknown: tuple[str, ...]
    loss_difference: float | None
    later_step: int | None = None
    later_difference: float | None = None


class Parity(msgspec.Struct, frozen=True):
    """The worst of the parity certificates of all pairs of runs, and the round of that pair.

    `sentence` says it in one line, `reason` why.
    """

    verdict: Verdict
    sentence: str
    reason: str
    round: int

    @property
    def comparable(self) -> bool:
        """Whether the times of both sides say anything about each other."""
        return self.verdict != "not comparable"


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What the comparison of the baseline with `other` stands on.

    `mean_log_ratio` and `deviation` are of the pairs' ln ratios. `p_value` and `holm_threshold`
    are those of the test for "different", `repeats_needed` how many pairs would show it.
    `parity` is None where no pair of runs has probes. `clean_ratio` and `clean_verdict` are those
    of the rounds without a flagged run, None and empty where no round has one or none would be
    left. `break_even` says when the dearer first step is made up for.
    """

    other: str
    kind: Kind
    pairs: list[Pair]
    dropped: list[DroppedRound]
    mean_log_ratio: float | None
    deviation: float | None
    p_value: float | None
    holm_threshold: float | None
    repeats_needed: int | None
    same_work: SameWork | None
    parity: Parity | None = None
    clean_ratio: Ratio | None = None
    clean_verdict: str = ""
    break_even: BreakEven | None = None


class Range(msgspec.Struct, frozen=True):
    """The median of a side's processes, and the smallest and largest of them."""

    median: float
    low: float
    high: float
    runs: int


class Change(msgspec.Struct, frozen=True):
    """Other over baseline, or other minus baseline, with the 95 % interval over pairs."""

    estimate: float
    low: float | None
    high: float | None
    pairs: int


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure, named as in a run's summary.

    `ranges` has a place for each side, `changes` one for each side but the baseline, both in
    the order of the sides; None is what was not measured.
    """

    key: str
    kind: Literal["ratio", "difference"]
    ranges: list[Range | None]
    changes: list[Change | None]


class SideProfile(msgspec.Struct, frozen=True, kw_only=True):
    """The profiles of a side's complete runs: means over the runs, and the events dropped in all.

    `recorded_ops` is how many operations a profiled step has and `graph_ops` how many nodes the
    graph that it runs, the medians over the runs; None where there is no operation, or no graph.
    `thinned` says that in a run the last steps have markedly fewer operations than the first.
    """

    runs: int
    phase_ratio: float | None
    layer_ratio: float | None
    dropped: int
    recorded_ops: float | None
    graph_ops: float | None
    thinned: bool


class Warned(msgspec.Struct, frozen=True):
    """A warning, and for each side the rounds of its complete runs that gave it."""

    text: str
    rounds: list[list[int]]


class Comparison(ComparisonRecord, frozen=True, kw_only=True):
    """compare.json; `comparisons` and `evidence` have a row for each side but the baseline.

    The baseline is the first side with a complete run. `profiles` and `anatomies` have a place for
    each side, `levels` one for each but the baseline. `order_seed` is None where the runs were not
    interleaved by one command. `cost_notes` says why figures of GPU and power are missing, `stamp`
    what is to be known before all else.
    """

    rounds: int
    order_seed: int | None
    baseline: int
    compared: list[ComparedSide]
    evidence: list[Evidence]
    figures: list[Figure]
    profiles: list[SideProfile | None]
    anatomies: list[Anatomy | None]
    levels: list[Levels | None]
    stamp: str = ""
    warned: list[Warned]
    cost_notes: list[str]

    @property
    def others(self) -> list[int]:
        """The numbers of the sides that are held against the baseline."""
        return [number for number in range(len(self.compared)) if number != self.baseline]

    def figure(self, key: str) -> Figure | None:
        """The figure of a name; None where no side has it."""
        return next((figure for figure in self.figures if figure.key == key), None)
