"""What every framework's backend provides, and which backends there are."""

import ast
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from profilers.marks import Note
from profilers.records import Environment, Settings
from profilers.rundir import ProfileError
from workloads.batches import Batches
from workloads.native import AnyWorkload

Arrays = Mapping[str, npt.NDArray[Any]]
SUFFIX = "_backend"


class Framework(msgspec.Struct, frozen=True, kw_only=True):
    """The facts that a backend's file states in its FRAMEWORK constant.

    `packages` maps what is imported to what is installed; the first execution is the default.
    """

    name: str
    title: str
    packages: dict[str, str]
    executions: tuple[str, ...]


class Observer(Protocol):
    """Who measures the steps that a backend takes."""

    def begins(self) -> None:
        """A step begins: nothing of it, not even its batch, has been fetched."""
        ...

    def ends(self, loss: object) -> bool:
        """A step was given to the device, `loss` being a handle (None: it has none).

        Returns whether that was enough.
        """
        ...


class Backend(Protocol):
    """One framework behind the measured process.

    A step trains on a batch, or in the mode "infer" runs the model forward on it. Losses are
    handles that stay on the device; `mean_loss` turns them into a number. A step leaves the device
    working where the framework is asynchronous; `synchronise` waits for it.
    """

    asynchronous: bool

    def environment(self) -> Environment:
        """Versions, devices, threads and flags as they are in force."""
        ...

    def watch(self, note: Note) -> None:
        """Before `build`: tell of each time that the framework traces or compiles a step.

        Where the framework does not say when, nothing is told. Costs the steps no time.
        """
        ...

    def build(self, workload: AnyWorkload, weights: Arrays) -> None:
        """Make model and optimizer from canonical weights, on the device."""
        ...

    def load(self, samples: Arrays) -> None:
        """Make the samples ready to be fetched, in the framework's own layout."""
        ...

    def run(self, batches: Batches, observer: Observer) -> None:
        """Take a step for each batch in turn, until the observer has enough.

        What a step was given is noted in the log of the batches.
        """
        ...

    def record(self, batches: Batches, observer: Observer, raw: Path, unrecorded: int) -> None:
        """The same under the framework's profiler, which writes to `raw`, waiting for each step.

        It sees the first `unrecorded` steps and does not record them. What it costs to tell it of
        a step's end is no part of the step.
        """
        ...

    def mean_loss(self, handles: list[Any]) -> float:
        """The mean of the losses of steps that followed each other; waits for the device."""
        ...

    def synchronise(self) -> None:
        """Wait until the device has done all that it was given."""
        ...

    def restart(self, weights: Arrays | None = None) -> None:
        """Set weights (or these, if given) and optimizer back to what they were after `build`."""
        ...

    def prepare_profiling(self) -> bool:
        """Make the build that the profiled steps will run; whether it is another than before."""
        ...

    def graph_ops(self) -> int | None:
        """Operations in the graph of one step, None where a step has no graph."""
        ...

    def evaluate(self, batch_size: int) -> tuple[float | None, float]:
        """(accuracy, mean loss) over the whole test set; None where labels are no classes."""
        ...

    def inference(self, batch_size: int) -> Callable[[], None]:
        """A function that runs the model forward once on such a batch; no training after it."""
        ...

    def product(self, side: int) -> Callable[[], object]:
        """A function that multiplies two square matrices, in the precision of the run's own."""
        ...

    def copying(self, size_bytes: int) -> Callable[[], object]:
        """A function that copies so many bytes within the device's memory."""
        ...

    def weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """The weights as they are now, in canonical layout."""
        ...

    def memory(self) -> dict[str, int]:
        """Peaks of the framework's own allocator on its device since the last call.

        In bytes: `allocated_peak_bytes` in use, `reserved_peak_bytes` held; empty on the CPU. It
        does not wait for the device.
        """
        ...

    def explain(self, error: Exception) -> str | None:
        """A sentence for a failure that this framework words badly, or None."""
        ...


def frameworks() -> dict[str, Framework]:
    """Every framework that has a backend, by name; none of them is imported."""
    found = {}
    for path in sorted(Path(__file__).parent.glob(f"*{SUFFIX}.py")):
        name = path.stem.removesuffix(SUFFIX)
        found[name] = msgspec.convert({"name": name, **_facts(path)}, Framework)
    return found


def _facts(path: Path) -> dict[str, Any]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "FRAMEWORK":
            facts: dict[str, Any] = ast.literal_eval(node.value)
            return facts
    raise ProfileError(f"{path} has no FRAMEWORK constant; add one as the other backends have.")


def create(settings: Settings) -> Backend:
    """Import the framework's backend and make it for these settings."""
    from importlib import import_module

    backend: Backend = import_module(f"profilers.{settings.framework}{SUFFIX}").create(settings)
    return backend
