import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workloads.batches import Batches, BatchLog, BatchOrder
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


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 7))
def test_parts_hold_the_same_batches_in_order(begin: int, count: int, most: int) -> None:
    batches = Batches(BatchOrder(40, 3, seed=1), begin, count)
    parts = list(batches.parts(most))
    assert all(len(part) <= most for part in parts)
    whole = np.concatenate([batches.numbers()[:0], *(part.numbers() for part in parts)])
    assert (whole == batches.numbers()).all()
    assert whole.shape == (count, 3)


def test_batches_are_those_of_the_order() -> None:
    order = BatchOrder(10, 3, seed=1)
    batches = Batches(order, 2, 4)
    assert [batch.tolist() for batch in batches] == [order.batch(k).tolist() for k in range(2, 6)]
    assert len(batches) == 4


def sha256(numbers: list[int]) -> str:
    return hashlib.sha256(np.array(numbers, "<i8").tobytes()).hexdigest()


def test_the_log_hashes_what_was_noted_in_order() -> None:
    log = BatchLog()
    log.note(np.array([1, 2]))
    log.note(np.array([3], np.int32))
    assert log.steps == 0
    log.settle()
    log.settle()
    assert (log.steps, log.sha256()) == (2, sha256([1, 2, 3]))
    assert log.early == {}


def test_the_log_keeps_the_digest_of_the_first_steps() -> None:
    log = BatchLog()
    for number in range(250):
        log.note(np.array([number]))
        if number % 70 == 0:
            log.settle()
    log.settle()
    assert log.early == {steps: sha256(list(range(steps))) for steps in (10, 100)}
    assert log.sha256() == sha256(list(range(250)))
