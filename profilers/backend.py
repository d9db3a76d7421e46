"""What every framework's backend provides, and which backends there are."""

import ast
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from profilers.rundir import Environment, ProfileError, Settings
from workloads.spec import Workload

Indices = npt.NDArray[np.int64]
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


class ProfiledSteps(Protocol):
    """Steps under the framework's profiler."""

    def step(self, batch: Indices, index: int) -> object:
        """One training step with named ranges around it; waits for the device."""
        ...

    def advance(self) -> None:
        """Tell the profiler that a step is over: what that costs is no part of the step."""
        ...


class Backend(Protocol):
    """One framework behind the measured process.

    Losses are handles that stay on the device; `losses` turns them into numbers. A step leaves the
    device working where the framework is asynchronous; `synchronise` waits for it.
    """

    asynchronous: bool

    def environment(self) -> Environment:
        """Versions, devices, threads and flags as they are in force."""
        ...

    def build(self, workload: Workload, weights: Arrays) -> None:
        """Make model and optimizer from canonical weights, on the device."""
        ...

    def load(self, samples: Arrays) -> None:
        """Keep the samples in memory in the framework's own layout."""
        ...

    def train_step(self, batch: Indices) -> object:
        """One training step on the samples of these numbers; a handle of its loss."""
        ...

    def losses(self, handles: list[Any]) -> list[float]:
        """The values of the handles; waits for the device."""
        ...

    def synchronise(self) -> None:
        """Wait until the device has done all that it was given."""
        ...

    def restart(self) -> None:
        """Set weights and optimizer back to what they were after `build`."""
        ...

    def prepare_profiling(self) -> bool:
        """Make the build that the profiled steps will run; whether it is another than before."""
        ...

    def profiling(
        self, raw: Path, unrecorded: int, recorded: int
    ) -> AbstractContextManager["ProfiledSteps"]:
        """Record steps to `raw`, after some that the profiler sees and does not record."""
        ...

    def evaluate(self, batch_size: int) -> tuple[float, float]:
        """(accuracy, mean loss) over the whole test set."""
        ...

    def inference(self, batch_size: int) -> Callable[[], None]:
        """A function that runs the model forward once on such a batch; no training after it."""
        ...

    def weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """The weights as they are now, in canonical layout."""
        ...

    def memory(self) -> dict[str, int]:
        """What the framework itself says of its memory, in bytes, by name."""
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
