"""The measured child and its descendants: finding them, losing them and ending them."""

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil

RESCAN_NS = 500_000_000
RESCAN_COST_FACTOR = 200


class ProcessTree:
    """The processes to measure; a parent always comes before its children.

    Descendants are looked for every half second, and less often where that would take more than
    1/200 of a core. One that loses its parent stays in the tree. When the first process is over,
    so is the tree.
    """

    def __init__(self) -> None:
        self.root: psutil.Process | None = None
        self._members: dict[int, psutil.Process] = {}
        self._ended = False
        self._next_scan_ns = 0
        own_thread = Path(f"/proc/self/task/{os.getpid()}/children")
        self._descendants = by_children_files if own_thread.exists() else by_process_table

    def watch(self, pid: int) -> None:
        """Follow this process from now on; one that is gone already counts as ended."""
        try:
            self.root = psutil.Process(pid)
            self._members = {pid: self.root}
        except psutil.Error:
            self._ended = True

    @property
    def pids(self) -> frozenset[int]:
        """The processes that are followed; empty before the first and after the end."""
        return frozenset() if self._ended else frozenset(self._members)

    def members(self, now_ns: int) -> list[psutil.Process]:
        """The processes to read, after a new look for descendants where that is due."""
        if self._ended or self.root is None:
            return []
        if now_ns >= self._next_scan_ns:
            begin_ns = time.thread_time_ns()
            for process in self._descendants(self.root, list(self._members.values())):
                self._members.setdefault(process.pid, process)
            cost_ns = time.thread_time_ns() - begin_ns
            self._next_scan_ns = now_ns + max(RESCAN_NS, RESCAN_COST_FACTOR * cost_ns)
        return list(self._members.values())

    def forget(self, process: psutil.Process) -> None:
        """A process is gone; if it was the first one, the tree has ended."""
        del self._members[process.pid]
        if process is self.root:
            self._ended = True

    def kill(self) -> None:
        """End the measured child's process group and all descendants that are known."""
        if self.root is not None and self.root.is_running():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if os.getpgid(self.root.pid) == self.root.pid:
                    os.killpg(self.root.pid, signal.SIGKILL)
        for process in self._members.values():
            with contextlib.suppress(psutil.Error):
                process.kill()


def by_children_files(
    root: psutil.Process, members: list[psutil.Process]
) -> Iterator[psutil.Process]:
    """New descendants by /proc/PID/task/TID/children, whatever else runs on the machine."""
    known = {root.pid, *(process.pid for process in members)}
    to_visit = list(known)
    for pid in to_visit:
        for child in _child_pids(pid):
            if child not in known:
                known.add(child)
                with contextlib.suppress(psutil.Error):
                    yield psutil.Process(child)
                    to_visit.append(child)


def _child_pids(pid: int) -> list[int]:
    pids: list[int] = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", "rb", buffering=0) as children:
                pids += map(int, children.read().split())
    return pids


def by_process_table(
    root: psutil.Process, members: list[psutil.Process]
) -> Iterable[psutil.Process]:
    """All descendants of the root, by a look through all processes of the machine."""
    try:
        return root.children(recursive=True)
    except psutil.Error:
        return []
