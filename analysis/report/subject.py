"""What a page is about: the sides that it shows, with their runs, profiles and differences."""

import os
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from analysis import sides, wording
from analysis.alignment.record import Levels
from analysis.anatomy.record import Anatomy
from analysis.charts import colours
from analysis.comparison import rounds
from analysis.comparison.record import (
    ComparedProcess,
    ComparedSide,
    Comparison,
    Evidence,
)
from analysis.finish import Finished
from analysis.parity.check import CERTIFIED
from analysis.partition.record import Partition
from analysis.report.roofs import Roof
from profilers import rundir
from profilers.records import RunRecord, Settings
from profilers.rundir import ProfileError
from profilers.summaries import ComparisonSummary

if TYPE_CHECKING:
    from analysis.comparison.compare import Compared

LONGEST_NAME, LONGEST_KEPT = 120, 960


@dataclass(frozen=True)
class Side:
    """A side on the page: `number` is its place in the comparison, `colour` a class of the page.

    `name` and `mode` are the parts of `label`, which is how all texts call it.
    """

    number: int
    label: str
    name: str
    mode: str
    framework: str
    mark: str
    colour: str
    brief: str = ""


@dataclass(frozen=True)
class Against:
    """The baseline and another side: what the comparison found between them."""

    baseline: Side
    other: Side
    summary: ComparisonSummary
    evidence: Evidence
    levels: Levels | None

    @property
    def comparable(self) -> bool:
        """Whether no certificate says that they are not the same model."""
        return self.evidence.parity is None or self.evidence.parity.comparable

    @property
    def certified(self) -> bool:
        """Whether a certificate says that both do the same arithmetic in a step."""
        return self.evidence.parity is not None and self.evidence.parity.verdict in CERTIFIED

    @property
    def sides(self) -> tuple[Side, Side]:
        """Both, the baseline first."""
        return self.baseline, self.other


@dataclass(frozen=True)
class ShownRun:
    """A complete run of a side; `finished` is None for a trace of another tool."""

    side: Side
    process: ComparedProcess
    finished: Finished | None


class Subject:
    """A comparison, or the runs of one side, as the sections of the page ask for it."""

    def __init__(self, compared: "Compared") -> None:
        self.directory = compared.directory
        self.record: Comparison = compared.record
        self._compared = compared

    @cached_property
    def sides(self) -> list[Side]:
        """The sides with complete runs, the baseline first; without any, all that were asked for.

        They have the colours that charts of them have.
        """
        everyone = self.record.compared
        shown = [number for number, side in enumerate(everyone) if side.complete]
        shown = shown or list(range(len(everyone)))
        shown.sort(key=lambda number: number != self.record.baseline)
        marks = sides.marks([side.framework for side in everyone])
        names = colours.side_names([everyone[number].framework for number in shown])
        found = [
            _side(number, everyone[number], marks[number], colour)
            for number, colour in zip(shown, names, strict=True)
        ]
        return [replace(side, brief=_brief(side, found)) for side in found]

    @property
    def baseline(self) -> Side:
        """The side that the others are held against."""
        return self.sides[0]

    @property
    def foreign(self) -> bool:
        """Whether it is about traces of other tools."""
        return bool(self.record.stamp)

    @cached_property
    def against(self) -> list[Against]:
        """The baseline with each other side that has complete runs."""
        by_number = {side.number: side for side in self.sides[1:] if self.of(side).complete}
        levels = self.record.levels or [None] * len(self.record.others)
        return [
            Against(self.baseline, by_number[number], summary, evidence, found and _clipped(found))
            for number, summary, evidence, found in zip(
                self.record.others,
                self.record.comparisons,
                self.record.evidence,
                levels,
                strict=True,
            )
            if number in by_number
        ]

    @property
    def comparable(self) -> bool:
        """Whether no certificate says that two of the sides are not the same model."""
        return all(each.comparable for each in self.against)

    def of(self, side: Side) -> ComparedSide:
        """What is recorded of a side."""
        return self.record.compared[side.number]

    def settings(self, side: Side) -> Settings | None:
        """What was asked for: of its last complete run, or else of one that is not; None if lost.

        Traces of other tools have none.
        """
        if (known := self.of(side).settings) is not None:
            return known
        for run in reversed(self.of(side).runs):
            try:
                return rundir.read_json(
                    rounds.path_of(self.directory, run) / rundir.RUN, RunRecord
                ).settings
            except ProfileError:
                continue
        return None

    def anatomy(self, side: Side) -> Anatomy | None:
        """What its profiled step is made of."""
        return self.record.anatomies[side.number] if self.record.anatomies else None

    def partitions(self, side: Side) -> list[Partition]:
        """Its parted profiles, one a run."""
        found = self._compared.partitions
        return found[side.number] if side.number < len(found) else []

    def roof(self, side: Side) -> Roof | None:
        """What was measured that a side's device can reach: the most of its runs; None without."""
        found = [run.measured.result for run in self.finished(side) if run.measured.result]
        flops = [each.peak_flops_per_second for each in found if each.peak_flops_per_second]
        moved = [each.peak_bytes_per_second for each in found if each.peak_bytes_per_second]
        return Roof(max(flops), max(moved)) if flops and moved else None

    @cached_property
    def runs(self) -> list[ShownRun]:
        """The complete runs of all sides, by side and round."""
        by_path = {os.path.realpath(run.measured.run): run for run in self._compared.runs}
        return [
            ShownRun(side, process, by_path.get(self._real(process)))
            for side in self.sides
            for process in self.of(side).complete
        ]

    def finished(self, side: Side) -> list[Finished]:
        """What was read of a side's complete runs, by round."""
        return [run.finished for run in self.runs if run.side == side and run.finished is not None]

    def _real(self, process: ComparedProcess) -> str:
        return os.path.realpath(rounds.path_of(self.directory, process))


def _clipped(levels: Levels) -> Levels:
    """The same rows with no name that is longer than anybody reads."""
    rows = {
        level: [
            msgspec.structs.replace(
                row,
                key=clipped(row.key),
                layer=clipped(row.layer),
                names=([*map(clipped, row.names[0])], [*map(clipped, row.names[1])]),
            )
            for row in found
        ]
        for level, found in levels.rows.items()
    }
    return msgspec.structs.replace(levels, rows=rows)


def clipped(name: str, most: int = LONGEST_KEPT) -> str:
    """A name without its middle, if it has more letters than are kept; nothing else is changed."""
    half = most // 2
    return name if len(name) <= most else f"{name[:half]}…{name[-half:]}"


def _brief(side: Side, everyone: list[Side]) -> str:
    """Its name where no other side has it, else its mode."""
    alone = sum(each.name == side.name for each in everyone) == 1
    return side.name if alone else side.mode or side.label


def _side(number: int, side: ComparedSide, mark: str, colour: str) -> Side:
    """The mode is what the label has behind the framework's name."""
    label = wording.shortened(side.label, LONGEST_NAME)
    name = wording.framework(side.framework) if side.framework else label
    mode = label.removeprefix(name).strip() if label.startswith(name) else ""
    return Side(
        number=number,
        label=label,
        name=name if label.startswith(name) else label,
        mode=mode,
        framework=side.framework,
        mark=mark,
        colour=colour,
    )
