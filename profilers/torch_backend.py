"""PyTorch: builds the shared model, trains it, records it with torch.profiler."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from profilers import torch_device, torch_layers
from profilers.backend import Arrays, Indices
from profilers.rundir import Environment, ProfileError, Settings
from workloads.spec import Workload

FRAMEWORK = {
    "title": "PyTorch",
    "packages": {"torch": "torch>=2.8,<2.14", "numpy": "numpy", "msgspec": "msgspec"},
    "executions": ["eager", "compile"],
}
RAW_PROFILE = "kineto.json.gz"
AUTOCAST = {"fp16": torch.float16, "bf16": torch.bfloat16}

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
        self._autocast_type = AUTOCAST.get(settings.precision)

    def environment(self) -> Environment:
        """Versions, devices, threads and flags as they are in force."""
        return torch_device.environment(self.device)

    def build(self, workload: Workload, weights: Arrays) -> None:
        """Make model and optimizer from canonical weights, on the device."""
        self._workload = workload
        self.model = torch_layers.build(workload, weights).to(self.device)
        self._initial = {name: t.clone() for name, t in self.model.state_dict().items()}
        self._forward = self._executed()
        rate = workload.learning_rates[self.settings.optimizer]
        kinds = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}
        self.optimizer = kinds[self.settings.optimizer](self.model.parameters(), lr=rate)
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
        """Keep the samples on the device, float32 NCHW in [0, 1]: no step waits for a copy."""
        self._train_inputs, self._test_inputs = (
            _images(samples[name]).to(self.device) for name in ("train_inputs", "test_inputs")
        )
        self._train_labels, self._test_labels = (
            torch.from_numpy(np.array(samples[name])).to(self.device)
            for name in ("train_labels", "test_labels")
        )

    def train_step(self, batch: Indices, span: Range = _no_range) -> torch.Tensor:
        """One training step; the loss stays on the device. `span` puts a range around a phase."""
        with span("phase:data"):
            rows = torch.from_numpy(batch).to(self.device)
            inputs = self._train_inputs.index_select(0, rows)
            labels = self._train_labels.index_select(0, rows)
        with self._precision():
            with span("phase:forward"):
                outputs = self._forward(inputs)
            with span("phase:loss"):
                loss = functional.cross_entropy(outputs, labels)
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
        if self._autocast_type is None:
            return _nothing
        return torch.autocast(self.device.type, dtype=self._autocast_type)

    def losses(self, handles: list[torch.Tensor]) -> list[float]:
        """The values of the losses; waits for the device."""
        values: list[float] = torch.stack(handles).tolist()
        return values

    def synchronise(self) -> None:
        """Wait until the device has done all that it was given."""
        torch_device.synchronise(self.device)

    def restart(self) -> None:
        """Set weights and optimizer back in place, so that compiled code stays valid."""
        with torch.no_grad():
            for name, tensor in self.model.state_dict().items():
                tensor.copy_(self._initial[name])
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

    @contextmanager
    def profiling(self, raw: Path, unrecorded: int, recorded: int) -> Iterator["_ProfiledSteps"]:
        """Record steps to raw/kineto.json.gz, with ranges for step, phases and layers.

        Hooks and ranges inside compiled code would break its graph, so layers have ranges in
        eager mode only.
        """
        hooks = torch_layers.mark_layers(self.model) if self.settings.execution == "eager" else []
        schedule = torch.profiler.schedule(wait=0, warmup=unrecorded, active=recorded, repeat=1)
        with torch.profiler.profile(
            activities=torch_device.activities(self.device),
            schedule=schedule,
            record_shapes=True,
            profile_memory=True,
        ) as profiler:
            yield _ProfiledSteps(self, profiler)
        for hook in hooks:
            hook.remove()
        profiler.export_chrome_trace(str(raw / RAW_PROFILE))

    def evaluate(self, batch_size: int) -> tuple[float, float]:
        """(accuracy, mean loss) over the whole test set, by the uncompiled model."""
        self.model.eval()
        right, loss_sum = 0, 0.0
        with torch.inference_mode(), self._precision():
            pairs = zip(
                self._test_inputs.split(batch_size),
                self._test_labels.split(batch_size),
                strict=True,
            )
            for inputs, labels in pairs:
                outputs = self.model(inputs)
                right += int((outputs.argmax(1) == labels).sum())
                loss_sum += float(functional.cross_entropy(outputs, labels, reduction="sum"))
        self.model.train()
        count = len(self._test_labels)
        return right / count, loss_sum / count

    def inference(self, batch_size: int) -> Callable[[], None]:
        """A function that runs the model forward once on test samples that lie on the device."""
        repeats = -(-batch_size // len(self._test_inputs))
        inputs = self._test_inputs.repeat(repeats, 1, 1, 1)[:batch_size].clone()
        self.model.eval()
        forward = self._executed()

        def run() -> None:
            with torch.inference_mode(), self._precision():
                forward(inputs)

        return run

    def weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """The weights as they are now, in canonical layout."""
        return torch_layers.canonical_weights(self._workload, self.model)

    def memory(self) -> dict[str, int]:
        """The CUDA allocator's peaks; nothing on other devices."""
        return torch_device.memory(self.device)

    def explain(self, error: Exception) -> str | None:
        """Out of memory and compiler failures in a sentence."""
        if isinstance(error, torch.OutOfMemoryError):
            return (
                f"{self.device} ran out of memory at batch size {self.settings.batch_size}; "
                "use a smaller --batch-size."
            )
        if isinstance(error, torch._dynamo.exc.TorchDynamoException):
            first = str(error).strip().splitlines()[0]
            return f"torch.compile failed ({first}); use --execution eager, or see child.log."
        return None


class _ProfiledSteps:
    """Training steps with ranges, under torch's profiler."""

    def __init__(self, backend: TorchBackend, profiler: torch.profiler.profile) -> None:
        self._backend, self._profiler = backend, profiler

    def step(self, batch: Indices, index: int) -> torch.Tensor:
        """One step in a range of its own, with ranges for its phases."""
        with torch.profiler.record_function(f"step:{index}"):
            loss = self._backend.train_step(batch, torch.profiler.record_function)
            self._backend.synchronise()
        return loss

    def advance(self) -> None:
        """Start, go on or stop recording, as the schedule has it."""
        self._profiler.step()


def _images(array: npt.NDArray[Any]) -> torch.Tensor:
    """uint8 NHWC -> float32 NCHW in [0, 1]."""
    scaled = np.asarray(array, dtype=np.float32) / np.float32(255)
    return torch.from_numpy(np.ascontiguousarray(scaled.transpose(0, 3, 1, 2)))


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
