"""Cuts a torch trace down to some steps, small enough to be kept as an input of tests.

Usage: python benchmarks/trim_trace.py TRACE.json.gz OUTPUT.json.gz [--kilobytes 100]

The middle steps stay whole: what begins in them, what they launched on a device wherever that ran,
and what gives processes and threads their names. If one step alone is too large, Python frames go,
and then its shapes and stacks. Exit code 1 if it is still too large.
"""

import gzip
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from benchmarks import trimming  # noqa: E402

Event = dict[str, Any]

STEP = re.compile(r"(step:|ProfilerStep#)\d+")
PRIVATE = ("Call stack", "Python id", "Python parent id")
LARGE = (*PRIVATE, "Input Strides", "Concrete Inputs")
KEPT = ("schemaVersion", "deviceProperties", "baseTimeNanoseconds", "displayTimeUnit")
"""Of what stands beside the events; the rest tells of the machine that it was recorded on."""


def attempts(data: bytes) -> Iterator[bytes]:
    """Ever smaller parts of a trace as packed files."""
    document = json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    for events in trimmed(document["traceEvents"]):
        yield pack(document, events)


def pack(document: dict[str, Any], events: list[Event]) -> bytes:
    """The packed file; the same input gives the same bytes."""
    top = {name: document[name] for name in KEPT if name in document}
    text = json.dumps({**top, "traceEvents": events}, separators=(",", ":"))
    return gzip.compress(text.encode(), mtime=0)


def trimmed(events: list[Event]) -> Iterator[list[Event]]:
    """Ever smaller parts of a trace: fewer steps, then without frames, then without arguments."""
    count = len(_steps(events))
    part = events
    for steps in sorted({n for n in (10, 5, 3, 2, 1) if n <= count}, reverse=True):
        part = middle(events, steps)
        yield part
    part = [event for event in part if event.get("cat") != "python_function"]
    yield part
    yield [_without(event, LARGE) for event in part]


def middle(events: list[Event], steps: int) -> list[Event]:
    """So many whole steps from the middle of a trace, and what belongs to them."""
    found = _steps(events)
    first = (len(found) - steps) // 2
    chosen = found[first : first + steps]
    begin, end = chosen[0]["ts"], chosen[-1]["ts"] + chosen[-1]["dur"]
    inside = [event for event in events if begin <= event.get("ts", -1) < end]
    launched = {
        event["args"]["correlation"]
        for event in inside
        if "correlation" in event.get("args", {}) and not _on_device(event)
    }
    return [event for event in events if _belongs(event, begin, end, launched)]


def _belongs(event: Event, begin: float, end: float, launched: set[int]) -> bool:
    if event.get("ph") == "M":
        return True
    if _on_device(event) and launched:
        return event.get("args", {}).get("correlation") in launched
    if event.get("cat") == "ac2g" and launched:
        return event.get("id") in launched
    return bool(begin <= event.get("ts", -1) < end)


def _on_device(event: Event) -> bool:
    return event.get("cat") in ("kernel", "gpu_memcpy", "gpu_memset")


def _steps(events: list[Event]) -> list[Event]:
    """The marks of the steps in their order, of the host's where the device has some too."""
    found = [
        event
        for event in events
        if event.get("ph") == "X"
        and event.get("cat") in ("user_annotation", "cpu_op")
        and STEP.fullmatch(str(event.get("name")))
    ]
    if not found:
        raise SystemExit("error: the trace marks no steps; trim one that torch.profiler stepped.")
    return sorted(found, key=lambda event: float(event["ts"]))


def _without(event: Event, names: tuple[str, ...]) -> Event:
    arguments = event.get("args")
    if not isinstance(arguments, dict):
        return event
    return {**event, "args": {name: arguments[name] for name in arguments if name not in names}}


if __name__ == "__main__":
    sys.exit(trimming.main((__doc__ or "").splitlines()[0], attempts))
