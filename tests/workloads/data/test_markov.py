import numpy as np
import pytest

from workloads.catalogue import find_workload
from workloads.data import markov
from workloads.data.dataset import Samples
from workloads.data.markov import CHANCES, TEST_COUNT, TRAIN_COUNT, load


@pytest.fixture(scope="module")
def samples() -> Samples:
    return load(find_workload("transformer"), None)


def test_sequences_are_as_the_workload_takes_them(samples: Samples) -> None:
    assert samples.train_inputs.shape == samples.train_labels.shape == (TRAIN_COUNT, 64)
    assert samples.test_inputs.shape == samples.test_labels.shape == (TEST_COUNT, 64)
    for array in samples.arrays().values():
        assert array.dtype == np.int64
        assert (array.min(), array.max()) == (0, 63)


def test_labels_are_the_tokens_that_come_next(samples: Samples) -> None:
    for inputs, labels in (
        (samples.train_inputs, samples.train_labels),
        (samples.test_inputs, samples.test_labels),
    ):
        assert (inputs[:, 1:] == labels[:, :-1]).all()


def test_the_likeliest_successor_of_a_token_is_right_as_often_as_is_said(samples: Samples) -> None:
    pairs = np.zeros((64, 64), np.int64)
    np.add.at(pairs, (samples.train_inputs, samples.train_labels), 1)
    assert ((pairs > 0).sum(1) <= len(CHANCES)).all()
    guessed = pairs.argmax(1)[samples.test_inputs]
    assert (guessed == samples.test_labels).mean() == pytest.approx(CHANCES[0], abs=0.05)


def test_the_text_is_always_the_same(samples: Samples) -> None:
    again = load(find_workload("transformer"), None)
    assert (again.test_inputs == samples.test_inputs).all()


@pytest.mark.parametrize(("length", "counts"), [(100, (500, 125)), (9000, (64, 32))])
def test_of_long_sequences_there_are_fewer_but_a_batch_for_training_and_test(
    length: int, counts: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(markov, "MOST_BYTES", 1_000_000)
    found = load(find_workload("transformer", {"length": length, "blocks": 1}), None)
    assert (len(found.train_labels), len(found.test_labels)) == counts
