"""Events by few words, folded and parted."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from analysis.annotate import Folded, fold
from analysis.blocks import Block, Kind, Strings, from_columns

HOST_KINDS = (Kind.OP, Kind.RUNTIME, Kind.PYTHON, Kind.ANNOTATION, Kind.STEP)


class Event(NamedTuple):
    """One event; `lane` is a thread of the host or a stream of a device."""

    name: str
    kind: Kind
    lane: int
    start_ns: int
    end_ns: int
    others: Mapping[str, Any] = MappingProxyType({})
    """Columns; texts are numbered."""


def block_of(events: Sequence[Event], strings: Strings) -> Block:
    """The events as columns."""
    on_host = [event.kind in HOST_KINDS for event in events]
    columns: dict[str, list[int]] = {
        "event_id": [*range(len(events))],
        "name": [strings.number(event.name) for event in events],
        "kind": [event.kind for event in events],
        "start_ns": [event.start_ns for event in events],
        "duration_ns": [event.end_ns - event.start_ns for event in events],
        "process": [1] * len(events),
        "thread": [event.lane for event in events],
        "stream": [-1 if host else e.lane for e, host in zip(events, on_host, strict=True)],
        "device": [-1 if host else 0 for host in on_host],
    }
    for at, event in enumerate(events):
        for name, value in event.others.items():
            column = columns.setdefault(name, [0 if name == "rank" else -1] * len(events))
            column[at] = strings.number(value) if isinstance(value, str) else value
    return from_columns(len(events), **columns)


def folded_of(events: Sequence[Event]) -> Folded:
    """The events in one window."""
    strings = Strings()
    return fold(block_of(events, strings), strings)


class FakeTrace:
    """A trace that is at hand."""

    def __init__(self, events: Sequence[Event], blocks: int = 1) -> None:
        self.strings = Strings()
        self.notes = ["a note of the reader"]
        self.truncated: str | None = None
        self.dropped = 0
        self.thread_names: dict[tuple[int, int], str] = {}
        whole = block_of(events, self.strings)
        places = np.array_split(np.arange(len(whole)), blocks)
        self._blocks = [whole.take(rows) for rows in places if len(rows)]

    def blocks(self) -> list[Block]:
        return self._blocks
