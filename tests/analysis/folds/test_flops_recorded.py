"""Sums of formulas over real traces against the counter that PyTorch has itself."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis.folds.flops import work
from analysis.formulas import contractions, convolution
from analysis.groups import gather
from analysis.ops.table import Table
from analysis.readers.kineto import KinetoTrace

pytestmark = pytest.mark.slow

COUNTED = set(contractions.FORMULAS) | set(convolution.FORMULAS)
Model = tuple[Any, tuple[int, ...]]


def recorded_flops(trace: Path) -> int:
    """The work of products and convolutions, each taken from its outermost op."""
    events = [e for e in json.loads(trace.read_text())["traceEvents"] if e.get("cat") == "cpu_op"]
    events.sort(key=lambda e: (e["pid"], e["tid"], e["ts"], -e["dur"]))
    total, track, covered_to = 0, None, -1.0
    for event in events:
        if (event["pid"], event["tid"]) != track:
            track, covered_to = (event["pid"], event["tid"]), -1.0
        if event["ts"] < covered_to or event["name"].removeprefix("aten::") not in COUNTED:
            continue
        keys = ("Input Dims", "Concrete Inputs", "Input type")
        found = work(event["name"], *(json.dumps(event["args"][key]) for key in keys))
        if found.flops is not None:
            assert found.bytes is not None
            total, covered_to = total + found.flops, event["ts"] + event["dur"]
    return total


def both_counts(model: Any, shape: tuple[int, ...], folder: Path) -> tuple[int, int]:
    """Work of forward and backward: (from a trace, by torch's counter)."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    inputs = torch.randn(shape, requires_grad=True)
    with FlopCounterMode(display=False) as counter:
        model(inputs).sum().backward()
    with torch.profiler.profile(record_shapes=True) as profile:
        model(inputs).sum().backward()
    profile.export_chrome_trace(str(folder / "trace.json"))
    return recorded_flops(folder / "trace.json"), counter.get_total_flops()


def perceptron() -> Model:
    from torch import nn

    return nn.Sequential(nn.Linear(20, 30), nn.GELU(), nn.Linear(30, 5, bias=False)), (4, 7, 20)


def convolutions() -> Model:
    from torch import nn

    return (
        nn.Sequential(
            nn.Conv2d(3, 8, 5, stride=2, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 6, (3, 1), dilation=(2, 1), padding="same", bias=False),
            nn.ConvTranspose2d(6, 4, 3, stride=2, padding=1, output_padding=1),
            nn.Flatten(),
            nn.LazyLinear(10),
        ),
        (2, 3, 31, 29),
    )


def other_ranks() -> Model:
    from torch import nn

    line = nn.Sequential(nn.Conv1d(4, 6, 3, padding=1), nn.Unflatten(1, (2, 3, 1)))
    return nn.Sequential(line, nn.Conv3d(2, 5, (2, 1, 4), stride=(1, 1, 3))), (2, 4, 25)


def attention() -> Model:
    import torch
    from torch import nn
    from torch.nn.attention import SDPBackend, sdpa_kernel

    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.project = nn.Linear(24, 72)
            self.out = nn.Linear(24, 24)

        def forward(self, x: Any) -> Any:
            query, key, value = self.project(x).view(2, 9, 3, 4, 6).permute(2, 0, 3, 1, 4)
            with sdpa_kernel(SDPBackend.MATH):
                y = nn.functional.scaled_dot_product_attention(query, key, value)
            scores = torch.matmul(query[:1], key.transpose(-1, -2))
            return self.out(y.transpose(1, 2).reshape(2, 9, 24)) + scores.mean()

    return Attention(), (2, 9, 24)


@pytest.mark.parametrize("make", [perceptron, convolutions, other_ranks, attention])
def test_the_sum_is_that_of_torchs_counter(make: Callable[[], Model], tmp_path: Path) -> None:
    model, shape = make()
    import torch

    with torch.no_grad():
        model(torch.randn(shape))
    ours, theirs = both_counts(model, shape, tmp_path)
    assert ours == theirs > 0


def test_the_weight_gradient_of_groups_is_counted_once(tmp_path: Path) -> None:
    from torch import nn

    groups, filters, size = 4, 8, 14 * 14
    model = nn.Conv2d(8, filters, 3, groups=groups)
    ours, theirs = both_counts(model, (2, 8, 16, 16), tmp_path)
    once = 2 * 2 * size * filters * (8 // groups) * 9
    assert ours == 3 * once
    assert theirs == (2 + groups) * once


def trained(steps: int) -> Any:
    """A convolutional model with a loss and an optimizer, and what one step of it does."""
    import torch
    from torch import nn

    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(8 * 8 * 8, 10),
    )
    optimizer = torch.optim.Adam(model.parameters())
    inputs, labels = torch.randn(4, 3, 16, 16), torch.randint(0, 10, (4,))

    def train() -> None:
        for _ in range(steps):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(inputs), labels).backward()
            optimizer.step()

    return train


def test_products_of_a_training_step_are_those_of_torchs_counter(tmp_path: Path) -> None:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    train = trained(2)
    train()
    with FlopCounterMode(display=False) as counter:
        train()
    with torch.profiler.profile(record_shapes=True) as profile:
        train()
    profile.export_chrome_trace(str(tmp_path / "trace.json"))
    found = Table(gather(KinetoTrace(tmp_path / "trace.json")))
    rows = {row.key: row for row in found.rows("category")}
    products = [rows["matmul"].flops, rows["convolution"].flops]
    assert sum(flops or 0 for flops in products) == counter.get_total_flops() > 0
    coverage = found.coverage()
    assert coverage.flops == sum(row.flops or 0 for row in rows.values()) > sum(map(int, products))
    assert coverage.bytes == sum(row.bytes or 0 for row in rows.values()) > 0
    assert 0.3 < (coverage.work_ratio or 0) <= 1
    weights = 3 * 8 * 9 + 8 + 8 + 8 + 8 * 8 * 8 * 10 + 10
    optimizer = rows["optimizer"]
    assert (optimizer.bytes or 0) >= 2 * 4 * 4 * weights  # weight, gradient, two moments; 2 steps
