"""The sampler's loop: read all sources on schedule, follow orders, tell the parent of trouble."""

import contextlib
import json
import os
import sys
import time
from collections.abc import Sequence

from profilers.sampling import memory
from profilers.sampling.orders import End, Ending, Orders, PhaseEnded, Watch
from profilers.sampling.recording import Recording
from profilers.sampling.schedule import Schedule
from profilers.sampling.source import Source, Value
from profilers.sampling.tree import ProcessTree

ANCHOR_NS = 10_000_000_000


class Session:
    """One recording while it goes on: what is read, and where it goes.

    Every method raises RecordingError if a file can't be written.
    """

    def __init__(
        self,
        recording: Recording,
        schedule: Schedule,
        sources: Sequence[Source],
        tree: ProcessTree,
        orders: Orders,
    ) -> None:
        self._recording, self._schedule, self._sources = recording, schedule, sources
        self._tree, self._orders = tree, orders
        self._failed: set[Source] = set()
        self._told: set[str] = set()

    def sample_until_told(self) -> Ending:
        """Sample on schedule until an order to end."""
        sampled_ns = 0
        next_anchor_ns = time.monotonic_ns() + ANCHOR_NS
        while True:
            target_ns = self._schedule.next_target_ns(time.monotonic_ns(), sampled_ns)
            ending = self._obey_until(target_ns)
            if ending is not None:
                return ending
            sampled_ns = time.monotonic_ns()
            values: list[Value] = []
            for source in self._sources:
                values += self._read(source, sampled_ns)
            cost_ns = time.monotonic_ns() - sampled_ns
            self._recording.row(sampled_ns, sampled_ns - target_ns, cost_ns, values)
            self._tell()
            if sampled_ns >= next_anchor_ns:
                next_anchor_ns = sampled_ns + ANCHOR_NS
                self._recording.anchor("periodic", self._schedule.missed)

    def _obey_until(self, target_ns: int) -> Ending | None:
        """Follow orders until the target, or only those that wait already if it has passed."""
        while True:
            order = self._orders.wait((target_ns - time.monotonic_ns()) / 1e9)
            match order:
                case End(why):
                    return why
                case Watch(pid):
                    self._tree.watch(pid)
                case PhaseEnded(phase):
                    self._read_memory(phase)
                case None if time.monotonic_ns() >= target_ns:
                    return None

    def _read_memory(self, phase: str) -> None:
        """What is too dear to be read at each sample."""
        time_ns = self._recording.unix_ns(time.monotonic_ns())
        found = memory.at_phase_end(phase, time_ns, self._tree)
        if found is not None:
            self._recording.phase_end(found, self._schedule.missed)

    def _read(self, source: Source, now_ns: int) -> Sequence[Value]:
        """The source's values; one that fails in a way it did not foresee has none from then on."""
        if source not in self._failed:
            try:
                return source.read(now_ns)
            except Exception as error:
                self._failed.add(source)
                name = type(source).__name__.removesuffix("Source")
                tell({"notice": f"the sampler's {name} figures ended ({error!r})."})
        return [None] * len(source.columns)

    def _tell(self) -> None:
        """Pass on what the sources noticed since the last time."""
        for source in self._sources:
            for notice in source.notices:
                if notice not in self._told:
                    self._told.add(notice)
                    tell({"notice": notice})


def tell(message: dict[str, bool | str]) -> None:
    """Write a line to the parent; one that is gone is no error: the order to end comes next."""
    with contextlib.suppress(BrokenPipeError):
        os.write(sys.stdout.fileno(), json.dumps(message).encode() + b"\n")
