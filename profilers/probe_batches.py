"""The samples that a probe looks at: the first ones of the run's own order, and no others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from profilers.backend import Arrays
from workloads.batches import Batches, BatchLog, BatchOrder
from workloads.weights import fingerprint

Numbers = npt.NDArray[np.int64]

SMALL_BATCHES, SMALL_SIZE = 50, 4
FULL_BATCHES = 10


class ListedOrder(BatchOrder):
    """An order whose batches are given one by one."""

    def __init__(self, batches: Sequence[Numbers]) -> None:
        self.batch_size = len(batches[0])
        self.steps_per_epoch = len(batches)
        self._batches = batches

    def batch(self, index: int) -> Numbers:
        """The sample numbers of batch `index`."""
        return self._batches[index]

    def all(self) -> Batches:
        """Every batch in turn."""
        return Batches(self, 0, self.steps_per_epoch)


@dataclass(frozen=True)
class ProbeBatches:
    """Full batches, and the first samples of more of them, as numbers of `samples`.

    `samples` holds only what these batches need. The digests are over the samples' values, and over
    the numbers of the full batches in the whole data set, as a run of as many steps has it.
    """

    small: ListedOrder
    full: ListedOrder
    samples: dict[str, npt.NDArray[Any]]
    samples_sha256: str
    batches_sha256: str


def pick(order: BatchOrder, samples: Arrays) -> ProbeBatches:
    """The batches of a probe by the order of the run, which is that of its training samples."""
    size = min(order.batch_size, SMALL_SIZE)
    full = [order.batch(index) for index in range(FULL_BATCHES)]
    small = [order.batch(index)[:size] for index in range(SMALL_BATCHES)]
    log = BatchLog()
    for numbers in full:
        log.note(numbers)
    log.settle()
    used = np.unique(np.concatenate([*full, *small]))
    picked = {name: np.array(array[_part(name, used)]) for name, array in samples.items()}
    return ProbeBatches(
        small=ListedOrder([np.searchsorted(used, numbers) for numbers in small]),
        full=ListedOrder([np.searchsorted(used, numbers) for numbers in full]),
        samples=picked,
        samples_sha256=fingerprint(
            {name: array for name, array in picked.items() if name.startswith("train")}
        ),
        batches_sha256=log.sha256(),
    )


def _part(name: str, used: Numbers) -> Any:
    """Of the test samples one is enough: a backend wants to have some."""
    return used if name.startswith("train") else slice(0, 1)
