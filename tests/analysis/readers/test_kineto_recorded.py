"""A real training loop under torch.profiler, held to what torch itself says about it."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.annotate import Folded, fold_trace
from analysis.blocks import Kind
from analysis.exporters import export
from analysis.groups import every_event, gather_folded
from analysis.ops.table import Table
from analysis.readers.kineto import KinetoTrace

pytestmark = pytest.mark.slow

STEPS = 20
PHASES = ("data", "forward", "loss", "backward", "optimizer")
SLACK_NS = 1_000_000


@dataclass
class Recorded:
    path: Path
    averages: dict[str, tuple[int, float]] = field(default_factory=dict)
    brackets: dict[str, tuple[int, int, int, int]] = field(default_factory=dict)


def layer_hooks(torch: Any, layers: dict[str, Any]) -> None:
    """`layer:` ranges around the forward pass of each module."""
    for name, module in layers.items():
        ranges = []

        def enter(*_: object, name: str = name, ranges: list[Any] = ranges) -> None:
            ranges.append(torch.profiler.record_function(f"layer:{name}"))
            ranges[-1].__enter__()

        def leave(*_: object, ranges: list[Any] = ranges) -> None:
            ranges.pop().__exit__(None, None, None)

        module.register_forward_pre_hook(enter)
        module.register_forward_hook(leave)


def train(torch: Any, recorded: Recorded, on_step: Any) -> None:
    layers = {
        "fc1": torch.nn.Linear(20, 32),
        "relu1": torch.nn.ReLU(),
        "fc2": torch.nn.Linear(32, 5),
    }
    layer_hooks(torch, layers)
    model = torch.nn.Sequential(*layers.values())
    optimizer = torch.optim.Adam(model.parameters())
    x, y = torch.randn(8, 20), torch.randint(0, 5, (8,))
    mark = torch.profiler.record_function

    @contextmanager
    def bracket(name: str) -> Iterator[None]:
        before = time.time_ns()
        with mark(name):
            inside = time.time_ns()
            yield
            leaving = time.time_ns()
        recorded.brackets[name] = (before, inside, leaving, time.time_ns())

    for index in range(-2, STEPS):
        with bracket(f"step:{max(index, 0)}"):
            with mark("phase:data"):
                images, labels = x.clone(), y.clone()
            with mark("phase:forward"):
                logits = model(images)
            with mark("phase:loss"):
                loss = torch.nn.functional.cross_entropy(logits, labels)
            with mark("phase:backward"):
                loss.backward()
            with mark("phase:optimizer"):
                optimizer.step()
                optimizer.zero_grad()
        on_step()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    torch = pytest.importorskip("torch")
    found = Recorded(tmp_path_factory.mktemp("recorded") / "trace.json")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.profiler.profile(
        activities=[torch.profiler.ProfilerActivity.CPU],
        schedule=torch.profiler.schedule(wait=0, warmup=2, active=STEPS, repeat=1),
        on_trace_ready=lambda done: done.export_chrome_trace(str(found.path)),
        record_shapes=True,
        profile_memory=True,
        acc_events=True,
    ) as profiler:
        train(torch, found, profiler.step)
    torch.set_num_threads(threads)
    found.averages = {
        row.key: (row.count, row.self_cpu_time_total) for row in profiler.key_averages()
    }
    return found


@pytest.fixture(scope="module")
def folded(recorded: Recorded) -> Folded:
    return fold_trace(KinetoTrace(recorded.path))


def test_counts_and_self_times_are_those_of_key_averages(
    recorded: Recorded, folded: Folded
) -> None:
    rows = {row.key: row for row in Table(gather_folded(folded, every_event)).rows("op")}
    theirs = {key: row for key, row in recorded.averages.items() if key in rows}
    assert set(rows) == set(theirs)
    assert {key: row.count for key, row in rows.items()} == {k: v[0] for k, v in theirs.items()}
    for key, row in rows.items():
        assert row.self_ns / 1000 == pytest.approx(theirs[key][1], abs=0.002 * row.count)
    left_out = set(recorded.averages) - set(rows)
    ours = ("step:", "phase:", "layer:", "ProfilerStep", "Optimizer.", "[memory]")
    assert all(key.startswith(ours) for key in left_out)


def test_key_averages_count_an_op_that_only_calls_its_own_name_once(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    path = tmp_path / "trace.json"
    encoder = torch.nn.TransformerEncoderLayer(32, 4, batch_first=True)
    with torch.profiler.profile(
        activities=[torch.profiler.ProfilerActivity.CPU], acc_events=True
    ) as profiler:
        encoder(torch.randn(2, 5, 32)).mean().backward()
    profiler.export_chrome_trace(str(path))
    theirs = {row.key: (row.count, row.self_cpu_time_total) for row in profiler.key_averages()}
    folded = fold_trace(KinetoTrace(path))
    block, parent = folded.block, folded.parent_row.tolist()
    children = Counter(parent)
    inner = Counter(
        folded.strings[int(block.name[row])]
        for row in np.flatnonzero(block.kind == Kind.OP).tolist()
        if children[parent[row]] == 1 and block.name[parent[row]] == block.name[row]
    )
    assert inner["aten::mul"] > 0
    for row in Table(gather_folded(folded, every_event)).rows("op"):
        assert row.count - inner[row.key] == theirs[row.key][0]
        assert row.self_ns / 1000 == pytest.approx(theirs[row.key][1], abs=0.002 * row.count)


def test_every_event_is_read(recorded: Recorded, folded: Folded) -> None:
    trace = KinetoTrace(recorded.path)
    assert sum(len(block) for block in trace.blocks()) == len(folded.block)
    assert trace.dropped == 0
    kinds = Counter(folded.block.kind.tolist())
    assert kinds[Kind.STEP] == 2 * STEPS
    assert kinds[Kind.MEMORY] > 0
    assert set(trace.process_names) == {process for process, _ in trace.thread_names}


def test_markers_lie_between_the_clock_readings_around_them(
    recorded: Recorded, folded: Folded
) -> None:
    block, strings = folded.block, folded.strings
    rows = folded.step_rows
    assert [strings[name] for name in block.name[rows]] == [f"step:{n}" for n in range(STEPS)]
    for row in rows.tolist():
        before, inside, leaving, after = recorded.brackets[strings[block.name[row]]]
        start, end = int(block.start_ns[row]), int(block.end_ns[row])
        assert before - SLACK_NS <= start <= inside + SLACK_NS
        assert leaving - SLACK_NS <= end <= after + SLACK_NS


def test_steps_and_phases(folded: Folded) -> None:
    rows = Table(gather_folded(folded)).rows("phase")
    assert [row.key for row in rows] == [*PHASES, "gaps"]
    assert all(row.count == STEPS for row in rows)
    markers = folded.step_rows
    assert sum(row.total_ns for row in rows) == folded.block.duration_ns[markers].sum()
    found = Table(gather_folded(folded)).coverage()
    assert found.steps == STEPS
    assert found.phase_ratio == 1.0


def test_backward_ops_belong_to_the_layer_whose_forward_op_they_answer(folded: Folded) -> None:
    counts = {
        (row.key, row.phase): row.count_per_step
        for row in Table(gather_folded(folded)).rows("layer")
        if row.key != "(no layer)"
    }
    layers = {"fc1", "relu1", "fc2"}
    assert set(counts) == {(key, phase) for key in layers for phase in ("forward", "backward")}
    block, strings = folded.block, folded.strings
    outer = Counter(
        (strings[block.name[row]].removeprefix("autograd::engine::evaluate_function: "), layer)
        for row in range(len(block))
        if (layer := strings[int(folded.layer[row])])
        and strings[block.name[row]].startswith("autograd::engine::")
    )
    assert outer == {
        ("AddmmBackward0", "fc1"): STEPS,
        ("TBackward0", "fc1"): STEPS,
        ("ReluBackward0", "relu1"): STEPS,
        ("AddmmBackward0", "fc2"): STEPS,
        ("TBackward0", "fc2"): STEPS,
    }
    products = Counter(
        strings[int(folded.layer[row])]
        for row in range(len(block))
        if strings[block.name[row]] == "aten::mm"
    )
    assert products == {"fc1": STEPS, "fc2": 2 * STEPS}


def test_the_exported_timeline_holds_each_event(folded: Folded, make_run: Any) -> None:
    for counts in export.finished(make_run(samples=None), folded).values():
        assert counts.slices == counts.slices_in
        assert counts.samples == (folded.block.kind == Kind.MEMORY).sum()
