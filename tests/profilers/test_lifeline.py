import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parent.parent.parent
CHILD = (
    "import signal, time; from profilers import lifeline; {};"
    "print('up', flush=True); time.sleep(60)"
)
PARENT = (
    "import os, subprocess, sys, time; os.environ['CROSSPROF_PARENT'] = str(os.getpid());"
    "child = subprocess.Popen([sys.executable, '-c', sys.argv[1]], stdout=subprocess.PIPE);"
    "child.stdout.readline(); print(child.pid, flush=True); time.sleep(60)"
)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's signal exists on Linux")
def test_a_child_ends_with_a_killed_parent() -> None:
    child = CHILD.format("lifeline.end_with_parent(signal.SIGKILL)")
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, child], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert psutil.pid_exists(pid)
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 10
    while _alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _alive(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's signal exists on Linux")
def test_a_parent_that_died_before_is_noticed() -> None:
    code = CHILD.format("lifeline.end_with_parent(signal.SIGTERM)")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "CROSSPROF_PARENT": "1"},
        timeout=30,
        check=False,
    )
    assert done.returncode == -signal.SIGTERM


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
