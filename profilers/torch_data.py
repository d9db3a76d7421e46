"""How torch's steps come by their batches: from tensors on the device, or through a DataLoader."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import DataLoader, Dataset

from workloads.batches import Batches, BatchLog
from workloads.data import cache

Array = npt.NDArray[Any]
Inputs = torch.Tensor | tuple[torch.Tensor, ...]
"""What a model is given: a tensor, or a tuple of them for a model with several inputs."""
Batch = tuple[Inputs, torch.Tensor]


class Preloaded:
    """All samples on the device, images as NCHW: no step waits for a copy."""

    def __init__(
        self, inputs: Array | tuple[Array, ...], labels: Array, device: torch.device
    ) -> None:
        self.inputs = given(tuple(features(each).to(device) for each in several(inputs)))
        self.labels = torch.from_numpy(np.array(labels)).to(device)
        self._device = device

    def open(self, batches: Batches) -> Iterator[Batch]:
        """The samples of each batch, picked on the device when they are asked for."""
        for numbers in batches:
            batches.log.note(numbers)
            rows = torch.from_numpy(numbers).to(self._device)
            yield self.picked(rows), self.labels.index_select(0, rows)

    def picked(self, rows: torch.Tensor) -> Inputs:
        """The inputs of the samples with these numbers, which lie on the device."""
        return given(tuple(each.index_select(0, rows) for each in several(self.inputs)))

    def split(self, batch_size: int) -> Iterator[Batch]:
        """All samples in order, so many at a time; the last batch may be smaller."""
        for begin in range(0, len(self.labels), batch_size):
            rows = slice(begin, begin + batch_size)
            inputs = given(tuple(each[rows] for each in several(self.inputs)))
            yield inputs, self.labels[rows]


class Pipeline:
    """Samples decoded one by one by the worker processes of a DataLoader, then copied."""

    def __init__(
        self,
        inputs: Array | tuple[Array, ...],
        labels: Array,
        device: torch.device,
        workers: int,
    ) -> None:
        self._samples = _Samples(several(inputs), labels)
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
        for *inputs, labels, numbers in fetched:
            log.note(numbers)
            copied = tuple(each.to(self._device, non_blocking=True) for each in inputs)
            yield given(copied), labels.to(self._device, non_blocking=True)


class _Samples(Dataset[tuple[Any, ...]]):
    """The cached arrays as a data set of one decoded sample at a time, with its number."""

    def __init__(self, inputs: tuple[Array, ...], labels: Array) -> None:
        self._inputs, self._labels = inputs, labels

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, number: int) -> tuple[Any, ...]:
        sample = (features(each[number : number + 1])[0] for each in self._inputs)
        return *sample, torch.as_tensor(self._labels[number]), int(number)


def several(inputs: Any) -> tuple[Any, ...]:
    """One for each input of a model: a single one alone, or those of a tuple."""
    return inputs if isinstance(inputs, tuple) else (inputs,)


def given(inputs: tuple[torch.Tensor, ...]) -> Inputs:
    """A single input as it is, several as a tuple."""
    return inputs[0] if len(inputs) == 1 else inputs


def probe_batch(
    samples: Mapping[str, npt.NDArray[Any]],
    numbers: npt.NDArray[np.int64],
    device: torch.device,
    dtype: torch.dtype,
) -> Batch:
    """(inputs, labels) of these training samples; inputs that are no tokens in this type."""
    found = [features(each[numbers]).to(device) for each in cache.inputs(samples, "train")]
    inputs = tuple(each.to(dtype) if each.is_floating_point() else each for each in found)
    labels = torch.from_numpy(np.array(samples["train_labels"][numbers])).to(device)
    return given(inputs), labels.to(dtype) if labels.is_floating_point() else labels


def features(array: Array) -> torch.Tensor:
    """uint8 -> float32 in [0, 1], other types as they are; images NHWC -> NCHW."""
    values = np.asarray(array)
    if values.dtype == np.uint8:
        values = values.astype(np.float32) / np.float32(255)
    if values.ndim == 4:
        values = values.transpose(0, 3, 1, 2)
    return torch.from_numpy(np.array(values, order="C"))
