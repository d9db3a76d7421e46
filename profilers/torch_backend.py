"""PyTorch: builds the shared model, trains it, records it with torch.profiler."""

import math
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from profilers import (
    planted,
    torch_data,
    torch_device,
    torch_layers,
    torch_marks,
    torch_model,
    torch_optimizers,
    torch_peaks,
    torch_planted,
)
from profilers.backend import Arrays, Observer
from profilers.marks import Note
from profilers.records import Environment, Settings
from profilers.rundir import ProfileError
from profilers.torch_network import Network
from workloads.batches import Batches
from workloads.data import cache
from workloads.native import AnyWorkload

FRAMEWORK = {
    "title": "PyTorch",
    "packages": {"torch": "torch>=2.8,<2.14", "numpy": "numpy", "msgspec": "msgspec"},
    "executions": ["eager", "compile"],
}
RAW_PROFILE = "kineto.json.gz"
AUTOCAST = {"fp16": torch.float16, "bf16": torch.bfloat16}
NO_KERNEL = "could not create a primitive"

Range = Callable[[str], Any]
_nothing = nullcontext()


def _no_range(name: str) -> nullcontext[None]:
    return _nothing


class TorchBackend:
    """The Backend protocol for PyTorch."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.device = torch.device(settings.device)
        self.asynchronous = self.device.type != "cpu"
        torch_device.apply(settings)
        if settings.execution == "compile":
            self._compile_cache = torch_device.fresh_compile_cache()
        self.autocast_type = AUTOCAST.get(settings.precision)
        self._training = settings.mode == "train"

    @property
    def network(self) -> Network:
        """The model that was built."""
        return self._network

    def environment(self) -> Environment:
        """Versions, devices, threads and flags as they are in force."""
        return torch_device.environment(self.device)

    def watch(self, note: Note) -> None:
        """Tell of each compilation; eager steps have none."""
        if self.settings.execution == "compile":
            torch_marks.watch(note)

    def build(self, workload: AnyWorkload, weights: Arrays) -> None:
        """Make model and optimizer from canonical weights, on the device."""
        self._network = torch_model.build(workload, weights, self.device)
        self._planted = planted.of(workload)
        if self._planted.burden_ms:
            layer = self._network.layers[self._planted.burden_layer]
            torch_planted.burden(layer, self._planted.burden_ms, self.device)
        self.model = self._network.module.train(self._training)
        self._initial = {name: t.clone() for name, t in self.model.state_dict().items()}
        self._forward = self._executed()
        rate = workload.learning_rates[self.settings.optimizer]
        self.optimizer = torch_optimizers.create(self.settings, self.model.parameters(), rate)
        scaled = self.settings.precision == "fp16"
        self._scaler = torch.amp.GradScaler(self.device.type) if scaled else None
        torch_device.check_placement(self.model, self.device)

    def _executed(self, options: dict[str, Any] | None = None) -> Callable[..., torch.Tensor]:
        if self.settings.execution == "eager":
            return self.model
        compiled: Callable[..., torch.Tensor] = torch.compile(
            self.model, dynamic=False, options=options
        )
        return compiled

    def load(self, samples: Arrays) -> None:
        """Make the samples ready to be fetched; the mode "infer" runs on those of the test."""
        self._test = torch_data.Preloaded(
            cache.inputs(samples, "test"), samples["test_labels"], self.device
        )
        self._source: torch_data.Preloaded | torch_data.Pipeline = self._test
        part = "train" if self._training else "test"
        arrays = cache.inputs(samples, part), samples[f"{part}_labels"]
        if self.settings.loader == "pipeline":
            workers = self.settings.loader_workers
            self._source = torch_data.Pipeline(*arrays, self.device, workers)
        elif self._training:
            self._source = torch_data.Preloaded(*arrays, self.device)

    def _fetched(self, batches: Batches) -> Iterator[torch_data.Batch]:
        return planted.waiting(self._source.open(batches), self._planted.wait_ms)

    def run(self, batches: Batches, observer: Observer) -> None:
        """Take a step for each batch in turn, until the observer has enough."""
        fetched = self._fetched(batches)
        for _ in range(len(batches)):
            observer.begins()
            if observer.ends(self._step(fetched)):
                return

    def record(self, batches: Batches, observer: Observer, raw: Path, unrecorded: int) -> None:
        """The same under torch.profiler, with ranges, to raw/kineto.json.gz.

        Hooks and ranges inside compiled code would break its graph, so layers have ranges in
        eager mode only.
        """
        recorded = len(batches) - unrecorded
        eager = self.settings.execution == "eager"
        hooks = torch_layers.mark_layers(self._network.layers) if eager else []
        fetched = self._fetched(batches)
        with torch.profiler.profile(
            activities=torch_device.activities(self.device),
            schedule=torch.profiler.schedule(wait=0, warmup=unrecorded, active=recorded, repeat=1),
            record_shapes=True,
            profile_memory=True,
        ) as profiler:
            for index in range(-unrecorded, recorded):
                observer.begins()
                with torch.profiler.record_function(f"step:{index}"):
                    loss = self._step(fetched, torch.profiler.record_function)
                    self.synchronise()
                if observer.ends(loss):
                    break
                profiler.step()
        for hook in hooks:
            hook.remove()
        profiler.export_chrome_trace(str(raw / RAW_PROFILE))

    def _step(self, fetched: Iterator[torch_data.Batch], span: Range = _no_range) -> Any:
        """One step on the next batch; its loss stays on the device. `span` puts ranges around."""
        with span("phase:data"):
            inputs, labels = next(fetched)
        if self._training:
            return self._train(inputs, labels, span)
        with torch.inference_mode(), self._precision(), span("phase:forward"):
            self._forward(*torch_data.several(inputs))
        return None

    def _train(self, inputs: torch_data.Inputs, labels: torch.Tensor, span: Range) -> torch.Tensor:
        with self._precision():
            with span("phase:forward"):
                outputs = self._forward(*torch_data.several(inputs))
            with span("phase:loss"):
                loss = self._network.loss(outputs, labels)
        with span("phase:backward"):
            (loss if self._scaler is None else self._scaler.scale(loss)).backward()
        with span("phase:optimizer"):
            if self._scaler is None:
                self.optimizer.step()
            else:
                self._scaler.step(self.optimizer)
                self._scaler.update()
            self.optimizer.zero_grad(set_to_none=True)
        return loss.detach()

    def _precision(self) -> Any:
        if self.autocast_type is None:
            return _nothing
        return torch.autocast(self.device.type, dtype=self.autocast_type)

    def mean_loss(self, handles: list[torch.Tensor]) -> float:
        """The mean of the losses, summed in float64; waits for the device."""
        values = torch.stack(handles).tolist()
        return math.fsum(values) / len(values)

    def synchronise(self) -> None:
        """Wait until the device has done all that it was given."""
        torch_device.synchronise(self.device)

    def restart(self, weights: Arrays | None = None) -> None:
        """Set weights and optimizer back in place, so that compiled code stays valid."""
        with torch.no_grad():
            for name, tensor in self.model.state_dict().items():
                tensor.copy_(self._initial[name])
        if weights is not None:
            self._network.assign(weights)
        for state in self.optimizer.state.values():
            for value in state.values():
                if isinstance(value, torch.Tensor):
                    value.zero_()
        if self._scaler is not None:
            self._scaler.load_state_dict(torch.amp.GradScaler(self.device.type).state_dict())

    def prepare_profiling(self) -> bool:
        """Compile once more, with the names of C++ kernels kept; others keep theirs anyway."""
        if self.settings.execution == "eager" or self.device.type != "cpu":
            return False
        self._forward = self._executed({"cpp.enable_kernel_profile": True})
        return True

    def graph_ops(self) -> int | None:
        """Torch's steps run op by op, or as kernels that stand for no count of ops."""
        return None

    def evaluate(self, batch_size: int) -> tuple[float | None, float]:
        """(accuracy, mean loss) over the whole test set, by the uncompiled model."""
        self.model.eval()
        right, loss_sum, classified = 0, 0.0, True
        with torch.inference_mode(), self._precision():
            for inputs, labels in self._test.split(batch_size):
                outputs = self.model(*torch_data.several(inputs))
                classified = classified and _classifies(outputs, labels)
                if classified:
                    right += int((outputs.argmax(-1) == labels).sum())
                loss_sum += float(self._network.loss(outputs, labels)) * labels.numel()
        self.model.train(self._training)
        count = self._test.labels.numel()
        return right / count if classified else None, loss_sum / count

    def inference(self, batch_size: int) -> Callable[[], None]:
        """A function that runs the model forward once on test samples that lie on the device."""
        numbers = torch.arange(batch_size, device=self.device) % len(self._test.labels)
        inputs = torch_data.several(self._test.picked(numbers))
        self.model.eval()
        forward = self._executed()

        def run() -> None:
            with torch.inference_mode(), self._precision():
                forward(*inputs)

        return run

    def product(self, side: int) -> Callable[[], object]:
        """A function that multiplies two square matrices, in the precision of the run's own."""
        return torch_peaks.product(side, self.autocast_type or torch.float32, self.device)

    def copying(self, size_bytes: int) -> Callable[[], object]:
        """A function that copies so many bytes within the device's memory."""
        return torch_peaks.copying(size_bytes, self.device)

    def weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """The weights as they are now, in canonical layout."""
        return self._network.arrays()

    def memory(self) -> dict[str, int]:
        """The CUDA allocator's peaks; nothing on other devices."""
        return torch_device.memory(self.device)

    def explain(self, error: Exception) -> str | None:
        """Out of memory, kernels that are missing and compiler failures in a sentence."""
        if isinstance(error, torch.OutOfMemoryError):
            return (
                f"{self.device} ran out of memory at batch size {self.settings.batch_size}; "
                "use a smaller --batch-size."
            )
        if isinstance(error, RuntimeError) and NO_KERNEL in str(error):
            return (
                f"oneDNN can't compute a layer of this model in {self.settings.precision} on this "
                "processor; use --precision fp32 or bf16."
            )
        if isinstance(error, torch._dynamo.exc.TorchDynamoException):
            first = str(error).strip().splitlines()[0]
            return f"torch.compile failed ({first}); use --execution eager, or see child.log."
        return None


def _classifies(outputs: torch.Tensor, labels: torch.Tensor) -> bool:
    """Whether there is an output for each class, and a class for each label."""
    several = outputs.shape[-1] > 1 and outputs.shape[:-1] == labels.shape
    return several and not labels.is_floating_point()


def create(settings: Settings) -> TorchBackend:
    """The backend for a run; its device has passed the preflight."""
    return TorchBackend(settings)


def preflight(settings: Settings) -> tuple[str, list[str]]:
    """(device to use, warnings), or ProfileError: before any data is touched."""
    device = torch_device.resolve(settings.device)
    warnings = torch_device.try_out(device, settings)
    if settings.execution == "compile" and not torch_device.can_compile(device):
        raise ProfileError(
            "--execution compile needs a C++ compiler (on CUDA also triton) and finds none; "
            "install g++, or use --execution eager."
        )
    return str(device), warnings


def versions() -> dict[str, str]:
    """Version of the framework and what it was built for."""
    return torch_device.versions()
