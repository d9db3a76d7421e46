"""Runs what was planned, each run a fresh process, several sides interleaved in rounds."""

import random
import secrets
import sys
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import msgspec

from profilers import rundir
from profilers.certify import Probed
from profilers.launch import Launch, failure
from profilers.plan import Plan, Side
from profilers.progress import Progress
from profilers.records import ComparedRun, RoundsRecord, RunRecord, Status, Step

VERSION = "0.1.0"
COMPLETE, FAILED, UNMET, INTERRUPTED = 0, 1, 2, 130


class Rounds:
    """All runs of a plan; `runs`, `comparison` and `probed` are what was made so far."""

    def __init__(self, plan: Plan, progress: Progress) -> None:
        self.runs: list[Path] = []
        self.comparison: Path | None = None
        self._plan = plan
        self._progress = progress
        self._record: RoundsRecord | None = None
        self.probed = Probed(progress, plan.data, plan.run_count)

    def run(self) -> int:
        """Run everything; the exit code. A run that fails does not keep the others from running.

        Raises:
            CheckFailedError: the sides are not the same model; nothing was timed.
        """
        plan = self._plan
        sides = list(plan.sides)
        if plan.teacher is not None:
            status = self._run(plan.teacher, 1)
            if status != "complete":
                return INTERRUPTED if status == "interrupted" else FAILED
            source = str(self.runs[-1])
            sides = [
                replace(s, settings=msgspec.structs.replace(s.settings, weights_from=source))
                for s in sides
            ]
        if plan.probes:
            self.probed.make(sides)
            self.probed.compare(sides)
        order_seed = secrets.randbits(32)
        if plan.compares:
            self._begin_comparison(order_seed)
        order = random.Random(order_seed)
        code = UNMET if plan.missing else COMPLETE
        for repeat in range(1, plan.repeats + 1):
            order.shuffle(sides)
            for side in sides:
                status = self._run(side, repeat)
                if status == "interrupted":
                    return INTERRUPTED
                if status != "complete":
                    code = FAILED
        return code

    def _begin_comparison(self, order_seed: int) -> None:
        plan = self._plan
        self.comparison = rundir.create(plan.output, plan.comparison_id())
        self._record = RoundsRecord(
            id=self.comparison.name,
            created_ns=time.time_ns(),
            version=VERSION,
            sides=plan.asked,
            rounds=plan.repeats,
            order_seed=order_seed,
            missing=plan.missing,
        )
        rundir.write_json(self.comparison / rundir.ROUNDS, self._record)

    def _run(self, side: Side, repeat: int) -> Status:
        plan = self._plan
        run = rundir.create(plan.output, plan.run_id(side, repeat), rundir.RAW)
        record = RunRecord(
            id=run.name,
            status="running",
            created_ns=time.time_ns(),
            version=VERSION,
            settings=side.settings,
            data=plan.data,
            repeat=repeat,
            repeats=1 if side is plan.teacher else plan.repeats,
            warnings=[*side.warnings, *self.probed.attach(side, run)],
        )
        rundir.write_json(run / rundir.RUN, record)
        self.runs.append(run)
        self._note(side, repeat, run)
        self._progress.begin(side.title, len(self.runs), plan.run_count)
        record = Launch(run, record, side.interpreter, self._progress).measure()
        self._progress.end(record, str(run), _median_step_ms(run))
        if record.status == "interrupted":
            self._say(f"interrupted; what was recorded can be read: {run} (status interrupted)")
        elif record.status != "complete":
            self._say(str(failure(run, record, side.title)))
        return record.status

    def _note(self, side: Side, repeat: int, run: Path) -> None:
        """Add the run to the comparison's record, before it begins."""
        if self.comparison is None or self._record is None or side.number is None:
            return
        added = ComparedRun(repeat, side.number, f"../{run.name}")
        self._record = msgspec.structs.replace(self._record, runs=[*self._record.runs, added])
        rundir.write_json(self.comparison / rundir.ROUNDS, self._record)

    def _say(self, problem: str) -> None:
        self._progress.close()
        print(f"error: {problem}", file=sys.stderr, flush=True)


def _median_step_ms(run: Path) -> float | None:
    steps = rundir.read_rows(run / rundir.STEPS, Step)
    times_ns = [row.duration_ns / row.count for row in steps if row.phase == "timed"]
    return median(times_ns) / 1e6 if times_ns else None
