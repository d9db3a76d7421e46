"""What reading a trace costs: this project beside its peers, on the same files in one run.

Usage: python benchmarks/readers.py [--rounds 5] [--torch-mb 25,250,1000] [--xplane-mb 50,500]

Every measurement is a process of its own; in each round all sides read all inputs, one after the
other. The peers get environments of their own and the inputs are made from recorded files, both in
the cache folder; the inputs are removed at the end. Nothing stops at a peer that can't be installed
or that fails: its row says so. With --write the tables go into docs/performance.md.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from benchmarks import reader_page, reader_table  # noqa: E402
from benchmarks.reader_cost import Failure, Limits, measure  # noqa: E402
from benchmarks.reader_inputs import SOURCES, Input, make, record_cpu_trace  # noqa: E402
from benchmarks.reader_peers import SIDES, Installed, Side, install, plain_environment  # noqa: E402
from benchmarks.reader_table import Measured  # noqa: E402

SAMPLE_MB = 2
STOPPED = 143

Sides = dict[str, Installed | str]


def main() -> int:
    """Measure, print, and put the tables into docs/performance.md if asked."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(STOPPED))
    options.cache.mkdir(parents=True, exist_ok=True)
    limits = Limits(options.timeout, int(options.memory_gb * 1e9))
    sides = _sides(options)
    with tempfile.TemporaryDirectory(dir=options.cache, prefix="inputs-") as name:
        folder = Path(name)
        inputs, samples = _inputs(options, folder)
        for installed in sides.values():
            if isinstance(installed, Installed):
                _warm_up(installed, samples, limits)
        measured = _rounds(sides, inputs, options, limits)
        reports = _reports(sides, samples, limits)
        text = reader_page.text(options, sides, inputs, measured, reports)
    print(text)
    if options.write:
        reader_page.write(text)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    home = os.environ.get("CROSSPROF_CACHE") or "~/.cache/crossprof"
    sources, names = [source.name for source in SOURCES], [side.name for side in SIDES]
    add = parser.add_argument
    add("--rounds", type=int, default=5, help="times each side reads each input; default: 5")
    add("--torch-mb", type=_sizes, default=[25, 250, 1000], help="default: 25,250,1000")
    add("--xplane-mb", type=_sizes, default=[50, 500], help="default: 50,500")
    add("--peers-up-to", type=int, default=250, metavar="MB", help="default: 250")
    add("--inputs", type=_names, default=sources, help=f"default: {','.join(sources)}")
    add("--sides", type=_names, default=names, help=f"default: {','.join(names)}")
    add("--gpu-trace", type=Path, help="the trace to repeat as torch-gpu")
    add("--requirement", type=_requirement, action="append", default=[], metavar="SIDE=WHAT")
    add("--timeout", type=float, default=900.0, metavar="SECONDS", help="default: 900")
    add("--memory-gb", type=float, default=16.0, help="a reader is stopped above; default: 16")
    add("--cache", type=Path, default=Path(home).expanduser() / "benchmarks")
    add("--write", action="store_true", help="put the tables into docs/performance.md")
    options = parser.parse_args()
    for given, known in ((options.inputs, sources), (options.sides, names)):
        if unknown := sorted({*given} - {*known}):
            parser.error(f"{', '.join(unknown)}: unknown; there are {', '.join(known)}")
    options.requirement = dict(options.requirement)
    if unknown := sorted({*options.requirement} - {s.name for s in SIDES if s.requirement}):
        parser.error(f"--requirement: {', '.join(unknown)} is no peer")
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    options.cache = options.cache.resolve()
    return options


def _sizes(text: str) -> list[int]:
    """Sizes in MB, the smallest first."""
    return sorted(int(size) for size in text.split(",") if size)


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def _requirement(text: str) -> tuple[str, str]:
    side, _, what = text.partition("=")
    return side, what


def _sides(options: argparse.Namespace) -> Sides:
    """Each chosen side as it was installed, or why it was not."""
    found: Sides = {}
    for side in SIDES:
        if side.name in options.sides:
            _say(f"environment of {side.name}")
            requirement = options.requirement.get(side.name, side.requirement)
            found[side.name] = install(side, requirement, options.cache)
    return found


def _inputs(options: argparse.Namespace, folder: Path) -> tuple[list[Input], list[Input]]:
    """The chosen inputs at all sizes, one that can't be made says why; and a small one of each."""
    inputs, samples = [], []
    for source in SOURCES:
        if source.name not in options.inputs:
            continue
        recorded = source.path or record_cpu_trace(folder)
        if source.name == "torch-gpu" and options.gpu_trace:
            recorded = options.gpu_trace.resolve()
        for size in options.torch_mb if source.format == "torch" else options.xplane_mb:
            _say(f"making {source.name}, {size} MB")
            inputs.append(make(source, recorded, size, folder / "inputs"))
        samples.append(make(source, recorded, SAMPLE_MB, folder / "samples"))
    return inputs, samples


def _environment(installed: Installed) -> dict[str, str]:
    return {**plain_environment(), **installed.variables}


def _warm_up(installed: Installed, samples: Sequence[Input], limits: Limits) -> None:
    """Let a side compile and cache what it does once; what goes wrong will show again."""
    for one in samples:
        if one.path and one.source.format in installed.side.formats:
            measure(installed.command(one.path), _environment(installed), limits, one.path.parent)


def _rounds(
    sides: Sides, inputs: Sequence[Input], options: argparse.Namespace, limits: Limits
) -> list[Measured]:
    """All sides on all inputs, several times in turn; each round begins with another side."""
    measured = []
    for one in inputs:
        for side in SIDES:
            if side.name in sides and one.source.format in side.formats:
                row = Measured(one.source.name, one.source.format, one.megabytes, side.name)
                row.failure = _obstacle(sides[side.name], side, one, options.peers_up_to)
                measured.append(row)
    paths = {one.name: one.path for one in inputs}
    for number in range(options.rounds):
        first = number * len(SIDES) // options.rounds
        order = [side.name for side in (*SIDES[first:], *SIDES[:first])]
        for row in sorted(
            measured, key=lambda row: (list(paths).index(row.input), order.index(row.side))
        ):
            installed, path = sides[row.side], paths[row.input]
            if row.failure is None and path and isinstance(installed, Installed):
                said = _measure(row, installed, path, limits)
                _say(f"round {number + 1} of {options.rounds}: {row.input}, {row.side}: {said}")
    return measured


def _obstacle(installed: Installed | str, side: Side, one: Input, up_to: int) -> Failure | None:
    """Why a side won't be run on an input."""
    if isinstance(installed, str):
        return Failure(installed)
    if one.path is None:
        return Failure(one.note)
    if side.requirement and one.megabytes > up_to:
        return Failure(f"not run above {up_to} MB (--peers-up-to)")
    return None


def _measure(row: Measured, installed: Installed, path: Path, limits: Limits) -> str:
    """Add a round to the row, and say how it went."""
    done = measure(installed.command(path), _environment(installed), limits, path.parent)
    if isinstance(done, Failure):
        row.failure = done
        return done.reason
    cost, printed = done
    row.costs.append(cost)
    row.found = reader_table.found(printed)
    return f"{cost.cpu_s:.2f} CPU s, {cost.rss_peak_bytes / 1e6:,.0f} MB"


def _reports(sides: Sides, samples: Sequence[Input], limits: Limits) -> list[tuple[str, ...]]:
    """What the peers' own tables say of a small input of each source."""
    rows: list[tuple[str, ...]] = []
    for one in samples:
        for installed in sides.values():
            if isinstance(installed, str) or not installed.side.reports or one.path is None:
                continue
            if one.source.format in installed.side.formats:
                command = installed.command(one.path, "--reports")
                done = measure(command, _environment(installed), limits, one.path.parent)
                if isinstance(done, Failure):
                    rows.append((one.source.name, installed.side.name, "", done.reason))
                    continue
                said = json.loads(done[1].splitlines()[-1])
                rows += [(one.source.name, installed.side.name, *pair) for pair in said.items()]
    return rows


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
