"""Ends a process when its parent dies, however that happens (on Linux; elsewhere the pipe does)."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PARENT_VARIABLE = "CROSSPROF_PARENT"


def end_with_parent(by: signal.Signals) -> None:
    """Have the kernel send `by` to this process at its parent's death, also if that came first."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(by), 0, 0, 0)
    expected = os.environ.get(PARENT_VARIABLE)
    if expected is not None and os.getppid() != int(expected):
        os.kill(os.getpid(), by)
