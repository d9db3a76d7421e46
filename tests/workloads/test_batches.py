import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workloads.batches import BatchLog, BatchOrder
from workloads.spec import WorkloadError


@given(st.integers(1, 200), st.integers(1, 50), st.integers(0, 5), st.integers(0, 3))
def test_an_epoch_uses_no_sample_twice(count: int, size: int, seed: int, epoch: int) -> None:
    if size > count:
        return
    order = BatchOrder(count, size, seed)
    first = epoch * order.steps_per_epoch
    batches = [order.batch(first + k) for k in range(order.steps_per_epoch)]
    used = np.concatenate(batches)
    assert len(used) == count // size * size == len(set(used.tolist()))
    assert set(used.tolist()) <= set(range(count))


def test_a_batch_is_the_same_whatever_was_asked_before() -> None:
    order = BatchOrder(100, 7, seed=1)
    late = order.batch(40).copy()
    order.batch(0)
    assert (order.batch(40) == late).all()
    assert (BatchOrder(100, 7, seed=1).batch(40) == late).all()


def test_epochs_and_seeds_differ() -> None:
    order = BatchOrder(100, 100, seed=1)
    assert (order.batch(0) != order.batch(1)).any()
    assert (order.batch(0) != BatchOrder(100, 100, seed=2).batch(0)).any()


def test_a_batch_larger_than_the_data_is_refused() -> None:
    with pytest.raises(WorkloadError, match="use --batch-size 10 or less"):
        BatchOrder(10, 11, seed=0)


def test_the_log_hashes_what_was_consumed_in_order() -> None:
    log = BatchLog()
    log.add(np.array([1, 2]))
    log.add(np.array([3]))
    assert log.steps == 2
    assert log.sha256() == hashlib.sha256(np.array([1, 2, 3], "<i8").tobytes()).hexdigest()
