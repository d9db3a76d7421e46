"""Made-up text: each token decides which few may come next, and how likely each of them is."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from workloads.data.dataset import DataSet, Samples
from workloads.spec import Workload

TRAIN_COUNT, TEST_COUNT = 4096, 1024
MOST_BYTES, TOKEN_BYTES = 64_000_000, 8
CHANCES = (0.6, 0.25, 0.1, 0.05)
"""Of the tokens that may follow another one: whoever knows them is right in 60 of 100 places."""
SEED = 0


def load(workload: Workload, source: Path | None) -> Samples:
    """Sequences from one seeded chain, each begun at a random token."""
    assert workload.vocabulary is not None
    generator = np.random.default_rng(SEED)
    successors = generator.integers(0, workload.vocabulary, (workload.vocabulary, len(CHANCES)))
    train, test = _counts(workload)
    length = workload.input_shape[0]
    tokens = _walk(generator, successors, train + test, length + 1)
    inputs, labels = tokens[:, :-1].copy(), tokens[:, 1:].copy()
    return Samples(inputs[:train], labels[:train], inputs[train:], labels[train:])


def _walk(
    generator: np.random.Generator, successors: npt.NDArray[np.int64], count: int, length: int
) -> npt.NDArray[np.int64]:
    """(count, length): all sequences side by side, one place after the other."""
    choices = generator.choice(len(CHANCES), (count, length), p=CHANCES)
    tokens = np.empty((count, length), np.int64)
    tokens[:, 0] = generator.integers(0, len(successors), count)
    for place in range(1, length):
        tokens[:, place] = successors[tokens[:, place - 1], choices[:, place]]
    return tokens


def _counts(workload: Workload) -> tuple[int, int]:
    """How many sequences for training and test: fewer where they are long."""
    fitting = MOST_BYTES // (2 * TOKEN_BYTES * workload.input_shape[0])
    test = max(min(TEST_COUNT, fitting // 5), workload.batch_size)
    return max(min(TRAIN_COUNT, fitting - test), 2 * workload.batch_size), test


DATASET = DataSet(
    name="markov",
    description="made-up text: four tokens may follow each, the likeliest in 60 of 100 places",
    version=1,
    shapes=(),
    classes=None,
    load=load,
    kind="tokens",
    variant=lambda workload: f" {_counts(workload)}",
)
