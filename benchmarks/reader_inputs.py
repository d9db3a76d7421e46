"""The files that the readers are measured on, made by repeating what was recorded."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
DATA = PROJECT / "tests" / "data"
RECORDING = [
    *("--framework", "torch", "--device", "cpu", "--workload", "cifar10-cnn3"),
    *("--data", "synthetic", "--steps", "20", "--warmup", "2", "--profile-steps", "20"),
]


@dataclass(frozen=True)
class Source:
    """A recorded file and what repeats it; `path` None: a CPU-only run is recorded first."""

    name: str
    what: str
    format: str
    path: Path | None
    maker: str


SOURCES = (
    Source(
        "torch-gpu",
        "torch.profiler on a GPU",
        "torch",
        DATA / "kineto" / "h100-qwen.json.gz",
        "make_traces.py",
    ),
    Source(
        "torch-cpu", "torch.profiler without a GPU, with shapes", "torch", None, "make_traces.py"
    ),
    Source(
        "xplane-tensorflow",
        "TensorFlow on a CPU",
        "xplane",
        DATA / "xspace" / "tensorflow-fit.xplane.pb",
        "make_profiles.py",
    ),
    Source(
        "xplane-jax",
        "JAX on eight GPUs",
        "xplane",
        DATA / "xspace" / "mi300-jax-conv.xplane.pb",
        "make_profiles.py",
    ),
)


@dataclass(frozen=True)
class Input:
    """A file of about `megabytes`; `note` says what it is made of, or why there is none."""

    source: Source
    megabytes: int
    path: Path | None
    note: str

    @property
    def name(self) -> str:
        """What a table calls it."""
        return f"{self.source.name}, {self.megabytes} MB"


def record_cpu_trace(folder: Path) -> Path | str:
    """Profile 20 steps of a small CNN under PyTorch on the CPU; the trace, or why there is none."""
    command = [
        str(PROJECT / "profile.py"),
        *RECORDING,
        "--output",
        str(folder),
        "--name",
        "recorded",
    ]
    done = subprocess.run([sys.executable, *command, "--quiet"], capture_output=True, text=True)
    traces = list((folder / "recorded" / "raw").glob("kineto.json*"))
    if done.returncode or not traces:
        return f"no CPU-only trace: {(done.stderr.strip().splitlines() or ['no output'])[-1]}"
    return traces[0]


def make(source: Source, recorded: Path | str, megabytes: int, folder: Path) -> Input:
    """An input of this size, made in a process of its own: this one must stay small."""
    if isinstance(recorded, str):
        return Input(source, megabytes, None, recorded)
    suffix = ".json" if source.format == "torch" else ".xplane.pb"
    folder.mkdir(exist_ok=True)
    path = folder / f"{source.name}-{megabytes}{suffix}"
    maker = str(Path(__file__).parent / source.maker)
    command = [sys.executable, maker, str(recorded), str(megabytes), str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return Input(source, megabytes, None, done.stderr.strip().splitlines()[-1])
    return Input(source, megabytes, path, done.stdout.strip().partition(": ")[2])
