"""Energy of processors and memory by RAPL, which the kernel shows to few users and few machines."""

import contextlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

from profilers.sampling.source import AVAILABLE, Source, Value

FOLDER = Path("/sys/class/powercap")
ZONE = re.compile(r"intel-rapl:\d+(:\d+)?")
"""Zones and their parts; AMD's processors have this name too. Not the same sensors by MMIO."""

ABSENT = "no RAPL here: the processor or its virtual machine has none, or the module is not loaded"
DENIED = "RAPL is readable by root only; docs/power.md says how to allow it, and what that exposes"
NOT_LETTERS = re.compile(r"[^a-z0-9]+")


class RaplSource(Source):
    """One cumulative column per zone: cpu_package0_energy_joules, cpu_package0_dram_energy_joules.

    A package has its parts (core, uncore, on some machines dram) in it, and psys has the packages,
    so these columns are not to be added up, but for packages of one machine. The first reading is 0
    J. A counter that came to its end and began anew goes on here.

    Args:
        folder: Where the kernel lists its zones.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self.columns: dict[str, str] = {}
        self.capabilities = {"rapl": ABSENT}
        self._zones: list[_Zone] = []
        paths = sorted(path for path in folder.glob("*") if ZONE.fullmatch(path.name))
        for path in paths:
            try:
                zone = _Zone(path)
            except PermissionError:
                self.capabilities["rapl"] = DENIED
            except (OSError, ValueError) as error:
                self.capabilities["rapl"] = f"{path} can't be read ({error})"
            else:
                self._add(f"cpu_{_title(path)}_energy_joules", zone)
        self.counters = [*self.columns]
        if self._zones:
            self.capabilities["rapl"] = AVAILABLE

    def _add(self, column: str, zone: "_Zone") -> None:
        if column in self.columns:
            zone.close()
            return
        self.columns[column] = "joules"
        self._zones.append(zone)

    def read(self, now_ns: int) -> Sequence[Value]:
        """Joules since the first reading."""
        if not self._zones:
            return [None] * len(self.columns)
        values: list[Value] = []
        for column, zone in zip(self.columns, self._zones, strict=True):
            try:
                values.append(zone.joules())
            except (OSError, ValueError) as error:
                self.capabilities[column] = f"can't be read ({error})"
                values.append(None)
        return values

    def close(self) -> None:
        """Close the kernel's files."""
        for zone in self._zones:
            zone.close()
        self._zones = []


class _Zone:
    """One counter in microjoules, which begins anew at the end of its range."""

    def __init__(self, path: Path) -> None:
        self._range = int((path / "max_energy_range_uj").read_text())
        self._file = os.open(path / "energy_uj", os.O_RDONLY)
        try:
            self._last = self._counter()
        except (OSError, ValueError):
            self.close()
            raise
        self._microjoules = 0

    def joules(self) -> float:
        counter = self._counter()
        grown = counter - self._last
        self._microjoules += grown if grown >= 0 else grown + self._range
        self._last = counter
        return self._microjoules / 1e6

    def close(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._file)

    def _counter(self) -> int:
        return int(os.pread(self._file, 64, 0))


def _title(path: Path) -> str:
    """Of zone intel-rapl:0:1 for example package0_core: its own name after that of its package."""
    names = [_name(path)]
    if path.name.count(":") == 2:
        names.insert(0, _name(path.with_name(path.name.rpartition(":")[0])))
    return "_".join(names)


def _name(path: Path) -> str:
    try:
        name = (path / "name").read_text(encoding="utf-8").strip().lower()
    except OSError:
        name = path.name.lower()
    return NOT_LETTERS.sub("_", name.replace("package-", "package")).strip("_")
