"""The parent's end of the sampler: start it, tell it what to watch, stop it."""

import contextlib
import json
import os
import select
import subprocess
import sys
from pathlib import Path

import msgspec

from profilers.interpreters import ROOT
from profilers.lifeline import PARENT_VARIABLE

READY_SECONDS, STOP_SECONDS = 20.0, 5.0
"""NVIDIA's driver takes over a second for each GPU that nobody uses, when it is opened first."""


class _Said(msgspec.Struct, frozen=True):
    ready: bool = False
    notice: str = ""


class SamplerHandle:
    """A sampler that has begun to write resources.csv when the constructor returns.

    Measuring goes on without one: a sampler that fails to start or dies is told by `trouble`.
    """

    def __init__(self, run: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), PARENT_VARIABLE: str(os.getpid())}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "profilers.sampling.sampler", str(run)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=environment,
        )
        assert self._process.stdout is not None
        self._stdout = self._process.stdout
        self._rest = b""
        self._notices: list[str] = []
        self.started = self._silent = False
        self._listen(READY_SECONDS)

    @property
    def pid(self) -> int:
        """The sampler's own process."""
        return self._process.pid

    def watch(self, pid: int) -> None:
        """Sample the tree of this process from now on."""
        self._tell({"pid": pid})

    def phase_ended(self, phase: str) -> None:
        """Read now what is read at the ends of phases only."""
        self._tell({"phase_end": phase})

    def notices(self) -> list[str]:
        """Sentences on what could not be measured from some time on, for the user."""
        if not self._stdout.closed:
            self._listen()
        return self._notices

    def trouble(self) -> str | None:
        """A sentence if resources are not being recorded any more, else None."""
        if not self.started and not self._notices:
            if not self._silent:
                return (
                    f"the sampler had not begun after {READY_SECONDS:g} s, as when NVIDIA's driver "
                    "does not answer: CPU, memory and GPU use are missing until it did."
                )
            return "the sampler did not start: CPU, memory and GPU use were not recorded."
        if self._process.poll():  # where it ends by itself, it says why
            return (
                f"the sampler ended early (exit status {self._process.returncode}): CPU, memory "
                "and GPU use are missing from then on."
            )
        return None

    def stop(self) -> None:
        """End the sampler; its files are complete when this returns."""
        self._tell({"stop": True})
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listen()
        self._stdout.close()

    def _listen(self, seconds: float = 0.0) -> None:
        """Take in what it has said by now, or within some seconds if that is nothing."""
        while select.select([self._stdout], [], [], seconds)[0]:
            said = os.read(self._stdout.fileno(), 4096)
            if not said:
                self._silent = True
                return
            seconds = 0.0
            *lines, self._rest = (self._rest + said).split(b"\n")
            for message in (msgspec.json.decode(line, type=_Said) for line in lines):
                self.started |= message.ready
                self._notices += filter(None, [message.notice])

    def _tell(self, message: dict[str, int | str]) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it is gone; `trouble` says so
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
