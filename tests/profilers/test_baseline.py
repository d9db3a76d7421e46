from pathlib import Path

import pytest

from profilers import baseline, rundir
from profilers.records import ResourcesRecord

POWER = {"index": 0, "uuid": "GPU-aa", "power_kind": "instant"}
NO_POWER = {"index": 0, "uuid": "GPU-aa", "power_kind": None}


@pytest.mark.parametrize(
    ("device", "gpus", "seconds"),
    [
        ("cuda:0", [POWER], baseline.IDLE_SECONDS),
        ("cuda:1", [NO_POWER, POWER], baseline.IDLE_SECONDS),
        ("cuda:0", [NO_POWER], 0),
        ("cuda:0", [], 0),
        ("cpu", [POWER], 0),
    ],
)
def test_only_a_run_on_a_gpu_with_power_waits(
    tmp_path: Path, device: str, gpus: list[dict[str, str | int | None]], seconds: float
) -> None:
    record = ResourcesRecord(
        sample_hz=10.0, units={}, anchors=[], capabilities={}, limits={}, gpus=gpus
    )
    rundir.write_json(tmp_path / rundir.RESOURCES_RECORD, record)
    assert baseline.idle_seconds(tmp_path, device) == seconds


def test_without_a_sampler_nothing_is_waited_for(tmp_path: Path) -> None:
    assert baseline.idle_seconds(tmp_path, "cuda:0") == 0
