"""The outermost operations of one step, in order of time."""

from dataclasses import dataclass, field

import numpy as np

from analysis.annotate import Folded
from analysis.blocks import NONE, Kind, Strings
from analysis.folds.categories import meaning
from analysis.folds.links import LinkTable, launching, link_keys, on_device
from analysis.partition.record import Call

MOST_CALLS = 20_000


@dataclass(slots=True)
class Calls:
    """Gathers the operations that lie in no other and begin in a stretch of time."""

    begin_ns: int
    end_ns: int
    _found: list[tuple[int, int, int, int]] = field(default_factory=list)
    """Phase, name, shapes and nanoseconds."""
    _device_ns: dict[int, int] = field(default_factory=dict)
    _launches: LinkTable = field(default_factory=LinkTable)

    def take(self, folded: Folded) -> None:
        """Look at the events of a window."""
        window, block = folded.window, folded.block
        number = window.inherit("call", self._numbers(folded))
        rows = launching(block)
        rows = rows[(number[rows] >= 0) & (rows >= window.carried)]
        self._launches.add(link_keys(block, rows), number[rows, np.newaxis].astype(np.int32))
        work = np.flatnonzero(on_device(block) & (block.correlation >= 0) & window.new)
        if not len(work) or not self._found:
            return
        known, launched_by = self._launches.find(link_keys(block, work), 1)
        columns = (launched_by[known, 0].tolist(), block.duration_ns[work[known]].tolist())
        for call, duration_ns in zip(*columns, strict=True):
            self._device_ns[call] = self._device_ns.get(call, 0) + duration_ns

    def calls(self, strings: Strings, has_device: bool) -> list[Call]:
        """What was found."""
        found = []
        for number, (phase, name, shapes, host_ns) in enumerate(self._found):
            known = meaning(strings[phase], "", strings[name], "op")
            time_ns = self._device_ns.get(number, 0) if has_device else host_ns
            op = known.op if known else ""
            found.append(Call(strings[phase], op, strings[name], strings[shapes], time_ns))
        return found

    def _numbers(self, folded: Folded) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """For each row the number of the call that it is, -1 for none."""
        window, block = folded.window, folded.block
        number = np.full(len(block), NONE, dtype=np.int64)
        first, last = block.start_ns[window.carried :].searchsorted((self.begin_ns, self.end_ns))
        rows = np.arange(first, last) + window.carried
        rows = rows[(block.kind[rows] == Kind.OP) & (block.device[rows] < 0)]
        parent = window.parent_row[rows]
        rows = rows[(parent < 0) | (folded.op[parent] < 0)]
        rows = rows[: MOST_CALLS - len(self._found)]
        number[rows] = np.arange(len(rows)) + len(self._found)
        columns = (folded.phase, block.name, block.shapes, block.duration_ns)
        self._found += zip(*(column[rows].tolist() for column in columns), strict=True)
        return number
