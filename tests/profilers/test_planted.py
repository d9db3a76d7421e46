import time
from collections.abc import Callable

import pytest

from profilers import planted
from workloads.catalogue import find_workload
from workloads.spec import Planted


def test_mostly_nothing_is_planted() -> None:
    assert planted.of(find_workload("mnist-mlp")) == Planted()
    assert planted.of(find_workload("mnist-mlp", {"wait_ms": "3"})) == Planted(wait_ms=3.0)


def test_without_a_wait_the_batches_are_left_alone() -> None:
    fetched = iter([1, 2])
    assert planted.waiting(fetched, 0.0) is fetched


def test_each_batch_comes_later(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    sleep: Callable[[float], None] = waits.append
    monkeypatch.setattr(time, "sleep", sleep)
    fetched = planted.waiting(iter("ab"), 30.0)
    assert waits == []
    assert next(fetched) == "a"
    assert waits == [0.03]
    assert list(fetched) == ["b"]
    assert waits == [0.03] * 2
