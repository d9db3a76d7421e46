"""Memory of the measured processes beyond RSS, which takes the kernel too long for each sample."""

import contextlib
from pathlib import Path

import psutil

from profilers.records import MemoryAtPhaseEnd
from profilers.sampling.tree import ProcessTree

PROC = Path("/proc")


def at_phase_end(phase: str, time_ns: int, tree: ProcessTree) -> MemoryAtPhaseEnd | None:
    """RSS, PSS and USS of all processes together; None when there is none.

    The kernel walks through all pages for this (about 10 ms per GB) and holds a lock of the process
    that page faults need too.

    Args:
        phase: The one that has just ended.
        time_ns: Unix time.
        tree: The measured processes.
    """
    rss_bytes = processes = 0
    pss: list[int | None] = []
    uss: list[int | None] = []
    for pid in tree.pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            rss_bytes += process.memory_info().rss
            processes += 1
            found = _shares(process)
            pss.append(getattr(found, "pss", None))
            uss.append(getattr(found, "uss", None))
    if not processes:
        return None
    return MemoryAtPhaseEnd(
        phase=phase,
        time_ns=time_ns,
        rss_bytes=rss_bytes,
        rss_peak_bytes=max(filter(None, map(peak_bytes, tree.pids)), default=None),
        pss_bytes=_sum(pss),
        uss_bytes=_sum(uss),
    )


def peak_bytes(pid: int, proc: Path = PROC) -> int | None:
    """The most RSS that a process has had since its begin, by the kernel's own account (VmHWM).

    None where the kernel does not tell, as after the end of the process.
    """
    try:
        with open(proc / str(pid) / "status", "rb", buffering=0) as file:
            status = file.read()
    except OSError:
        return None
    _, _, rest = status.partition(b"\nVmHWM:")
    words = rest.split(None, 2)
    if len(words) < 2 or not words[0].isdigit() or words[1] != b"kB":
        return None
    return int(words[0]) * 1024


def _shares(process: psutil.Process) -> object | None:
    try:
        return process.memory_full_info()
    except psutil.AccessDenied:
        return None


def _sum(values: list[int | None]) -> int | None:
    """Of all processes or of none: a part would look like a small whole."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
