"""How much of the machine may be used: CPUs, physical cores and memory, with cgroup limits."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

ROOT = Path("/")
UNLIMITED_BYTES = 1 << 60


def allowed_cpus() -> int:
    """CPUs in this process's affinity mask."""
    return len(_allowed_cpus())


def usable_cpus(root: Path = ROOT) -> float:
    """CPUs that this process may keep busy: the affinity mask or the cgroup's quota, if smaller.

    Args:
        root: The folder that stands for `/`, under which proc and sys are looked up.
    """
    allowed = float(allowed_cpus())
    quota = cpu_quota(root)
    return allowed if quota is None else min(allowed, quota)


def physical_cores(root: Path = ROOT) -> int:
    """Distinct physical cores in the affinity mask, at most the quota's whole CPUs, at least 1.

    Two hardware threads of one core count once. Without the kernel's topology files psutil's count
    of cores is used, at most as many as there are CPUs in the mask.

    Args:
        root: The folder that stands for `/`.
    """
    allowed = _allowed_cpus()
    siblings = {_siblings(root, cpu) for cpu in allowed}
    if None in siblings:
        cores = min(len(allowed), psutil.cpu_count(logical=False) or len(allowed))
    else:
        cores = len(siblings)
    quota = cpu_quota(root)
    return max(1, cores if quota is None else min(cores, int(quota)))


def memory_limit_bytes(root: Path = ROOT) -> int:
    """Memory that this process may use: the machine's, or the cgroup's limit if that is smaller.

    Args:
        root: The folder that stands for `/`.
    """
    total: int = psutil.virtual_memory().total
    limit = cgroup_memory_bytes(root)
    return total if limit is None else min(total, limit)


def cpu_quota(root: Path = ROOT) -> float | None:
    """CPUs that the cgroup's bandwidth limit allows (cgroup v1 and v2); None without a limit."""
    return _smallest(root, "cpu", _cpus_v2, _cpus_v1)


def cgroup_memory_bytes(root: Path = ROOT) -> int | None:
    """The cgroup's limit of memory (v1 and v2); None without one."""
    limit = _smallest(root, "memory", _memory_v2, _memory_v1)
    return None if limit is None else int(limit)


def quota_statistics(root: Path = ROOT) -> Path | None:
    """The cpu.stat file of the cgroup whose CPU quota is the tightest; None without a quota.

    Args:
        root: The folder that stands for `/`.
    """
    folder = _tightest(root, "cpu", _cpus_v2, _cpus_v1)
    return None if folder is None else folder / "cpu.stat"


def limited_memory(root: Path = ROOT) -> Path | None:
    """The folder of the cgroup whose limit of memory is the tightest; None without a limit.

    Args:
        root: The folder that stands for `/`.
    """
    return _tightest(root, "memory", _memory_v2, _memory_v1)


def _allowed_cpus() -> set[int]:
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))


def _siblings(root: Path, cpu: int) -> str | None:
    folder = root / f"sys/devices/system/cpu/cpu{cpu}/topology"
    return _text(folder / "thread_siblings_list")


Limit = Callable[[Path], float | None]


def _smallest(root: Path, controller: str, v2: Limit, v1: Limit) -> float | None:
    """The tightest limit of the cgroup and its parents, in both versions' trees."""
    return min((limit for _, limit in _limits(root, controller, v2, v1)), default=None)


def _tightest(root: Path, controller: str, v2: Limit, v1: Limit) -> Path | None:
    limits = dict(_limits(root, controller, v2, v1))
    return min(limits, key=limits.__getitem__) if limits else None


def _limits(root: Path, controller: str, v2: Limit, v1: Limit) -> Iterator[tuple[Path, float]]:
    """Each folder of the cgroup and its parents that sets a limit, with the limit."""
    for line in (_text(root / "proc/self/cgroup") or "").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        mounts = root / "sys/fs/cgroup"
        if not controllers:
            folders, limit_of = [*_up(mounts, path), *_up(mounts / "unified", path)], v2
        elif controller in controllers.split(","):
            folders = [*_up(mounts / controllers, path), *_up(mounts / controller, path)]
            limit_of = v1
        else:
            continue
        for folder in folders:
            if (limit := limit_of(folder)) is not None:
                yield folder, limit


def _up(mount: Path, path: str) -> Iterator[Path]:
    """The cgroup's folder and its parents up to the mount.

    A container may show the host's path of the cgroup while its own is mounted at the top, so
    folders need not be there.
    """
    parts = [part for part in path.split("/") if part and part != ".."]
    for length in range(len(parts), -1, -1):
        yield mount.joinpath(*parts[:length])


def _cpus_v2(folder: Path) -> float | None:
    words = (_text(folder / "cpu.max") or "").split()
    return _ratio(words[0], words[1]) if len(words) == 2 else None


def _cpus_v1(folder: Path) -> float | None:
    quota = _text(folder / "cpu.cfs_quota_us") or ""
    return _ratio(quota, _text(folder / "cpu.cfs_period_us") or "")


def _memory_v2(folder: Path) -> float | None:
    return _bytes(_text(folder / "memory.max") or "")


def _memory_v1(folder: Path) -> float | None:
    return _bytes(_text(folder / "memory.limit_in_bytes") or "")


def _ratio(quota: str, period: str) -> float | None:
    """Quota / period; "max" and -1 stand for no limit."""
    if not quota.isdigit() or not period.isdigit() or int(period) == 0:
        return None
    return int(quota) / int(period)


def _bytes(limit: str) -> float | None:
    if not limit.isdigit() or int(limit) >= UNLIMITED_BYTES:
        return None
    return int(limit)


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return None
