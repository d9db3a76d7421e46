from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from workloads.catalogue import find_workload
from workloads.layers import Conv2d, Flatten, Linear, MaxPool2d, Relu
from workloads.spec import Workload
from workloads.weights import fingerprint, initial_weights

pytestmark = pytest.mark.slow

Array = npt.NDArray[Any]


def reference_forward(workload: Workload, weights: dict[str, Array], images: Array) -> Array:
    """The model in plain numpy float64, straight from the definitions of the layers."""
    x = images.astype(np.float64)
    for layer in workload.layers:
        match layer:
            case Conv2d():
                kernel = weights[f"{layer.name}.weight"].astype(np.float64)
                windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], (1, 2))
                x = np.einsum("nhwcij,ijcf->nhwf", windows, kernel) + weights[f"{layer.name}.bias"]
            case Linear():
                x = x @ weights[f"{layer.name}.weight"] + weights[f"{layer.name}.bias"]
            case Relu():
                x = np.maximum(x, 0)
            case MaxPool2d():
                n, h, w, c = x.shape
                s = layer.size
                x = x[:, : h // s * s, : w // s * s]
                x = x.reshape(n, h // s, s, w // s, s, c).max((2, 4))
            case Flatten():
                x = x.reshape(len(x), -1)
    return x


@pytest.mark.parametrize("name", ["mnist-mlp", "cifar10-cnn3", "cifar10-cnn5"])
def test_torch_computes_what_the_spec_says(name: str) -> None:
    import torch

    from profilers import torch_network

    workload = find_workload(name)
    weights = initial_weights(workload, seed=5)
    images = np.random.default_rng(0).random((3, *workload.input_shape), dtype=np.float32)
    model = torch_network.build(workload, weights, torch.device("cpu")).module
    with torch.no_grad():
        outputs = model(torch.from_numpy(images.transpose(0, 3, 1, 2).copy())).numpy()
    assert np.allclose(outputs, reference_forward(workload, weights, images), atol=1e-5)


@pytest.mark.parametrize("name", ["mnist-mlp", "cifar10-cnn3", "cifar10-cnn5"])
def test_weights_come_back_as_they_went_in(name: str) -> None:
    import torch

    from profilers import torch_network

    workload = find_workload(name)
    weights = initial_weights(workload, seed=1)
    network = torch_network.build(workload, weights, torch.device("cpu"))
    assert fingerprint(network.arrays()) == fingerprint(weights)


def test_ranges_around_layers_are_put_on_and_taken_off() -> None:
    import torch

    from profilers import torch_layers, torch_network

    workload = find_workload("mnist-mlp")
    weights = initial_weights(workload, seed=0)
    network = torch_network.build(workload, weights, torch.device("cpu"))
    inputs = torch.zeros(1, 1, 28, 28)

    def recorded() -> list[str]:
        with torch.profiler.profile() as profiler:
            network.module(inputs)
        return [e.name for e in profiler.events() if e.name.startswith("layer:")]

    handles = torch_layers.mark_layers(network.layers)
    assert recorded() == ["layer:flatten", "layer:fc1", "layer:relu1", "layer:fc2"]
    for handle in handles:
        handle.remove()
    assert recorded() == []
