"""python profile.py: from arguments to runs, their summary and an exit code."""

import argparse
import io
import os
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from profilers import asked_sides, interpreters, options, planning, rundir
from profilers.backend import frameworks
from profilers.plan import Plan
from profilers.progress import Progress
from profilers.records import SCHEMA, RoundsRecord, RunRecord
from profilers.rounds import COMPLETE, FAILED, INTERRUPTED, UNMET, VERSION, Rounds
from profilers.rundir import CheckFailedError, ProfileError
from profilers.summaries import ComparisonRecord, ComparisonSummary, RunSummary, empty_summary
from workloads.spec import WorkloadError

NOT_COMPARABLE = "not comparable"
"""The verdict of a certificate that fails."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints; docs/schema/profile.json describes it."""

    schema: int = SCHEMA
    warnings: list[str] = []
    runs: list[RunSummary] = []
    comparisons: list[ComparisonSummary] = []
    error: str | None = None


def main(arguments: list[str] | None = None) -> int:
    """Run the command; every error is one sentence on stderr."""
    arguments = sys.argv[1:] if arguments is None else arguments
    _end_in_order()
    made = Made()
    problem = None
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        asked = options.parser(frameworks()).parse_args(arguments)
        if asked.version:
            print(f"crossprof {VERSION}")
            return COMPLETE
        if asked.list:
            from profilers.listing import print_list

            print_list(asked.workload, asked_sides.workload_options(asked))
            return COMPLETE
        if asked.doctor:
            return _examine(asked)
        code = profile(asked, made)
    except (ProfileError, WorkloadError) as error:
        problem, code = str(error), getattr(error, "exit_code", UNMET)
    except KeyboardInterrupt:
        problem, code = "interrupted", INTERRUPTED
    except BrokenPipeError:  # the reader of --list has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COMPLETE
    except OSError as error:
        problem = f"{error.filename} can't be read or written ({error.strerror}); make room there"
        code = UNMET
    if problem:
        recorded = f"; recorded so far: {', '.join(map(str, made.runs))}" if made.runs else ""
        made.problem = problem + recorded
        _say_error(made.problem)
    if "--json" in arguments:
        document = msgspec.json.encode(made.document())
        print(msgspec.json.format(document, indent=2).decode())
    return code


def _end_in_order() -> None:
    """SIGTERM and a closed terminal end a run as Ctrl-C does, unless they are ignored (nohup)."""
    for request in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(request) is not signal.SIG_IGN:
            signal.signal(request, signal.default_int_handler)


def _examine(asked: argparse.Namespace) -> int:
    """Say what can be run and measured here, of all frameworks or of those that are named."""
    from profilers.doctor import command

    known = frameworks()
    wanted = (
        asked_sides.named_frameworks(asked.framework, known) if asked.framework else known.values()
    )
    pairs = interpreters.parse(asked.python)
    return command.run(wanted, pairs, asked.sample_hz, as_json=asked.json, quiet=asked.quiet)


def profile(asked: argparse.Namespace, made: "Made") -> int:
    """Check, run, finish; the exit code. What was made is noted in `made` as it is made."""
    planned = planning.make(asked)
    if planned.missing:
        reasons = " ".join(dict.fromkeys(side.reason for side in planned.missing))
        made.problem = f"{reasons} What can be run is run."
        _say_error(made.problem)
    progress = _progress(asked, planned)
    made.rounds = Rounds(planned, progress)
    try:
        code = made.rounds.run()
    except CheckFailedError:  # the sides are not the same model
        if made.runs:  # one that trained the weights
            made.warnings += _finish(made.targets(), asked.quiet)
        raise
    finally:
        progress.close()
        made.warnings += made.rounds.probed.warnings
    made.warnings += _finish(made.targets(), asked.quiet)
    if code == INTERRUPTED:
        made.problem = "interrupted"
    return FAILED if code == COMPLETE and _not_comparable(made.rounds.comparison) else code


def _not_comparable(comparison: Path | None) -> bool:
    """Whether the analysis found that runs did not do what their probes were certified for."""
    if comparison is None:
        return False
    return any(row.parity == NOT_COMPARABLE for row in _comparisons(comparison))


@dataclass
class Made:
    """What a command has made so far, and what went wrong."""

    rounds: Rounds | None = None
    warnings: list[str] = field(default_factory=list)
    problem: str | None = None

    @property
    def runs(self) -> list[Path]:
        """The runs, in the order in which they began."""
        return self.rounds.runs if self.rounds else []

    def targets(self) -> list[Path]:
        """What the analysis is to finish: a comparison stands for its runs."""
        if self.rounds is None or self.rounds.comparison is None:
            return self.runs
        record = rundir.read_json(self.rounds.comparison / rundir.ROUNDS, RoundsRecord)
        compared = {Path(run.path).name for run in record.runs}
        return [*(run for run in self.runs if run.name not in compared), self.rounds.comparison]

    def document(self) -> Document:
        """What `--json` prints."""
        rows: list[RunSummary] = []
        compared: list[ComparisonSummary] = []
        warnings = list(self.warnings)
        try:
            if self.rounds is not None and self.rounds.comparison is not None:
                compared = _comparisons(self.rounds.comparison)
        except ProfileError as error:
            warnings.append(str(error))
        for run in self.runs:
            try:
                rows.append(_row(run))
            except ProfileError as error:
                warnings.append(str(error))
        return Document(runs=rows, comparisons=compared, warnings=warnings, error=self.problem)


def _progress(asked: argparse.Namespace, planned: Plan) -> Progress:
    from profilers.probes import to_make
    from profilers.progress import LiveProgress, PlainProgress, Progress, estimate

    if asked.quiet:
        return Progress()
    for warning in dict.fromkeys(text for side in planned.sides for text in side.warnings):
        _say(f"warning: {warning}")
    for note in planned.notes:
        _say(f"note: {note}")
    s = planned.sides[0].settings
    titles = " and ".join(side.title for side in planned.sides)
    runs = [side.settings for side in planned.sides] * planned.repeats
    if planned.teacher is not None:
        runs.append(planned.teacher.settings)
    probes = to_make(planned.sides, planned.data) if planned.probes else 0
    duration = estimate(runs, probes)
    _say(f"{titles} on {s.device}: {s.workload_name}, {planned.data.name}; {duration}")
    return LiveProgress() if sys.stderr.isatty() else PlainProgress()


def _finish(targets: list[Path], quiet: bool) -> list[str]:
    """Have the analysis make tables, traces and the summary; the runs stay whole if it fails."""
    names = [str(target) for target in targets]
    command = [sys.executable, "-P", "-m", "analysis", "finish", *names]
    environment = {**os.environ, "PYTHONPATH": str(interpreters.ROOT)}
    done = subprocess.run(
        command + ["--quiet"] * quiet, env=environment, stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode == 0:
        return []
    warning = (
        "the runs were recorded, but not all of their tables and traces could be made; "
        f"try again with: python -m analysis finish {shlex.join(names)}"
    )
    _say_error(warning)
    return [warning]


def _comparisons(folder: Path) -> list[ComparisonSummary]:
    """What the analysis found out; nothing, if it could not."""
    if not (folder / rundir.COMPARISON).exists():
        return []
    return rundir.read_json(folder / rundir.COMPARISON, ComparisonRecord).comparisons


def _row(run: Path) -> RunSummary:
    """The summary that the analysis wrote, or for a run without one what run.json says."""
    if (run / rundir.SUMMARY).exists():
        return rundir.read_json(run / rundir.SUMMARY, RunSummary)
    record = rundir.read_json(run / rundir.RUN, RunRecord)
    return empty_summary(str(run), record)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _say_error(text: str) -> None:
    """Control characters, which a file may have put into its message, are no commands here."""
    _say("error: " + "".join(c for c in text if c.isprintable() or c == "\n"))
