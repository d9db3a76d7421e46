from typing import Any

import msgspec
import pytest

from profilers.records import Phase, Step


@pytest.mark.parametrize(
    ("kind", "changes"),
    [(Phase, {"duration_ns": -1}), (Step, {"duration_ns": -1}), (Step, {"count": 0})],
)
def test_lengths_and_counts_that_can_not_be_are_refused(
    kind: type, changes: dict[str, Any]
) -> None:
    plain = {"phase": "timed", "start_ns": 0, "duration_ns": 1}
    if kind is Step:
        plain |= {"epoch": 0, "index": 0, "samples": 1}
    assert msgspec.convert(plain, kind).phase == "timed"
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(plain | changes, kind)
