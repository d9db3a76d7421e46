"""Runs one command as a process of its own and says what it cost: CPU time, memory, wall time."""

import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

SAMPLE_MS = 20
REASON_CHARACTERS = 200


@dataclass(frozen=True)
class Cost:
    """What a process cost together with the children it waited for.

    `cpu_s` is user and system time, `rss_peak_bytes` the largest resident set of one process, both
    by the kernel's account. `anonymous_bytes` and `mapped_bytes` are the highest values of memory
    of its own and of pages of files, added over the process and its children and sampled every
    20 ms; None where it ended before a sample. A map of a file is also part of the resident set.
    """

    cpu_s: float
    wall_s: float
    rss_peak_bytes: int
    anonymous_bytes: int | None
    mapped_bytes: int | None


@dataclass(frozen=True)
class Failure:
    """Why there is no cost: the last thing the command said, or what stopped it."""

    reason: str


@dataclass(frozen=True)
class Limits:
    """When a command is stopped."""

    wall_s: float
    rss_bytes: int


def measure(
    command: Sequence[str | Path], environment: Mapping[str, str], limits: Limits, folder: Path
) -> tuple[Cost, str] | Failure:
    """Run the command in `folder`; its cost and what it printed.

    The kernel counts the memory that a process had before it ran the command: this one must be
    small for the peak to be the command's.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begin = time.monotonic()
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=environment,
                cwd=folder,
                start_new_session=True,
            )
        except OSError as error:
            return Failure(f"{command[0]} can't be started ({error.strerror})")
        try:
            samples, stopped = _watch(process.pid, begin, limits)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if stopped or process.returncode:
            return Failure(stopped or _reason(process.returncode, _text(err)))
        cost = Cost(
            cpu_s=usage.ru_utime + usage.ru_stime,
            wall_s=wall_s,
            rss_peak_bytes=usage.ru_maxrss * 1024,
            anonymous_bytes=max((own for own, _ in samples), default=None),
            mapped_bytes=max((mapped for _, mapped in samples), default=None),
        )
        return cost, _text(out)


def _watch(pid: int, begin: float, limits: Limits) -> tuple[list[tuple[int, int]], str]:
    """Sample (own, mapped) memory until the process ends; why it was stopped, if it was."""
    samples = []
    ended = os.pidfd_open(pid)
    try:
        waiting = select.poll()
        waiting.register(ended, select.POLLIN)
        while not waiting.poll(SAMPLE_MS):
            sample = memory(pid)
            if any(sample):
                samples.append(sample)
            stopped = ""
            if sum(sample) > limits.rss_bytes:
                stopped = f"stopped at {sum(sample) / 1e9:.1f} GB of memory"
            elif time.monotonic() - begin > limits.wall_s:
                stopped = f"stopped after {limits.wall_s:.0f} s"
            if stopped:
                os.killpg(pid, signal.SIGKILL)
                return samples, stopped
    finally:
        os.close(ended)
    return samples, ""


def memory(pid: int) -> tuple[int, int]:
    """Bytes of memory of its own, and of files, of a process and its descendants."""
    own = mapped = 0
    for each in _family(pid):
        try:
            status = Path(f"/proc/{each}/status").read_text()
        except OSError:
            continue
        for line in status.splitlines():
            if line.startswith("RssAnon:"):
                own += int(line.split()[1]) * 1024
            elif line.startswith("RssFile:"):
                mapped += int(line.split()[1]) * 1024
    return own, mapped


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from _family(int(child))


def _reason(code: int, err: str) -> str:
    lines = [line.strip() for line in err.splitlines() if line.strip()]
    said = lines[-1] if lines else "it said nothing"
    ended = f"signal {-code}" if code < 0 else f"exit {code}"
    return f"{ended}: {said}"[:REASON_CHARACTERS]


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
