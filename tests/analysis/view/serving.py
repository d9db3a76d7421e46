"""The real command `python -m analysis view`, from its start to its orderly end."""

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[3]


@contextmanager
def viewing(
    *arguments: str, end: signal.Signals = signal.SIGINT, **environment: str
) -> Iterator[str]:
    """The address that the command prints; it must end silently and leave no process behind.

    Ctrl-C on a terminal is SIGINT to the whole group, other signals go to the command alone.
    """
    command = [sys.executable, "-m", "analysis", "view", *arguments]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    family: list[psutil.Process] = []
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert "Ctrl-C ends it" in line, line
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(True)]
        yield line.split()[-1]
        if end is signal.SIGINT:
            os.killpg(process.pid, end)
        else:
            process.send_signal(end)
        assert process.communicate(timeout=20) == ("", "")
        assert process.returncode == 0
        assert psutil.wait_procs(family, timeout=10)[1] == []
    finally:
        for left in family:
            if left.is_running():
                left.kill()
        process.kill()
        process.communicate()


def read(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return bytes(answer.read())
