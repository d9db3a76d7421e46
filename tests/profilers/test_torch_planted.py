import time
from typing import Any

import numpy as np
import pytest

from tests.profilers.small_models import MODELS, inputs_of
from workloads.spec import Workload

pytestmark = pytest.mark.slow

MS = 20.0


def built(workload: Workload) -> Any:
    import torch

    from profilers import torch_layers

    torch.manual_seed(0)
    return torch_layers.build(workload).eval()


@pytest.mark.parametrize(("name", "layer"), [("images", "conv1"), ("text", "causal")])
def test_a_burden_takes_time_and_leaves_the_output_as_it_is(name: str, layer: str) -> None:
    import torch

    from profilers import torch_planted

    workload = MODELS[name]
    samples = inputs_of(workload)
    inputs = torch.from_numpy(samples if samples.dtype.kind == "i" else samples.astype("f4"))
    if inputs.ndim == 4:
        inputs = inputs.permute(0, 3, 1, 2)
    model = built(workload)
    plain = model(inputs)
    torch_planted.burden(model.get_submodule(layer), MS, torch.device("cpu"))
    began = time.perf_counter()
    burdened = model(inputs)
    assert time.perf_counter() - began >= MS / 1e3
    np.testing.assert_array_equal(plain.detach(), burdened.detach())


def test_it_lies_inside_the_range_of_its_layer() -> None:
    import torch

    from profilers import torch_layers, torch_planted

    model = built(MODELS["rows"])
    names = ("rows", "lstm", "fc")
    layers = {name: model.get_submodule(name) for name in names}
    torch_planted.burden(layers["fc"], 2.0, torch.device("cpu"))
    torch_layers.mark_layers(layers)
    with torch.profiler.profile() as profiler:
        model(torch.rand(3, 2, 5, 4))
    spans = {event.name: event.time_range for event in profiler.events() if "layer" in event.name}
    squares = [event.time_range for event in profiler.events() if event.name == "aten::mul"]
    fc = spans["layer:fc"]
    assert any(fc.start <= square.start and square.end <= fc.end for square in squares)
    assert fc.elapsed_us() >= 2000
