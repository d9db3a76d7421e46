from collections.abc import Sequence

import msgspec
import pytest

from analysis.batches import same_batches
from profilers.records import BatchDigest, Result

RESULT = Result(
    parameters=1,
    weights_sha256="aa",
    data_sha256="bb",
    batches=[],
    parameter_norm=1.0,
    steps_per_epoch=1,
    trained_steps=1,
    accuracy=1.0,
    test_loss=0.0,
)
TEN, FIFTY = BatchDigest("timed", 10, "aa"), BatchDigest("timed", 50, "bb")


def result(*digests: BatchDigest) -> Result:
    return msgspec.structs.replace(RESULT, batches=list(digests))


@pytest.mark.parametrize(
    ("results", "same"),
    [
        ([result(TEN), result(TEN, FIFTY)], True),
        ([result(TEN), result(FIFTY)], None),
        ([result(TEN), result(BatchDigest("timed", 10, "cc"))], False),
        ([result(TEN), result(BatchDigest("warmup", 10, "cc"))], None),
        ([result(TEN), result(TEN), result(TEN, BatchDigest("timed", 50, "c"), FIFTY)], False),
        ([result(TEN), None], None),
        ([], None),
    ],
)
def test_digests_over_as_many_steps_are_compared(
    results: Sequence[Result | None], same: bool | None
) -> None:
    assert same_batches(results) is same
