"""Probes the arithmetic of a model under torch: layer by layer, gradients, plain SGD."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import numpy as np
import torch
from torch import nn

from profilers import torch_audit, torch_data, torch_device, torch_model
from profilers.backend import Arrays
from profilers.model_probe import Array, FirstStep, NamedLayer, Numbers, Precision
from profilers.parity_record import RandomLayer, Setting
from profilers.records import Settings
from profilers.torch_backend import TorchBackend
from profilers.torch_random import drawing
from workloads.native import AnyWorkload

REMEDY = "Set its dropout to 0 in both frameworks, so that what they compute can be compared."


class TorchProbe:
    """The ModelProbe protocol for PyTorch; in float64 on the CPU where the device has none."""

    def __init__(
        self,
        settings: Settings,
        workload: AnyWorkload,
        weights: Arrays,
        samples: Arrays,
        precision: Precision,
    ) -> None:
        torch_device.apply(msgspec.structs.replace(settings, precision="fp32"))
        self._samples = samples
        self._dtype: torch.dtype = getattr(torch, precision)
        self._device = torch.device(settings.device)
        if self._device.type == "mps" and precision == "float64":
            self._device = torch.device("cpu")
        self._network = torch_model.build(workload, weights, self._device, self._dtype)
        self._trained = {
            name: view for name, view in self._network.views.items() if view.tensor.requires_grad
        }
        self.layers = {
            name: NamedLayer(type(each).__name__, name)
            for name, each in self._network.layers.items()
        }
        self.parameters = {name: view.native for name, view in self._trained.items()}

    def _batch(self, numbers: Numbers) -> torch_data.Batch:
        return torch_data.probe_batch(self._samples, numbers, self._device, self._dtype)

    def layer_outputs(self, numbers: Numbers) -> Mapping[str, Array]:
        """The output of each layer whose layout is known."""
        inputs, _ = self._batch(numbers)
        with torch.no_grad(), self._recorded() as made:
            self._network.module(*torch_data.several(inputs))
        return self._canonical(made)

    def first_step(self, numbers: Numbers) -> FirstStep:
        """Forward, loss and backward, from the weights as they are."""
        inputs, labels = self._batch(numbers)
        self._network.module.zero_grad()
        with self._recorded() as made:
            outputs = self._network.module(*torch_data.several(inputs))
        loss = self._network.loss(outputs, labels)
        loss.backward()
        gradients = {}
        for name, view in self._trained.items():
            found = view.gradient()
            gradients[name] = np.zeros_like(view.read()) if found is None else found
        return FirstStep(self._canonical(made), _numpy(outputs), float(loss.detach()), gradients)

    def losses(self, batches: Sequence[Numbers], rate: float) -> Iterator[float]:
        """The loss of a step of plain SGD on each batch."""
        parameters = [each for each in self._network.module.parameters() if each.requires_grad]
        optimizer = torch.optim.SGD(parameters, lr=rate)
        for numbers in batches:
            inputs, labels = self._batch(numbers)
            optimizer.zero_grad()
            loss = self._network.loss(self._network.module(*torch_data.several(inputs)), labels)
            loss.backward()
            optimizer.step()
            yield float(loss.detach())

    def audit(self, backend: TorchBackend) -> list[Setting]:
        """The settings that the objects of a built backend have."""
        return torch_audit.audit(backend)

    def random_layers(self) -> list[RandomLayer]:
        """Dropout, and what has one inside, by the layer that it is a part of."""
        found = [
            (name, type(module).__name__)
            for name, module in self._network.module.named_modules()
            if drawing(module)
        ]
        owners = self._network.layers
        return [
            RandomLayer(name=_owner(name, owners), kind=kind, remedy=REMEDY) for name, kind in found
        ]

    @contextmanager
    def _recorded(self) -> Iterator[dict[str, Any]]:
        """What each layer gives during a forward; copied, as the next layer may change it."""
        made: dict[str, Any] = {}

        def note(name: str) -> Any:
            def hook(_: nn.Module, inputs: Any, output: Any) -> None:
                if isinstance(output, torch.Tensor):
                    made[name] = output.detach().clone()

            return hook

        handles = [
            module.register_forward_hook(note(name))
            for name, module in self._network.layers.items()
        ]
        try:
            yield made
        finally:
            for handle in handles:
                handle.remove()

    def _canonical(self, made: Mapping[str, torch.Tensor]) -> dict[str, Array]:
        turns = self._network.outputs
        return {
            name: np.ascontiguousarray(turns[name](_numpy(made[name])))
            for name in self._network.layers
            if name in made and name in turns
        }


def _numpy(tensor: torch.Tensor) -> Array:
    array: Array = tensor.detach().cpu().numpy()
    return array


def _owner(name: str, layers: Mapping[str, nn.Module]) -> str:
    """The layer that a module of this dotted name belongs to, else the name itself."""
    parts = name.split(".")
    prefixes = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((prefix for prefix in prefixes if prefix in layers), name)


def create(
    settings: Settings,
    workload: AnyWorkload,
    weights: Arrays,
    samples: Arrays,
    precision: Precision,
) -> TorchProbe:
    """The model of a workload, ready to be probed."""
    return TorchProbe(settings, workload, weights, samples, precision)
