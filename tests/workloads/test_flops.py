from typing import Any

import numpy as np
import pytest

from tests.profilers.small_models import MODELS, inputs_of
from workloads import flops
from workloads.catalogue import find_workload, workload_list
from workloads.flops import LayerFlops
from workloads.layers import Attention, Conv2d, Lstm, MeanPool
from workloads.spec import Workload
from workloads.weights import initial_weights


def test_a_product_of_two_matrices_takes_two_operations_for_each_of_its_terms() -> None:
    workload = find_workload("matmul", {"size": 64})
    assert flops.per_step(workload, 64, training=False) == 2 * 64**3
    assert flops.per_step(workload, 64, training=True) == 2 * (2 * 64**3)


def test_the_first_layer_takes_no_gradient_by_its_inputs() -> None:
    found = flops.per_sample(find_workload("mnist-mlp"))
    assert found["fc1"] == LayerFlops(2 * 784 * 64, 2 * 784 * 64, 0)
    assert found["fc2"] == LayerFlops(2 * 64 * 10, 2 * 64 * 10, 2 * 64 * 10)
    assert found["relu1"] == LayerFlops(0, 0, 0)


def test_a_strided_convolution_counts_its_own_places_alone() -> None:
    workload = model((8, 8, 3), Conv2d("conv", 4, kernel=3, stride=2), MeanPool("mean"))
    assert flops.per_sample(workload)["conv"].forward == 2 * 9 * 3 * 4 * (3 * 3)


def test_attention_has_four_projections_and_two_products_without_weights() -> None:
    workload = model((6, 4), Attention("attention", 2), MeanPool("mean"))
    projection, product = 2 * 6 * 4 * 4, 2 * 6 * 6 * 4
    assert flops.per_sample(workload)["attention"] == LayerFlops(
        4 * projection + 2 * product, 4 * projection, projection + 4 * product
    )


def test_the_state_before_an_lstm_takes_no_gradient() -> None:
    workload = model((5, 3), Lstm("lstm", 4))
    by_input, by_state = 2 * 3 * 16, 2 * 4 * 16
    both = 5 * (by_input + by_state)
    assert flops.per_sample(workload)["lstm"] == LayerFlops(both, both, 4 * by_state)


def test_inference_is_the_forward_part_and_steps_grow_with_the_batch() -> None:
    workload = find_workload("transformer")
    layers = flops.per_sample(workload).values()
    assert flops.per_step(workload, 3, training=False) == 3 * sum(each.forward for each in layers)
    assert flops.per_step(workload, 6, True) == 2 * flops.per_step(workload, 3, True)


@pytest.mark.slow
@pytest.mark.parametrize(
    "workload", [*workload_list(), *MODELS.values()], ids=lambda workload: workload.name
)
def test_torch_counts_the_same(workload: Workload) -> None:
    """The counter knows neither fused attention nor oneDNN's LSTM, so torch is to use others."""
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    from profilers import torch_data, torch_model

    network = torch_model.build(workload, initial_weights(workload, 0), torch.device("cpu"))
    inputs = inputs_of(workload, 2)
    if inputs.dtype == np.float64:
        inputs = inputs.astype(np.float32)
    labels = torch.zeros((2, *workload.output_shape[:-1]), dtype=torch.int64)
    had = torch.backends.mkldnn.set_flags(_enabled=workload.name not in ("lstm", "small"))
    counted: list[Any] = []
    try:
        with sdpa_kernel([SDPBackend.MATH]):
            with FlopCounterMode(display=False) as forward:
                loss = network.loss(network.module(torch_data.features(inputs)), labels)
            with FlopCounterMode(display=False) as backward:
                loss.backward()
        counted = [forward.get_total_flops(), backward.get_total_flops()]
    finally:
        torch.backends.mkldnn.set_flags(*had)
    ahead, whole = (flops.per_step(workload, 2, training) for training in (False, True))
    assert counted == [ahead, whole - ahead]


def model(shape: tuple[int, ...], *layers: Any) -> Workload:
    return Workload(
        name="made-up",
        title="",
        source="",
        input_shape=shape,
        classes=4,
        layers=layers,
        data="noise",
    )
