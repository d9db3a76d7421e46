"""Starts a measured process and its sampler, watches them, and records how the run ended."""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from profilers import baseline, protocol, rundir
from profilers.backend import Framework
from profilers.interpreters import ROOT
from profilers.lifeline import PARENT_VARIABLE
from profilers.progress import Progress
from profilers.protocol import Failed, Message, PhaseBegins, PhaseEnds, Ready, StepDone, Warned
from profilers.records import RunError, RunRecord, Settings, Status
from profilers.rundir import CheckFailedError, ProfileError
from profilers.sampling.handle import SamplerHandle

PATIENCE_SECONDS = 5.0
POLL_SECONDS = 0.2
PREFLIGHT_SECONDS = 120.0
LOG_TAIL_LINES = 20
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass
class Child:
    """A started process with the read end of its message pipe."""

    process: "subprocess.Popen[bytes]"
    pipe: int
    _rest: bytes = b""

    def messages(self, seconds: float) -> Iterator[Message] | None:
        """What it has said, waiting so long for the first word; None once the pipe is closed."""
        readable, _, _ = select.select([self.pipe], [], [], seconds)
        if not readable:
            return iter(()) if self.process.poll() is None else None
        data = os.read(self.pipe, 1 << 16)
        if not data:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        return iter([protocol.decode(line) for line in lines])

    def end(self) -> None:
        """Make sure that it and everything it started is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.pipe)

    def ask_to_end(self) -> None:
        """SIGINT, after five seconds SIGTERM; what is left after five more is killed by `end`."""
        for request in (signal.SIGINT, signal.SIGTERM):
            self.process.send_signal(request)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(PATIENCE_SECONDS)
                return


def start(interpreter: str, module: str, argument: str, threads: int, log: IO[bytes]) -> Child:
    """Start a module of ours under an interpreter, in a session of its own."""
    read_end, write_end = os.pipe()
    environment = {
        **os.environ,
        **dict.fromkeys(THREAD_VARIABLES, str(threads)),
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        PARENT_VARIABLE: str(os.getpid()),
        protocol.PIPE_VARIABLE: str(write_end),
    }
    try:
        process = subprocess.Popen(
            [interpreter, "-P", "-m", module, argument],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            pass_fds=(write_end,),
            start_new_session=True,
        )
    except OSError as error:
        os.close(read_end)
        raise ProfileError(
            f"{interpreter} can't be started ({error.strerror}); name another with --python."
        ) from None
    finally:
        os.close(write_end)
    return Child(process, read_end)


def preflight(interpreter: str, framework: Framework, settings: Settings) -> Ready:
    """Let the interpreter try packages and device; ProfileError in its words if they fail."""
    child = start_preflight(interpreter, framework, settings)
    try:
        answer = first_word(child, PREFLIGHT_SECONDS)
    finally:
        child.end()
    if isinstance(answer, Ready):
        return answer
    reason = answer.message if isinstance(answer, Failed) else "it gave no answer"
    if isinstance(answer, Failed) and answer.kind == "request":
        raise ProfileError(reason)
    raise ProfileError(
        f"{framework.title} does not start under {interpreter} ({reason}); "
        f"see {interpreter} -c 'import {framework.name}'."
    )


def start_preflight(interpreter: str, framework: Framework, settings: Settings) -> Child:
    """Have an interpreter try packages and device; its first word is Ready, or Failed."""
    request = {"settings": msgspec.to_builtins(settings), "packages": framework.packages}
    argument = msgspec.json.encode(request).decode()
    with open(os.devnull, "wb") as log:
        return start(interpreter, "profilers.preflight", argument, settings.threads, log)


def ask(
    interpreter: str, module: str, argument: str, threads: int, log: IO[bytes], seconds: float
) -> Message | None:
    """The first word of a module of ours under an interpreter; None if it ends without one."""
    child = start(interpreter, module, argument, threads, log)
    try:
        return first_word(child, seconds)
    finally:
        child.end()


def first_word(child: Child, seconds: float) -> Message | None:
    """What a started process says first; None if it ends, or the time is over, without a word."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        messages = child.messages(POLL_SECONDS)
        if messages is None:
            return None
        for message in messages:
            return message
    return None


class Launch:
    """One run: a child under a sampler; `record` is run.json as it stands."""

    def __init__(self, run: Path, record: RunRecord, interpreter: str, progress: Progress) -> None:
        self.run = run
        self.record = record
        self._interpreter = interpreter
        self._progress = progress
        self._warnings: list[str] = list(record.warnings)
        self._error: RunError | None = None
        self._where = "before its first phase"

    def measure(self) -> RunRecord:
        """Run to the end, whatever end that is; afterwards no process of it is left."""
        status: Status = "failed"
        sampler: SamplerHandle | None = None
        try:
            sampler = SamplerHandle(self.run)
            status = self._measure_under(sampler)
        except KeyboardInterrupt:
            status = "interrupted"
        finally:
            with _not_interrupted():
                if sampler is not None:
                    self._note_trouble(sampler)
                    sampler.stop()
                    self._note(sampler.notices())
                self._close(status)
        return self.record

    def _measure_under(self, sampler: SamplerHandle) -> Status:
        time.sleep(baseline.idle_seconds(self.run, self.record.settings.device))
        with open(self.run / rundir.LOG, "ab") as log:
            threads = self.record.settings.threads
            child = start(self._interpreter, "profilers.child", str(self.run), threads, log)
        try:
            sampler.watch(child.process.pid)
            return self._watch(child, sampler)
        finally:
            child.end()

    def _watch(self, child: Child, sampler: SamplerHandle) -> Status:
        timeout = self.record.settings.timeout_seconds
        deadline = time.monotonic() + timeout if timeout else float("inf")
        try:
            while (messages := child.messages(POLL_SECONDS)) is not None:
                for message in messages:
                    if isinstance(message, PhaseEnds):
                        sampler.phase_ended(message.phase)
                    self._take(message)
                self._progress.tick()
                self._note_trouble(sampler)
                if time.monotonic() > deadline:
                    self._error = RunError("timeout", f"stopped after --timeout {timeout:g} s")
                    child.ask_to_end()
                    return "timed-out"
            code = child.process.wait()
        except KeyboardInterrupt:
            child.ask_to_end()
            raise
        return self._judge(code)

    def _judge(self, code: int) -> Status:
        if code == 0 and (self.run / rundir.RESULT).exists():
            return "complete"
        if code == 128 + signal.SIGINT:
            return "interrupted"
        if self._error is None:
            self._error = RunError("killed" if code < 0 else "crash", ending(code, self._where))
        return "failed"

    def _take(self, message: Message) -> None:
        match message:
            case Warned(text):
                self._warnings.append(text)
            case Failed(kind, text):
                self._error = RunError(kind, text)
            case PhaseBegins(phase):
                self._where = f"in {phase}"
            case StepDone(done):
                self._where = f"{self._where.partition(' after ')[0]} after step {done:,}"
            case _:
                pass
        self._progress.message(message)

    def _note_trouble(self, sampler: SamplerHandle) -> None:
        self._note(sampler.notices())
        if trouble := sampler.trouble():
            self._note([trouble])

    def _note(self, sentences: Iterable[str]) -> None:
        self._warnings += [each for each in sentences if each not in self._warnings]

    def _close(self, status: Status) -> None:
        error = None if status == "complete" else self._error
        self.record = msgspec.structs.replace(
            self.record, status=status, error=error, warnings=self._warnings
        )
        rundir.write_json(self.run / rundir.RUN, self.record)


@contextlib.contextmanager
def _not_interrupted() -> Iterator[None]:
    """Let a second request to end wait until the record is closed."""
    requests = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {request: signal.signal(request, signal.SIG_IGN) for request in requests}
    try:
        yield
    finally:
        for request, handler in before.items():
            signal.signal(request, handler)


def ending(code: int, where: str) -> str:
    """How a process ended that did not say why, in words."""
    if code >= 0:
        return f"the process ended with status {code} {where}"
    by_system = "; the machine may have run out of memory" if code == -signal.SIGKILL else ""
    return f"the process was killed (signal {-code}) {where}{by_system}"


def failure(run: Path, record: RunRecord, title: str) -> CheckFailedError:
    """What to tell the user of a run that did not complete, with the end of its log."""
    reason = (record.error.message if record.error else record.status).rstrip(".")
    return CheckFailedError(
        f"{title}: {reason}. What was recorded can be read: {run} (status {record.status})."
        f"{log_tail(run)}"
    )


def log_tail(folder: Path) -> str:
    """The end of the log in a folder, to be put after a sentence; empty where there is none."""
    try:
        lines = (folder / rundir.LOG).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    tail = "".join(f"\n  | {line}" for line in lines[-LOG_TAIL_LINES:])
    return f" Last lines of {rundir.LOG}:{tail}" if tail else ""
