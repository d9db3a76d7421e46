"""The parent's end of the sampler: start it, tell it what to watch, stop it."""

import contextlib
import json
import os
import select
import subprocess
import sys
from pathlib import Path

from profilers.interpreters import ROOT
from profilers.lifeline import PARENT_VARIABLE

READY_SECONDS, STOP_SECONDS = 10.0, 5.0


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
        readable, _, _ = select.select([self._process.stdout], [], [], READY_SECONDS)
        self.started = bool(readable and self._process.stdout.readline())

    @property
    def pid(self) -> int:
        """The sampler's own process."""
        return self._process.pid

    def watch(self, pid: int) -> None:
        """Sample the tree of this process from now on."""
        self._tell({"pid": pid})

    def trouble(self) -> str | None:
        """A sentence if resources are not being recorded any more, else None."""
        if not self.started:
            return "the sampler did not start: CPU, memory and GPU use were not recorded."
        if self._process.poll() is not None:
            return (
                f"the sampler ended early (exit status {self._process.returncode}): CPU, memory "
                "and GPU use are missing from then on."
            )
        return None

    def stop(self) -> None:
        """End the sampler; its files are complete when this returns."""
        self._tell({"stop": True})
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _tell(self, message: dict[str, int]) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it is gone; `trouble` says so
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
