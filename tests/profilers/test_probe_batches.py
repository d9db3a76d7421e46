import numpy as np
import pytest

from profilers import probe_batches
from workloads.batches import BatchOrder
from workloads.weights import fingerprint


def samples(count: int) -> dict[str, np.ndarray]:
    numbers = np.arange(count)
    return {
        "train_inputs": numbers[:, None] * 10,
        "train_labels": numbers,
        "test_inputs": np.zeros((7, 1)),
        "test_labels": np.zeros(7),
    }


@pytest.mark.parametrize(("count", "size"), [(300, 32), (3, 2), (5000, 8)])
def test_the_probe_looks_at_the_first_batches_of_the_run(count: int, size: int) -> None:
    order = BatchOrder(count, size, seed=3)
    found = probe_batches.pick(order, samples(count))
    full, small = list(found.full.all()), list(found.small.all())
    labels = found.samples["train_labels"]
    assert [labels[part].tolist() for part in full] == [order.batch(k).tolist() for k in range(10)]
    first = min(size, 4)
    expected = [order.batch(k)[:first].tolist() for k in range(50)]
    assert [labels[part].tolist() for part in small] == expected
    assert (found.full.batch_size, found.small.batch_size) == (size, first)
    assert np.array_equal(found.samples["train_inputs"][:, 0], 10 * labels)
    assert len(found.samples["test_labels"]) == 1
    assert len(labels) <= min(count, 10 * size + 40 * first)


def test_digests_tell_other_samples_and_another_order() -> None:
    def digests(seed: int = 3, changed: int | None = None) -> tuple[str, str]:
        given = samples(300)
        if changed is not None:
            given["train_inputs"][changed] += 1
        found = probe_batches.pick(BatchOrder(300, 32, seed), given)
        assert found.samples_sha256 != fingerprint(given)
        return found.samples_sha256, found.batches_sha256

    plain = digests()
    assert plain == digests()
    other = digests(changed=int(BatchOrder(300, 32, 3).batch(0)[0]))
    assert (other[0] != plain[0], other[1] == plain[1]) == (True, True)
    assert digests(seed=4)[1] != plain[1]
