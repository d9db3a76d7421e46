"""What writing a timeline costs, as a Perfetto trace and as Chrome JSON: CPU time and file size.

Usage: python benchmarks/perfetto.py [RUN ...] [--slices 300000] [--rounds 3]

Without a run the timeline is made up: steps of ops that nest, each with name, category and three
arguments, one of which is another number in each slice. Of a run it is its own. Both files have the
same slices, and both are packed.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from analysis import derived  # noqa: E402
from analysis.annotate import fold_trace  # noqa: E402
from analysis.exporters import chrome, perfetto  # noqa: E402
from analysis.readers.registry import open_trace  # noqa: E402
from analysis.timeline.events import Slice  # noqa: E402
from analysis.timeline.record import RUN, Timeline, Track, build  # noqa: E402
from profilers import rundir  # noqa: E402

START_NS = 1_790_000_000_000_000_000
OPS_PER_STEP = 100
SEED = 1


class Cost(NamedTuple):
    """Of writing a timeline once."""

    cpu_s: float
    file_bytes: int
    slices: int


def made_up(slices: int) -> Timeline:
    """Steps of pairs of ops, the second in the first, from some dozens of names and shapes."""
    chance, rows, now_ns = random.Random(SEED), list[Slice](), START_NS
    for number in range(0, slices, 2):
        now_ns += chance.randrange(1_000, 20_000)
        length_ns = chance.randrange(4_000, 60_000)
        name, size = chance.randrange(40), chance.randrange(60)
        for place, row in enumerate((number, number + 1)[: slices - number]):
            args = {"shapes": f"[[64,{size}],[{size},128]]", "sequence": row}
            args["step"] = row // OPS_PER_STEP
            start_ns, inside_ns = now_ns + place * 900, length_ns - place * 2_000
            rows.append(Slice(start_ns, inside_ns, f"aten::op_{name}_{place}", args, "op"))
        now_ns += length_ns
    return Timeline(START_NS, [Track(RUN, "ops", rows)], [], [], [], slices)


def of_run(run: Path) -> Timeline:
    """The timeline of a run with a profile."""
    return build(run, fold_trace(open_trace(derived.profile_path(run), memory=True)))


def measure(timeline: Timeline) -> dict[str, Cost]:
    """What each file costs, of the same timeline."""
    costs = {}
    writers = ((perfetto, rundir.PERFETTO_TRACE), (chrome, rundir.TRACE))
    with tempfile.TemporaryDirectory() as folder:
        for writer, name in writers:
            began = time.process_time()
            counts = writer.write(Path(folder), timeline)
            cpu_s = time.process_time() - began
            size = (Path(folder) / name).stat().st_size
            costs[Path(name).name] = Cost(cpu_s, size, counts.slices)
    return costs


def main() -> None:
    """Measure each timeline some times, and print medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("runs", nargs="*", type=Path, metavar="RUN")
    parser.add_argument("--slices", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    timelines = {run.name: of_run(run) for run in arguments.runs}
    if not timelines:
        timelines["made up"] = made_up(arguments.slices)
    for title, timeline in timelines.items():
        rounds = [measure(timeline) for _ in range(arguments.rounds)]
        json_bytes = rounds[0][rundir.TRACE].file_bytes
        print(f"{title}: {timeline.slice_count:,} slices")
        for name, cost in rounds[0].items():
            cpu_s = statistics.median(each[name].cpu_s for each in rounds)
            print(
                f"  {name:<16} {cost.slices / cpu_s:>9,.0f} slices a CPU second"
                f" {cost.file_bytes:>12,} bytes  {cost.file_bytes / json_bytes:.0%} of the JSON"
            )


if __name__ == "__main__":
    main()
