"""Writes torch traces of any size, by repeating a recorded one with shifted times and numbers.

Usage: python benchmarks/make_traces.py SOURCE.json[.gz] MEGABYTES OUTPUT.json[.gz]

The size is that of the unpacked text, in the layout of torch.profiler. Each repeat follows the one
before on the clock, and its step, correlation, sequence, frame and arrow numbers are its own, so
that a reader finds what it would find in a longer recording.
"""

import argparse
import gzip
import json
import re
from pathlib import Path
from typing import Any

from isal import igzip

MEGABYTE = 1_000_000
GAP_NS = 1_000_000
STEP = re.compile(r"(ProfilerStep#|step:)(\d+)$")
NUMBERED = {
    *("External id", "correlation", "Sequence number", "Ev Idx"),
    *("Python id", "Python parent id"),
}
PLACE = re.compile(r'"\\u0002(\w+):(-?\d+)\\u0003"|\\u0002(\w+):(-?\d+)\\u0003')

Event = dict[str, Any]
Template = tuple[str, list[tuple[str, int]]]


def write(source: Path, size_bytes: int, output: Path) -> int:
    """Write at least `size_bytes` of repeated events; the number of repeats."""
    text = source.read_bytes()
    document = json.loads(gzip.decompress(text) if text[:2] == b"\x1f\x8b" else text)
    events: list[Event] = document.pop("traceEvents")
    whole_microseconds = all(isinstance(event.get("ts", 0), int) for event in events)
    templates = [_template(event) for event in events]
    strides = _strides(events)
    packed = output.suffix == ".gz"
    with (
        igzip.open(output, "wb", compresslevel=1) if packed else output.open("wb")  # type: ignore[no-untyped-call]
    ) as file:
        written = file.write(f'{json.dumps(document)[:-1]},\n  "traceEvents": [\n'.encode())
        repeats = 0
        while written < size_bytes:
            shifts = {kind: stride * repeats for kind, stride in strides.items()}
            texts = (_text(each, shifts, whole_microseconds) for each in templates)
            written += file.write(((",\n" if repeats else "") + ",\n".join(texts)).encode())
            repeats += 1
        file.write(b'\n  ],"traceName": "repeated.json" }')
    return repeats


def _template(event: Event) -> Template:
    """An event's text with a `%s` for each value that is shifted, and what stands there."""
    marked = {key: value for key, value in event.items() if key != "args"}
    if isinstance(event.get("ts"), int | float):
        marked["ts"] = _mark("time", round(event["ts"] * 1000))
    if isinstance(event.get("id"), int):
        marked["id"] = _mark("number", event["id"])
    if step := STEP.match(event.get("name", "")):
        marked["name"] = step[1] + _mark("step", int(step[2]))
    lines = [f"    {json.dumps(key)}: {json.dumps(value)}" for key, value in marked.items()]
    if isinstance(event.get("args"), dict):
        arguments = {
            key: _mark("number", value) if key in NUMBERED and isinstance(value, int) else value
            for key, value in event["args"].items()
        }
        lines.append(f'    "args": {{\n      {json.dumps(arguments)[1:-1]}\n    }}')
    text = "  {\n" + ",\n".join(lines) + "\n  }"
    places = [(a or c, int(b or d)) for a, b, c, d in PLACE.findall(text)]
    return PLACE.sub("%s", text.replace("%", "%%")), places


def _mark(kind: str, value: int) -> str:
    return f"\2{kind}:{value}\3"


def _strides(events: list[Event]) -> dict[str, int]:
    """How far the times (ns), the numbers and the steps of a repeat lie behind those before."""
    starts = [round(e["ts"] * 1000) for e in events if e.get("ph") == "X"]
    ends = [round((e["ts"] + e["dur"]) * 1000) for e in events if e.get("ph") == "X"]
    numbers = [
        value
        for event in events
        for value in [event.get("id"), *map((event.get("args") or {}).get, NUMBERED)]
        if isinstance(value, int)
    ]
    steps = [int(step[2]) for event in events if (step := STEP.match(event.get("name", "")))]
    length_ns = (max(ends) - min(starts)) // GAP_NS * GAP_NS + 2 * GAP_NS
    return {
        "time": length_ns,
        "number": max(numbers, default=0) + 1,
        "step": max(steps, default=0) - min(steps, default=0) + 1,
    }


def _text(template: Template, shifts: dict[str, int], whole_microseconds: bool) -> str:
    text, places = template
    values: list[object] = []
    for kind, value in places:
        value += shifts[kind]
        if kind != "time":
            values.append(value)
        elif whole_microseconds:
            values.append(value // 1000)
        else:
            values.append(f"{value // 1000}.{value % 1000:03d}")
    return text % tuple(values)


def main() -> None:
    """Read the arguments and write one trace."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("megabytes", type=int)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    repeats = write(arguments.source, arguments.megabytes * MEGABYTE, arguments.output)
    print(f"{arguments.output}: {repeats} repeats of {arguments.source.name}")


if __name__ == "__main__":
    main()
