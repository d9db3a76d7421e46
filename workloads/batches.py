"""The one order in which every framework consumes the samples."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from workloads.spec import WorkloadError


class BatchOrder:
    """Full batches of sample numbers: each epoch is a seeded shuffle, its rest is left out.

    The rest, count modulo batch size, differs from epoch to epoch, so that every sample is used.
    Batch k is the same whatever was asked for before.
    """

    def __init__(self, count: int, batch_size: int, seed: int) -> None:
        if batch_size > count:
            raise WorkloadError(
                f"a batch of {batch_size:,} is larger than the {count:,} samples; "
                f"use --batch-size {count} or less."
            )
        self.batch_size = batch_size
        self.steps_per_epoch = count // batch_size
        self._count, self._seed = count, seed
        self._epoch, self._order = -1, np.empty(0, np.int64)

    def batch(self, index: int) -> npt.NDArray[np.int64]:
        """The sample numbers of batch `index`, counted from 0 over all epochs: (batch_size,)."""
        epoch, position = divmod(index, self.steps_per_epoch)
        if epoch != self._epoch:
            generator = np.random.default_rng([self._seed, epoch])
            self._epoch, self._order = epoch, generator.permutation(self._count)
        start = position * self.batch_size
        return self._order[start : start + self.batch_size]


class BatchLog:
    """A running SHA-256 over the sample numbers of the batches that were handed to steps.

    `early` are the digests of the first `EARLY_STEPS`, which runs of any length have in common, by
    their number.
    """

    EARLY_STEPS = (10, 100)

    def __init__(self) -> None:
        self.steps = 0
        self.early: dict[int, str] = {}
        self._waiting: list[Any] = []
        self._digest = hashlib.sha256()

    def note(self, numbers: Any) -> None:
        """A step gets these samples; they are hashed later, as steps are being timed."""
        self._waiting.append(numbers)

    def settle(self) -> None:
        """Hash what was noted, as little-endian int64 in order. Not in timed code."""
        for numbers in self._waiting:
            self._digest.update(np.ascontiguousarray(numbers, dtype="<i8").data)
            self.steps += 1
            if self.steps in self.EARLY_STEPS:
                self.early[self.steps] = self.sha256()
        self._waiting = []

    def sha256(self) -> str:
        """The digest of all batches that were settled."""
        return self._digest.hexdigest()


@dataclass(frozen=True)
class Batches:
    """`count` batches of an order, from batch `begin` on; what a step gets is noted in `log`."""

    order: BatchOrder
    begin: int
    count: int
    log: BatchLog = field(default_factory=BatchLog)

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[npt.NDArray[np.int64]]:
        return (self.order.batch(self.begin + offset) for offset in range(self.count))

    def numbers(self) -> npt.NDArray[np.int64]:
        """All sample numbers at once: (count, batch_size)."""
        return np.stack(list(self)) if self.count else np.empty((0, self.order.batch_size), "int64")

    def parts(self, most: int) -> Iterator["Batches"]:
        """The same batches in parts of `most` at most."""
        for offset in range(0, self.count, most):
            part = min(most, self.count - offset)
            yield Batches(self.order, self.begin + offset, part, self.log)
