"""Runs that are disturbed while they run: what is left of processes and of the directory."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from profilers import rundir
from profilers.launch import failure
from profilers.records import RunError, RunRecord, Step

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
IMPATIENT = (
    "import sys; from profilers import cli, launch\n"
    "launch.PATIENCE_SECONDS = 1.0; sys.exit(cli.main())"
)
"""The command, but a child that is asked to end has a second for it."""


class Going:
    """A run that is in its timed steps, and the processes that belong to it."""

    def __init__(
        self,
        output: Path,
        *arguments: str,
        ignoring: signal.Signals | None = None,
        program: tuple[str, ...] = ("profile.py",),
    ) -> None:
        self.path = output / "run"
        command = [sys.executable, *program, "--framework", "torch", "--device", "cpu"]
        command += ["--steps", "10000000", "--threads", "1", "--output", str(output)]
        self.parent = subprocess.Popen(
            [*command, "--name", "run", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=ignoring and (lambda: signal.signal(ignoring, signal.SIG_IGN)),
        )

    def wait_for_timed_steps(self) -> "Going":
        self.wait_for(lambda: any(row.phase == "timed" for row in self.steps()))
        return self

    def steps(self) -> list[Step]:
        return rundir.read_rows(self.path / rundir.STEPS, Step)

    def processes(self, module: str) -> list[psutil.Process]:
        """Living processes that run this module for this run."""
        found = []
        for process in psutil.process_iter():
            try:
                line = process.cmdline()
                zombie = process.status() == psutil.STATUS_ZOMBIE
            except psutil.Error:
                continue
            if str(self.path) in line and module in line and not zombie:
                found.append(process)
        return found

    def all_processes(self) -> list[psutil.Process]:
        return self.processes("profilers.child") + self.processes("profilers.sampling.sampler")

    def the(self, module: str) -> psutil.Process:
        (process,) = self.processes(module)
        return process

    def end(self) -> str:
        """Wait for the command and what it started; its stderr."""
        _, errors = self.parent.communicate(timeout=60)
        self.wait_for(lambda: not self.all_processes())
        return errors

    def record(self) -> RunRecord:
        return rundir.read_json(self.path / rundir.RUN, RunRecord)

    def wait_for(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline, "waited for a minute"
            time.sleep(0.05)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Going]]:
    """Starts a run and waits for its timed steps; ends what a failed test left."""
    started: list[Going] = []

    def begin(*arguments: str, **options: Any) -> Going:
        started.append(Going(tmp_path, *arguments, **options))
        return started[0]

    yield begin
    for run in started:
        for process in run.all_processes():
            process.kill()
        if run.parent.poll() is None:
            run.parent.kill()
            run.parent.communicate()


@pytest.fixture
def going(start: Callable[..., Going]) -> Going:
    return start().wait_for_timed_steps()


def test_ctrl_c_ends_everything_and_keeps_what_was_recorded(going: Going) -> None:
    going.parent.send_signal(signal.SIGINT)
    errors = going.end()
    assert going.parent.returncode == 130
    assert "interrupted; what was recorded can be read" in errors
    assert "Traceback" not in errors
    assert going.record().status == "interrupted"
    assert len(going.steps()) > 100
    assert not (going.path / rundir.RESULT).exists()


def test_sigterm_is_an_interruption_too(going: Going) -> None:
    going.parent.terminate()
    going.end()
    assert going.parent.returncode == 130
    assert going.record().status == "interrupted"


def test_a_killed_parent_leaves_no_process_and_no_run_that_seems_to_run(going: Going) -> None:
    going.parent.kill()
    going.end()
    record = going.record()
    assert record.status == "interrupted"
    assert record.error is not None
    assert len(going.steps()) > 100


def test_under_nohup_a_run_goes_on_without_its_terminal_and_without_its_sampler(
    start: Callable[..., Going],
) -> None:
    run = start(ignoring=signal.SIGHUP)
    run.wait_for_timed_steps()
    before = len(run.steps())
    run.parent.send_signal(signal.SIGHUP)
    run.wait_for(lambda: len(run.steps()) > before + 100)
    run.the("profilers.sampling.sampler").kill()
    before = len(run.steps())
    run.wait_for(lambda: len(run.steps()) > before + 100)
    run.parent.send_signal(signal.SIGINT)
    run.end()
    assert run.record().status == "interrupted"
    assert any("the sampler ended early" in text for text in run.record().warnings)


def test_a_killed_child_is_a_failed_run(going: Going) -> None:
    going.the("profilers.child").kill()
    errors = going.end()
    assert going.parent.returncode == 1
    assert "was killed (signal 9) in timed" in errors
    assert "Traceback" not in errors
    record = going.record()
    assert record.status == "failed"
    assert record.error is not None
    assert record.error.kind == "killed"


def test_a_run_that_takes_too_long_is_stopped(start: Callable[..., Going]) -> None:
    run = start("--timeout", "5")
    errors = run.end()
    assert run.parent.returncode == 1
    assert run.record().status == "timed-out"
    assert run.record().error == RunError("timeout", "stopped after --timeout 5 s")
    assert "stopped after --timeout 5 s" in errors


def test_a_child_that_ignores_the_request_is_killed(start: Callable[..., Going]) -> None:
    going = start(program=("-c", IMPATIENT)).wait_for_timed_steps()
    child = going.the("profilers.child")
    os.kill(child.pid, signal.SIGSTOP)
    going.parent.send_signal(signal.SIGINT)
    going.end()
    assert going.record().status == "interrupted"


def test_a_crash_shows_the_end_of_the_log(
    tmp_path: Path, make_record: Callable[..., RunRecord]
) -> None:
    (tmp_path / rundir.LOG).write_text("".join(f"line {n}\n" for n in range(30)))
    error = RunError("crash", "ValueError: bad")
    record = msgspec.structs.replace(make_record(status="failed"), error=error)
    message = str(failure(tmp_path, record, "PyTorch eager"))
    assert message.startswith("PyTorch eager: ValueError: bad.")
    assert "| line 29" in message
    assert "| line 9\n" not in message
