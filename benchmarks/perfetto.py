"""What writing timelines costs: a Perfetto trace beside Chrome JSON, a merged one beside reading.

Usage: python benchmarks/perfetto.py [RUN ...] [--slices 300000] [--rounds 3]
       python benchmarks/perfetto.py --merge TRACE TRACE [--rounds 3]

Without a run the timeline is made up: steps of ops that nest, each with name, category and three
arguments, one of which is another number in each slice. Of a run it is its own. Both files have the
same slices, and both are packed.

--merge writes two traces into one file, and reads each of them for tables (`analysis ops --by
layer`), all in processes of their own and in turn.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from analysis import derived  # noqa: E402
from analysis.annotate import fold_trace  # noqa: E402
from analysis.exporters import chrome, perfetto, trace_file  # noqa: E402
from analysis.readers.registry import open_trace  # noqa: E402
from analysis.timeline import sources  # noqa: E402
from analysis.timeline.record import Group, Head, Slice, Track, Writer  # noqa: E402
from benchmarks.reader_cost import Cost, Failure, Limits, measure  # noqa: E402
from profilers import rundir  # noqa: E402

START_NS = 1_790_000_000_000_000_000
OPS_PER_STEP = 100
SEED = 1
RUN = Group("run", 0)
FORMS = {Path(rundir.PERFETTO_TRACE).name: perfetto.FORM, rundir.TRACE: chrome.FORM}
LIMITS = Limits(wall_s=900, rss_bytes=8 << 30)
MERGED, READ = "merged", "read"


class Written(NamedTuple):
    """Of writing a timeline once."""

    cpu_s: float
    file_bytes: int
    slices: int


@dataclass(frozen=True)
class Timeline:
    """Something to draw, as often as it is asked for, and when it begins."""

    start_ns: int
    draw: Callable[[Writer], int]


def made_up(slices: int) -> Timeline:
    """Steps of pairs of ops, the second in the first, from some dozens of names and shapes."""
    chance, rows, now_ns = random.Random(SEED), list[Slice](), START_NS
    heads: dict[tuple[int, int, int], Head] = {}
    for number in range(0, slices, 2):
        now_ns += chance.randrange(1_000, 20_000)
        length_ns = chance.randrange(4_000, 60_000)
        name, size = chance.randrange(40), chance.randrange(60)
        for place, row in enumerate((number, number + 1)[: slices - number]):
            args = {"shapes": f"[[64,{size}],[{size},128]]"}
            made = Head(f"aten::op_{name}_{place}", "op", args, ("sequence", "step"))
            head = heads.setdefault((name, place, size), made)
            start_ns, inside_ns = now_ns + place * 900, length_ns - place * 2_000
            rows.append(Slice(start_ns, inside_ns, head, (row, row // OPS_PER_STEP)))
        now_ns += length_ns

    def draw(writer: Writer) -> int:
        writer.slices(Track(RUN, "ops", 0), rows)
        return len(rows)

    return Timeline(START_NS, draw)


def of_run(run: Path) -> Timeline:
    """The timeline of a run with a profile."""
    folded = fold_trace(open_trace(derived.profile_path(run), memory=True))
    source = sources.of_run(run, folded)
    return Timeline(source.first_ns or 0, lambda writer: source.draw(writer, RUN))


def write(timeline: Timeline) -> dict[str, Written]:
    """What each file costs, of the same timeline."""
    costs = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, form in FORMS.items():
            path = Path(folder) / name
            began = time.process_time()
            counts = trace_file.write({path: form}, timeline.start_ns, timeline.draw)[path]
            cpu_s = time.process_time() - began
            costs[name] = Written(cpu_s, path.stat().st_size, counts.slices)
    return costs


def merge(traces: Sequence[Path], rounds: int) -> dict[str, list[Cost]]:
    """What writing traces into one file costs in each round, and what reading each one does.

    The reader's cost is that of all traces; its memory that of the one that takes most.
    """
    found: dict[str, list[Cost]] = {MERGED: [], READ: []}
    paths = [path.resolve() for path in traces]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        words = ["export", *map(str, paths), "--to", "perfetto", "--align", "run"]
        for _ in range(rounds):
            found[MERGED].append(_cost([*words, "--output", str(folder / "out")], folder))
            read = [_cost(["ops", str(path), "--by", "layer"], folder) for path in paths]
            found[READ].append(
                Cost(
                    cpu_s=sum(cost.cpu_s for cost in read),
                    wall_s=sum(cost.wall_s for cost in read),
                    rss_peak_bytes=max(cost.rss_peak_bytes for cost in read),
                    anonymous_bytes=max(cost.anonymous_bytes or 0 for cost in read),
                    mapped_bytes=max(cost.mapped_bytes or 0 for cost in read),
                )
            )
        print(f"merged: {(folder / 'out').stat().st_size:,} bytes")
    return found


def _cost(words: Sequence[str], folder: Path) -> Cost:
    """The cost of an `analysis` command; SystemExit if it fails."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    done = measure([sys.executable, "-m", "analysis", *words], environment, LIMITS, folder)
    if isinstance(done, Failure):
        raise SystemExit(f"analysis {' '.join(words)}: {done.reason}")
    return done[0]


def _show_merged(costs: dict[str, list[Cost]]) -> None:
    for name, rounds in costs.items():
        cpu_s = statistics.median(cost.cpu_s for cost in rounds)
        own = statistics.median(cost.anonymous_bytes or 0 for cost in rounds) / 1e6
        print(f"  {name:<8} {cpu_s:>7.2f} s of CPU {own:>8,.0f} MB of its own at most")
    ratios = [
        merged.cpu_s / read.cpu_s for merged, read in zip(costs[MERGED], costs[READ], strict=True)
    ]
    print(f"  {statistics.median(ratios):.2f} times the CPU of reading ({_listed(ratios)})")


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in values)


def _show_written(title: str, rounds: Sequence[dict[str, Written]]) -> None:
    json_bytes = rounds[0][rundir.TRACE].file_bytes
    print(f"{title}: {rounds[0][rundir.TRACE].slices:,} slices")
    for name, cost in rounds[0].items():
        cpu_s = statistics.median(each[name].cpu_s for each in rounds)
        print(
            f"  {name:<16} {cost.slices / cpu_s:>9,.0f} slices a CPU second"
            f" {cost.file_bytes:>12,} bytes  {cost.file_bytes / json_bytes:.0%} of the JSON"
        )


def main() -> None:
    """Measure what is asked for some times, and print medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("runs", nargs="*", type=Path, metavar="RUN")
    parser.add_argument("--merge", nargs=2, type=Path, metavar="TRACE")
    parser.add_argument("--slices", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.merge:
        _show_merged(merge(arguments.merge, arguments.rounds))
        return
    timelines = {run.name: of_run(run) for run in arguments.runs}
    if not timelines:
        timelines["made up"] = made_up(arguments.slices)
    for title, timeline in timelines.items():
        _show_written(title, [write(timeline) for _ in range(arguments.rounds)])


if __name__ == "__main__":
    main()
