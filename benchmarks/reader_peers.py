"""The sides that are compared: what each is made to do, and the environments the peers run in."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
PEERS = Path(__file__).parent / "peers"
TRACELENS = "171dd74721ca1ec45709e5805b68ae1f65e27811"
JSON, XPLANE = "torch", "xplane"


@dataclass(frozen=True)
class Side:
    """One reader: `program` and `arguments` follow the interpreter, the input stands between them.

    `requirement` is what pip installs for it into an environment of its own; None: it is this
    project, in the interpreter that runs the benchmark. `reports` says whether the program also
    tells, with --reports, what the peer's own tables hold.
    """

    name: str
    work: str
    formats: tuple[str, ...]
    program: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    requirement: str | None = None
    distribution: str = ""
    reports: bool = False


@dataclass(frozen=True)
class Installed:
    """A side that can run: its interpreter, its version, and the environment variables."""

    side: Side
    python: Path
    version: str
    variables: Mapping[str, str] = field(default_factory=dict)

    def command(self, path: Path, *more: str) -> list[str | Path]:
        """What reads this file."""
        return [self.python, *self.side.program, path, *self.side.arguments, *more]


SIDES = (
    Side(
        "ops",
        "`python -m analysis ops --by shape`: count, total and self time of each op and shape",
        (JSON, XPLANE),
        ("-m", "analysis", "ops"),
        ("--by", "shape", "--format", "json"),
    ),
    Side(
        "ops-full",
        "`python -m analysis ops --by layer`: steps, phases, layers, links, categories, FLOPs too",
        (JSON, XPLANE),
        ("-m", "analysis", "ops"),
        ("--by", "layer", "--format", "json"),
    ),
    Side(
        "pandas",
        "`json.load`, a DataFrame of all events, group by name: count and sum",
        (JSON,),
        (str(PEERS / "group_pandas.py"),),
        requirement="pandas",
        distribution="pandas",
    ),
    Side(
        "hta",
        "HolisticTraceAnalysis: TraceAnalysis (load), group by name: count and sum",
        (JSON,),
        (str(PEERS / "group_hta.py"),),
        requirement="HolisticTraceAnalysis",
        distribution="HolisticTraceAnalysis",
        reports=True,
    ),
    Side(
        "traceinsight",
        "the same under HTA's newer name",
        (JSON,),
        (str(PEERS / "group_hta.py"),),
        requirement="traceinsight",
        distribution="traceinsight",
        reports=True,
    ),
    Side(
        "tracelens",
        "TraceLens: TreePerfAnalyzer.from_file (load, trees), group by name: count and sum",
        (JSON,),
        (str(PEERS / "group_tracelens.py"),),
        requirement=f"TraceLens @ git+https://github.com/AMD-AGI/TraceLens@{TRACELENS}",
        distribution="TraceLens",
        reports=True,
    ),
    Side(
        "xprof",
        "XProf's own converter: framework_op_stats (count, total and self time of each op)",
        (XPLANE,),
        (str(PEERS / "stats_xprof.py"),),
        requirement="xprof",
        distribution="xprof",
    ),
)


def install(side: Side, requirement: str | None, cache: Path) -> Installed | str:
    """The side in the environment that it needs, made unless it is there; else why it can't be."""
    if requirement is None:
        return Installed(side, Path(sys.executable), "this one", {"PYTHONPATH": str(PROJECT)})
    key = hashlib.sha256(f"{sys.version} {requirement}".encode()).hexdigest()[:12]
    folder = cache / f"{side.name}-{key}"
    python = folder / "bin" / "python"
    whole = folder / "installed.json"
    if not whole.exists():
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(folder)],
            [str(python), "-m", "pip", "install", "--quiet", requirement],
        ):
            done = _run(command)
            if done.returncode:
                lines = done.stderr.strip().splitlines()
                errors = [line for line in lines if line.startswith("ERROR")] or lines[-1:]
                return f"not installed: {' '.join(errors)[:200]}"
        ask = f"import importlib.metadata as m; print(m.version({side.distribution!r}))"
        whole.write_text(json.dumps(_run([str(python), "-c", ask]).stdout.strip()))
    return Installed(side, python, json.loads(whole.read_text()))


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, env=plain_environment())


def plain_environment() -> dict[str, str]:
    """This process's environment without what points Python at other packages."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
