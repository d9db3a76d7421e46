import numpy as np
import pytest

from tests.profilers import reference
from tests.profilers.small_models import MODELS, inputs_of
from workloads.catalogue import find_workload
from workloads.weights import fingerprint, initial_weights

pytestmark = pytest.mark.slow

SHIPPED = ("mnist-mlp", "cifar10-cnn3", "cifar10-cnn5")


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", MODELS)
def test_each_layer_computes_what_its_definition_says(name: str, training: bool) -> None:
    import torch

    from profilers import torch_data, torch_model

    workload = MODELS[name]
    weights, inputs = initial_weights(workload, seed=5), inputs_of(workload)
    network = torch_model.build(workload, weights, torch.device("cpu"), torch.float64)
    network.module.train(training)
    given = torch_data.features(inputs)
    recorded: dict[str, reference.Array] = {}
    for layer, module in network.layers.items():
        module.register_forward_hook(
            lambda module, given, found, layer=layer: recorded.update({layer: found.numpy()})
        )
    with torch.no_grad():
        network.module(given)
    expected = reference.values(workload, weights, inputs, training=training)
    for layer in network.layers:
        found = network.outputs[layer](recorded[layer])
        np.testing.assert_allclose(found, expected[layer], rtol=1e-9, atol=1e-12, err_msg=layer)


@pytest.mark.parametrize("name", SHIPPED)
def test_torch_computes_what_the_spec_says(name: str) -> None:
    import torch

    from profilers import torch_data, torch_model

    workload = find_workload(name)
    weights = initial_weights(workload, seed=5)
    images = np.random.default_rng(0).random((3, *workload.input_shape), dtype=np.float32)
    model = torch_model.build(workload, weights, torch.device("cpu")).module
    with torch.no_grad():
        outputs = model(torch_data.features(images)).numpy()
    expected = reference.values(workload, weights, images)[workload.layers[-1].name]
    assert np.allclose(outputs, expected, atol=1e-5)


@pytest.mark.parametrize("name", [*SHIPPED, *MODELS])
def test_weights_come_back_as_they_went_in(name: str) -> None:
    import torch

    from profilers import torch_model

    workload = MODELS.get(name) or find_workload(name)
    weights = initial_weights(workload, seed=1)
    network = torch_model.build(workload, weights, torch.device("cpu"))
    assert fingerprint(network.arrays()) == fingerprint(weights)


def test_ranges_around_layers_are_put_on_and_taken_off() -> None:
    import torch

    from profilers import torch_layers, torch_model

    workload = find_workload("mnist-mlp")
    weights = initial_weights(workload, seed=0)
    network = torch_model.build(workload, weights, torch.device("cpu"))
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
