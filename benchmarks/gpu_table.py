"""Prints results of `profile.py --json` as a Markdown table, for docs/measured-on-gpu.md."""

import json
import sys
from pathlib import Path
from typing import Any

HEADINGS = (
    "workload",
    "execution",
    "precision",
    "batch",
    "step, ms (middle half)",
    "samples/s",
    "profiler, ×",
    "GPU busy, %",
    "VRAM peak, MiB",
    "power, W",
    "energy, J",
)


def main() -> int:
    """A row for each run of the files named as arguments; a run that failed has its reason."""
    print(f"| {' | '.join(HEADINGS)} |")
    print("|" + "---|" * len(HEADINGS))
    for path in map(Path, sys.argv[1:]):
        document = json.loads(path.read_text(encoding="utf-8") or "{}")
        for run in document.get("runs", []):
            print(f"| {' | '.join(cells(run))} |")
        if document.get("error") or not document:
            print(f"| {path.stem} | {plain(document.get('error') or 'no output')} |")
    return 0


def cells(run: dict[str, Any]) -> list[str]:
    """One run as text; a figure that is missing is a dash."""
    step = run["step_ms"]
    if step is None:
        reason = plain(run["error"] or run["status"])
        return [run["workload"], run["execution"], run["precision"], reason]
    return [
        run["workload"],
        run["execution"],
        run["precision"],
        str(run["batch_size"]),
        f"{step['median']:.3f} ({step['low']:.3f} to {step['high']:.3f})",
        number(run["samples_per_second"], 1, ",.0f"),
        number(run["overhead_ratio"], 1, ".2f"),
        number(run["gpu_percent"], 1, ".0f"),
        number(run["vram_peak_bytes"], 2**20, ",.0f"),
        number(run["power_watts"], 1, ".0f"),
        number(run["energy_joules"], 1, ",.0f"),
    ]


def plain(reason: str) -> str:
    """A sentence without what would end its cell or its row."""
    return " ".join(reason.replace("|", "/").split())


def number(value: float | None, unit: float, form: str) -> str:
    """The value in its unit, or a dash."""
    return "–" if value is None else format(value / unit, form)


if __name__ == "__main__":
    sys.exit(main())
