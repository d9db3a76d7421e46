"""What it costs to compare two large traces, up to the finished report, against reading them.

Usage: python benchmarks/comparing.py TRACE TRACE [--rounds 3]

Each round reads both traces (`analysis ops`) and compares them (`analysis compare`), each command a
process of its own. The limit is three times the CPU time of the reading and 10 s, and 600 MB.
"""

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from benchmarks.reader_cost import Cost, Failure, Limits, measure  # noqa: E402

ALLOWED_TIMES, ALLOWED_MORE_S, ALLOWED_BYTES = 3, 10, 600_000_000
LIMITS = Limits(wall_s=600, rss_bytes=8 << 30)


def cost_of(arguments: Sequence[str | Path], folder: Path) -> Cost:
    """What one command of the analysis cost; SystemExit if it failed."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-P", "-m", "analysis", *arguments]
    done = measure(command, environment, LIMITS, folder)
    if isinstance(done, Failure):
        raise SystemExit(f"{arguments[0]} failed: {done.reason}")
    return done[0]


def main() -> int:
    """Print the medians; exit code 1 when the limits are passed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("traces", nargs=2, type=Path, metavar="TRACE")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    traces = [path.resolve() for path in options.traces]
    reading_s, comparing_s, peaks = [], [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(options.rounds):
            read = [cost_of(["ops", path, "--format", "json"], folder) for path in traces]
            output = folder / f"comparison-{number}"
            compared = cost_of(["compare", *traces, "--output", output], folder)
            reading_s.append(sum(each.cpu_s for each in read))
            comparing_s.append(compared.cpu_s)
            peaks.append(compared.rss_peak_bytes)
            print(
                f"round {number + 1}: reading {reading_s[-1]:.2f} s, comparing "
                f"{comparing_s[-1]:.2f} s of CPU, {peaks[-1] / 1e6:.0f} MB",
                file=sys.stderr,
            )
    read_s, compared_s = statistics.median(reading_s), statistics.median(comparing_s)
    allowed_s = ALLOWED_TIMES * read_s + ALLOWED_MORE_S
    print(f"reading both traces     {read_s:6.2f} s of CPU")
    print(f"comparing, with report  {compared_s:6.2f} s of CPU, allowed {allowed_s:.2f} s")
    print(f"resident peak           {max(peaks) / 1e6:6.0f} MB, allowed {ALLOWED_BYTES / 1e6:.0f}")
    return int(compared_s > allowed_s or max(peaks) > ALLOWED_BYTES)


if __name__ == "__main__":
    sys.exit(main())
