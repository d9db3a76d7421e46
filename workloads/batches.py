"""The one order in which every framework consumes the samples."""

import hashlib

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
                f"a batch of {batch_size:,} is larger than the {count:,} training samples; "
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
    """A running SHA-256 over the batches as they are consumed."""

    def __init__(self) -> None:
        self.steps = 0
        self._digest = hashlib.sha256()

    def add(self, batch: npt.NDArray[np.int64]) -> None:
        """Take note of one batch."""
        self._digest.update(np.ascontiguousarray(batch, dtype="<i8").data)
        self.steps += 1

    def sha256(self) -> str:
        """The digest of all batches so far."""
        return self._digest.hexdigest()
