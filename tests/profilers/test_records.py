from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from profilers.records import Phase, RunError, RunRecord, Step, empty_summary


def test_an_empty_summary_says_what_the_record_of_a_run_does(
    make_record: Callable[..., RunRecord],
) -> None:
    record = make_record("failed", mode="infer", loader="pipeline")
    record = msgspec.structs.replace(record, error=RunError("crash", "it broke"), warnings=["w"])
    found = msgspec.to_builtins(empty_summary("traces/run", record))
    settings = msgspec.to_builtins(record.settings)
    for name in ("framework", "execution", "mode", "workload", "loader", "batch_size", "threads"):
        assert found[name] == settings[name]
    assert (found["path"], found["status"], found["error"]) == ("traces/run", "failed", "it broke")
    assert found["warnings"] == ["w"]
    assert found["step_ms"] is found["accuracy"] is found["gpu_percent"] is None


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
