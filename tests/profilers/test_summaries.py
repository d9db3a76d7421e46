from collections.abc import Callable

import msgspec

from profilers.records import RunError, RunRecord
from profilers.summaries import empty_summary


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
