"""The real command `python -m analysis view`, from its start to its orderly end."""

import http.client
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil

ROOT = Path(__file__).parents[3]


@contextmanager
def viewing(
    *arguments: str, end: signal.Signals = signal.SIGINT, **environment: str
) -> Iterator[str]:
    """The address that the command prints; it must end silently and leave no process behind.

    What it says before that are notes. Ctrl-C on a terminal is SIGINT to the whole group, other
    signals go to the command alone.
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
        while (line := process.stderr.readline()).startswith("note: "):
            pass
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


def led_to(url: str) -> str:
    """Where the site sends browsers that open it."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        assert answer.status == http.HTTPStatus.FOUND
        return answer.headers["Location"]
    finally:
        connection.close()


def read(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return bytes(answer.read())
