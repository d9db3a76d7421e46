"""What writing a torch trace for XProf costs: CPU time and memory, beside reading it.

Usage: python benchmarks/xspace.py TRACE ... [--rounds 3]

Each measurement is a process of its own; in each round a trace is read (`python -m analysis ops`)
and converted, one after the other. `benchmarks/make_traces.py` makes large traces.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from benchmarks.reader_cost import Cost, Failure, Limits, measure  # noqa: E402
from benchmarks.reader_peers import plain_environment  # noqa: E402

LIMITS = Limits(wall_s=900.0, rss_bytes=16 << 30)
CONVERT = """
import sys
from pathlib import Path
from analysis.annotate import annotated
from analysis.exporters.xspace import write as xspace
from analysis.readers.registry import open_trace
trace = open_trace(Path(sys.argv[1]), memory=True, host=True, details=True)
print(xspace.write(annotated(trace), Path(sys.argv[2])).events)
"""


def commands(trace: Path, target: Path) -> dict[str, list[str | Path]]:
    """What is measured, by name."""
    python = [sys.executable, "-P"]
    return {
        "read": [*python, "-m", "analysis", "ops", trace],
        "convert": [*python, "-c", CONVERT, trace, target],
    }


def run(command: list[str | Path]) -> tuple[Cost, str]:
    """The cost of a command and what it printed; the program ends if it fails."""
    environment = {**plain_environment(), "PYTHONPATH": str(PROJECT)}
    done = measure(command, environment, LIMITS, PROJECT)
    if isinstance(done, Failure):
        sys.exit(f"{' '.join(map(str, command[:5]))} ...: {done.reason}")
    return done


def line(trace: Path, rounds: list[dict[str, Cost]], events: int, size_bytes: int) -> str:
    """The medians of a trace, and how many times the reader's the converter's are."""
    cpu_s, rss_bytes = (
        {
            name: statistics.median(getattr(each[name], field) for each in rounds)
            for name in rounds[0]
        }
        for field in ("cpu_s", "rss_peak_bytes")
    )
    ratio = statistics.median(each["convert"].cpu_s / each["read"].cpu_s for each in rounds)
    return (
        f"{trace.name}: {trace.stat().st_size / 1e6:,.0f} MB, {events:,} events ->"
        f" {size_bytes / 1e6:,.1f} MB; CPU {cpu_s['read']:.2f} s to read,"
        f" {cpu_s['convert']:.2f} s to convert, {ratio:.2f} times; at most"
        f" {rss_bytes['read'] / 1e6:,.0f} and {rss_bytes['convert'] / 1e6:,.0f} MB"
    )


def main() -> None:
    """Measure each trace some times, and print medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("traces", nargs="+", type=Path, metavar="TRACE")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "trace.xplane.pb"
        for trace in arguments.traces:
            rounds, printed = list[dict[str, Cost]](), ""
            for _ in range(arguments.rounds):
                costs = {}
                for name, command in commands(trace.resolve(), target).items():
                    costs[name], printed = run(command)
                rounds.append(costs)
            print(line(trace, rounds, int(printed), target.stat().st_size), flush=True)


if __name__ == "__main__":
    main()
