from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from profilers.records import Settings
from tests.profilers.probing import IMAGES, samples
from workloads.weights import initial_weights

pytestmark = pytest.mark.slow

FIRST = np.arange(4)


@pytest.fixture
def model(make_settings: Callable[..., Settings]) -> Any:
    from profilers import torch_probe

    given = initial_weights(IMAGES, 0), samples(IMAGES), "float64"
    return torch_probe.create(make_settings(), IMAGES, *given)


def test_layers_that_draw_are_found_by_their_kind(model: Any) -> None:
    from torch import nn

    assert model.random_layers() == []
    model._network.module.add_module("drop", nn.Dropout(0.1))
    model._network.module.add_module("idle", nn.Dropout(0.0))
    (found,) = model.random_layers()
    assert (found.name, found.kind) == ("drop", "Dropout")
    assert "Set its dropout to 0" in found.remedy


def test_a_layer_that_draws_gives_other_outputs_the_next_time(model: Any) -> None:
    import torch

    from profilers.probe import _differ

    def outputs() -> dict[str, np.ndarray]:
        return dict(model.layer_outputs(FIRST))

    first = outputs()
    assert not any(_differ(first[name], again) for name, again in outputs().items())
    relu = model._network.layers["relu1"]
    relu.register_forward_hook(lambda module, given, output: output + torch.rand_like(output))
    differing = [name for name, again in outputs().items() if _differ(first[name], again)]
    assert differing == [layer.name for layer in IMAGES.layers[2:]]


def test_outputs_that_a_later_layer_changes_in_place_are_kept(model: Any) -> None:
    plain = model.layer_outputs(FIRST)
    model._network.layers["relu1"].inplace = True
    changed = model.layer_outputs(FIRST)
    assert np.array_equal(plain["norm1"], changed["norm1"])
    assert plain["norm1"].min() < 0 <= plain["relu1"].min()
