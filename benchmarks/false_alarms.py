"""How often two sides that are the same are called different: real pairs of one framework's runs.

Usage: python benchmarks/false_alarms.py [--pairs 40] [--framework torch] [--workload NAME] ...

Each pair is two fresh processes of `profile.py` with the same settings, one after the other; which
of them is the baseline is drawn at random. The pairs, in the order in which they ran, are cut into
comparisons of 3, 5 and 7 pairs, and each gets a verdict as a comparison of two frameworks would.
Prints how many verdicts there were of each kind, and the ratio over all pairs with its interval;
exit code 1 if "different" comes more often than in 5 % of the comparisons and three standard
errors. Some ten seconds a pair on a quiet machine; on a busy one it measures that.
"""

import argparse
import json
import math
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from analysis.comparison import ratios  # noqa: E402

SIZES = (3, 5, 7)
KINDS = ("different", "equivalent", "not found")


def pair(options: argparse.Namespace, output: Path) -> tuple[float, float]:
    """The median steps of two runs that differ in nothing, in ms; SystemExit if one failed."""
    command = [
        *(sys.executable, str(PROJECT / "profile.py"), "--json", "--quiet", "--repeats", "2"),
        *("--framework", options.framework, "--execution", options.execution),
        *("--workload", options.workload, "--device", options.device),
        *("--threads", str(options.threads), "--profile-steps", "1", "--output", str(output)),
        *(("--steps", str(options.steps)) if options.steps else ()),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    runs = json.loads(done.stdout or "{}").get("runs", [])
    steps_ms = [run["step_ms"]["median"] for run in runs if run["step_ms"]]
    if len(steps_ms) != 2:
        raise SystemExit("a run failed: see above")
    return steps_ms[0], steps_ms[1]


def verdict_counts(log_ratios: Sequence[float], size: int) -> Counter[str]:
    """The verdicts on comparisons of so many pairs each; pairs that are left over are in none."""
    whole = len(log_ratios) // size * size
    found: Counter[str] = Counter()
    for begin in range(0, whole, size):
        [verdict] = ratios.verdicts([ratios.sample(log_ratios[begin : begin + size])])
        found[verdict.kind] += 1
    return found


def most_alarms(comparisons: int) -> int:
    """How many of some comparisons may be called different: 5 %, and three standard errors."""
    rate = ratios.SIGNIFICANCE
    return math.floor(comparisons * rate + 3 * math.sqrt(comparisons * rate * (1 - rate)))


def table(log_ratios: Sequence[float]) -> tuple[str, bool]:
    """The counts by the size of comparisons, the ratio over all pairs, and whether all is well."""
    titles = ["pairs each", "comparisons", *KINDS, "at most different"]
    lines = [f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}"]
    good = True
    for size in SIZES:
        found = verdict_counts(log_ratios, size)
        allowed = most_alarms(found.total())
        good = good and found["different"] <= allowed
        cells = [size, found.total(), *(found[kind] for kind in KINDS), allowed]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    sample = ratios.sample(log_ratios)
    if sample is not None:
        whole = ratios.ratio(sample)
        ends = f", {whole.low:.4f} to {whole.high:.4f}" if whole.low and whole.high else ""
        spread = f"; a pair deviates by {100 * sample.deviation:.2f} %" if sample.deviation else ""
        lines.append(f"\nall {sample.pairs} pairs: {whole.estimate:.4f} ×{ends}{spread}")
    return "\n".join(lines), good


def main() -> int:
    """Run the pairs and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--framework", default="torch")
    parser.add_argument("--execution", default="eager")
    parser.add_argument("--workload", default="mnist-mlp")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, help="timed steps of a run; default: those of 3 s")
    parser.add_argument("--seed", type=int, default=0, help="draws which run is the baseline")
    options = parser.parse_args()
    if options.pairs < min(SIZES):
        parser.error(f"--pairs must be at least {min(SIZES)}")
    drawn = random.Random(options.seed)
    log_ratios = []
    with tempfile.TemporaryDirectory(prefix="crossprof-pairs-") as folder:
        for number in range(1, options.pairs + 1):
            baseline_ms, other_ms = drawn.sample(pair(options, Path(folder)), 2)
            log_ratios.append(math.log(other_ms / baseline_ms))
            print(
                f"pair {number} of {options.pairs}: {baseline_ms:.4f} and {other_ms:.4f} ms",
                file=sys.stderr,
            )
    text, good = table(log_ratios)
    print(text)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
