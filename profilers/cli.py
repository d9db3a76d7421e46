"""python profile.py: from arguments to runs, their summary and an exit code."""

import argparse
import io
import os
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import msgspec

from profilers import interpreters, options, rundir
from profilers.backend import Framework, frameworks
from profilers.rundir import DataRecord, ProfileError, RunRecord, RunSummary, Settings
from workloads.spec import WorkloadError

if TYPE_CHECKING:
    from workloads.data.cache import CachedData

VERSION = "0.1.0"
COMPLETE, FAILED, INTERRUPTED = 0, 1, 130


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints; docs/schema/profile.json describes it."""

    schema: int = rundir.SCHEMA
    warnings: list[str] = []
    runs: list[RunSummary] = []
    comparisons: list[dict[str, Any]] = []
    error: str | None = None


@dataclass(frozen=True)
class Plan:
    """What will be run, after every check that can be made beforehand."""

    framework: Framework
    interpreter: str
    settings: Settings
    data: DataRecord
    output: Path
    name: str | None
    repeats: int
    warnings: list[str]

    def run_id(self, repeat: int) -> str:
        """The name of a run's directory: the one asked for, or one that tells what ran."""
        if self.name is None:
            s = self.settings
            return rundir.new_id(s.workload, s.framework, s.device)
        return self.name if self.repeats == 1 else f"{self.name}-{repeat}"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; every error is one sentence on stderr."""
    arguments = sys.argv[1:] if arguments is None else arguments
    _end_in_order()
    runs: list[Path] = []
    warnings: list[str] = []
    problem = told = None
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

            print_list(asked.workload)
            return COMPLETE
        code = profile(asked, runs, warnings)
        told = "interrupted" if code == INTERRUPTED else None
    except (ProfileError, WorkloadError) as error:
        problem, code = str(error), getattr(error, "exit_code", 2)
    except KeyboardInterrupt:
        problem, code = "interrupted", INTERRUPTED
    except BrokenPipeError:  # the reader of --list has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COMPLETE
    if problem:
        recorded = f"; recorded so far: {', '.join(map(str, runs))}" if runs else ""
        _say_error(problem + recorded)
    if "--json" in arguments:
        rows = [_row(run) for run in runs]
        document = Document(runs=rows, warnings=warnings, error=problem or told)
        print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
    return code


def _end_in_order() -> None:
    """SIGTERM and a closed terminal end a run as Ctrl-C does, unless they are ignored (nohup)."""
    for request in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(request) is not signal.SIG_IGN:
            signal.signal(request, signal.default_int_handler)


def profile(asked: argparse.Namespace, runs: list[Path], warnings: list[str]) -> int:
    """Check, run, finish; the exit code. What was made is added to `runs` as it is made."""
    plan = _plan(asked)
    progress = _progress(asked, plan)
    try:
        code = _run_all(plan, progress, runs)
    finally:
        progress.close()
    warnings += _finish(runs, asked.quiet)
    return code


def _plan(asked: argparse.Namespace) -> Plan:
    from profilers import launch
    from profilers.sampling.cgroup import physical_cores
    from workloads.catalogue import find_workload
    from workloads.data import sources

    framework = options.framework(asked, frameworks())
    workload = find_workload(asked.workload or options.DEFAULT_WORKLOAD)
    settings = options.settings(asked, framework, workload, physical_cores())
    choice = sources.choose(settings.data, asked.download)
    choice.dataset.check(workload)
    _check_output(Path(asked.output), asked.name, asked.repeats)
    interpreter = interpreters.find(framework.name, interpreters.parse(asked.python))
    ready = launch.preflight(interpreter, framework, settings)
    return Plan(
        framework=framework,
        interpreter=interpreter,
        settings=msgspec.structs.replace(settings, device=ready.device),
        data=_data(settings, sources.prepare(choice, workload, asked.quiet)),
        output=Path(asked.output),
        name=asked.name,
        repeats=asked.repeats,
        warnings=ready.warnings,
    )


def _check_output(output: Path, name: str | None, repeats: int) -> None:
    """Find out now, and not after a minute, that results could not be written."""
    names = [] if name is None else [name, *(f"{name}-{n}" for n in range(1, repeats + 1))]
    for taken in (output / n for n in names if (output / n).exists()):
        raise ProfileError(f"{taken} exists already; choose another --name or remove it.")
    nearest = next(
        path for path in (output.absolute(), *output.absolute().parents) if path.exists()
    )
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise ProfileError(f"{output} can't be written to; choose a folder with --output.")


def _data(settings: Settings, made: "CachedData") -> DataRecord:
    from workloads.batches import BatchOrder

    BatchOrder(made.train_count, settings.batch_size, settings.seed)
    return DataRecord(
        name=made.name,
        description=made.description,
        cache_key=made.key,
        sha256=made.sha256,
        train_count=made.train_count,
        test_count=made.test_count,
        input_shape=made.input_shape,
        classes=made.classes,
    )


def _progress(asked: argparse.Namespace, plan: Plan) -> Any:
    from profilers.progress import LiveProgress, PlainProgress, Progress, estimate

    if asked.quiet:
        return Progress()
    s = plan.settings
    what = f"{plan.framework.title} {s.execution} on {s.device}: {s.workload}, {plan.data.name}"
    _say(f"{what}; {estimate(s, plan.repeats)}")
    return LiveProgress() if sys.stderr.isatty() else PlainProgress()


def _run_all(plan: Plan, progress: Any, runs: list[Path]) -> int:
    from profilers.launch import Launch, failure

    code = COMPLETE
    title = f"{plan.framework.title} {plan.settings.execution}"
    for repeat in range(1, plan.repeats + 1):
        run = rundir.create(plan.output, plan.run_id(repeat))
        runs.append(run)
        record = RunRecord(
            id=run.name,
            status="running",
            created_ns=time.time_ns(),
            version=VERSION,
            settings=plan.settings,
            data=plan.data,
            repeat=repeat,
            repeats=plan.repeats,
            warnings=plan.warnings,
        )
        progress.begin(title, repeat, plan.repeats)
        record = Launch(run, record, plan.interpreter, progress).measure()
        progress.end(record, str(run), _median_step_ms(run))
        if record.status == "interrupted":
            progress.close()
            _say_error(f"interrupted; what was recorded can be read: {run} (status interrupted)")
            return INTERRUPTED
        if record.status != "complete":
            code = FAILED
            progress.close()
            _say_error(str(failure(run, record, title)))
    return code


def _median_step_ms(run: Path) -> float | None:
    steps = rundir.read_rows(run / rundir.STEPS, rundir.Step)
    times_ns = [row.duration_ns / row.count for row in steps if row.phase == "timed"]
    return median(times_ns) / 1e6 if times_ns else None


def _finish(runs: list[Path], quiet: bool) -> list[str]:
    """Have the analysis make tables, traces and the summary; the runs stay whole if it fails."""
    names = [str(run) for run in runs]
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


def _row(run: Path) -> RunSummary:
    """The summary that the analysis wrote, or for a run without one what run.json says."""
    if (run / rundir.SUMMARY).exists():
        return rundir.read_json(run / rundir.SUMMARY, RunSummary)
    record = rundir.read_json(run / rundir.RUN, RunRecord)
    return rundir.empty_summary(str(run), record)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _say_error(text: str) -> None:
    _say(f"error: {text}")
