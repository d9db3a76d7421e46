"""Observers for tests of backends, and the batches that these are given."""

from typing import Any

from workloads.batches import Batches, BatchOrder


class Losses:
    """An observer that reads the loss of every step."""

    def __init__(self, backend: Any) -> None:
        self.values: list[float] = []
        self._backend = backend

    def begins(self) -> None:
        pass

    def ends(self, loss: object) -> bool:
        self.values.append(self._backend.mean_loss([loss]))
        return False


class Nobody:
    """An observer that only counts, and has enough after so many steps."""

    def __init__(self, enough: int = 10**9) -> None:
        self.begun = self.ended = 0
        self.handles: list[object] = []
        self._enough = enough

    def begins(self) -> None:
        self.begun += 1

    def ends(self, loss: object) -> bool:
        self.ended += 1
        self.handles.append(loss)
        return self.ended == self._enough


def batches(backend: Any, steps: int) -> Batches:
    settings = backend.settings
    count = 4096 if settings.mode == "train" else 1024
    return Batches(BatchOrder(count, settings.batch_size, settings.seed), 0, steps)


def train(backend: Any, steps: int) -> list[float]:
    losses = Losses(backend)
    backend.run(batches(backend, steps), losses)
    assert len(losses.values) == steps
    return losses.values
