"""How torch's steps come by their batches: from tensors on the device, or through a DataLoader."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import DataLoader, Dataset

from workloads.batches import Batches, BatchLog

Batch = tuple[torch.Tensor, torch.Tensor]


class Preloaded:
    """All samples on the device, images as NCHW: no step waits for a copy."""

    def __init__(
        self, inputs: npt.NDArray[Any], labels: npt.NDArray[Any], device: torch.device
    ) -> None:
        self.inputs = features(inputs).to(device)
        self.labels = torch.from_numpy(np.array(labels)).to(device)
        self._device = device

    def open(self, batches: Batches) -> Iterator[Batch]:
        """The samples of each batch, picked on the device when they are asked for."""
        for numbers in batches:
            batches.log.note(numbers)
            rows = torch.from_numpy(numbers).to(self._device)
            yield self.inputs.index_select(0, rows), self.labels.index_select(0, rows)


class Pipeline:
    """Samples decoded one by one by the worker processes of a DataLoader, then copied."""

    def __init__(
        self,
        inputs: npt.NDArray[Any],
        labels: npt.NDArray[Any],
        device: torch.device,
        workers: int,
    ) -> None:
        self._samples = _Samples(inputs, labels)
        self._device = device
        self._workers = workers

    def open(self, batches: Batches) -> Iterator[Batch]:
        """Start the workers, which fetch ahead, and wait for the first batch.

        The batches come in the order asked for, with their sample numbers.
        """
        loader = DataLoader(
            self._samples,
            batch_sampler=batches,  # type: ignore[arg-type]  # any iterable of numbers does
            num_workers=self._workers,
            pin_memory=self._device.type == "cuda",
        )
        fetched = iter(loader)
        return self._copied(chain([next(fetched)], fetched), batches.log)

    def _copied(self, fetched: Iterator[list[torch.Tensor]], log: BatchLog) -> Iterator[Batch]:
        for inputs, labels, numbers in fetched:
            log.note(numbers)
            yield (
                inputs.to(self._device, non_blocking=True),
                labels.to(self._device, non_blocking=True),
            )


class _Samples(Dataset[tuple[torch.Tensor, torch.Tensor, int]]):
    """The cached arrays as a data set of one decoded sample at a time, with its number."""

    def __init__(self, inputs: npt.NDArray[Any], labels: npt.NDArray[Any]) -> None:
        self._inputs, self._labels = inputs, labels

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, number: int) -> tuple[torch.Tensor, torch.Tensor, int]:
        sample = features(self._inputs[number : number + 1])[0]
        return sample, torch.as_tensor(self._labels[number]), int(number)


def probe_batch(
    samples: Mapping[str, npt.NDArray[Any]],
    numbers: npt.NDArray[np.int64],
    device: torch.device,
    dtype: torch.dtype,
) -> Batch:
    """(inputs, labels) of these training samples; inputs that are no tokens in this type."""
    inputs = features(samples["train_inputs"][numbers]).to(device)
    labels = torch.from_numpy(np.array(samples["train_labels"][numbers])).to(device)
    return inputs.to(dtype) if inputs.is_floating_point() else inputs, labels


def features(array: npt.NDArray[Any]) -> torch.Tensor:
    """uint8 -> float32 in [0, 1], other types as they are; images NHWC -> NCHW."""
    values = np.asarray(array)
    if values.dtype == np.uint8:
        values = values.astype(np.float32) / np.float32(255)
    if values.ndim == 4:
        values = values.transpose(0, 3, 1, 2)
    return torch.from_numpy(np.array(values, order="C"))
