"""Certifies every workload in every execution on this machine, and writes what the probes measured.

Usage: python benchmarks/certify.py [--workload NAME ...] [--output DIR] [--threads N]

Each workload is run once in PyTorch eager and compile and in TensorFlow function, fit and xla, some
steps each, and every run is verified against the first one. Prints the table of docs/parity.md:
the largest differences between PyTorch and TensorFlow, and how long the probes took. Some minutes a
workload on two cores, as torch.compile and XLA compile anew. The exit code is 1 if a run is not
certified.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from workloads.catalogue import workload_list  # noqa: E402

SIDES = (
    ("torch", "eager"),
    ("torch", "compile"),
    ("tensorflow", "function"),
    ("tensorflow", "fit"),
    ("tensorflow", "xla"),
)
STEPS = 12
"""More than are held against the probe."""
COLUMNS = {
    "losses": "float64 losses",
    "layer": "float64 outputs",
    "gradient": "float64 gradients",
    "single": "float32 outputs",
    "single gradient": "float32 gradients",
    "matched": "float32, matched optimizer",
}
"""What the checks of a certificate are grouped by, and how their column is called."""
CERTIFIED = ("same arithmetic", "same model, stock optimizers differ")


def run(workload: str, output: Path, threads: int) -> dict[str, Any]:
    """Run a workload in every execution; what `profile.py --json` says."""
    command = [
        *(sys.executable, str(PROJECT / "profile.py"), "--json", "--quiet"),
        *("--framework", ",".join(framework for framework, _ in SIDES)),
        *("--execution", ",".join(execution for _, execution in SIDES)),
        *("--workload", workload, "--name", workload, "--output", str(output)),
        *("--device", "cpu", "--repeats", "1", "--threads", str(threads)),
        *("--steps", str(STEPS), "--warmup", "2", "--profile-steps", "2"),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def verified(left: Path, right: Path) -> dict[str, Any]:
    """The certificate of two runs, as `analysis verify` gives it."""
    command = [sys.executable, "-m", "analysis", "verify", str(left), str(right)]
    done = subprocess.run(
        [*command, "--format", "json"], cwd=PROJECT, stdout=subprocess.PIPE, check=False
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def largest(checks: Sequence[dict[str, Any]], group: str) -> float:
    """The largest difference that the checks of a group found."""
    return float(max(check["difference"] for check in checks if check["group"] == group))


def seconds(run_path: Path) -> float:
    """How long the parts of a run's probe took together."""
    record = json.loads((run_path / "parity.json").read_bytes())
    return float(sum(record["seconds"].values()))


def power(value: float) -> str:
    """One digit and a power of ten, as 3e-8; exactly equal is 0."""
    if value == 0:
        return "0"
    digit, exponent = f"{value:.0e}".split("e")
    return f"{digit}e{int(exponent)}"


def row(workload: str, output: Path, threads: int) -> tuple[str, bool]:
    """A line of the table, and whether all runs are certified."""
    document = run(workload, output, threads)
    if document["error"] or not document["comparisons"]:
        print(f"{workload}: {document['error']}", file=sys.stderr)
        return f"| {workload} | failed |", False
    apart = [each for each in document["comparisons"] if each["parity"] not in CERTIFIED]
    for each in apart:
        print(f"{workload}, {each['other']}: {each['parity']} {each['warnings']}", file=sys.stderr)
    paths = {
        (each["framework"], each["execution"]): Path(each["path"]) for each in document["runs"]
    }
    left, right = paths["torch", "eager"], paths["tensorflow", "function"]
    across = verified(left, right)
    cells = [
        *(power(largest(across["checks"], group)) for group in COLUMNS),
        f"{seconds(left):.0f} and {seconds(right):.0f}",
        "no" if apart else "all five",
    ]
    return f"| {workload} | {' | '.join(cells)} |", not apart


def main() -> int:
    """Print the table, a line as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__, add_help=True)
    parser.add_argument("--workload", action="append", metavar="NAME", help="default: all")
    parser.add_argument("--output", type=Path, help="keep the runs in this folder")
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    names = asked.workload or [workload.name for workload in workload_list()]
    titles = ["workload", *COLUMNS.values(), "probes, s", "certified"]
    print(f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}", flush=True)
    good = True
    with tempfile.TemporaryDirectory(prefix="crossprof-certify-") as folder:
        for name in names:
            line, certified = row(name, asked.output or Path(folder), asked.threads)
            print(line, flush=True)
            good = good and certified
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
