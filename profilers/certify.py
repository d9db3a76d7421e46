"""Before anything is timed: are the sides the same model? Their probes are made and compared."""

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from profilers import interpreters, probes
from profilers.plan import Side
from profilers.progress import Progress
from profilers.records import DataRecord
from profilers.rundir import CheckFailedError, ProfileError
from workloads.spec import WorkloadError

UNCERTAIN = "not certifiable"
"""A verdict that keeps nobody from timing models: nothing was found that differs."""
VERIFY = (sys.executable, "-P", "-m", "analysis", "verify")


class Certificate(msgspec.Struct, frozen=True):
    """What is read of what `analysis verify` prints."""

    verdict: str
    reason: str
    sentence: str = ""


class Probed:
    """The probes of the sides of a command, as far as they could be made; `warnings` say why not.

    `runs` is how many runs follow.
    """

    def __init__(self, progress: Progress, data: DataRecord, runs: int) -> None:
        self._progress, self._data, self._runs = progress, data, runs
        self.warnings: list[str] = []
        self._folders: dict[int | None, Path] = {}

    def make(self, sides: Sequence[Side]) -> None:
        """Make a probe for each side; what fails is told, and leaves its side without one."""
        failed: set[str] = set()
        for side in sides:
            key = ""
            try:
                wanted = probes.request(side, self._data)
                key = wanted.key
                if key in failed:
                    continue
                self._progress.begin_probe(side.framework.title, self._runs)
                self._folders[side.number] = probes.make(side, wanted, self._progress)
            except (ProfileError, WorkloadError, OSError) as error:
                failed.add(key)
                self._warn(f"{side.framework.title} could not be probed: {error}")

    def compare(self, sides: Sequence[Side]) -> None:
        """Hold each side against the first one.

        Raises:
            CheckFailedError: they are not the same model, so their times could not be compared.
        """
        baseline, *others = sides
        verified: set[Path] = set()
        for other in others:
            pair = [self._folders.get(side.number) for side in (baseline, other)]
            if pair[0] is None or pair[1] is None or pair[0] == pair[1] or pair[1] in verified:
                continue
            verified.add(pair[1])
            names = f"{baseline.title} and {other.title}"
            self._tell(names, verify(pair[0], pair[1]), sides, pair)

    def _tell(
        self, names: str, answer: "Answer", sides: Sequence[Side], pair: Sequence[object]
    ) -> None:
        if answer.found is None:
            self._warn(f"the probes of {names} could not be compared{answer.problem}")
            return
        found = answer.found
        said = f"{names}: {found.verdict}. {found.reason}"
        if found.verdict == UNCERTAIN:
            self._warn(said)
        elif not answer.passed:
            shown = shlex.join(["python", "-m", "analysis", "verify", *map(str, pair)])
            raise CheckFailedError(f"{said.rstrip('.')}.\n  {_alone(sides)}\n  All checks: {shown}")
        else:
            self._progress.note(f"parity of {names}: {found.sentence or found.verdict}")

    def _warn(self, problem: str) -> None:
        self.warnings.append(f"no parity certificate: {problem}")
        self._progress.note(f"warning: {self.warnings[-1]}")

    def attach(self, side: Side, run: Path) -> list[str]:
        """Put the probe of a side into a run of it; what went wrong, if something did."""
        folder = self._folders.get(side.number)
        if folder is None:
            return []
        try:
            probes.attach(folder, run)
        except (OSError, ProfileError) as error:
            return [f"the parity probe could not be put into {run} ({error})."]
        return []


@dataclass(frozen=True)
class Answer:
    """Whether nothing keeps two sides from being compared; what was found, else the problem."""

    passed: bool
    found: Certificate | None
    problem: str = ""


def verify(left: Path, right: Path) -> Answer:
    """Have the analysis compare two probes."""
    done = subprocess.run(
        [*VERIFY, str(left), str(right), "--format", "json"],
        env={**os.environ, "PYTHONPATH": str(interpreters.ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    try:
        found = msgspec.json.decode(done.stdout, type=Certificate)
    except msgspec.DecodeError:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        return Answer(True, None, f": {said[-1]}" if said else ".")
    return Answer(done.returncode != 1, found)


def _alone(sides: Sequence[Side]) -> str:
    """How each side can be timed without the others."""
    each = " or ".join(
        f"--framework {side.framework.name} --execution {side.settings.execution}" for side in sides
    )
    return f"Nothing was timed; to time one alone, use {each} with the other options as they are."
