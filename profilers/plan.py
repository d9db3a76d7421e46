"""What will be run: the sides, what they share, and what their runs are called."""

from dataclasses import dataclass, field
from pathlib import Path

from profilers import records, rundir
from profilers.backend import Framework
from profilers.records import DataRecord, MissingSide, Settings

TRAINED = "trained"


@dataclass(frozen=True)
class Side:
    """One framework in one execution mode, ready to be run; `number` is its place in the request.

    The one that only trains the weights for the others has none. `versions` are what the
    interpreter has.
    """

    number: int | None
    framework: Framework
    interpreter: str
    settings: Settings
    warnings: list[str]
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """How progress and errors call it."""
        return f"{self.framework.title} {self.settings.execution}"


@dataclass(frozen=True)
class Plan:
    """All sides asked for, those that can be run, and what these share.

    `teacher` is run before them, to train the weights that they begin with. `probes` says whether
    their models are probed before they are run. `notes` are for the user to know, and change
    nothing.
    """

    asked: list[records.Side]
    missing: list[MissingSide]
    sides: list[Side]
    teacher: Side | None
    data: DataRecord
    output: Path
    name: str | None
    repeats: int
    probes: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def compares(self) -> bool:
        """Whether several sides were asked for."""
        return len(self.asked) > 1

    @property
    def run_count(self) -> int:
        """How many runs there will be."""
        return self.repeats * len(self.sides) + (self.teacher is not None)

    def run_id(self, side: Side, repeat: int) -> str:
        """The name of a run's directory: the one asked for, or one that tells what ran."""
        if self.name is None:
            s = side.settings
            return rundir.new_id(s.workload_name, s.framework, s.device)
        return run_names(self.name, self.asked, self.repeats)[side.number, repeat]

    def comparison_id(self) -> str:
        """The name of the comparison's directory."""
        s = self.sides[0].settings
        known = "-".join(dict.fromkeys(side.framework for side in self.asked))
        return f"compare-{self.name or rundir.new_id(s.workload_name, known, s.device)}"


def run_names(
    name: str, sides: list[records.Side], repeats: int
) -> dict[tuple[int | None, int], str]:
    """The directories of all runs of a named request, by number of the side and repeat."""
    names: dict[tuple[int | None, int], str] = {(None, 1): f"{name}-{TRAINED}"}
    one_framework = len({side.framework for side in sides}) < len(sides)
    for number, side in enumerate(sides):
        which = f"{side.framework}-{side.execution}" if one_framework else side.framework
        for repeat in range(1, repeats + 1):
            parts = [name, which * (len(sides) > 1), str(repeat) * (repeats > 1)]
            names[number, repeat] = "-".join(filter(None, parts))
    return names
