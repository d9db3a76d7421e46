"""The page of the readers' benchmark: where and how it was measured, and its tables."""

import argparse
import os
import platform
import resource
import time
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

from benchmarks import reader_table
from benchmarks.reader_inputs import Input
from benchmarks.reader_peers import Installed
from benchmarks.reader_table import Measured

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- readers: begin -->", "<!-- readers: end -->"
OURS = ("isal", "msgspec", "numba", "numpy", "protobuf")


def text(
    options: argparse.Namespace,
    sides: Mapping[str, Installed | str],
    inputs: Sequence[Input],
    measured: Sequence[Measured],
    reports: Sequence[Sequence[str]],
) -> str:
    """Everything that stands between the page's markers."""
    floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / reader_table.MEGABYTE
    parts = [
        f"`{command(options)}` on {time.strftime('%Y-%m-%d')}; {machine()}.",
        _sides(sides),
        _inputs(inputs),
        "### Costs",
        "Median of the rounds (lowest to highest). No peak below "
        f"{floor:.0f} MB can be seen: that is the process that measures.",
        reader_table.costs_table(measured),
        "### Against the peers",
        reader_table.ratios_table(measured),
        "### Against itself",
        reader_table.growth_table(measured),
    ]
    if reports:
        head = ("input", "side", "its own table", "what it holds")
        rows = [[reader_table.plain(cell) for cell in row] for row in reports]
        parts += ["### What the peers' own tables hold", reader_table.table(head, rows)]
    return "\n\n".join(parts)


def command(options: argparse.Namespace) -> str:
    """The command that repeats it, without paths of this machine."""
    words = ["python benchmarks/readers.py", f"--rounds {options.rounds}"]
    words.append(f"--torch-mb {','.join(map(str, options.torch_mb))}")
    words.append(f"--xplane-mb {','.join(map(str, options.xplane_mb))}")
    words.append(f"--inputs {','.join(options.inputs)} --sides {','.join(options.sides)}")
    words.append(f"--peers-up-to {options.peers_up_to}")
    if options.gpu_trace:
        words.append(f"--gpu-trace {options.gpu_trace.name}")
    return " ".join(words)


def machine() -> str:
    """Processor, cores, memory, system and Python."""
    model = platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    system = f"Linux {platform.release().split('-')[0]}, Python {platform.python_version()}"
    return f"{model}, {cores} cores, {memory:.0f} GB of memory, {system}"


def _sides(sides: Mapping[str, Installed | str]) -> str:
    rows = []
    for name, side in sides.items():
        if isinstance(side, str):
            rows.append((name, "", reader_table.plain(side)))
        elif side.side.requirement is None:
            rows.append((name, _own_version(), side.side.work))
        else:
            rows.append((name, side.version, side.side.work))
    return reader_table.table(("side", "version", "what it was made to do"), rows)


def _own_version() -> str:
    known = []
    for name in OURS:
        try:
            known.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            known.append(f"no {name}")
    return ", ".join(known)


def _inputs(inputs: Sequence[Input]) -> str:
    rows = [
        (one.name, one.source.what, f"{one.path.stat().st_size:,}" if one.path else "–", one.note)
        for one in inputs
    ]
    return reader_table.table(("input", "recorded with", "bytes", "made of"), rows)


def write(tables: str, page: Path = PAGE) -> None:
    """Put the text between the page's markers.

    Raises:
        ValueError: the page has no such markers.
    """
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no {BEGIN} followed by {END}")
    page.write_text(f"{before}{BEGIN}\n{tables}\n{END}{after}", encoding="utf-8")
