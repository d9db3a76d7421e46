"""Prints results of `profile.py --json` as a Markdown table, for docs/measured-on-gpu.md."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HEADINGS = (
    "workload",
    "execution",
    "precision",
    "batch",
    "step, ms (middle half)",
    "samples/s",
    "of matmul's peak, %",
    "profiler, ×",
    "GPU by NVML, %",
    "by the trace, %",
    "VRAM peak, MiB",
    "of the run",
    "allocated",
    "power, W",
    "energy, J",
    "J per 1,000 samples",
    "above idle",
)


def main() -> int:
    """A row for each run of the files named as arguments; a run that failed has its reason."""
    rows = []
    for path in map(Path, sys.argv[1:]):
        document = json.loads(path.read_text(encoding="utf-8") or "{}")
        rows += [cells(run) for run in document.get("runs", [])]
        if document.get("error") or not document:
            rows.append([path.stem, *[""] * 3, plain(document.get("error") or "no output")])
    printed(HEADINGS, rows)
    return 0


def printed(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table."""
    print(f"| {' | '.join(headings)} |")
    print("|" + "---|" * len(headings))
    for row in rows:
        print(f"| {' | '.join(row)} |")


def cells(run: dict[str, Any]) -> list[str]:
    """One run as text; a figure that is missing is a dash.

    The reason of a run that did not complete stands with its steps, or in place of them.
    """
    step = run["step_ms"]
    subject = [run["workload"], run["execution"], run["precision"], str(run["batch_size"])]
    complete = run["status"] == "complete"
    reason = "" if complete and step else plain(run["error"] or run["status"])
    if step is None:
        return [*subject, reason]
    spread = f"{step['median']:.3f} ({step['low']:.3f} to {step['high']:.3f})"
    return [
        *subject,
        f"{spread}; {reason}" if reason else spread,
        number(run["samples_per_second"], 1, ",.0f"),
        number(peak_ratio(run), 0.01, ".1f"),
        number(run["overhead_ratio"], 1, ".2f"),
        number(run["gpu_percent"], 1, ".0f"),
        number(run["gpu_trace_percent"], 1, ".0f"),
        number(run["vram_peak_bytes"], 2**20, ",.0f"),
        number(run["process_vram_peak_bytes"], 2**20, ",.0f"),
        number(run["allocated_peak_bytes"], 2**20, ",.0f"),
        number(run["power_watts"], 1, ".0f"),
        number(run["energy_joules"], 1, ",.0f"),
        number(run["energy_joules_per_1000_samples"], 1, ".3g"),
        number(run["energy_net_joules_per_1000_samples"], 1, ".3g"),
    ]


def peak_ratio(run: dict[str, Any]) -> float | None:
    """The speed of a run's matrix products, as a part of what the device did at best with them."""
    try:
        result = json.loads((Path(run["path"]) / "result.json").read_text(encoding="utf-8"))
    except OSError:
        return None
    flops, peak = run["flops_per_second"], result.get("peak_flops_per_second")
    return flops / peak if flops and peak else None


def plain(reason: str) -> str:
    """A sentence without what would end its cell or its row."""
    return " ".join(reason.replace("|", "/").split())


def number(value: float | None, unit: float, form: str) -> str:
    """The value in its unit, or a dash."""
    return "–" if value is None else format(value / unit, form)


if __name__ == "__main__":
    sys.exit(main())
