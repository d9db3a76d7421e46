"""What reading one torch trace in several processes would bring: wall time and CPU time.

Usage: python benchmarks/parallel_decoding.py TRACE.json [--processes 1,2,4] [--rounds 5]

The trace, which must not be packed, is cut into parts of equal size, each a trace of its own. Each
process reads one part and sends its columns to this one, which is what a reader that uses several
cores would have to do before anything can be put in order of time. The command itself reads in one
process.
"""

import argparse
import gc
import multiprocessing
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from multiprocessing.connection import Connection, wait
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from analysis.blocks import DTYPES  # noqa: E402
from analysis.columns import is_constant  # noqa: E402
from analysis.readers.kineto import KinetoTrace  # noqa: E402

BOUNDARY = re.compile(rb'\}\s*,\s*(?=\{\s*"ph"\s*:\s*"X")')
ARRAY = re.compile(rb'"traceEvents"\s*:\s*\[')


def cut(path: Path, parts: int, folder: Path) -> list[Path]:
    """Write a trace's parts; each has the text before the events, and is closed."""
    text = path.read_bytes()
    array = ARRAY.search(text)
    if array is None:
        raise SystemExit(f"{path} has no traceEvents array; give a trace of torch.profiler.")
    head = text[: array.end()]
    found = [BOUNDARY.search(text, len(text) * part // parts) for part in range(1, parts)]
    edges = [len(head), *(match.end() for match in found if match), len(text)]
    written = []
    for number, (begin, end) in enumerate(pairwise(edges)):
        written.append(folder / f"part-{number}.json")
        body = text[begin:end]
        if end < len(text):
            body = body.rstrip().removesuffix(b",") + b"]}"
        written[-1].write_bytes(head + body)
    return written


def send(path: Path, connection: Connection) -> None:
    """Read one part and send its columns; those of one number as that number."""
    gc.disable()
    trace = KinetoTrace(path, memory=False)
    for block in trace.blocks():
        if len(block):
            columns = (getattr(block, name) for name in DTYPES)
            connection.send((len(block), [c[:1] if is_constant(c) else c for c in columns]))
    connection.send((0, [trace.strings[number] for number in range(len(trace.strings))]))
    connection.close()


def measure(paths: Sequence[Path]) -> tuple[float, float, int]:
    """(wall seconds, CPU seconds of all processes, events) of reading all parts at once."""
    before, began = os.times(), time.perf_counter()
    fork = multiprocessing.get_context("fork")
    waiting: list[Connection] = []
    processes, events = [], 0
    for path in paths:
        receiver, sender = fork.Pipe(duplex=False)
        processes.append(fork.Process(target=send, args=(path, sender)))
        processes[-1].start()
        sender.close()
        waiting.append(receiver)
    while waiting:
        wait(waiting)
        for receiver in [each for each in waiting if each.poll()]:
            try:
                count, _ = receiver.recv()
                events += count
            except EOFError:
                waiting.remove(receiver)
    for process in processes:
        process.join()
        if process.exitcode:
            raise SystemExit(f"a reader ended with {process.exitcode}; what it read is not known.")
    after = os.times()
    cpu_s = sum(after[:4]) - sum(before[:4])
    return time.perf_counter() - began, cpu_s, events


def main() -> None:
    """Measure the counts of processes in turns, and print medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("trace", type=Path)
    parser.add_argument("--processes", default="1,2", help="counts of processes, parted by commas")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    counts = [int(count) for count in arguments.processes.split(",")]
    measured: dict[int, list[tuple[float, float, int]]] = {count: [] for count in counts}
    with tempfile.TemporaryDirectory() as folder:
        parts = {}
        for count in counts:
            own = Path(folder) / str(count)
            own.mkdir()
            parts[count] = cut(arguments.trace, count, own)
        for _ in range(arguments.rounds):
            for count in counts:
                measured[count].append(measure(parts[count]))
    print("processes   wall, s   CPU, s      events")
    for count, rounds in measured.items():
        wall_s, cpu_s, events = (statistics.median(values) for values in zip(*rounds, strict=True))
        print(f"{count:>9} {wall_s:>9.2f} {cpu_s:>8.2f} {events:>11,}")


if __name__ == "__main__":
    main()
