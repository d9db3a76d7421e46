"""How much of what every framework records in every mode of execution the rules can name."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.annotate import Folded, fold_trace
from analysis.blocks import Kind
from analysis.folds.categories import meaning
from analysis.readers.kineto import KinetoTrace
from analysis.readers.xspace import XSpaceTrace
from profilers.records import Settings
from tests import frameworks
from workloads.batches import Batches, BatchOrder
from workloads.catalogue import find_workload
from workloads.weights import initial_weights

pytestmark = pytest.mark.slow

WORKLOADS = ("mnist-mlp", "cifar10-cnn3", "cifar10-cnn5")
MODES = (
    ("torch", "eager"),
    ("torch", "compile"),
    ("tensorflow", "function"),
    ("tensorflow", "fit"),
    ("tensorflow", "xla"),
    ("tensorflow", "eager"),
)
GOAL = 0.95
Record = Callable[[str, str, str], Folded]


class Nobody:
    """An observer that has never enough."""

    def begins(self) -> None:
        pass

    def ends(self, loss: object) -> bool:
        return False


@pytest.fixture
def record(
    make_settings: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
    compiled_code: Path,
    made_up_arrays: Callable[..., dict[str, Any]],
    tmp_path: Path,
) -> Record:
    """Three profiled training steps of a workload, folded."""

    def run(framework: str, execution: str, name: str) -> Folded:
        settings = make_settings(framework=framework, execution=execution, workload=name)
        workload = find_workload(name)
        backend = create(framework, settings, monkeypatch, compiled_code)
        backend.build(workload, initial_weights(workload, 0))
        backend.load(made_up_arrays(workload))
        backend.prepare_profiling()
        raw = tmp_path / name
        raw.mkdir()
        batches = Batches(BatchOrder(4096, settings.batch_size, 0), 0, 5)
        backend.record(batches, Nobody(), raw, unrecorded=2)
        if framework == "torch":
            return fold_trace(KinetoTrace(raw / "kineto.json.gz"))
        return fold_trace(XSpaceTrace(raw / "tensorflow.xplane.pb"))

    return run


def create(
    framework: str, settings: Settings, monkeypatch: pytest.MonkeyPatch, compiled_code: Path
) -> Any:
    if framework == "tensorflow":
        frameworks.tensorflow()
        from profilers import tensorflow_backend

        return tensorflow_backend.create(settings)
    from profilers import torch_backend, torch_device

    for name in torch_device.CACHE_VARIABLES:
        monkeypatch.setenv(name, str(compiled_code))
    # The number of inter-op threads can be set once in a process, and tests share one.
    monkeypatch.setattr(torch_device.torch, "set_num_interop_threads", lambda count: None)
    return torch_backend.create(settings)


def shares(folded: Folded) -> tuple[dict[str, float], Counter[str]]:
    """Parts of the ops' self time (nanoseconds of the names that no rule knows beside them)."""
    block, strings = folded.block, folded.strings
    rows = np.flatnonzero((block.kind == Kind.OP) & folded.in_steps())
    parts: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for row in rows.tolist():
        own_ns = int(folded.self_ns[row])
        name = strings[block.name[row]]
        found = meaning(strings[folded.phase[row]], strings[folded.layer[row]], name, "op")
        parts["mapped"] += own_ns if found else 0
        parts["named"] += own_ns if found and found.op else 0
        parts["runtime"] += own_ns if found and found.category == "runtime" else 0
        parts["layer"] += own_ns if folded.layer[row] >= 0 else 0
        if not (found and found.op):
            unknown[name] += own_ns
    whole_ns = int(folded.self_ns[rows].sum())
    return {key: parts[key] / whole_ns for key in ("mapped", "named", "runtime", "layer")}, unknown


@pytest.mark.parametrize(("framework", "execution"), MODES)
def test_nearly_all_self_time_is_named(record: Record, framework: str, execution: str) -> None:
    """`pytest -s` shows the table; a layer is no goal where the compiler joins layers."""
    found = {name: shares(record(framework, execution, name)) for name in WORKLOADS}
    print(f"\n{'workload':<14} {'framework':<11} {'execution':<10}  mapped   named runtime   layer")
    for name, (parts, unknown) in found.items():
        figures = " ".join(f"{value:7.1%}" for value in parts.values())
        print(f"{name:<14} {framework:<11} {execution:<10} {figures}  unknown: {dict(unknown)}")
    for parts, unknown in found.values():
        assert parts["mapped"] >= GOAL, unknown
        assert parts["named"] >= GOAL, unknown
